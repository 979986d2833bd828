# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The Go2 that is not there, as any participant in its domain sees it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cyclonedds")
pytest.importorskip("pybullet")

from dds_domain import ROBOT_DOMAIN  # noqa: E402

from ros_rl.backends.unitree_go2 import motion_service  # noqa: E402
from ros_rl.backends.unitree_go2.dds import LOW_COMMAND, LOW_STATE, SPORT_STATE, Participant  # noqa: E402
from ros_rl.backends.unitree_go2.frames import is_sealed, seal  # noqa: E402
from ros_rl.backends.unitree_go2.motion_service import MotionService  # noqa: E402
from ros_rl.backends.unitree_go2.types import LowCmd  # noqa: E402
from ros_rl.errors import BackendError  # noqa: E402
from ros_rl.stand_ins import load_stand_in  # noqa: E402
from ros_rl.stand_ins.unitree_go2 import LYING, Go2StandIn, Told  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

PATIENCE = 20.0  # s


class Client:
    """Whoever drives it."""

    def __init__(self) -> None:
        self.participant = Participant(ROBOT_DOMAIN, "lo")
        self.states, self.sport = self.participant.reader(LOW_STATE), self.participant.reader(SPORT_STATE)
        self.commands, self.others = (
            self.participant.writer(LOW_COMMAND),
            self.participant.reader(LOW_COMMAND, own=False),
        )

    def next_states(self, count: int = 10) -> list[np.ndarray]:
        """Those that come from now on."""
        self.states.take(200)
        found: list[np.ndarray] = []
        wait_for(lambda: found.extend(sample.record for sample in self.states.take(200)) or len(found) >= count)
        return found[:count]

    def send(self, position: float, stiffness: float, right: bool = True) -> None:
        command = LowCmd()
        motors = command.record["motor_cmd"]
        motors["mode"], motors["q"], motors["kp"], motors["kd"] = 1, position, stiffness, 2.0
        seal(command.record)
        command.record["crc"] ^= 0 if right else 1
        self.commands.write(command)


def wait_for(holds: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.005)


@pytest.fixture
def robot() -> Iterator[Go2StandIn]:
    stand_in = load_stand_in("go2")(domain=ROBOT_DOMAIN)  # type: ignore[call-arg]
    assert isinstance(stand_in, Go2StandIn)
    stand_in.start()
    yield stand_in
    stand_in.close()
    stand_in.close()


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.participant.close()
    client.participant.close()


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Go2StandIn, Client]]:
    """For whoever plays faults in its states and heals them."""
    robot, client = Go2StandIn(domain=ROBOT_DOMAIN), Client()
    robot.start()
    yield robot, client
    client.participant.close()
    robot.close()


def test_it_lies_and_sends_what_it_measures(robot: Go2StandIn, client: Client) -> None:
    first, *_, last = client.next_states(100)
    assert all(is_sealed(state) for state in (first, last))
    ticks = int(last["tick"]) - int(first["tick"])
    assert ticks >= 2 * 99  # ms, at 500 Hz or, on a busy machine, less
    np.testing.assert_allclose(last["motor_state"]["q"][:12], LYING, atol=0.2)
    assert last["imu_state"]["quaternion"][0] == pytest.approx(1.0, abs=0.01)  # wxyz
    assert last["imu_state"]["accelerometer"][2] == pytest.approx(9.81, abs=0.5)
    wait_for(client.sport.take)
    assert "'mcf' has the motors" in robot.describe()


def test_its_motion_service_has_the_motors_until_it_is_released(robot: Go2StandIn, client: Client) -> None:
    service = MotionService(client.participant, PATIENCE)
    assert service.name() == "mcf"
    client.next_states(1)
    wait_for(lambda: client.send(0.0, 80.0) or len(robot.received) > 3)
    assert robot.told.stiffness[0] == 40.0  # its own
    service.release()
    assert service.name() == "" and not robot.told.stiffness.any()
    wait_for(lambda: client.send(0.5, 80.0) or robot.told.stiffness[0] == 80.0)
    client.next_states(50)
    assert robot.told.position[3] == 0.5  # it holds its last command
    words = [item.what for item in robot.received if isinstance(item.what, str)]
    assert words[0] == "check" and "release" in words
    assert isinstance(robot.since(0.0)[-1].what, Told) or words


def test_a_command_with_a_wrong_checksum_is_refused(robot: Go2StandIn, client: Client) -> None:
    wait_for(lambda: client.send(0.0, 80.0, right=False) or robot.refused > 3)
    assert not any(isinstance(item.what, Told) for item in robot.received)


