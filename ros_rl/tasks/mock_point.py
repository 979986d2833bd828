# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A tiny linear task for tests: bring two coupled axes to zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.layout import Fields
from ros_rl.tasks.task import Task


@dataclass(frozen=True)
class MockPoint(Task):
    """Drive the mock robot's axes to zero; ends too far from it."""

    name: ClassVar[str] = "mock_point"
    robot: ClassVar[str] = "mock"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity")
    not_planned: ClassVar[tuple[str, ...]] = ("episode_seconds", "success_distance")

    episode_seconds: float = setting(5.0, "time limit of an episode", unit="s", low=0.1)
    bound: float = setting(2.0, "largest distance from zero; beyond it the episode ends", unit="rad", low=0.1)
    action_weight: float = setting(0.01, "penalty on the squared action", low=0.0)
    success_distance: float = setting(0.1, "distance from zero at which it counts as there", unit="rad", low=1e-3)

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """Minus the squared distance from zero, less the action's cost."""
        return -(after["joint_position"] ** 2).sum(-1) - self.action_weight * (action**2).sum(-1)

    def terminated(self, after: Fields) -> Any:
        """Too far from zero."""
        return (after["joint_position"] ** 2).sum(-1) > self.bound**2

    def succeeded(self, after: Fields) -> Any:
        """Near zero."""
        return (after["joint_position"] ** 2).sum(-1) <= self.success_distance**2
