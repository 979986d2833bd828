# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every robot's driver keeps while its motors are switched on, against the stand-ins of the fault campaign."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from loopback import free_address
from subjects import BENCH, NEEDS

from ros_rl.backends import construct
from ros_rl.backends.backend import Backend
from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.config import build
from ros_rl.robot import VELOCITY, Robot, load_robot
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.latch import Latch
from ros_rl.settings.registry import BACKEND_SETTINGS
from ros_rl.tasks.mock_point import MockPoint
from ros_rl.types import Array, SafetyState

pytest.importorskip("pybullet")
pytestmark = [pytest.mark.flaky(reruns=2), pytest.mark.timeout(240)]  # real time, on a machine that has other work
NAMES = [pytest.param(name, marks=[pytest.mark.ros] * (name == "ros2_control")) for name in NEEDS]
PATIENCE, WATCHED = 40.0, 3.0  # s
PERIOD = 0.05
PATIENT = {"silence_limit": 1.0, "watchdog_hz": 2.0}  # a busy machine is no failure
SLOW = 0.5  # s, the control period of legs, whose motor process is ended where it hangs for two of them


class Driven:
    """A robot's driver, and what says whether it is driven."""

    def __init__(self, backend: Backend, robot: Robot, driven: Callable[[], bool]) -> None:
        self.backend, self._robot, self.driven = backend, robot, driven

    def follows(self) -> None:
        """It does, as soon as nothing is pending, without a complaint."""
        backend = self.backend
        wait(lambda: not backend.pending, "it is pending")
        assert backend.read().health == ""
        target = self._target(backend.read().measurement["joint_position"])

        def moved() -> bool:
            backend.write(target, time.monotonic() + 10.0 * PERIOD)
            time.sleep(PERIOD / 2.0)
            return self.driven()

        wait(moved, "it is not driven")
        assert backend.read().health == ""

    def _target(self, start: Array) -> Array:
        """A little further on for the first joint; where it is for all others."""
        robot = self._robot
        by_velocity, first = robot.commanded_by(VELOCITY), np.arange(robot.size) == 0
        return np.where(by_velocity, 0.3 * first * robot.limits.velocity, start + 0.15 * first)


@contextmanager
def played(name: str) -> Iterator[tuple[Any, Driven]]:
    """A stand-in and its driver, connected."""
    pytest.importorskip(NEEDS[name])
    sys.path.insert(0, BENCH)
    try:
        from robot_campaign import robots
    finally:
        sys.path.remove(BENCH)
    robots._UR_ADDRESS = free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT)
    subject = robots.SUBJECTS[name]
    if name == "go2":
        subject = in_own_domain(subject)
    kind = BACKEND_SETTINGS[subject.driver]
    robot = load_robot(subject.robot)
    with closing(subject.stand_in()) as stand_in:
        stand_in.start()
        found = {key: value for key, value in PATIENT.items() if key in {item.name for item in fields(kind)}}
        found |= subject.settings(stand_in)
        period = SLOW if robot.legs else PERIOD
        if "gripper" in found:
            found["gripper"] |= {"silence_limit": 2.0}
        with closing(construct(subject.driver, robot, build(kind, found, "driver.backend"), period)) as backend:
            backend.connect()
            yield stand_in, Driven(backend, robot, subject.driven(stand_in))


def in_own_domain(go2: Any) -> Any:
    """One that another test process does not hear."""
    from dds_domain import ROBOT_DOMAIN

    from ros_rl.stand_ins.unitree_go2 import Go2StandIn

    domain = {"domain": ROBOT_DOMAIN, "interface": "lo"}
    return replace(go2, stand_in=lambda: Go2StandIn(domain=ROBOT_DOMAIN), settings=lambda _: domain)


def wait(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"{what} after {PATIENCE:g} s"
        time.sleep(0.01)


def starts(name: str, stand_in: Any) -> bool:
    """Whether what moves the robot has been started: a program on it, or its motors."""
    if name in ("ur", "ur_gripper"):
        return bool(stand_in.controller.playing)
    return name == "xarm" and "motors off" not in stand_in.describe()


@pytest.mark.parametrize("name", NAMES)
def test_motors_follow_as_soon_as_nothing_is_pending(name: str) -> None:
    with played(name) as (_, one):
        one.backend.read()
        assert not one.driven()
        one.backend.arm()
        one.follows()


@pytest.mark.parametrize("after", [0.0, 0.4])
@pytest.mark.parametrize("how", ["safe", "disarm"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_starts_after_an_arming_that_was_broken_off(name: str, how: str, after: float) -> None:
    with played(name) as (stand_in, one):
        backend = one.backend
        backend.arm()
        time.sleep(after)
        broken = bool(backend.pending)
        getattr(backend, how)()
        wait(lambda: not (broken and starts(name, stand_in)), "what was started goes on")
        end = time.monotonic() + WATCHED
        while time.monotonic() < end:
            backend.safe()
            backend.read()
            assert not one.driven() and not (broken and starts(name, stand_in))
            time.sleep(PERIOD)
        backend.disarm()
        backend.arm()
        one.follows()


def test_a_ur_at_home_is_ready_no_sooner_than_its_program_runs() -> None:
    """Nothing needs to move there, so that only what is pending holds it back."""
    with played("ur") as (stand_in, one):
        robot = load_robot("ur5e")
        patient = replace(robot, safety=replace(robot.safety, stale=1.0))
        loop = DriverLoop(patient, MockPoint(), one.backend, 1.0 / PERIOD, 1, latch=Latch())
        loop.start()
        assert loop.latch.arm()
        states: list[tuple[SafetyState, bool]] = []
        while not states or states[-1][0] is SafetyState.HOMING:
            time.sleep(PERIOD)
            states.append((loop.advance().safety, starts("ur", stand_in)))
        assert (*states[-1], loop.fault, loop.pending) == (SafetyState.READY, True, "", "")
        assert (SafetyState.HOMING, False) in states
