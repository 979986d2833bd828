# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person steers a simulated robot by the velocity that its task is asked for; ticks at the clock's pace."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable

import numpy as np

from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.robot_world import RobotWorld, Step
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.teleop.console import Console, Screen
from ros_rl.teleop.gamepad import Gamepad
from ros_rl.teleop.joystick import STOP
from ros_rl.teleop.keyboard import Keyboard
from ros_rl.teleop.keys import KeyDecoder
from ros_rl.teleop.wish import Wish
from ros_rl.types import Array, Verdict

HELP = (
    "hold i , j l u o: forward, back, left, right, turn left, turn right | let go: stand",
    "+ -: faster, slower | r: stand up again at the start | q: end",
)
"""What a person at the keys is shown."""
STICKS_HELP = ("sticks: forward, left, turn | faster, slower | home: stand up again at the start | stop: end",)
"""What a person at a joystick is shown; `teleop.axes` and `teleop.buttons` say which they are."""
_FASTER = 1.25
_SLOWEST, _FASTEST = 0.1, 4.0  # of what a key asks for at first
_NAMES = ("forward", "left", "turning")
_LAGS = 0.5  # s behind the clock, from which on it is given up


class Steering(ABC):
    """What a person asks for, whatever they say it with.

    Args:
        at_most: Velocity that is asked for at first: forward, to the left [m/s], turning to the left [rad/s].
    """

    def __init__(self, at_most: Array) -> None:
        self._at_most, self._pace = at_most, 1.0
        self.ends = self.again = False
        """Whether the person wants to end, or to begin anew."""

    @abstractmethod
    def listen(self, seconds: float, clock: Callable[[], float]) -> bool:
        """Take what comes within a time; gives whether anything can come any more.

        Args:
            seconds: The time [s].
            clock: The steady clock [s].
        """

    @abstractmethod
    def velocity(self, now: float) -> Array:
        """What is asked for, shape (3,), at a time of the steady clock [s]."""

    def _wanted(self, wish: Wish) -> Array:
        return np.array([wish.forward, wish.left, wish.turn]) * self._at_most * self._pace

    def _quicken(self, wish: Wish) -> None:
        self._pace = float(np.clip(self._pace * _FASTER**wish.speed, _SLOWEST, _FASTEST))


class Keys(Steering):
    """What the keys of a terminal ask for.

    Args:
        at_most: See `Steering`.
        console: The terminal, entered before anything is read.
    """

    def __init__(self, at_most: Array, console: Console) -> None:
        super().__init__(at_most)
        self._keyboard, self._decoder, self._console = Keyboard(), KeyDecoder(), console

    def listen(self, seconds: float, clock: Callable[[], float]) -> bool:
        """See `Steering.listen`."""
        data = self._console.read(seconds)
        if data is not None:
            self.press(self._decoder.feed(data), clock())
        return data is not None

    def press(self, keys: Iterable[str], now: float) -> None:
        """Keys came, by their names, at a time of the steady clock [s]."""
        for key in keys:
            self.ends = self.ends or key == "q"
            self.again = self.again or key == "r"
            self._keyboard.press(key, now)

    def velocity(self, now: float) -> Array:
        """See `Steering.velocity`."""
        wish = self._keyboard.wish(now)
        self._quicken(wish)
        return self._wanted(wish)


class Sticks(Steering):
    """What a joystick asks for; where its sticks are counts until they move.

    Args:
        at_most: See `Steering`.
        gamepad: The joystick.
    """

    def __init__(self, at_most: Array, gamepad: Gamepad) -> None:
        super().__init__(at_most)
        self._gamepad, self._wish = gamepad, Wish()

    def listen(self, seconds: float, clock: Callable[[], float]) -> bool:
        """See `Steering.listen`."""
        found = self._gamepad.read(seconds, clock())
        for self._wish, services in found or []:
            self._quicken(self._wish)
            self.ends = self.ends or STOP in services
            self.again = self.again or "home" in services
        return found is not None

    def velocity(self, now: float) -> Array:
        """See `Steering.velocity`."""
        return self._wanted(self._wish)


class Drive:
    """A robot's world, led by a control graph that a person asks for velocities.

    Args:
        world: Made with `draws_inputs` false.
        control: With the graph, not exploring.
        person: What is asked for.
    """

    def __init__(self, world: RobotWorld, control: ControlLoop, person: Steering) -> None:
        self._world, self._control, self.person = world, control, person
        self.step = world.begin_episode()
        """The newest."""
        self.falls = 0
        """How often it fell."""

    def advance(self, now: float) -> list[str]:
        """Let a control period pass; gives what there is to say.

        Args:
            now: Steady clock [s].
        """
        wanted = self.person.velocity(now)
        if self.person.again:
            self.person.again = False
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
    screen: Console | Screen,
    drive: Drive,
    period: float,
    stop: threading.Event,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Drive until the person ends it, a signal comes, or nothing can come of the person any more.

    Args:
        screen: Is told what there is to say, and how things are.
        drive: What is driven.
        period: Control period [s].
        stop: Ends it.
        clock: The steady clock [s].
    """
    due, slow = clock() + period, False
    while not (drive.person.ends or stop.is_set()):
        if not drive.person.listen(max(0.0, due - clock()), clock):
            screen.say("nothing can come of the person any more")
            return
        if clock() < due:
            continue
        for line in drive.advance(clock()):
            screen.say(line)
        screen.status(drive.status)
        due += period
        if clock() - due > _LAGS:
            if not slow:
                screen.say("this machine is slower than the robot's time: it moves in slow motion")
            slow, due = True, clock()
