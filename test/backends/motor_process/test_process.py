# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The motor process for real, with a robot that writes down what its motors are sent.

Bounds are wide: what is measured here are decisions, not the machine that the tests run on.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import driver_of_motors
import numpy as np
import pytest
from file_bus import FileBus, FileBusSettings, sent

from ros_rl.backends.motor_process import LeggedBackend
from ros_rl.errors import BackendError
from ros_rl.robot import load_robot

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

A1 = load_robot("a1")
PERIOD = 0.05
SLACK = 0.25  # s, for a busy machine


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "sent")


@pytest.fixture
def backend(file: str) -> Iterator[LeggedBackend]:
    made = LeggedBackend(A1, FileBus, FileBusSettings(file=file, silence_limit=0.3), PERIOD)
    yield made
    made.close()


@pytest.fixture
def driver(file: str) -> Iterator[tuple[int, int]]:
    """The pids of a driver that follows, and of its motor process."""
    folder = Path(driver_of_motors.__file__).parent
    path = os.pathsep.join([str(folder), *filter(None, sys.path)])
    command = [sys.executable, driver_of_motors.__file__, file]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdout is not None
        pids = process.stdout.readline().split()
        wait_for(lambda: phases(file)[-1:] == ["follow"])
        yield int(pids[0]), int(pids[1])
        process.send_signal(signal.SIGCONT)
        process.kill()
        wait_for(lambda: not runs(int(pids[1])))


