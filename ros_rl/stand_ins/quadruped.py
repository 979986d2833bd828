# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What four-legged stand-ins share: motors that do for ever what they were told last, and how they are seen."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import deque
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ros_rl.backends.motor_process.priority import take_priority
from ros_rl.robot import load_robot
from ros_rl.stand_ins.body import Body
from ros_rl.stand_ins.pace import Pace
from ros_rl.stand_ins.person import Person
from ros_rl.stand_ins.stand_in import StandIn
from ros_rl.types import Array

_RATE_HZ = 500.0
_TURNS = 20_000
_PRIORITY = 60
_COLD, _HOT = 35.0, 90.0  # degrees Celsius
_ROLLED = np.array([np.sin(0.8), 0.0, 0.0, np.cos(0.8)])  # by 1.6 rad

STATE_FAULTS = {
    "silent": "sends no states; whatever it was told last holds",
    "lost": "every second state is lost",
    "late": "states come 100 ms late",
    "duplicated": "each state comes twice",
    "reordered": "states come in pairs, the newer first",
    "wrong_crc": "the checksum of every state is wrong",
    "tick_stands": "states come, their tick stands still",
    "reboot": "silence until the fault ends, then its tick begins at 0",
    "frozen": "joints and IMU are told as they were when the fault began, while the tick goes on",
    "jump": "one joint is told 0.6 rad off in every second state",
    "nan": "one joint's position is not a number",
    "hot_motor": f"one motor is at {_HOT:g} degrees Celsius",
    "tilt": "the IMU tells that it lies on its side",
}
"""Those that each of them can play, in what it sends."""
RESCUE = {"rescue": "is picked up when it has fallen, and lowered when its motors hold"}
"""An option of each of them."""


@dataclass(frozen=True)
class Told:
    """What the motors were told last: effort + stiffness (position - measured) + damping (velocity - measured)."""

    position: Array
    velocity: Array
    effort: Array
    stiffness: Array
    damping: Array

    @staticmethod
    def of(values: Array) -> Told:
        """All of it, one row each, shape (5, joints)."""
        return Told(*values)

    @cached_property
    def follows(self) -> bool:
        """Whether they are to hold a position."""
        return bool(self.stiffness.any())

    def values(self) -> Array:
        """See `of`."""
        return np.array([self.position, self.velocity, self.effort, self.stiffness, self.damping])

    @staticmethod
    def nothing(joints: int) -> Told:
        """Motors that are free."""
        none = np.zeros(joints)
        return Told(none, none, none, none, none)


@dataclass(frozen=True)
class Seen:
    """What its sensors say, with the faults that are played; joints in the order of the robot's file."""

    tick: int
    """Running time [ms]."""
    position: Array
    velocity: Array
    effort: Array
    temperature: Array
    orientation: Array
    """Quaternion xyzw."""
    angular_velocity: Array
    linear_acceleration: Array
    foot_force: Array
    """[N]"""


