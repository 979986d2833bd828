# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver or its command node is stopped or killed: what the robot is told from then on."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("pybullet")

from ros2_control_robots import PERIOD, Pilot, arm, driver, follows, moves_since, rests, stand_in, wait_for

from ros_rl.stand_ins.ros2_control import Ros2ControlStandIn

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]  # real time, on a machine that has other work
TARGET = np.array([0.4, 0.0, 0.0, 0.0, 0.0, 0.0])
SOON = 3.0 * PERIOD  # two periods, and what a busy machine takes
_DRIVER = Path(__file__).parents[2] / "stand_ins" / "driver_of_ros2_control.py"


def gone(process: int) -> bool:
    """Whether a process has ended; one whose parent is gone may never be waited for."""
    try:
        return psutil.Process(process).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextlib.contextmanager
def driver_process() -> Iterator[tuple[subprocess.Popen, int]]:
    """A driver in a process of its own, that moves the robot, and the number of its command node."""
    path = os.pathsep.join([str(_DRIVER.parents[1] / "helpers"), *filter(None, sys.path)])
    process = subprocess.Popen(
        [sys.executable, str(_DRIVER)], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )
    commands = int(process.stdout.readline())
    try:
        yield process, commands
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(commands, signal.SIGKILL)


def moving(played: Ros2ControlStandIn) -> None:
    wait_for(lambda: follows(played, TARGET), "the robot to move")


def test_a_driver_that_is_stopped_leaves_a_robot_at_rest_also_when_it_goes_on() -> None:
    with stand_in() as played, driver_process() as (process, _):
        moving(played)
        process.send_signal(signal.SIGSTOP)
        begin = time.monotonic()
        wait_for(lambda: rests(played), "the robot to rest")
        assert max(moves_since(played, begin), default=begin) < begin + SOON
        process.send_signal(signal.SIGCONT)
        again = time.monotonic()
        time.sleep(4 * PERIOD)
        assert not moves_since(played, again), "what has expired needs a new arming"
        assert len(played.since(again)) > 10, "the stop is sent again and again"


def test_a_driver_that_is_killed_leaves_the_stop_until_the_next_one_comes() -> None:
    with stand_in() as played, driver_process() as (process, commands):
        moving(played)
        process.kill()
        begin = time.monotonic()
        wait_for(lambda: rests(played), "the robot to rest")
        assert max(moves_since(played, begin), default=begin) < begin + SOON
        time.sleep(1.0)
        assert not gone(commands) and len(played.since(begin + 0.5)) > 10
        with driver() as backend:
            backend.connect()
            wait_for(lambda: gone(commands), "the old command node to make way")
            assert not moves_since(played, begin + SOON)
            arm(backend)
            with Pilot(backend, TARGET):
                moving(played)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_command_node_that_fails_is_told_and_the_driver_stops_the_robot_itself(number: signal.Signals) -> None:
    with stand_in() as played, driver() as backend:
        backend.connect()
        arm(backend)
        backend.write(TARGET, time.monotonic() + 60.0)
        moving(played)
        os.kill(backend.commands.pid, number)
        wait_for(lambda: "command node" in backend.read().health, "the complaint")
        backend.safe()
        wait_for(lambda: rests(played), "the robot to rest")
        begin = time.monotonic()
        os.kill(backend.commands.pid, signal.SIGCONT)
        time.sleep(3 * PERIOD)
        assert not moves_since(played, begin + PERIOD)


def test_what_a_killed_driver_leaves_ends_with_the_controller() -> None:
    with stand_in() as played, driver_process() as (process, commands):
        moving(played)
        process.kill()
        played.close()
        wait_for(lambda: gone(commands), "the command node to end")
