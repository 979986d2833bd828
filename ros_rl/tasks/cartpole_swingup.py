# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A cart that swings a free pole up and keeps it there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.task import Task


@dataclass(frozen=True)
class CartpoleSwingup(Task):
    """Bring the pole's tip above the middle of the rail and keep it there; the pole starts hanging.

    The reward is that of Chua et al. 2018 (PETS), section 5: exp(-d^2 / l^2) less the action's cost, with d the
    distance of the pole's tip from where it is when cart and pole are in place, and l the pole's length.
    """

    name: ClassVar[str] = "cartpole_swingup"
    robot: ClassVar[str] = "cartpole"
    scene: ClassVar[str] = "rail"
    observation: ClassVar[tuple[str, ...]] = (
        "joint_position",
        "joint_velocity",
        "passive_direction",
        "passive_velocity",
    )

    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "success_distance")

    episode_seconds: float = setting(8.0, "time limit of an episode", unit="s", low=0.5)
    pole_length: float = setting(0.6, "length of the pole", unit="m", low=0.01)
    action_weight: float = setting(0.01, "penalty on the squared action", low=0.0)
    success_distance: float = setting(
        0.15, "distance of the pole's tip from its goal at which it counts as up", unit="m", low=1e-3
    )

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """1 with the pole upright in the middle, falling with the tip's distance from there; less the action's cost."""
        return math.e ** -self._squared_distance(after) - self.action_weight * (action**2).sum(-1)

    def succeeded(self, after: Fields) -> Any:
        """The pole's tip is above the middle of the rail."""
        return self._squared_distance(after) <= (self.success_distance / self.pole_length) ** 2

    def metrics(self, observation: Fields) -> dict[str, float]:
        """Height of the pole's tip over the rail as a share of its length, from -1 to 1."""
        return {"tip_height": -float(observation["passive_direction"][1])}

    def _squared_distance(self, fields: Fields) -> Any:
        """Of the tip from its goal, in pole lengths; at angle 0 the pole hangs."""
        sine, cosine = fields["passive_direction"][..., 0], fields["passive_direction"][..., 1]
        return (fields["joint_position"][..., 0] / self.pole_length + sine) ** 2 + (cosine + 1.0) ** 2
