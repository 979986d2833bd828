# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of an SO-101 and its stand-in: what is refused, what holds the arm, what lets it go.

Bounds are wide: what is measured here are decisions, not the machine that the tests run on.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import driver_of_servos
import numpy as np
import pytest

from ros_rl.errors import BackendError, ConfigError
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.so101 import So101Settings

pytest.importorskip("scservo_sdk")

from ros_rl.backends.motor_process import MotorCommand, MotorState
from ros_rl.backends.so101.backend import So101Backend
from ros_rl.backends.so101.bus import So101Bus, servos_of
from ros_rl.backends.so101.calibration import own_limits
from ros_rl.backends.so101.inspection import inspect
from ros_rl.backends.so101.registers import (
    GOAL_POSITION,
    HIGHEST_POSITION,
    HOMING_OFFSET,
    LOWEST_POSITION,
    RADIANS,
    TORQUE_LIMIT,
)
from ros_rl.stand_ins.so101 import So101StandIn

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

ROBOT = load_robot("so101")
PERIOD = 0.2  # s
NONE = np.zeros(ROBOT.size)


@pytest.fixture(scope="module")
def arm() -> Iterator[So101StandIn]:
    """At home, without torque; the arm of all tests that move nothing."""
    pace = sys.getswitchinterval()
    sys.setswitchinterval(5e-4)
    made = So101StandIn()
    made.start()
    yield made
    made.close()
    sys.setswitchinterval(pace)


@pytest.fixture
def still(arm: So101StandIn) -> Iterator[So101StandIn]:
    """The same, healed afterwards."""
    yield arm
    for fault in arm.faults:
        arm.heal(fault)
    for servo in arm.servos.values():
        servo.begin_anew()


def settings_of(arm: So101StandIn, **changes: object) -> So101Settings:
    return replace(So101Settings(port=arm.address, silence_limit=1.0, release_time=0.5), **changes)  # type: ignore[arg-type]


def refusal(settings: So101Settings) -> str:
    servos = servos_of(settings, ROBOT)
    with contextlib.closing(servos), pytest.raises(BackendError) as caught:
        servos.open()
        inspect(servos, ROBOT, settings)
    return str(caught.value)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("silent_servo", "servo 3 (elbow_flex) of 6 servos"),
        ("wrong_id", "servo 5 (wrist_roll) of 6 servos"),
        ("other_model", "servo 4 (wrist_flex) is of model 1033, expected 777"),
        ("other_firmware", "servo 6 (gripper) has firmware 3.9, servo 1 (shoulder_pan) has 3.10"),
        ("echo", "the adapter at .*ttyACM0 echoes what is sent"),
        ("overload", "servo 2 (shoulder_lift) reports: overload; switch its power off"),
        ("low_voltage", "servo 2 (shoulder_lift) reports: voltage"),
        ("hot_servo", "servo 2 (shoulder_lift) is at 75 C, limit 60 C"),
        ("held", "the torque of servo 1 (shoulder_pan), .* is on already"),
    ],
)
def test_what_is_refused_before_anything_is_written(still: So101StandIn, fault: str, words: str) -> None:
    still.play(fault)
    time.sleep(0.05)
    begun = time.monotonic()
    said = refusal(settings_of(still))
    first, _, rest = words.partition(".*")
    assert said.startswith(first) and rest in said
    assert still.since(begun) == []


def test_an_arm_outside_its_limits_is_refused(still: So101StandIn) -> None:
    turned = np.array([0.0, 0.0, 4.0, 0.0, 0.0, 0.0])  # beyond its travel
    limits = replace(ROBOT.limits, lower=ROBOT.limits.lower - turned, upper=ROBOT.limits.upper - turned)
    words = r"servo 3 \(elbow_flex\) stands at -?\d\.\d\d rad, limits -5.69 to -2.31: move it by hand"
    with contextlib.closing(servos_of(settings_of(still), ROBOT)) as servos:
        servos.open()
        with pytest.raises(BackendError, match=words):
            inspect(servos, replace(ROBOT, limits=limits), settings_of(still))


def test_a_healthy_arm_is_accepted(still: So101StandIn) -> None:
    with contextlib.closing(servos_of(settings_of(still), ROBOT)) as servos:
        servos.open()
        inspect(servos, ROBOT, settings_of(still))
        with pytest.raises(BackendError, match="another program has it open"):
            servos_of(settings_of(still), ROBOT).open()


