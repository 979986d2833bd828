# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of a UR against the stand-in: what it refuses, and what the joints do when something goes wrong."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from loopback import free_address

from ros_rl.backends.ur_rtde import UrRtdeBackend
from ros_rl.backends.ur_rtde.ending import Ending
from ros_rl.backends.ur_rtde.link import Received
from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT, Runtime
from ros_rl.errors import BackendError, ConfigError, TimingError
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings
from ros_rl.settings.nodes import ControlSettings
from ros_rl.stand_ins.ur import UrStandIn
from ros_rl.stand_ins.ur.controller import Order
from ros_rl.types import Array

pytest.importorskip("rtde_control")
pytestmark = [pytest.mark.flaky(reruns=2), pytest.mark.timeout(120)]
PERIOD, SPEED = 0.05, 0.2
TURN = np.array([SPEED, 0.0, 0.0, 0.0, 0.0, 0.0])
SOON = 15.0  # s, on a busy machine


@pytest.fixture
def robot() -> Iterator[UrStandIn]:
    stand_in = UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT))
    stand_in.start()
    yield stand_in
    stand_in.close()


def backend_of(robot: UrStandIn) -> UrRtdeBackend:
    settings = UrRtdeSettings(address=robot.address, silence_limit=1.0, connect_timeout=2.0, watchdog_hz=2.0)
    return UrRtdeBackend(load_robot("ur5e"), settings, PERIOD)


@pytest.fixture
def backend(robot: UrStandIn) -> Iterator[UrRtdeBackend]:
    made = backend_of(robot)
    made.connect()
    yield made
    made.close()


def wait(condition: Callable[[], object], what: str, seconds: float = SOON) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} after {seconds} s"
        time.sleep(0.01)


def drive(backend: UrRtdeBackend, until: Callable[[], object], speed: Array = TURN, seconds: float = SOON) -> str:
    """Write as a driver does until something holds; gives the first complaint on the way."""
    end, complaint = time.monotonic() + seconds, ""
    while not until():
        assert time.monotonic() < end, f"nothing of what was awaited after {seconds} s; health: '{complaint}'"
        backend.write(speed, time.monotonic() + 8.0 * PERIOD)
        complaint = complaint or backend.read().health
        time.sleep(PERIOD / 2.0)
    return complaint


def turning(robot: UrStandIn) -> bool:
    return float(robot.controller.speed[0]) > 0.9 * SPEED


def still(robot: UrStandIn) -> bool:
    return not robot.controller.speed.any()


