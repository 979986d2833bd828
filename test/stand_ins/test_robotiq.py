# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The Robotiq that is not there, by two clients: one written from the protocol's text, and the one of ur_rtde."""

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import free_address

from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.errors import ConfigError
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.ur import UrStandIn
from ros_rl.stand_ins.ur.gripper import Robotiq

pytestmark = [pytest.mark.flaky(reruns=2), pytest.mark.timeout(120)]
SCENE = """bodies:
  - {box: [0.04, 0.04, 0.16], position: [0.42, 0.0, 0.1], friction: 0.5}
  - {name: thing, box: [0.04, 0.04, 0.04], mass: 0.1, position: [0.42, 0.005, 0.2], friction: 0.5}
"""
HELD = 123  # of 255: 4 cm of 85 mm, which are 227 counts from 230 down


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[UrStandIn]:
    """Around a thing on a pillar."""
    (tmp_path / "pillar.yaml").write_text(SCENE)
    around = Surroundings("ur5e_gripper", str(tmp_path / "pillar.yaml"), ("thing",))
    stand_in = UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT), surroundings=around, gripper_port=0)
    stand_in.start()
    yield stand_in
    stand_in.close()


class Client:
    """As a lab's script has it: a question, a line, an answer."""

    def __init__(self, robot: UrStandIn) -> None:
        self.socket = socket.create_connection((robot.address, robot.gripper_port), 5.0)

    def ask(self, line: str) -> str:
        self.socket.sendall(line.encode() + b"\n")
        return self.socket.recv(256).decode()

    def get(self, name: str) -> int:
        told = self.ask(f"GET {name}")
        assert told.startswith(f"{name} ") and told.endswith("\n")
        return int(told.split()[1])

    def rest(self, seconds: float = 15.0) -> tuple[int, int]:
        """Position and object, once it has stopped."""
        end = time.monotonic() + seconds
        while self.get("OBJ") == 0:
            assert time.monotonic() < end
            time.sleep(0.02)
        return self.get("POS"), self.get("OBJ")


def test_it_goes_where_it_is_sent_and_stays_behind_where_it_holds_something(robot: UrStandIn) -> None:
    client = Client(robot)
    assert client.get("STA") == 3 and client.get("FLT") == 0
    before = client.get("POS")
    assert client.ask("SET SPE 255 FOR 10 POS 0") == "ack", "all at once, and without an end of line"
    time.sleep(0.5)
    assert client.get("POS") == before, "it goes nowhere before GTO"
    client.ask("SET GTO 1")
    assert client.rest() == (3, 3)
    client.ask("SET POS 255")
    position, grasp = client.rest()
    assert position == pytest.approx(HELD, abs=3) and grasp == 2
    assert client.get("PRE") == 255
    client.socket.close()
    lifted = robot.things["thing"].position[2]
    time.sleep(1.0)
    assert robot.things["thing"].position[2] == pytest.approx(lifted, abs=1e-3), "without a client it holds on"


def test_how_fast_it_is(robot: UrStandIn) -> None:
    """The vendor: 20 to 150 mm/s of 85 mm."""
    client, took = Client(robot), []
    for speed in (0, 255):
        client.ask("SET POS 120 SPE 255 GTO 1")
        client.rest()
        begin = time.monotonic()
        client.ask(f"SET POS 3 SPE {speed}")
        client.rest()
        took.append(time.monotonic() - begin)
    assert took[0] > 2.0 > took[1], took


def test_activation_goes_all_the_way_and_back(robot: UrStandIn) -> None:
    client = Client(robot)
    robot.arm.gripper.deactivate()  # type: ignore[union-attr]
    assert (client.get("ACT"), client.get("STA"), client.get("FLT")) == (0, 0, 7)
    client.ask("SET POS 255 GTO 1")
    time.sleep(0.3)
    assert client.get("POS") < 130, "nothing moves before"
    client.ask("SET GTO 0")
    client.ask("SET ACT 1")
    seen, end = [], time.monotonic() + 20.0
    while client.get("STA") != 3:
        seen.append(client.get("POS"))
        assert time.monotonic() < end
        time.sleep(0.02)
    assert max(seen) == pytest.approx(HELD, abs=3) and client.get("POS") < 20


@pytest.mark.parametrize(
    "line", ["", "GET", "SET", "SET POS", "SET POS 256", "SET POS -1", "SET POS x", "SET PRE 3", "hello"]
)
def test_nonsense_changes_nothing(line: str) -> None:
    gripper = Robotiq(100.0)
    before = [gripper.answer(f"GET {name}") for name in ("ACT", "GTO", "POS", "PRE", "SPE", "FOR", "FOO")]
    assert gripper.answer(line) == "?\n"
    assert [gripper.answer(f"GET {name}") for name in ("ACT", "GTO", "POS", "PRE", "SPE", "FOR", "FOO")] == before
    assert before[-1] == "FOO ?\n"


@pytest.mark.parametrize("latency", [0.0, 0.1])
def test_fingers_may_begin_late(latency: float) -> None:
    gripper = Robotiq(100.0, latency)
    assert gripper.answer("SET POS 200 GTO 1") == "ack" and gripper.answer("GET PRE") == "PRE 200\n"
    begun = next(step for step in range(1000) if gripper.step(0.002, 100.0) or gripper.course != 100.0)
    assert 0.002 * begun == pytest.approx(latency, abs=0.004)


def test_the_older_arm_has_no_task() -> None:
    with pytest.raises(ConfigError, match="'cb3' is of another arm than the task's robot 'ur5e_gripper'"):
        UrStandIn.around(Surroundings.of_task("ur5_pick_place"), ("cb3",))


def test_the_client_of_ur_rtde_activates_calibrates_and_grips(robot: UrStandIn, tmp_path: Path) -> None:
    found = importlib.util.find_spec("rtde_control")
    compiler = shutil.which("g++")
    if found is None or found.origin is None or compiler is None:
        pytest.skip("ur_rtde and g++ are needed")
    library, source = Path(found.origin).with_name("librtde.so"), Path(__file__).with_name("robotiq_client.cpp")
    binary = tmp_path / "client"
    words = [compiler, "-D_GLIBCXX_USE_CXX11_ABI=0", str(source), "-o", str(binary), str(library)]
    built = subprocess.run([*words, f"-Wl,-rpath,{library.parent}"], capture_output=True, text=True, check=False)
    if built.returncode:
        pytest.skip(f"this ur_rtde cannot be linked: {built.stderr[:200]}")
    robot.arm.gripper.deactivate()  # type: ignore[union-attr]
    ended = subprocess.run(
        [str(binary), robot.address, str(robot.gripper_port)], capture_output=True, text=True, timeout=60, check=True
    )
    line = next(line for line in ended.stdout.splitlines() if line.startswith("found "))
    before, after, least, most, grasp, position, fault = map(int, line.split()[1:])
    assert (before, after, fault) == (0, 1, 0)
    assert least == pytest.approx(3, abs=1)
    assert most == pytest.approx(HELD - 5, abs=3), "it takes what it met for its end, less 5"
    assert position == pytest.approx(HELD - 5, abs=3) or grasp == 2