def test_the_servos_tell_how_far_they_go(still: So101StandIn) -> None:
    with contextlib.closing(servos_of(settings_of(still), ROBOT)) as servos:
        servos.open()
        assert list(own_limits(ROBOT, servos).narrower_than(ROBOT)) == []
        elbow = still.servos[3].memory
        low, high = elbow.get(LOWEST_POSITION), elbow.get(HIGHEST_POSITION)
        elbow.put(LOWEST_POSITION, low + 100)
        elbow.put(HIGHEST_POSITION, high - 100)
        told = list(own_limits(ROBOT, servos).narrower_than(ROBOT))
        elbow.put(LOWEST_POSITION, low)
        elbow.put(HIGHEST_POSITION, high)
    reach = 0.5 * (high - low - 200) * RADIANS
    assert [text.split(" is ")[0] for text in told] == ["lower of elbow_flex", "upper of elbow_flex"]
    assert told[1] == f"upper of elbow_flex is {ROBOT.limits.upper[2]:.4g} in its file and {reach:.4g} by its servos"


def test_an_arm_from_the_factory_is_refused(still: So101StandIn) -> None:
    held = bytes(still.servos[1].memory[9:13])
    still.servos[1].memory[9:13] = b"\x00\x00\xff\x0f"
    said = refusal(settings_of(still))
    still.servos[1].memory[9:13] = held
    assert said.startswith("servo 1 (shoulder_pan) has position limits 0 to 4095") and "lerobot-calibrate" in said


def test_a_calibration_file_is_compared(still: So101StandIn, tmp_path: Path) -> None:
    def entry(number: int) -> dict[str, int]:
        low, high = (int.from_bytes(still.servos[number].memory[at : at + 2], "little") for at in (9, 11))
        offset = still.servos[number].memory.get(HOMING_OFFSET)
        return {"id": number, "drive_mode": 0, "homing_offset": offset, "range_min": low, "range_max": high}

    file = tmp_path / "arm.json"
    joints = {joint: entry(number) for number, joint in enumerate(ROBOT.joints, start=1)}
    file.write_text(json.dumps(joints))
    settings = settings_of(still, calibration=str(file))
    with contextlib.closing(servos_of(settings, ROBOT)) as servos:
        servos.open()
        inspect(servos, ROBOT, settings)
    joints["elbow_flex"]["homing_offset"] += 1
    file.write_text(json.dumps(joints))
    assert refusal(settings).startswith("servo 3 (elbow_flex) holds homing_offset -860, calibration")
    file.write_text("[]")
    assert "is no file as LeRobot writes it" in refusal(settings)
    file.unlink()
    assert "cannot be read" in refusal(settings)


def test_a_port_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    assert "there is no such port; `ls /dev/ttyACM*" in refusal(So101Settings(port=str(tmp_path / "none")))


def test_a_robot_that_is_none_is_refused() -> None:
    So101Settings().check_robot(ROBOT)
    with pytest.raises(ConfigError, match="takes no position commands"):
        So101Settings().check_robot(load_robot("xarm6"))
    with pytest.raises(ConfigError, match="expected the id of a servo"):
        So101Settings().check_robot(replace(ROBOT, hardware={}))


@pytest.fixture
def bus(still: So101StandIn) -> Iterator[So101Bus]:
    made = So101Bus(settings_of(still, load_time=0.1), ROBOT)
    with contextlib.closing(made):
        made.open()
        yield made


def command(kind: str, position: np.ndarray = NONE) -> MotorCommand:
    one = NONE + 1.0
    stiffness, damping = {"rest": (NONE, NONE), "hold": (NONE, one), "follow": (one, one)}[kind]
    return MotorCommand(position, NONE, stiffness, damping, NONE)


def cycle(bus: So101Bus, kind: str, position: np.ndarray = NONE) -> MotorState | None:
    """Ask, wait for the answer or its absence, and give it."""
    bus.send(command(kind, position))
    deadline = time.monotonic() + 3.0
    while bus._asked and time.monotonic() < deadline:
        state = bus.receive()
        if state is not None:
            return state
        time.sleep(0.002)
    return None