class TestMotion:
    def test_nothing_is_sent_before_it_is_armed(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        backend.write(TURN, time.monotonic() + 1.0)
        time.sleep(0.3)
        assert [item.what for item in robot.received if item.what[0] != "dashboard"] == []

    def test_arming_moves_nothing(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        backend.arm()
        wait(lambda: robot.controller.playing, "no program")
        time.sleep(0.3)
        assert all(not speed.any() for _, speed in robot.moved)
        assert backend.read().health == ""

    def test_it_measures_where_the_robot_is_and_follows(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        reading = backend.read()
        np.testing.assert_allclose(reading.measurement["joint_position"], load_robot("ur5e").home, atol=0.01)
        np.testing.assert_allclose(reading.measurement["tool_position"], [0.448, 0.133, 0.3], atol=0.01)
        backend.arm()
        assert drive(backend, lambda: turning(robot)) == ""
        assert drive(backend, lambda: backend.read().measurement["joint_velocity"][0] > 0.8 * SPEED) == ""
        assert backend.read().sequence > reading.sequence and backend.read().age < 1.0

    def test_a_target_expires_by_itself(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        backend.arm()
        drive(backend, lambda: turning(robot))
        wait(lambda: still(robot), "the joints turn")
        assert robot.controller.breaches == 0 and robot.controller.playing

    def test_safe_stops_until_the_next_target(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        backend.arm()
        drive(backend, lambda: turning(robot))
        backend.write(TURN, time.monotonic() + 30.0)
        backend.safe()
        wait(lambda: still(robot), "the joints turn")
        drive(backend, lambda: turning(robot))

    def test_disarming_ends_the_program_and_arming_starts_it_again(
        self, robot: UrStandIn, backend: UrRtdeBackend
    ) -> None:
        backend.arm()
        drive(backend, lambda: turning(robot))
        backend.disarm()
        wait(lambda: still(robot) and not robot.controller.playing, "the program runs")
        assert backend.read().health == ""
        backend.arm()
        wait(lambda: robot.controller.playing, "no program")
        assert still(robot)
        drive(backend, lambda: turning(robot))

    def test_closing_leaves_the_robot_at_rest(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        backend.arm()
        drive(backend, lambda: turning(robot))
        backend.close()
        backend.close()
        assert still(robot) and not robot.controller.playing
        with pytest.raises(BackendError, match="not connected"):
            backend.read()

    @pytest.mark.parametrize("command", [np.full(6, np.nan), np.zeros(7), np.full(6, np.inf)])
    def test_nonsense_is_refused(self, robot: UrStandIn, backend: UrRtdeBackend, command: Array) -> None:
        backend.arm()
        with pytest.raises(BackendError, match="finite"):
            backend.write(command, time.monotonic() + 1.0)


class TestArming:
    def test_it_is_pending_until_the_robots_states_show_the_program(
        self, robot: UrStandIn, backend: UrRtdeBackend
    ) -> None:
        backend.arm()
        assert backend.pending == "ur_rtde's program to start on the robot"
        wait(lambda: not backend.pending, "it is pending")
        assert robot.controller.playing and backend.arm_process.armed_since > 0.0

    @pytest.mark.parametrize("how", ["safe", "disarm", "close", "emergency_stop"])
    @pytest.mark.parametrize("after", ["at once", "once its script is there"])
    def test_what_stops_it_meanwhile_leaves_no_program(
        self, robot: UrStandIn, backend: UrRtdeBackend, how: str, after: str
    ) -> None:
        """The script may be on the robot already, where it starts or runs whether its sender lives or not."""
        backend.arm()
        if after != "at once":
            wait(lambda: any(item.what[0] == "script" for item in robot.received), "no script")
        if how == "emergency_stop":
            robot.play(how)
            wait(lambda: backend.read().health, "nothing is wrong")
            robot.heal(how)
        else:
            getattr(backend, how)()
        wait(lambda: not robot.controller.playing, "the program runs")
        moment = time.monotonic()
        while time.monotonic() < moment + 4.0:
            if how != "close":
                backend.safe()
            time.sleep(PERIOD)
        assert not robot.controller.playing and still(robot)
        if how != "close":
            backend.arm()
            wait(lambda: not backend.pending, "it is pending")
            assert drive(backend, lambda: turning(robot)) == ""


class TestEnding:
    """One that is asked to stop, on a robot that takes its time."""

    def ended_by(self, states: list[Runtime], patience: float = 0.0) -> tuple[int, int]:
        """How often it was asked, and how many states were looked at."""
        asked, seen = [], []

        def stop() -> None:
            asked.append(time.monotonic())
            raise BackendError("nobody answers")

        def newest() -> Received:
            runtime = states[min(len(seen), len(states) - 1)]
            seen.append(runtime)
            return Received({"runtime_state": (runtime,)}, time.monotonic(), len(seen))

        ending = Ending(stop, newest)
        ending.begin(patience, 0.3)
        ending.finish(10.0)
        return len(asked), len(seen)

    def test_it_asks_until_a_state_shows_that_nothing_plays_or_could_go_on(self) -> None:
        runs = [Runtime.STOPPED, Runtime.PLAYING, Runtime.PAUSED, Runtime.STOPPING, Runtime.STOPPED]
        asked, seen = self.ended_by(runs)
        assert asked == 3 and seen >= 5

    def test_one_that_ends_by_itself_is_left_to(self) -> None:
        assert self.ended_by([Runtime.STOPPED], 0.5) == (0, 1)

    def test_it_asks_at_once_where_nothing_ends_by_itself(self) -> None:
        """A paused program that somebody resumes goes on with its last speed."""
        asked: list[float] = []
        state = Received({"runtime_state": (Runtime.PAUSED,)}, time.monotonic(), 1)
        ending, begun = Ending(lambda: asked.append(time.monotonic()), lambda: state), time.monotonic()
        ending.begin(0.0, 1.0)
        wait(lambda: bool(asked), "nobody is asked")
        ending.leave()
        assert asked[0] - begun < 0.1

    def test_an_old_state_shows_nothing(self) -> None:
        asked: list[float] = []
        state = Received({"runtime_state": (Runtime.STOPPED,)}, time.monotonic(), 1)
        ending = Ending(lambda: asked.append(time.monotonic()), lambda: state)
        ending.begin(0.0, 0.0)
        wait(lambda: len(asked) > 2, "it is not asked again")
        ending.leave()
        time.sleep(0.3)
        count = len(asked)
        time.sleep(0.5)
        assert len(asked) == count


LASTING = {
    "rtde_silent": "no state for",
    "frozen": "no state for",
    "late": "no state for",
    "unreachable": "link to the robot is lost",
    "protective_stop": "protective stop",
    "safeguard_stop": "safeguard stop",
    "emergency_stop": "emergency stop",
    "power_off": "POWER_OFF",
    "pause": "program",
    "slow": "10 % of the speed",
    "nan": "actual_q that is not finite",
    "hot": "elbow_joint has 90 degC, limit 75 degC",
}
ONCE = {"script_ends": "program", "closed": "link to the robot is lost", "deaf": "program"}


class TestFaults:
    @pytest.mark.parametrize(("fault", "words"), [*LASTING.items(), *ONCE.items()])
    def test_is_told_and_never_drives_on_by_itself(
        self, robot: UrStandIn, backend: UrRtdeBackend, fault: str, words: str
    ) -> None:
        backend.arm()
        drive(backend, lambda: turning(robot))
        robot.play(fault)
        health: list[str] = []

        def told() -> bool:
            health.append(backend.read().health)
            return bool(health[-1])

        drive(backend, told)
        assert words in health[-1]
        backend.safe()  # what a driver does then; nobody resumes sooner what somebody paused
        wait(lambda: still(robot) and robot.controller.runtime is not Runtime.PAUSED, "the joints turn")
        robot.heal(fault)
        moment = time.monotonic()
        time.sleep(1.5)
        orders = [item.what for item in robot.since(moment) if item.what[0] == "order"]
        assert all(not any(values[:6]) for _, order, values in orders if order == Order.SPEED_J)
        assert max(float(np.abs(speed).max()) for when, speed in list(robot.moved) if when >= moment) < 0.01
        assert still(robot)

    @pytest.mark.parametrize("fault", ["protective_stop", "closed", "script_ends", "nan"])
    def test_arming_clears_what_is_over(self, robot: UrStandIn, backend: UrRtdeBackend, fault: str) -> None:
        backend.arm()
        drive(backend, lambda: turning(robot))
        robot.play(fault)
        drive(backend, lambda: backend.read().health)
        backend.safe()
        robot.heal(fault)
        wait(lambda: still(robot), "the joints turn")
        time.sleep(1.2)  # until the link is there again
        moment = time.monotonic()
        backend.arm()
        wait(lambda: backend.read().health == "" and robot.controller.playing, "it is not armed")
        assert all(not speed.any() for when, speed in robot.moved if when > moment)
        drive(backend, lambda: turning(robot))

    def test_an_arming_that_fails_says_why(self, robot: UrStandIn, backend: UrRtdeBackend) -> None:
        robot.play("in_use")
        backend.arm()
        wait(lambda: backend.read().health, "it is armed", 20.0)
        assert still(robot)

    @pytest.mark.parametrize("kind", ["other_recipes", "cb3"])
    def test_serves_other_robots(self, kind: str) -> None:
        robot = UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT), cb3=kind == "cb3")
        robot.ports.first_recipe = 101 if kind == "other_recipes" else 1
        with closing(robot), closing(backend_of(robot)) as backend:
            robot.start()
            backend.connect()
            backend.arm()
            assert drive(backend, lambda: turning(robot)) == ""


@pytest.mark.parametrize("remote_control", [True, False])
def test_a_cb3_is_not_sent_more_than_it_takes(remote_control: bool) -> None:
    settings = replace(UrRtdeSettings(), rate_hz=250.0, connect_timeout=5.0, remote_control=remote_control)
    with closing(UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT), cb3=True)) as robot:
        robot.start()
        with closing(UrRtdeBackend(load_robot("ur5e"), replace(settings, address=robot.address), PERIOD)) as backend:
            with pytest.raises(
                BackendError, match=r"PolyScope 3\.15, a CB3's, which takes 125 commands a second; .* 250"
            ):
                backend.connect()
        assert {item.what[0] for item in robot.received} == {"dashboard"}


@pytest.mark.parametrize(
    ("number", "whom", "ended"),
    [
        (signal.SIGKILL, "driver", "told"),
        (signal.SIGSTOP, "driver", "held"),
        (signal.SIGKILL, "arm", "watchdog"),
        (signal.SIGSTOP, "arm", "watchdog"),
        (signal.SIGSTOP, "both", "watchdog"),
    ],
)
def test_no_signal_leaves_the_arm_moving(robot: UrStandIn, number: signal.Signals, whom: str, ended: str) -> None:
    script = Path(__file__).parents[2] / "stand_ins" / "ur_driver.py"
    driver = subprocess.Popen([sys.executable, str(script), robot.address], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    arm = int(driver.stdout.readline())
    try:
        wait(lambda: turning(robot), "the joints do not turn", 20.0)
        for pid in [driver.pid] * (whom != "arm") + [arm] * (whom != "driver"):
            os.kill(pid, number)
        moment = time.monotonic()
        wait(lambda: still(robot), "the joints turn")
        if ended == "watchdog":
            assert robot.controller.breaches == 1 and not robot.controller.playing
        elif ended == "held":
            assert robot.controller.breaches == 0 and robot.controller.playing
        else:
            wait(lambda: not robot.controller.playing, "the program runs")
        time.sleep(0.3)
        assert still(robot) and time.monotonic() - moment < SOON + 1.0
    finally:
        for pid in (arm, driver.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        driver.wait()
        driver.stdout.close()


class TestRefusals:
    def test_an_address_where_no_robot_is(self) -> None:
        with pytest.raises(BackendError, match=r"no UR answers at 127.*driver.backend.address"):
            UrRtdeBackend(load_robot("ur5e"), UrRtdeSettings(address=free_address(DASHBOARD_PORT)), PERIOD).connect()

    @pytest.mark.parametrize(
        ("fault", "words"),
        [
            ("local", "not in remote control"),
            ("protective_stop", "protective stop"),
            ("emergency_stop", "emergency stop"),
            ("power_off", "POWER_OFF"),
            ("slow", "10 % of the speed"),
            ("rtde_silent", "no state within"),
            ("nan", "not finite"),
            ("hot", "elbow_joint has 90 degC"),
            ("unreachable", "no UR answers|closed"),
        ],
    )
    def test_a_robot_that_is_not_ready(self, robot: UrStandIn, fault: str, words: str) -> None:
        robot.play(fault)
        time.sleep(0.2)
        backend = backend_of(robot)
        with pytest.raises(BackendError, match=words):
            backend.connect()
        assert [item.what for item in robot.received if item.what[0] != "dashboard"] == []

    def test_a_robot_whose_program_runs(self, robot: UrStandIn) -> None:
        robot.controller.start_program(time.monotonic())
        with pytest.raises(BackendError, match="runs a program already"):
            backend_of(robot).connect()

    def test_other_robots(self) -> None:
        settings, arm = UrRtdeSettings(), load_robot("ur5e")
        settings.check_robot(arm)
        with pytest.raises(ConfigError, match="6 joints, and a gripper as its last joint; robot 'a1' has 12"):
            settings.check_robot(load_robot("a1"))
        with pytest.raises(ConfigError, match="takes no velocity commands"):
            settings.check_robot(replace(arm, interfaces=("position",) * 6))
        with pytest.raises(ConfigError, match="no sensor 'imu_orientation'"):
            settings.check_robot(replace(arm, sensors=("joint_position", "imu_orientation")))

    def test_timing_that_cannot_be(self) -> None:
        with pytest.raises(TimingError, match="rate_hz 50 is not at least twice driver.backend.watchdog_hz 30"):
            UrRtdeSettings(rate_hz=50.0, watchdog_hz=30.0).check_timing(ControlSettings())
        with pytest.raises(TimingError, match="rate_hz 50 is not at least twice control.rate_hz"):
            UrRtdeSettings(rate_hz=50.0).check_timing(ControlSettings(rate_hz=50.0))
