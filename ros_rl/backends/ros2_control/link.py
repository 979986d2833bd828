# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the driver asks of ROS; `ros_rl.nodes.ros2_control.link` does it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

from ros_rl.types import Array


class Answer(NamedTuple):
    """Of a Trigger service."""

    success: bool
    message: str


class Link(ABC):
    """The ROS side: joint states and status come in by a thread of its own; commands do not go out here.

    All but `open` and `close` may be called from any thread; only `call`, `description` and those two block.
    """

    @property
    @abstractmethod
    def problem(self) -> str:
        """What is wrong with the controller's topics, such as a second publisher; empty if nothing."""

    @abstractmethod
    def open(self) -> None:
        """Subscribe, and wait for the controller and the first joint states.

        Raises:
            BackendError: They do not come, or the controller is not the one that was asked for.
        """

    @abstractmethod
    def be_alone(self) -> None:
        """Wait until no other node commands the controller: what a killed driver left makes way for the next one.

        Raises:
            BackendError: Another node still does.
        """

    @abstractmethod
    def controller_joints(self) -> tuple[str, ...]:
        """The joints in the order that the controller itself tells; empty where it does not."""

    @abstractmethod
    def description(self) -> str:
        """The robot description that its nodes publish, a URDF, waited for; empty where none comes."""

    @abstractmethod
    def call(self, service: str) -> Answer | None:
        """Call a Trigger service, and wait for its answer; None where there is none of that name."""

    @abstractmethod
    def stop_itself(self, values: Array | None) -> None:
        """Send the controller this again and again, in place of the command node, which fails; None: no more.

        Args:
            values: In the controller's order of joints, shape (joints,).
        """

    @abstractmethod
    def close(self) -> None:
        """Let go; once is enough, more do no harm."""