def first_state(bus: So101Bus) -> MotorState:
    states = (cycle(bus, "rest") for _ in range(20))  # a busy machine answers too late now and then
    return next(state for state in states if state is not None)


def test_the_state_is_what_the_arm_does(still: So101StandIn, bus: So101Bus) -> None:
    state = first_state(bus)
    np.testing.assert_allclose(state.position, still.position, atol=0.05)  # it sinks
    assert state.temperature.tolist() == [32.0] * 6
    assert state.fault == ""


def test_torque_is_on_only_from_the_first_hold_on_and_at_the_goal_where_it_is(
    still: So101StandIn, bus: So101Bus
) -> None:
    begun = time.monotonic()
    state = first_state(bus)
    assert still.since(begun) == [] and not any(still.torque)
    while not all(still.torque):
        cycle(bus, "hold")
    writes = [item.what for item in still.since(begun)]
    assert [write.address for write in writes[:3]] == [48, 41, 40]
    goals = still.goals_since(begun)[0][1]
    assert list(goals.values()) == pytest.approx(
        list((state.position - ROBOT.joint_map("so101").zero) / RADIANS + 2048), abs=3
    )
    assert still.servos[6].memory.get(TORQUE_LIMIT) == round(1000 * 0.65 / 1.62)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("overheated", "servo 2 (shoulder_lift) reports: temperature"),
        ("overcurrent", "servo 2 (shoulder_lift) reports: current"),
        ("broken_encoder", "servo 2 (shoulder_lift) reports: angle sensor"),
        ("load", "shoulder_lift has had a load of 100 %"),
        ("let_go", "the servo of shoulder_lift has let go"),
        ("reboot", "the servo of elbow_flex has let go"),
        ("wrap", "the position of wrist_roll jumped from"),
    ],
)
def test_what_servos_say_is_a_fault(still: So101StandIn, bus: So101Bus, fault: str, words: str) -> None:
    before = first_state(bus)
    while not all(still.torque):
        cycle(bus, "hold")
    still.play(fault)
    begun, said = time.monotonic(), ""
    while not said and time.monotonic() < begun + 5.0:
        state = cycle(bus, "hold")
        said = "" if state is None else state.fault
    assert said.startswith(words)
    roll = before.position[4] / RADIANS + 2048
    for _, goals in still.goals_since(begun):
        assert abs(goals[5] - roll) < 60
    assert state is not None
    np.testing.assert_allclose(state.position[4], before.position[4], atol=0.1)


@pytest.mark.parametrize(("fault", "words"), [("silent_servo", "servo 3 (elbow_flex)"), ("wrong_checksum", "servo 2")])
def test_what_is_no_answer_is_rejected(still: So101StandIn, bus: So101Bus, fault: str, words: str) -> None:
    first_state(bus)
    still.play(fault)
    assert cycle(bus, "rest") is None
    assert words in bus.complaint and bus.rejected > 0


def test_servos_that_come_back_hold_where_they_are_then(still: So101StandIn, bus: So101Bus) -> None:
    before = first_state(bus)
    while not all(still.torque):
        cycle(bus, "hold")
    still.play("silent")
    while bus.rejected < 6:
        cycle(bus, "hold")
    for servo in still.servos.values():  # somebody turned them meanwhile, or they went on to their last goal
        servo.memory.put(GOAL_POSITION, servo.goal + 200)
    wait_for(lambda: abs(still.servos[5].goal - still.servos[5].position) < 20)
    still.heal("silent")
    begun, state = time.monotonic(), None
    while state is None or not still.goals_since(begun):
        state = cycle(bus, "hold") or state
    held = still.goals_since(begun)[-1][1][5]
    assert abs(held - still.servos[5].position) < 30
    assert abs(held - (before.position[4] / RADIANS + 2048)) > 100


def test_servos_that_do_not_answer_hold_where_they_were_sent(still: So101StandIn, bus: So101Bus) -> None:
    """Not where they were seen last, from where they have gone on since."""
    goal = first_state(bus).position + 0.1
    while not all(still.torque):
        cycle(bus, "follow", goal)
    still.play("silent_servo")
    while bus.rejected < 6:
        cycle(bus, "follow", goal)
    begun = time.monotonic()
    for _ in range(4):
        cycle(bus, "hold")
    middle = ROBOT.joint_map("so101").zero
    held = still.goals_since(begun)
    assert held
    for _, goals in held:
        assert list(goals.values()) == pytest.approx(list((goal - middle) / RADIANS + 2048), abs=3)