def phases(file: str, since: float = 0.0) -> list[str]:
    """What the motors did, one word for each change."""
    words = [item.phase for item in sent(file, A1.size) if item.time >= since]
    return [word for index, word in enumerate(words) if not index or word != words[index - 1]]


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def runs(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def check_damped(file: str, event: float) -> None:
    """From the event on: damping within two control periods, for a second, then rest, and never a target again."""
    items = [item for item in sent(file, A1.size) if item.time >= event]
    first = next(item.time for item in items if item.phase == "damp")
    assert first - event <= 2 * PERIOD + SLACK
    assert all(item.phase != "follow" for item in items if item.time >= first)
    last = next(item.time for item in items if item.phase == "rest")
    assert 0.9 <= last - first <= 1.0 + SLACK
    assert items[-1].phase == "rest"
    damped = next(item for item in items if item.phase == "damp")
    np.testing.assert_array_equal(damped.damping, A1.safety.damping)


def test_connecting_moves_nothing(backend, file):
    backend.connect()
    time.sleep(0.1)
    assert phases(file) == ["rest"]
    reading = backend.read()
    assert reading.health == "" and reading.age < 1.0
    np.testing.assert_array_equal(reading.measurement["joint_position"], A1.home)
    np.testing.assert_allclose(reading.measurement["imu_linear_acceleration"], [0.0, 0.0, 9.81])


def test_it_connects_again_and_needs_arming_then(backend, file):
    backend.connect()
    backend.arm()
    backend.close()
    backend.connect()
    backend.write(A1.home, time.monotonic() + 1.0)
    time.sleep(0.1)
    assert phases(file)[-1] == "rest"
    reading = backend.read()
    assert reading.health == ""
    np.testing.assert_allclose(reading.measurement["imu_linear_acceleration"], [0.0, 0.0, 9.81])


def test_nothing_moves_before_it_is_armed(backend, file):
    backend.connect()
    backend.write(A1.home, time.monotonic() + 1.0)
    backend.safe()
    time.sleep(0.1)
    assert phases(file) == ["rest"]


def test_targets_are_followed_and_expire(backend, file):
    backend.connect()
    backend.arm()
    wait_for(lambda: phases(file) == ["rest", "damp"])
    backend.write(A1.home, time.monotonic() + 0.3)
    wait_for(lambda: phases(file)[-1] == "follow")
    event = time.monotonic() + 0.2
    wait_for(lambda: phases(file)[-1] == "rest")
    check_damped(file, event)
    backend.write(A1.home, time.monotonic() + 1.0)  # not armed anew
    time.sleep(0.1)
    assert phases(file) == ["rest", "damp", "follow", "damp", "rest"]
    backend.arm()
    backend.write(A1.home, time.monotonic() + 1.0)
    wait_for(lambda: phases(file)[-1] == "follow")


def test_a_late_target_goes_on_while_it_damps(backend, file):
    backend.connect()
    backend.arm()
    backend.write(A1.home, time.monotonic() + 0.1)
    wait_for(lambda: phases(file)[-2:] == ["follow", "damp"])
    backend.write(A1.home, time.monotonic() + 5.0)
    wait_for(lambda: phases(file)[-1] == "follow")
    assert backend.motors.report()["expired"] == 1


def test_disarming_and_closing_damp_first(backend, file):
    backend.connect()
    backend.arm()
    backend.write(A1.home, time.monotonic() + 5.0)
    wait_for(lambda: phases(file)[-1] == "follow")
    event = time.monotonic()
    backend.disarm()
    backend.write(A1.home, time.monotonic() + 5.0)
    wait_for(lambda: phases(file)[-1] == "rest")
    check_damped(file, event)
    backend.arm()
    backend.write(A1.home, time.monotonic() + 5.0)
    wait_for(lambda: phases(file)[-1] == "follow")
    event = time.monotonic()
    backend.close()
    backend.close()
    check_damped(file, event)


def test_a_silent_robot_is_damped_and_told_of(backend, file):
    backend.connect()
    backend.arm()
    backend.write(A1.home, time.monotonic() + 60.0)
    wait_for(lambda: phases(file)[-1] == "follow")
    Path(file + ".silent").touch()
    wait_for(lambda: phases(file)[-1] == "damp")
    wait_for(lambda: "has sent no state for" in backend.read().health)


def test_a_robot_that_is_not_there_is_refused(file):
    Path(file + ".silent").touch()
    backend = LeggedBackend(A1, FileBus, FileBusSettings(file=file, connect_timeout=0.2), PERIOD)
    with pytest.raises(BackendError, match="sends no state within 0.2 s"):
        backend.connect()
    assert set(phases(file)) <= {"rest"}


def test_what_is_no_command_is_refused(backend):
    with pytest.raises(BackendError, match="12 finite numbers"):
        backend.write(np.full(12, np.nan), time.monotonic() + 1.0)
    with pytest.raises(BackendError, match="not connected"):
        backend.read()


def test_a_killed_driver_leaves_a_robot_at_rest(driver, file):
    event = time.monotonic()
    os.kill(driver[0], signal.SIGKILL)
    wait_for(lambda: not runs(driver[1]))
    check_damped(file, event)


def test_a_stopped_driver_leaves_a_robot_at_rest(driver, file):
    event = time.monotonic()
    os.kill(driver[0], signal.SIGSTOP)
    wait_for(lambda: phases(file)[-1] == "rest")
    check_damped(file, event)
    os.kill(driver[0], signal.SIGCONT)  # it goes on writing, and was not armed anew
    time.sleep(0.3)
    assert phases(file)[-1] == "rest"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_the_driver_damps_where_the_motor_process_does_not(backend, file, number):
    backend.connect()
    backend.arm()
    backend.write(A1.home, time.monotonic() + 60.0)
    wait_for(lambda: phases(file)[-1] == "follow")
    event = time.monotonic()
    os.kill(backend.motors.pid, number)
    wait_for(lambda: phases(file)[-1] == "rest")
    check_damped(file, event)
    assert "the motor process" in backend.read().health


def test_signals_end_it_softly(backend, file):
    backend.connect()
    backend.arm()
    backend.write(A1.home, time.monotonic() + 60.0)
    wait_for(lambda: phases(file)[-1] == "follow")
    event = time.monotonic()
    os.kill(backend.motors.pid, signal.SIGINT)
    time.sleep(0.05)
    os.kill(backend.motors.pid, signal.SIGTERM)
    wait_for(lambda: not runs(backend.motors.pid))
    check_damped(file, event)
