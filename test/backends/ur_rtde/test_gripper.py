# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of a UR with a Robotiq gripper, against the stand-in: what moves it, what does not, and what is told."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loopback import free_address

from ros_rl.backends.ur_rtde import UrRtdeBackend
from ros_rl.backends.ur_rtde.gripper import Gripper
from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.backends.ur_rtde.urcap import PORT as GRIPPER_PORT
from ros_rl.errors import BackendError, ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint
from ros_rl.settings.hardware.robotiq import RobotiqSettings
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.ur import UrStandIn
from ros_rl.stand_ins.ur.gripper import Robotiq

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.flaky(reruns=2), pytest.mark.timeout(120)]
ROBOT = load_robot("ur5e_gripper")
PERIOD, SOON = 0.05, 20.0
SCENE = """bodies:
  - {box: [0.04, 0.04, 0.16], position: [0.42, 0.0, 0.1], friction: 0.5}
  - {name: thing, box: [0.04, 0.04, 0.04], mass: 0.1, position: [0.42, 0.005, 0.2], friction: 0.5}
"""


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[UrStandIn]:
    (tmp_path / "pillar.yaml").write_text(SCENE)
    around = Surroundings("ur5e_gripper", str(tmp_path / "pillar.yaml"), ("thing",))
    stand_in = UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT), surroundings=around, gripper_port=0)
    stand_in.start()
    yield stand_in
    stand_in.close()


def backend_of(robot: UrStandIn, **gripper: object) -> UrRtdeBackend:
    settings = UrRtdeSettings(
        address=robot.address,
        silence_limit=1.0,
        connect_timeout=2.0,
        watchdog_hz=2.0,
        gripper=RobotiqSettings(port=robot.gripper_port, **gripper),  # type: ignore[arg-type]
    )
    settings.check_robot(ROBOT)
    return UrRtdeBackend(ROBOT, settings, PERIOD)


@pytest.fixture
def backend(robot: UrStandIn) -> Iterator[UrRtdeBackend]:
    with closing(backend_of(robot)) as made:
        made.connect()
        yield made


def gripper_of(robot: UrStandIn) -> Robotiq:
    assert robot.arm.gripper is not None
    return robot.arm.gripper


def command(gripper: float, lift: float = 0.0) -> np.ndarray:
    return np.array([0.0, lift, 0.0, 0.0, 0.0, 0.0, gripper])


def drive(backend: UrRtdeBackend, until: Callable[[], object], *told: float, seconds: float = SOON) -> str:
    """Write as a driver does until something holds; gives the first complaint on the way."""
    end, complaint = time.monotonic() + seconds, ""
    while not until():
        assert time.monotonic() < end, f"nothing of what was awaited after {seconds} s; health: '{complaint}'"
        backend.write(command(*told), time.monotonic() + 8.0 * PERIOD)
        complaint = complaint or backend.read().health
        time.sleep(PERIOD / 2.0)
    return complaint


def sent(robot: UrStandIn) -> list[str]:
    return [item.what[1] for item in robot.received if item.what[0] == "gripper"]


def measured(backend: UrRtdeBackend) -> float:
    return float(backend.read().measurement["joint_position"][-1])


def armed(backend: UrRtdeBackend, robot: UrStandIn) -> None:
    backend.arm()
    drive(backend, lambda: robot.controller.playing and "SET GTO 1" in sent(robot), 0.4)


