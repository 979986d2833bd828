# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Takes joint states by the joints' names, and judges them; time is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ros_rl.errors import beyond
from ros_rl.robot.hardware import JointMap
from ros_rl.types import Array

_SETTLES = 0.5  # s; the least lag of the stamps in this time is what is compared with later
_FOLLOWS = 1e-3  # of a stamp's lag is taken over with each message: clocks of two machines drift apart


class State(NamedTuple):
    """What the joints did last, in the robot's order, directions and zeros."""

    position: Array
    """[rad or m], shape (joints,)."""
    velocity: Array
    """[rad/s or m/s], shape (joints,)."""
    effort: Array
    """As the robot tells it, shape (joints,)."""
    received: float
    """When it was measured, as far as its stamp tells [s, steady clock]."""
    sequence: int
    """Running number."""
    stamp: float
    """By the robot's clock [s]; 0 for none."""


class JointStates:
    """The newest state. `take` is called from one thread, all else from another.

    Args:
        joints: Of the robot, as its controller knows them.
        measured: Whether velocity and effort are needed.
        stamp_limit: How much earlier or later than before a message may be stamped [s].
    """

    def __init__(self, joints: JointMap, measured: tuple[bool, bool], stamp_limit: float) -> None:
        self._map, self._needs = joints, dict(zip(("velocity", "effort"), measured, strict=True))
        self._stamp_limit = stamp_limit
        self._names: tuple[str, ...] | None = None
        self._index: Array | None = None
        self._wrong_names = ""
        self._lag: float | None = None
        self._settles_until, self._stamp = 0.0, 0.0
        self._problem = ""
        self.newest: State | None = None
        """None before the first."""

    def forget(self) -> None:
        """Take the robot's clock as it is from now on, and forget what was wrong."""
        self._lag, self._problem = None, ""

    def is_settled(self, now: float) -> bool:
        """Whether stamps are judged [s, steady clock]: not before it is known how they lag."""
        return self._lag is not None and now > self._settles_until

    def problem(self) -> str:
        """What was wrong with messages since the last call; empty if nothing."""
        problem, self._problem = self._problem, ""
        return problem

    def take(
        self,
        names: Sequence[str],
        position: Sequence[float],
        velocity: Sequence[float],
        effort: Sequence[float],
        stamp: float,
        now: float,
    ) -> None:
        """Take a message, unless something is wrong with it or it speaks of other joints.

        Args:
            names: Of joints, in any order; others than the robot's are left out.
            position: By those names, as the next two.
            velocity: May be empty where it is not needed.
            effort: May be empty where it is not needed.
            stamp: Of the message [s]; 0 for none.
            now: When it came [s, steady clock].
        """
        if names != self._names:
            self._learn(tuple(names))
            self._names = names  # type: ignore[assignment]  # as it comes, so that the next is compared at once
        if self._wrong_names:
            self._problem = self._wrong_names
        if self._index is None:
            return
        size = len(names)
        values = [self._pick("position", position, size, True)]
        values += [
            self._pick(what, own, size, self._needs[what]) for what, own in (("velocity", velocity), ("effort", effort))
        ]
        late = self._late_by(stamp, now) if all(value is not None for value in values) else None
        if late is None:
            return
        there, speed, force = values
        number = 1 if self.newest is None else self.newest.sequence + 1
        turned = self._map.turned
        self.newest = State(self._map.position_here(there), turned(speed), turned(force), now - late, number, stamp)  # type: ignore[arg-type]

    def _learn(self, names: tuple[str, ...]) -> None:
        """Where the robot's joints stand in such a message."""
        known = self._map.names
        missing = [name for name in known if name not in names]
        twice = [name for name in known if names.count(name) > 1]
        self._wrong_names, self._index = "", None
        if twice:
            self._wrong_names = f"the joint states name {twice[0]} twice"
        elif not missing:
            self._index = np.array([names.index(name) for name in known])
        elif len(missing) < len(known):
            self._wrong_names = f"the joint states lack {', '.join(missing)}; they have {', '.join(names)}"

    def _pick(self, what: str, values: Sequence[float], size: int, needed: bool) -> Array | None:
        """The robot's joints of a message's array; None where it is needed and no good."""
        if not needed:
            return np.zeros(len(self._map.names))
        if len(values) != size:
            self._problem = f"the joint states have {len(values)} of {what} for {size} joints"
            return None
        picked = np.asarray(values, dtype=np.float64)[self._index]
        if not np.isfinite(picked).all():
            joint = self._map.names[int(np.flatnonzero(~np.isfinite(picked))[0])]
            self._problem = f"the {what} of {joint} is not finite in the joint states"
            return None
        return picked

    def _late_by(self, stamp: float, now: float) -> float | None:
        """How much later than usual a message comes [s]; None for one that is not taken.

        A message that was stamped earlier than the last, or as late as that, is no news.
        """
        if stamp == 0.0:
            return 0.0
        lag = now - stamp
        if self._lag is None:
            self._lag, self._settles_until, self._stamp = lag, now + _SETTLES, 0.0
        if not self.is_settled(now):
            self._lag = min(self._lag, lag)
        off = lag - self._lag
        if abs(off) > self._stamp_limit:
            way, shown = "late" if off > 0.0 else "early", beyond(abs(off), self._stamp_limit, 3)
            self._problem = f"the joint states are stamped {shown} s too {way}, limit {self._stamp_limit:g} s"
        if off < -self._stamp_limit or stamp <= self._stamp:
            return None
        self._lag += _FOLLOWS * min(off, self._stamp_limit)
        self._stamp = stamp
        return max(off, 0.0)
