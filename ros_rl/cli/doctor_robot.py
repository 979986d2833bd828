# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What ``ros-rl doctor`` looks at in a robot: its link, its joints and, where it is asked to, how late it moves."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ros_rl.backends import Backend, construct
from ros_rl.errors import BackendError, MissingDependencyError, RosRlError, one_line
from ros_rl.robot import Robot
from ros_rl.runs.doctor import Check
from ros_rl.runtime.delay import measure_delay
from ros_rl.runtime.link_check import LinkReport, findings, watch
from ros_rl.runtime.robot_link import ARMING_SECONDS
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.nodes import ControlSettings

_WATCH_SECONDS = 3.0
_FIRST_SECONDS = 5.0
_SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class Motion:
    """The small motion by which a robot's delay is found.

    Attributes:
        joint: Name of the joint that moves; None for the last that is no gripper.
        amplitude: How far from where it stands [rad or m].
    """

    joint: str | None
    amplitude: float

    def joint_of(self, robot: Robot) -> str:
        """Name of the joint that moves."""
        gripper = None if robot.gripper is None else robot.gripper.joint
        return self.joint or [name for name in robot.joints if name != gripper][-1]


def robot_checks(
    robot: Robot, name: str, settings: BackendSettings, control: ControlSettings, motion: Motion | None
) -> Iterator[Check]:
    """Listen to a robot and look it over; only one with which nothing is wrong is armed and moved.

    Args:
        robot: The robot.
        name: Of its driver.
        settings: Of its driver.
        control: Control rate and delay.
        motion: How it moves; None: not at all.
    """
    try:
        backend = construct(name, robot, settings, control.period)
        with contextlib.closing(backend):
            (backend.listen if motion is None else backend.connect)()
            yield Check("link", "open")
            checks = [*_linked(robot, control.period, _watched(backend, robot)), *_limits(backend, robot)]
            yield from checks
            if motion is None:
                return
            if any(check.fatal for check in checks):
                fix = "nothing was moved: first mend what is said above, then measure it again"
                yield Check("delay", "not measured", fix, fatal=True)
            else:
                yield _delayed(backend, robot, control, motion)
    except MissingDependencyError as error:
        yield Check("link", "no driver", str(error), fatal=True)
    except Exception as error:  # robots' libraries raise anything
        yield Check("link", "failed", one_line(error), fatal=True)


def _watched(backend: Backend, robot: Robot) -> LinkReport:
    end = time.monotonic() + _FIRST_SECONDS
    while True:  # a robot that was just connected to may need a moment
        try:
            backend.read()
            return watch(backend, robot, _WATCH_SECONDS)
        except RosRlError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def _linked(robot: Robot, period: float, report: LinkReport) -> Iterator[Check]:
    yield Check("measures", f"{report.rate_hz:.1f} Hz")
    for what, three in (("age", report.age), ("gap", report.gap)):
        text = ", ".join(
            f"{label} {value * 1e3:.1f} ms" for label, value in zip(("p50", "p99", "max"), three, strict=True)
        )
        yield Check(what, text)
    own = report.clock
    yield Check("its clock", str(own) if own is not None else "it tells none", own.fix if own is not None else "")
    limits, margin = robot.limits, robot.safety.joint_margin
    for index, joint in enumerate(robot.joints):
        at, lower, upper = report.position[index], limits.lower[index], limits.upper[index]
        inside = lower - margin <= at <= upper + margin  # legs that hang rest against their stops
        text = f"{at:8.3f} in [{lower:g}, {upper:g}], noise {report.spread[index]:.1e}"
        fix = "" if inside else "it stands outside its limits: move it there by hand, or look at signs and zeros"
        yield Check(joint, text, fix, fatal=not inside)
    for problem in findings(robot, period, report):
        yield Check("state", "not as it should be", problem, fatal=True)


def _arm(backend: Backend) -> None:
    """Switch the motors on, and wait until they follow."""
    backend.arm()
    end = time.monotonic() + ARMING_SECONDS
    while backend.pending:
        health = backend.read().health
        if health or time.monotonic() > end:
            raise BackendError(health or f"the motors do not follow: {backend.pending}")
        time.sleep(0.05)
    time.sleep(_SETTLE_SECONDS)


def _limits(backend: Backend, robot: Robot) -> Iterator[Check]:
    """The file's limits beside the robot's own; a robot that stops by itself is no reason not to run it."""
    try:
        own = backend.own_limits()
    except RosRlError as error:
        yield Check("own limits", "not told", one_line(error))
        return
    if own is None:
        yield Check("own limits", "it tells none")
        return
    wrong = list(own.narrower_than(robot))
    yield Check("own limits", f"{len(wrong) or 'none'} narrower than its file's, by {own.source}")
    for text in wrong:
        yield Check("own limits", "narrower", f"{text}: make the file's narrower, it stops there or does not follow")


def _delayed(backend: Backend, robot: Robot, control: ControlSettings, motion: Motion) -> Check:
    joint = motion.joint_of(robot)
    try:
        _arm(backend)
        found = measure_delay(backend, robot, control.period, robot.joints.index(joint), motion.amplitude)
    except RosRlError as error:
        return Check("delay", "stopped", one_line(error), fatal=True)
    finally:
        backend.disarm()
    text = (
        f"{found.latency * 1e3:.0f} ms = {found.periods:.2f} control periods "
        f"({joint}, correlation {found.correlation:.2f})"
    )
    if found.setting == control.delay:
        return Check("delay", f"{text}; control.delay {control.delay} is right")
    return Check("delay", text, f"set control.delay to {found.setting}; it is {control.delay}")
