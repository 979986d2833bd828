# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A tick as the messages that a driver publishes; needs ROS."""

from typing import Any

from ros_rl.nodes.sensor_messages import sensor_topics
from ros_rl.nodes.tick_messages import to_tick
from ros_rl.robot import Robot
from ros_rl.types import Tick


def tick_parts(tick: Tick, robot: Robot) -> dict[str, Any]:
    """By topic, the tick itself last."""
    made = {topic.name: topic.to_message(tick.stamp, tick.measurement) for topic in sensor_topics(robot)}
    own = to_tick(tick, [message is not None for message in made.values()])
    return {name: message for name, message in made.items() if message is not None} | {"tick": own}