class TestMotion:
    def test_connecting_only_asks(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        backend.write(command(0.0), time.monotonic() + 1.0)
        time.sleep(0.3)
        assert sent(robot) == []
        assert measured(backend) == pytest.approx(0.4, abs=0.01), "its home"

    def test_arming_moves_nothing_whatever_was_asked_of_it_before(
        self, robot: UrStandIn, backend: UrRtdeBackend
    ) -> None:
        gripper_of(robot).answer("SET POS 255")
        before = gripper_of(robot).position
        backend.arm()
        time.sleep(1.5)
        assert sent(robot) == ["SET SPE 255 FOR 13", f"SET POS {before:.0f}", "SET GTO 1"]
        assert gripper_of(robot).position == pytest.approx(before, abs=1.0)

    def test_one_that_goes_to_a_position_is_left_so(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        """It may hold something: a new position would be a new grip."""
        gripper_of(robot).answer("SET POS 255 GTO 1")
        time.sleep(1.0)
        backend.arm()
        time.sleep(1.0)
        assert sent(robot) == ["SET SPE 255 FOR 13"]

    def test_it_follows_measures_and_holds_a_thing_for_good(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        armed(backend, robot)
        assert drive(backend, lambda: measured(backend) < 0.01, 0.0) == ""
        assert drive(backend, lambda: measured(backend) > 0.38, 0.8) == ""
        drive(backend, lambda: "OBJ 2" in gripper_of(robot).answer("GET OBJ"), 0.8)
        assert measured(backend) == pytest.approx(0.8 * 45.0 / 85.0, abs=0.01), "4 of 8.5 cm"
        assert ROBOT.gripper is not None and ROBOT.gripper.width_at(measured(backend)) > 0.012, "grip_gap"
        drive(backend, lambda: robot.things["thing"].position[2] > 0.24, 0.8, -0.3)
        backend.safe()
        backend.close()
        time.sleep(1.0)
        assert robot.things["thing"].position[2] > 0.23
        assert sent(robot)[-1] == "SET POS 230", "and it was told nothing at the end"

    def test_what_acted_is_what_it_was_told_a_while_before_it_was_measured(
        self, robot: UrStandIn, backend: UrRtdeBackend
    ) -> None:
        assert backend.read().applied is None
        armed(backend, robot)
        assert backend.read().applied is not None

        def told(position: float) -> bool:
            applied = backend.read().applied
            return applied is not None and applied.tolist() == command(position).tolist()

        drive(backend, lambda: told(0.25), 0.25)
        robot.play("gripper_slow")
        time.sleep(0.1)
        backend.write(command(0.1), time.monotonic() + 5.0)
        assert told(0.25), "it is not measured anew"
        wait = time.monotonic() + SOON
        while not told(0.1):
            assert time.monotonic() < wait
            time.sleep(0.02)

    def test_a_target_that_has_expired_is_not_sent(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        armed(backend, robot)
        backend.write(command(0.0), time.monotonic() - 0.01)
        time.sleep(0.3)
        assert "SET POS 3" not in sent(robot)

    def test_its_velocity_is_measured(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        armed(backend, robot)
        seen: list[float] = []

        def passed() -> bool:
            seen.append(float(backend.read().measurement["joint_velocity"][-1]))
            return measured(backend) < 0.02

        drive(backend, passed, 0.0)
        assert np.median([value for value in seen if value < -0.3]) == pytest.approx(-1.41, abs=0.5)

    def test_nobody_waits_for_a_server_that_is_slow(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        armed(backend, robot)
        robot.play("gripper_slow")
        took = []
        for number in range(20):
            begin = time.monotonic()
            backend.write(command(0.01 * number), begin + 1.0)
            backend.read()
            took.append(time.monotonic() - begin)
            time.sleep(PERIOD)
        assert np.median(took) < 0.01


FAULTS = {
    "gripper_inactive": "is not active: activate it on the pendant",
    "gripper_fault": "fault 14: its current is too high",
    "gripper_off": "has no power",
    "gripper_silent": "does not answer GET POS|does not answer SET POS|told nothing for",
    "gripper_slow": "told nothing for 0",
    "gripper_garbage": "answers 'POS ä' to",
    "gripper_closed": "closed the connection|no gripper's server answers|reset by peer",
}


class TestFaults:
    @pytest.mark.parametrize(("fault", "words"), FAULTS.items())
    def test_is_told_and_never_moves_on_by_itself(self, robot: UrStandIn, fault: str, words: str) -> None:
        with closing(backend_of(robot)) as backend:
            backend.connect()
            armed(backend, robot)
            robot.play(fault)
            health: list[str] = []

            def told() -> bool:
                health.append(backend.read().health)
                return bool(health[-1])

            drive(backend, told, 0.1)
            assert re.search(words, health[-1])
            backend.safe()
            robot.heal(fault)
            time.sleep(1.5)
            told = len(sent(robot))
            backend.write(command(0.0), time.monotonic() + 1.0)
            time.sleep(0.5)
            assert [line for line in sent(robot)[told:] if "POS" in line] == [] or fault == "gripper_slow"
            backend.arm()
            drive(backend, lambda: measured(backend) < 0.02 and not backend.read().health, 0.0)

    @pytest.mark.parametrize("fault", [name for name in FAULTS if name != "gripper_slow"])
    def test_it_is_refused_at_once(self, robot: UrStandIn, fault: str) -> None:
        robot.play(fault)
        time.sleep(0.2)
        with pytest.raises(BackendError, match=f"{FAULTS[fault]}|not answer"):
            backend_of(robot).connect()
        assert sent(robot) == []

    def test_arming_activates_where_that_is_wanted(self, robot: UrStandIn) -> None:
        robot.play("gripper_inactive")
        time.sleep(0.2)
        with closing(backend_of(robot, activate=True)) as backend:
            backend.connect()
            assert backend.read().health == "" and sent(robot) == []
            backend.arm()
            assert drive(backend, lambda: "SET POS 3" in sent(robot), 0.0) == ""
            assert sent(robot)[:3] == ["SET GTO 0", "SET ACT 0 ATR 0", "SET ACT 1"]

    @pytest.mark.parametrize("how", ["safe", "disarm"])
    def test_what_stops_the_robot_breaks_an_activation_off(self, robot: UrStandIn, how: str) -> None:
        robot.play("gripper_inactive")
        time.sleep(0.2)
        with closing(backend_of(robot, activate=True)) as backend:
            backend.connect()
            backend.arm()
            backend.write(command(0.0), time.monotonic() + 60.0)
            drive(backend, lambda: "SET ACT 1" in sent(robot), 0.0)
            assert backend.pending
            getattr(backend, how)()
            wait_until = time.monotonic() + SOON
            while sent(robot)[-1] != "SET ACT 0":
                assert time.monotonic() < wait_until, sent(robot)
                time.sleep(0.01)
            time.sleep(4.0)
            assert sent(robot)[-1] == "SET ACT 0"


def test_another_gripper_is_another_file(robot: UrStandIn) -> None:
    """A 2F-140 as its ROS description has it: 0.7 rad closed, 140 mm; the ends of this one are 13 and 243."""
    fingers = replace(ROBOT.gripper, closed=0.7, width=0.14)  # type: ignore[type-var]
    settings = RobotiqSettings(port=robot.gripper_port, open_count=13, closed_count=243, speed=0.5, force=1.0)
    gripper = Gripper(robot.address, settings, fingers)
    gripper.open()
    with closing(gripper):
        count = gripper_of(robot).position
        assert gripper.found.position == pytest.approx(0.7 * (count - 13.0) / 230.0, abs=0.003)
        gripper.switch(True)
        for position, line in ((0.35, "SET POS 128"), (-1.0, "SET POS 0"), (2.0, "SET POS 255")):
            gripper.go(position, time.monotonic() + SOON)
            end = time.monotonic() + SOON
            while line not in sent(robot):
                assert time.monotonic() < end, sent(robot)
                time.sleep(0.02)
        assert sent(robot)[0] == "SET SPE 128 FOR 255"


class TestRefusals:
    def test_nobody_at_the_port(self) -> None:
        with closing(UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT, GRIPPER_PORT))) as robot:
            robot.start()
            with pytest.raises(BackendError, match="no gripper's server answers at .*63352 .*URCap installed"):
                UrRtdeBackend(ROBOT, UrRtdeSettings(address=robot.address, connect_timeout=5.0), PERIOD).connect()

    def test_robots_and_settings_that_cannot_be(self) -> None:
        settings = UrRtdeSettings()
        settings.check_robot(ROBOT)
        with pytest.raises(ConfigError, match="no sensor 'joint_temperature'"):
            settings.check_robot(replace(ROBOT, sensors=(*ROBOT.sensors, "joint_temperature")))
        with pytest.raises(ConfigError, match="6 joints, and a gripper as its last joint; robot 'ur5e_gripper' has 7"):
            settings.check_robot(replace(ROBOT, gripper=None))
        hardware = {"ur_rtde": Hardware(joints={"gripper": HardwareJoint(sign=-1.0)})}
        with pytest.raises(ConfigError, match="hardware.ur_rtde.joints of robot 'ur5e_gripper' has 'gripper'"):
            settings.check_robot(replace(ROBOT, hardware=hardware))
        with pytest.raises(ConfigError, match="closed_count 3 is not above open_count 3"):
            RobotiqSettings(closed_count=3)
