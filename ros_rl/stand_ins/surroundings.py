# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a task has its robot: what the robot is, what stands around it, and what of that moves."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.robot import Robot, load_robot
from ros_rl.tasks import TASKS


@dataclass(frozen=True)
class Surroundings:
    """Of a stand-in.

    Attributes:
        robot: Name of the robot that it is.
        scene: Name of a file in `sim/scenes`.
        objects: Bodies of the scene that a task observes.
    """

    robot: str
    scene: str
    objects: tuple[str, ...] = ()

    @classmethod
    def of_task(cls, name: str) -> Surroundings:
        """Those of a task.

        Raises:
            UnknownNameError: No robot has such a task.
        """
        if name not in TASKS:
            raise UnknownNameError("task", name, TASKS)
        task = TASKS[name]
        return cls(task.robot, task.scene, task.objects)

    def load_robot(self, prefix: str) -> Robot:
        """The robot.

        Args:
            prefix: Its name's first letters, if it is one that the stand-in can be.

        Raises:
            ConfigError: It is another.
        """
        if not self.robot.startswith(prefix):
            raise ConfigError(f"the task's robot is '{self.robot}', which the stand-in of an '{prefix}' cannot be")
        return load_robot(self.robot)