@pytest.mark.parametrize("fault", ["noise", "torn"])
def test_a_bad_line_that_can_be_read_is_read(still: So101StandIn, bus: So101Bus, fault: str) -> None:
    still.play(fault)
    assert first_state(bus).fault == ""


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_targets_are_followed_expire_and_the_arm_is_let_go_at_the_end(still: So101StandIn) -> None:
    backend = So101Backend(ROBOT, settings_of(still), PERIOD)
    backend.connect()
    begun = time.monotonic()
    start = backend.read().measurement["joint_position"]
    assert still.since(begun) == []
    backend.arm()
    wait_for(lambda: all(still.torque))
    target = start.copy()
    for _ in range(10):
        target[0] += 0.05
        backend.write(target, time.monotonic() + 3 * PERIOD)
        time.sleep(PERIOD)
    wait_for(lambda: abs(float(backend.read().measurement["joint_position"][0]) - target[0]) < 0.05)
    reading = backend.read()
    assert reading.health == ""
    assert set(reading.measurement) == set(ROBOT.sensors)
    time.sleep(5 * PERIOD)  # expired: it holds, and the servos are left alone after a second
    wait_for(lambda: not still.goals_since(time.monotonic() - 0.5))
    assert all(still.torque)
    np.testing.assert_allclose(still.position, target, atol=0.1)
    with pytest.raises(BackendError, match="is not 6 finite numbers"):
        backend.write(target * np.nan, time.monotonic() + 1.0)
    backend.close()
    backend.close()
    wait_for(lambda: not any(still.torque))
    wait_for(lambda: {servo.memory.get(TORQUE_LIMIT) for servo in still.servos.values()} == {1000})
    with pytest.raises(BackendError, match="not connected"):
        backend.read()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_an_arm_whose_driver_is_stopped_or_dead_stays_where_it_is(still: So101StandIn, number: int) -> None:
    folder = Path(driver_of_servos.__file__).parent
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    command = [sys.executable, driver_of_servos.__file__, still.address]
    environment = {**os.environ, "PYTHONPATH": path}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder) as process:
        assert process.stdout is not None
        motors = int(process.stdout.readline().split()[1])
        begin = still.position[0]
        wait_for(lambda: abs(float(still.position[0] - begin)) > 0.2)
        process.send_signal(number)
        time.sleep(3 * driver_of_servos.PERIOD + 0.5)
        stopped = still.position.copy()
        wait_for(lambda: not still.goals_since(time.monotonic() - 0.5))
        np.testing.assert_allclose(still.position, stopped, atol=0.02)
        assert all(still.torque)
        process.send_signal(signal.SIGCONT)
        process.kill()
    wait_for(lambda: not Path(f"/proc/{motors}").exists())


def test_an_unplugged_arm_is_told_of_and_comes_back_by_an_arming_alone(arm: So101StandIn) -> None:
    other = So101StandIn()
    other.start()
    backend = So101Backend(ROBOT, settings_of(other, silence_limit=0.3), PERIOD)
    with contextlib.closing(other), contextlib.closing(backend):
        backend.connect()
        assert backend.read().health == ""
        backend.arm()
        wait_for(lambda: all(other.torque))
        other.play("unplugged")
        wait_for(lambda: "sent no state for" in backend.read().health and "plug it in" in backend.read().health)
        backend.disarm()
        with pytest.raises(BackendError, match="did not come back: port .* there is no such port"):
            backend.arm()
        backend.disarm()
        replugged = time.monotonic()
        other.heal("unplugged")
        wait_for(lambda: Path(other.address).exists())
        time.sleep(0.5)
        assert other.since(replugged) == [] and backend.read().health, "it came back by itself"
        stood = other.position.copy()
        with contextlib.suppress(BackendError):  # a busy machine may take longer than it waits for
            backend.arm()
        wait_for(lambda: backend.read().health == "")
        wait_for(lambda: bool(other.goals_since(replugged)))
        np.testing.assert_allclose(other.position, stood, atol=0.05)