class Quadruped(StandIn):
    """A legged robot in real time, in a thread of its own.

    Args:
        start: Joint positions [rad] and base height [m] at first; None for its home pose.
        friction: Of the feet.
        rescue: A person picks it up when it has fallen, and lowers it when its motors hold.
        hangs: It hangs at first, and is lowered as above.
    """

    def __init__(
        self,
        start: tuple[Array, float] | None = None,
        friction: float = 1.0,
        rescue: bool = False,
        hangs: bool = False,
    ) -> None:
        super().__init__()
        robot = load_robot(self.robot)
        if start is not None:
            assert robot.simulation is not None  # as for all stand-ins with a body
            robot = replace(robot, home=start[0], simulation=replace(robot.simulation, spawn_height=start[1]))
        sensors = (*robot.sensors, "contact_force")
        self.body = Body(robot, "effort", _RATE_HZ, friction=friction, sensors=sensors)
        """What it moves."""
        self.person = Person(self.body, rescue, hangs)
        """Who looks after it."""
        self.told = Told.nothing(robot.size)
        """What its motors do."""
        self.effort = np.zeros(robot.size)
        """What they exert [N m]."""
        self.turns: deque[float] = deque(maxlen=_TURNS)
        """When it last took what had come and sent what was due [s, steady clock]; some 40 s of it."""
        self._limit = robot.limits.effort
        self._steps, self._tick_zero, self._jumps = 0, 0, False
        self._temperature = np.full(robot.size, _COLD)
        self._frozen: Seen | None = None
        self._tick_frozen: int | None = None

    @abstractmethod
    def open(self) -> None:
        """Begin to listen.

        Raises:
            BackendError: The address is taken.
        """

    @abstractmethod
    def exchange(self) -> None:
        """Take what has come, and send what is to be sent; called once per cycle, in the stand-in's thread."""

    @abstractmethod
    def hang_up(self) -> None:
        """Listen no more."""

    def start(self) -> None:
        """See `StandIn.start`."""
        self.open()
        self._begin(self._live)

    def close(self) -> None:
        """See `StandIn.close`."""
        self._end()
        self.hang_up()
        self.body.close()

    def _live(self) -> None:
        take_priority(_PRIORITY)  # a robot has a processor of its own
        pace = Pace(self.body.period)
        while not self._ended.is_set():
            for _ in pace.steps():
                self._step()
                self.turns.append(time.monotonic())
                self.exchange()  # after each, lest one that is behind is deaf until it has caught up
            time.sleep(pace.left)

    def _step(self) -> None:
        told, measured = self.told, self.body.measurement
        wanted = (
            told.effort
            + told.stiffness * (told.position - measured["joint_position"])
            + told.damping * (told.velocity - measured["joint_velocity"])
        )
        self.effort = np.minimum(np.maximum(wanted, -self._limit), self._limit)
        self.body.step(self.effort)
        self.person.look(told.follows)
        self._steps += 1

    def note(self, what: Any) -> None:
        """See `StandIn.note`; what the motors are told is kept as an array."""
        super().note(what.values() if isinstance(what, Told) else what)

    def _understood(self, what: Any) -> Any:
        return Told.of(what) if isinstance(what, np.ndarray) else what

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return self.body.measurement["base_position"]

    def begin_anew(self) -> None:
        """Let the tick begin at 0, as after a reboot."""
        self._tick_zero = self._steps

    def see(self) -> Seen:
        """What its sensors say now."""
        measured = self.body.measurement
        tick = round(1e3 * self.body.period * (self._steps - self._tick_zero))
        seen = Seen(
            tick,
            measured["joint_position"],
            measured["joint_velocity"],
            self.effort,
            self._temperature,
            measured["imu_orientation"],
            measured["imu_angular_velocity"],
            measured["imu_linear_acceleration"],
            measured["contact_force"],
        )
        if self.is_well:
            self._frozen = self._tick_frozen = None
            return seen
        return self._seen_wrongly(seen)

    def _seen_wrongly(self, seen: Seen) -> Seen:
        """With the faults that are played."""
        self._tick_frozen = (self._tick_frozen or seen.tick) if self.plays("tick_stands") else None
        tick = seen.tick if self._tick_frozen is None else self._tick_frozen
        self._frozen = (self._frozen or seen) if self.plays("frozen") else None
        if self._frozen is not None:
            return replace(self._frozen, tick=tick)
        position, temperature = seen.position.copy(), seen.temperature.copy()
        if self.plays("nan"):
            position[1] = np.nan
        if self.plays("jump"):
            self._jumps = not self._jumps
            position[1] += 0.6 * self._jumps
        if self.plays("hot_motor"):
            temperature[2] = _HOT
        orientation = _ROLLED if self.plays("tilt") else seen.orientation
        return replace(seen, tick=tick, position=position, temperature=temperature, orientation=orientation)

    def describe(self) -> str:
        """See `StandIn.describe`."""
        truth, told = self.body.truth(), self.told
        x, y, height = truth.base_position
        does = "damp" if told.damping.any() else "are free"
        does = "follow" if told.follows else does
        recent = len(self.since(time.monotonic() - 1.0))
        person = "; in a person's hands" if self.person.carries else ""
        rescued = f"; picked up {self.person.rescued} times" if self.person.rescued else ""
        at = f"at x {x:.2f}, y {y:.2f}, height {height:.2f} m"
        return f"{at}; motors {does}; {recent} messages a second{person}{rescued}"
