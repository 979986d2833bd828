# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an agent sees of what its task knows, as settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.tasks import Task

NONE = "none"
"""In the place of names: there are to be none. An empty list is no ROS parameter."""


@dataclass(frozen=True)
class ObservationSettings:
    """What the agent sees. Reward and termination are judged by all that the task observes, whatever the agent sees."""

    fields: tuple[str, ...] | None = setting(
        None, "observation fields that it sees, or none; not set: those of the task"
    )
    cameras: tuple[str, ...] | None = setting(
        None, "cameras of the robot whose pictures it sees, or none; not set: those of the task"
    )
    depth_span: float = setting(
        1.0, "distance that is the brightest of 255 greys where a camera measures depth", unit="m", low=0.05, high=60.0
    )

    def __post_init__(self) -> None:
        """Refuse a name that stands there twice, and no name at all."""
        for name, given in (("fields", self.fields), ("cameras", self.cameras)):
            if given == () or (given is not None and NONE in given and len(given) > 1):
                raise ConfigError(f"observation.{name} is {[*given]}, expected names, or [{NONE}] alone for none")
            if given is not None and len(set(given)) < len(given):
                raise ConfigError(f"observation.{name} is {[*given]}, expected each name once")

    def seen(self, task: Task) -> tuple[str, ...]:
        """Observation fields that the agent sees."""
        return task.observation if self.fields is None else _named(self.fields)

    def looks(self, task: Task) -> tuple[str, ...]:
        """Cameras whose pictures it sees."""
        return task.cameras if self.cameras is None else _named(self.cameras)

    def who_looks(self, task: Task) -> str:
        """Who wants these cameras, for messages."""
        return f"task '{task.name}' observes" if self.cameras is None else "observation.cameras names"

    def hidden(self, task: Task) -> Sequence[str]:
        """Fields by which the task judges and which the agent does not see."""
        seen = self.seen(task)
        return [name for name in task.observation if name not in seen]


def _named(names: tuple[str, ...]) -> tuple[str, ...]:
    return () if names == (NONE,) else names
