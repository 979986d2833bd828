# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person steers a simulated robot by the velocity that its task is asked for: keys in, ticks at the clock's pace."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.robot_world import RobotWorld, Step
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.teleop.console import Console
from ros_rl.teleop.keyboard import Keyboard
from ros_rl.teleop.keys import KeyDecoder
from ros_rl.types import Array, Verdict

HELP = (
    "hold i , j l u o: forward, back, left, right, turn left, turn right | let go: stand",
    "+ -: faster, slower | r: stand up again at the start | q: end",
)
"""What a person is shown."""
_FASTER = 1.25
_SLOWEST, _FASTEST = 0.1, 4.0  # of what a key asks for at first
_NAMES = ("forward", "left", "turning")
_LAGS = 0.5  # s behind the clock, from which on it is given up


@dataclass
class Keys:
    """What the keys of a terminal ask for.

    Attributes:
        at_most: Velocity that a key asks for at first: forward, to the left [m/s], turning to the left [rad/s].
    """

    at_most: Array

    def __post_init__(self) -> None:
        self._keyboard, self._pace = Keyboard(), 1.0
        self.ends = self.again = False
        """Whether the person wants to end, or to begin anew."""

    def press(self, keys: Iterable[str], now: float) -> None:
        """Keys came, by their names, at a time of the steady clock [s]."""
        for key in keys:
            self.ends = self.ends or key == "q"
            self.again = self.again or key == "r"
            self._keyboard.press(key, now)

    def velocity(self, now: float) -> Array:
        """What is asked for, shape (3,)."""
        wish = self._keyboard.wish(now)
        self._pace = float(np.clip(self._pace * _FASTER**wish.speed, _SLOWEST, _FASTEST))
        return np.array([wish.forward, wish.left, wish.turn]) * self.at_most * self._pace


class Drive:
    """A robot's world, led by a control graph that a person asks for velocities.

    Args:
        world: Made with `draws_inputs` false.
        control: With the graph, not exploring.
        keys: What the person asks for.
    """

    def __init__(self, world: RobotWorld, control: ControlLoop, keys: Keys) -> None:
        self._world, self._control, self.keys = world, control, keys
        self.step = world.begin_episode()
        """The newest."""
        self.falls = 0
        """How often it fell."""

    def advance(self, now: float) -> list[str]:
        """Let a control period pass; gives what there is to say.

        Args:
            now: Steady clock [s].
        """
        wanted = self.keys.velocity(now)
        if self.keys.again:
            self.keys.again = False
            self.step = self._world.begin_episode()
            return []
        said = [line for line in [self._world.ask(VELOCITY_COMMAND, wanted)] if line]
        self.step = self._world.step(self._control.step(self.step.tick).command)
        if self.step.ended:
            self.falls += 1
            said.append(f"it fell{_why(self._world, self.step)}; it stands again at the start")
            self.step = self._world.begin_episode()
        return said

    @property
    def status(self) -> str:
        """Command, velocity and pose in one line."""
        truth = self._world.truth()
        asked, real = self.step.tick.inputs[VELOCITY_COMMAND], truth.base_velocity
        pairs = "  ".join(f"{name} {a:+.2f} ({r:+.2f})" for name, a, r in zip(_NAMES, asked, real, strict=True))
        x, y, z = truth.base_position
        heading = np.degrees(truth.base_yaw)
        return f"asked (real): {pairs}  at {x:.1f} {y:.1f} m, {heading:.0f} deg, {z:.2f} m high, {self.falls} falls"


def _why(world: RobotWorld, step: Step) -> str:
    """The guard that tripped, where one did."""
    return f" ({world.fault})" if world.fault else "" if step.verdict is Verdict.TERMINATED else " (time is over)"


def drive(
    console: Console,
    drive: Drive,
    period: float,
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Drive until the person ends it, a signal comes, or no key can come any more.

    Args:
        console: The terminal, entered.
        drive: What is driven.
        period: Control period [s].
        stop: Ends it.
        clock: The steady clock [s].
    """
    decoder, due, slow = KeyDecoder(), clock() + period, False
    while not (drive.keys.ends or stop.is_set()):
        data = console.read(max(0.0, due - clock()))
        if data is None:
            return
        drive.keys.press(decoder.feed(data), clock())
        if clock() < due:
            continue
        for line in drive.advance(clock()):
            console.say(line)
        console.status(drive.status)
        due += period
        if clock() - due > _LAGS:
            if not slow:
                console.say("this machine is slower than the robot's time: it moves in slow motion")
            slow, due = True, clock()
