# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Joins the messages of one stamp into the tick that the driver opened, whatever order they come in."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from std_msgs.msg import Float64MultiArray

from ros_rl.errors import ContractError
from ros_rl.nodes.packets import from_vectors
from ros_rl.nodes.sensor_messages import camera_topics, sensor_topics
from ros_rl.nodes.tick_messages import PARTS, PICTURE, from_tick
from ros_rl.robot import Robot
from ros_rl.types import Array, Measurement, Tick

TICK = "tick"
"""The part that says which others a tick has."""

_KEPT = 8  # stamps that wait for their missing parts; older ones are given up
_DELIVERED = "delivered"


class TickAssembler:
    """Takes a tick's messages, its parts, and gives whole ticks.

    A part's name is its topic. A repeated tick (lock-step) is given again.

    Args:
        robot: Whose ticks they are.
        cameras: Those of its cameras whose pictures are joined; None: all that look.
    """

    def __init__(self, robot: Robot, cameras: Collection[str] | None = None) -> None:
        self._robot = robot
        self._sensors = [topic.name for topic in sensor_topics(robot)]
        seen = camera_topics(robot if cameras is None else looking_only(robot, cameras))
        self._pictures = {f"{PICTURE}{name}": topic.name for name, topic in seen.items()}
        self._topics = {topic.name: topic for topic in (*sensor_topics(robot), *seen.values())}
        self._waiting: OrderedDict[int, dict[str, Any]] = OrderedDict()
        self.kinds: dict[str, Any] = {name: topic.kind for name, topic in self._topics.items()}
        """Message class of each part."""
        self.kinds[TICK] = Float64MultiArray
        self.session = 0
        """The driver's, of the newest whole tick."""
        self.incomplete = 0
        """Ticks that were given up for a missing part."""

    def unpack(self, part: str, message: Any) -> tuple[int, Any]:
        """Stamp [ns] and content of a part's message.

        Raises:
            ContractError: It does not hold what its layout says.
        """
        if part != TICK:
            return self._topics[part].unpack(message)
        header, fields = from_vectors(message)
        return header.stamp, (header, fields)

    def add(self, part: str, stamp: int, content: Any) -> Tick | None:
        """Take a part; gives the tick that it completes or repeats.

        Args:
            part: Its name.
            stamp: Of the tick [ns].
            content: As `unpack` gives it.

        Raises:
            ContractError: The parts make no tick of this robot.
        """
        parts = self._waiting.setdefault(stamp, {})
        while len(self._waiting) > _KEPT:
            _, oldest = self._waiting.popitem(last=False)
            self.incomplete += _DELIVERED not in oldest
        parts[part] = content
        if TICK not in parts or (_DELIVERED in parts and part != TICK):
            return None
        header, fields = parts[TICK]
        present = self._present(fields)
        if not all(map(parts.__contains__, present)):
            return None
        parts[_DELIVERED] = True
        measurement = Measurement()
        for name in present:
            measurement.update(self._topics[name].values(parts[name]))
        self.session = header.version
        return from_tick(header, fields, measurement, self._robot)

    def _present(self, fields: dict[str, Array]) -> list[str]:
        """The topics that a tick comes with: all of the robot's sensors, if it does not say, and pictures it names."""
        flags, pictures = fields.get(PARTS), [topic for label, topic in self._pictures.items() if label in fields]
        if flags is None:
            return self._sensors + pictures
        if len(flags) != len(self._sensors):
            raise ContractError(
                f"tick does not fit {self._robot.name}: it speaks of {len(flags)} topics of sensors, "
                f"{self._robot.name} has {len(self._sensors)}: {', '.join(self._sensors)}"
            )
        return [name for name, flag in zip(self._sensors, flags.tolist(), strict=True) if flag] + pictures


def looking_only(robot: Robot, cameras: Collection[str]) -> Robot:
    """The robot with no other cameras that look than these."""
    return replace(robot, cameras={name: camera for name, camera in robot.cameras.items() if name in cameras})
