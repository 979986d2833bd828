# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whose word counts on which topic: the names of the nodes, by the settings. No ROS."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ros_rl.sensors.cameras import WATCHED, named_topics
from ros_rl.sensors.objects import TRACKED
from ros_rl.settings.backends import ExternalSettings
from ros_rl.settings.tree import Settings


@dataclass(frozen=True)
class Speakers:
    """Who may publish on a topic.

    Attributes:
        names: Of nodes: of this namespace or, with a slash in front, of any; None: whoever comes, one at a time.
        silence: Time without a message after which another process of the same name may take over, while the first is
            in the graph still [s]. What comes at every tick may pause for a lock-step repetition (0.5 s), what tells
            once a second for a few of them; what comes rarely says nothing by its silence, so there it is infinite.
    """

    names: tuple[str, ...] | None
    silence: float

    def full_names(self, namespace: str) -> tuple[str, ...] | None:
        """The names with their namespaces.

        Args:
            namespace: Of whoever listens.
        """
        if self.names is None:
            return None
        return tuple(name if name.startswith("/") else f"{namespace.rstrip('/')}/{name}" for name in self.names)


_EVERY_TICK, _EVERY_SECOND, _RARELY = 1.5, 4.0, math.inf
_ANYBODY = Speakers(None, _EVERY_TICK)
"""A person or a camera, but one at a time."""

_OF_NODES = {
    "verdict": Speakers(("collector",), _EVERY_TICK),
    "control_graph": Speakers(("learner", "supervisor"), _RARELY),
    "step_allowance": Speakers(("learner", "supervisor"), _EVERY_SECOND),
    "progress": Speakers(("learner",), _EVERY_SECOND),
    "supervisor_heartbeat": Speakers(("supervisor",), _EVERY_TICK),
    "evaluation_request": Speakers(("learner",), _RARELY),
    "evaluation": Speakers(("evaluator",), _RARELY),
    **dict.fromkeys(("joy", "dead_man", "teleop", TRACKED), _ANYBODY),
}


def speakers_on(topic: str, settings: Settings) -> Speakers:
    """Whose word counts on a topic of the nodes; on all others, such as sensors', the driver's does.

    Args:
        topic: Relative name.
        settings: Of the run: who drives, commands and collects.
    """
    driver = settings.driver
    if isinstance(driver.backend, ExternalSettings) and topic.startswith(f"{driver.backend.below}/"):
        return Speakers(_beyond(driver.backend.below, driver.nodes), _EVERY_TICK)
    if topic in _OF_NODES:
        return _OF_NODES[topic]
    if topic == "joint_command":
        return Speakers(driver.commanders, _EVERY_TICK)
    if topic in ("transitions", "transitions_with_images"):
        return Speakers(settings.learner.collectors, _EVERY_TICK)
    if topic.startswith(f"{WATCHED}/") or topic in named_topics(driver.camera_topics).values():
        return _ANYBODY
    return Speakers(driver.speakers, _EVERY_TICK)


def _beyond(namespace: str, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """The nodes of a driver behind a guard, which are in a namespace of their own."""
    return names and tuple(name if name.startswith("/") else f"{namespace}/{name}" for name in names)