def test_a_motor_with_stop_values_is_free(robot: Go2StandIn, client: Client) -> None:
    MotionService(client.participant, PATIENCE).release()
    wait_for(lambda: client.send(2.146e9, 80.0) or robot.told.damping.any())
    assert not robot.told.stiffness.any()


def ticks(states: list[np.ndarray]) -> list[int]:
    return [int(state["tick"]) for state in states]


def q(states: list[np.ndarray]) -> np.ndarray:
    return np.array([state["motor_state"]["q"][:12] for state in states])


SHOWS: dict[str, Callable[[list[np.ndarray]], bool]] = {
    "wrong_crc": lambda states: not any(is_sealed(state) for state in states),
    "tick_stands": lambda states: len(set(ticks(states))) == 1,
    "duplicated": lambda states: len(set(ticks(states))) < len(states),
    "reordered": lambda states: min(np.diff(ticks(states))) < 0,
    "frozen": lambda states: bool((q(states) == q(states)[0]).all()) and len(set(ticks(states))) > 1,
    "nan": lambda states: bool(np.isnan(q(states)[:, 1]).all()),
    "jump": lambda states: float(np.ptp(q(states)[:, 1])) > 0.5,
    "hot_motor": lambda states: states[-1]["motor_state"]["temperature"][2] == 90,
    "tilt": lambda states: bool(abs(states[-1]["imu_state"]["quaternion"][1]) > 0.6),
    "motor_off": lambda states: states[-1]["motor_state"]["mode"][0] == 0,
    "remote_stop": lambda states: tuple(states[-1]["wireless_remote"][2:4]) == (0x20, 0x02),
    "battery_low": lambda states: states[-1]["bms_state"]["soc"] == 5,
    "lost": lambda states: min(np.diff(ticks(states))) >= 4,
    "tenfold": lambda states: len(set(ticks(states))) <= 3,
}


@pytest.mark.parametrize("fault", SHOWS)
def test_faults_of_its_states(both: tuple[Go2StandIn, Client], fault: str) -> None:
    robot, client = both
    robot.play(fault)
    wait_for(lambda: SHOWS[fault](client.next_states()))
    robot.heal(fault)
    wait_for(lambda: not SHOWS[fault](client.next_states()))


@pytest.mark.parametrize("fault", ["silent", "vanish", "reboot"])
def test_faults_that_silence_it(both: tuple[Go2StandIn, Client], fault: str) -> None:
    robot, client = both
    before = ticks(client.next_states(1))[0]
    robot.play(fault)
    wait_for(lambda: not client.states.take(200) and not time.sleep(0.1) and not client.states.take(200))
    robot.heal(fault)
    after = ticks(client.next_states(1))[0]
    assert after < before + 50 if fault == "reboot" else after > before


def test_late_states(both: tuple[Go2StandIn, Client]) -> None:
    robot, client = both
    robot.play("late")
    wait_for(lambda: robot._steps * 2 - robot._tick_zero * 2 - ticks(client.next_states(1))[0] > 80)
    robot.heal("late")


def test_faults_of_its_motion_service(both: tuple[Go2StandIn, Client]) -> None:
    robot, client = both
    robot.play("no_answer")
    with pytest.raises(BackendError, match="does not answer within 0.3 s"):
        MotionService(client.participant, 0.3).release()
    robot.heal("no_answer")
    robot.play("keeps_service")
    with pytest.raises(BackendError, match="'mcf' was asked to release the motors and still has them"):
        MotionService(client.participant, 2.0).release()
    robot.heal("keeps_service")


def test_a_second_writer_is_heard(both: tuple[Go2StandIn, Client]) -> None:
    robot, client = both
    assert client.others.take() == []
    robot.play("second_writer")
    wait_for(client.others.take)
    robot.heal("second_writer")


def test_every_fault_is_tried_here() -> None:
    tried = {*SHOWS, "silent", "vanish", "reboot", "late", "no_answer", "keeps_service", "second_writer"}
    assert tried == set(Go2StandIn.faults)


def test_an_unknown_interface_is_named() -> None:
    with pytest.raises(BackendError, match="there is no network interface 'nope0'; this machine has .*lo"):
        Participant(ROBOT_DOMAIN + 1, "nope0")


def test_what_the_switcher_refuses_is_told(both: tuple[Go2StandIn, Client]) -> None:
    service = MotionService(both[1].participant, PATIENCE)
    with pytest.raises(BackendError, match="refuses request 1234: code 3203"):
        service._ask(1234)
    assert motion_service.SELECT == 1002
