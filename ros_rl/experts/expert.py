# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a scripted expert is: in a person's place it says what to do, from what the robot measures."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from ros_rl.robot import Robot
from ros_rl.tasks import Task
from ros_rl.types import Array, Tick


class Wish(NamedTuple):
    """Where an arm is to bring its tool.

    Attributes:
        place: In the base frame [m], shape (3,).
        width: How wide its gripper is to be there [m]; None: as it is.
    """

    place: Array
    width: float | None = None


class Expert(ABC):
    """Base of all experts. It need not be good, only good enough that an agent begins where something happens.

    It sees what a person at the robot sees, measurements and what the task asks for, and no simulator's truth. It may
    be asked at some ticks of an episode only, as one who corrects an agent is, so it decides by what a tick shows; a
    tick whose `step` is 0 begins an episode.

    Args:
        robot: As the task uses it.
        task: What it shows.
        period: Control period [s].

    Raises:
        ConfigError: It does not know this task or this robot.
    """

    def __init__(self, robot: Robot, task: Task, period: float) -> None:
        self.robot, self.task, self.period = robot, task, period

    @abstractmethod
    def act(self, tick: Tick) -> Array:
        """The action that answers a tick, u_{k+d} with a delay of d periods, in [-1, 1], shape (actions,).

        It is one of the robot's own actions (`Robot.command`), whatever the run's command map makes of it.
        """

    def milestone(self, tick: Tick) -> float | None:
        """A number that changes whenever the task goes on by a step, such as a grasp; None: it cannot tell.

        It is by this that a person sees whether an agent needs help.
        """
        return None

    def wish(self, tick: Tick, tool: Array, near: float) -> Wish | None:
        """What it wants of the tool, for whoever moves that in another way; None: it has no such wish.

        Args:
            tick: See `act`.
            tool: Where the tool will be when an action acts [m], shape (3,).
            near: From which distance on the tool is at a place [m].
        """
        return None
