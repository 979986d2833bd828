# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all tasks of walking quadrupeds share: a gait that motors and gears survive, and what a fall is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.task import Task

_SWINGS = (1.0, -1.0, -1.0, 1.0)
"""Whether a foot swings in the first half of a stride or the second: front right, front left, rear right, rear left."""


@dataclass(frozen=True)
class QuadrupedGait(Task):
    """Costs that make a trot of what would be a bound, and the end of an episode by a fall.

    A clock says which feet swing (periodic rewards: Siekmann et al. 2021); where they are is told by the legs' geometry
    alone, which needs no sensor of contact and which a dynamics model predicts well. The clock also breaks the symmetry
    that a mirrored replay would keep: the mirror image is half a stride later. The robot's contact links are its feet,
    front right, front left, rear right, rear left.
    """

    symmetric: ClassVar[bool] = True
    height: ClassVar[str] = "height_over_feet"
    """Observation field of the trunk's height over the feet."""
    lift: ClassVar[str] = "feet_lift"
    """Observation field of the feet's heights over the lowest."""

    upright_weight: float = setting(0.3, "bonus for being upright", low=0.0)
    gait_weight: float = setting(1.5, "penalty on feet that are not where a trot has them", low=0.0)
    clearance: float = setting(0.05, "height to which a swinging foot is lifted", unit="m", low=0.005, high=0.2)
    bounce_weight: float = setting(0.2, "penalty on vertical velocity", unit="s/m", low=0.0)
    joint_velocity_weight: float = setting(
        0.006, "penalty on the mean squared joint velocity", unit="s^2/rad^2", low=0.0
    )
    action_change_weight: float = setting(0.06, "penalty on the mean squared change of the action", low=0.0)
    fall_uprightness: float = setting(0.8, "cosine of the tilt below which the episode ends", low=0.0, high=1.0)
    fall_height: float = setting(0.13, "height over the feet below which the episode ends", unit="m", low=0.0)

    def gait_cost(self, last_action: Any, action: Any, after: Fields, vertical: Any, moving: Any = 1.0) -> Any:
        """What the gait costs, (...,).

        Args:
            last_action: u_{k-1}, (..., actions).
            action: u_k, (..., actions).
            after: Fields at k + 1.
            vertical: Vertical velocity of the base there [m/s], (...,).
            moving: Whether it is to walk, 1, or to stand, 0, (...,).
        """
        return (
            self.gait_weight * off_trot(after[self.lift], after["gait_phase"], self.clearance, moving)
            + self.bounce_weight * abs(vertical).clip(0.0, 1.0)
            + self.joint_velocity_weight * (after["joint_velocity"] ** 2).mean(-1).clip(0.0, 400.0)
            + self.action_change_weight * ((action - last_action) ** 2).mean(-1)
        )

    def terminated(self, after: Fields) -> Any:
        """A fall: the trunk tilted too far, or too low over its feet."""
        low = after[self.height][..., 0] < self.fall_height
        return (-after["gravity"][..., 2] < self.fall_uprightness) | low


def off_trot(lift: Any, phase: Any, clearance: float, moving: Any = 1.0) -> Any:
    """How far feet are from where a trot has them, in clearances, of each at most 2, as a mean over feet, (...,).

    A swinging foot is lifted to the clearance and set down again without vertical speed, as the squared sine goes; the
    others stand.

    Args:
        lift: Height of each foot over the lowest [m], front right, front left, rear right, rear left, (..., 4).
        phase: Sine and cosine of the clock, (..., 2).
        clearance: [m].
        moving: Whether feet are to swing, 1, or all to stand, 0, (...,).
    """
    off = 0.0
    for foot, sign in enumerate(_SWINGS):
        wanted = moving * (sign * phase[..., 0]).clip(0.0, 1.0) ** 2
        off = off + abs(lift[..., foot] / clearance - wanted).clip(0.0, 2.0)
    return off / len(_SWINGS)
