# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Stands for a node; needs no ROS."""

from types import SimpleNamespace
from typing import Any


class Node:
    """Remembers what was subscribed to and what was published."""

    def __init__(self) -> None:
        self.callbacks: dict[str, Any] = {}
        self.kinds: dict[str, Any] = {}
        self.published: dict[str, Any] = {}

    def create_subscription(self, kind: Any, topic: str, callback: Any, qos: Any, raw: bool) -> None:
        self.callbacks[topic], self.kinds[topic] = callback, kind

    def create_publisher(self, kind: Any, topic: str, qos: Any) -> Any:
        self.kinds[topic] = kind
        return SimpleNamespace(publish=lambda message: self.published.update({topic: message}))
