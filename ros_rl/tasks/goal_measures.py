# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Measures of how well a task's goals and commands were met, whatever their names, sizes and units."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.rotations import angle_between, quaternion_to_matrix
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.times import periods
from ros_rl.types import Array, Outcome, Truth

Quantity = Callable[[Truth], Array | None]
"""What a simulator knows at one instant; None if there is no such thing."""


def object_position(name: str) -> Quantity:
    """Of a movable object in the robot's base frame [m], as ``goal_position`` is asked for."""

    def of(truth: Truth) -> Array | None:
        pose = truth.objects.get(name)
        if pose is None:
            return None
        return quaternion_to_matrix(truth.base_orientation).T @ (pose.position - truth.base_position)

    return of


def object_planar(name: str) -> Quantity:
    """Of a movable object on the ground, x and y [m], as ``goal_planar`` is asked for."""

    def of(truth: Truth) -> Array | None:
        pose = truth.objects.get(name)
        return None if pose is None else pose.position[:2]

    return of


_REACHES: dict[str, Quantity] = {
    "goal_position": lambda truth: truth.tool_position,
    "goal_planar": lambda truth: truth.base_position[:2],
    "goal_joint_position": lambda truth: truth.joint_position,
}
"""By the inputs' names, what is to be there, in the same frame."""


def distance_measure(
    goal: str,
    of: Quantity | None = None,
    name: str = "distance",
    unit: str = "m",
    summaries: tuple[str, ...] = ("median", "p95", "max"),
    meaning: str = "",
) -> Measure:
    """How far from a goal an episode ends.

    Args:
        goal: Name of the input.
        of: What is to be there, in the goal's frame and shape; None: what the goal is for.
        name: See `Measure`.
        unit: Of both.
        summaries: See `Measure`.
        meaning: See `Measure`.

    Raises:
        ConfigError: `of` is missing for a goal of another package.
    """
    if of is None and goal not in _REACHES:
        raise ConfigError(f"distance to '{goal}' needs an 'of'; known without: {', '.join(_REACHES)}")
    reaches = of or _REACHES[goal]
    told = meaning or f"from {goal} at the episode's end"
    return Measure(name, unit, lambda outcome: _at_end(outcome, goal, reaches, _norm), summaries, meaning=told)


def velocity_error_measure(
    command: str, of: Quantity, name: str, unit: str, axes: slice = slice(None), over: float = 0.0, meaning: str = ""
) -> Measure:
    """How far, on average over an episode, a velocity is from the one that is asked for.

    Args:
        command: Name of the input.
        of: The velocity, in its frame and shape.
        name: See `Measure`.
        unit: Of both.
        axes: Which of their values count.
        over: So long (or as long as there is) the velocity is averaged first, while the command stays the same [s]:
            legs go to and fro. 0: a tick.
        meaning: See `Measure`.
    """

    def measure(outcome: Outcome) -> float:
        pairs = [(of(truth), asked.get(command)) for truth, asked in zip(outcome.truths, outcome.asked, strict=True)]
        known = [(moved, wanted) for moved, wanted in pairs if moved is not None and wanted is not None]
        errors, length = [], max(min(periods(over, outcome.period), len(known) - 1), 1)
        for end in range(length + 1, len(known) + 1):
            moved, wanted = (np.array(part) for part in zip(*known[end - length : end], strict=True))
            if (wanted == wanted[-1]).all():
                errors.append(_norm(moved.mean(0)[axes], wanted[-1][axes]))
        return float(np.mean(errors)) if errors else float("nan")

    told = meaning or f"from {command}, mean over the episode"
    return Measure(name, unit, measure, ("mean", "max"), meaning=told)


def waypoints_measure(within: float, waypoints: str = "waypoints") -> Measure:
    """Which share of the waypoints of its start the base passed, one after the other.

    Args:
        within: Distance at which one counts as passed [m].
        waypoints: Name of the input.
    """

    def measure(outcome: Outcome) -> float:
        wanted = outcome.asked[0].get(waypoints) if outcome.asked else None
        if wanted is None:
            return float("nan")
        points, passed = wanted.reshape(-1, 2), 0
        for truth in outcome.truths:
            while passed < len(points) and _norm(truth.base_position[:2], points[passed]) <= within:
                passed += 1
        return passed / len(points)

    meaning = f"share of {waypoints} that the base passed within {within:g} m, in their order"
    return Measure("passed", "1", measure, ("mean", "min"), meaning=meaning)


def _at_end(outcome: Outcome, goal: str, of: Quantity, apart: Callable[[Array, Array], float]) -> float:
    there, wanted = of(outcome.end), outcome.inputs.get(goal)
    return float("nan") if there is None or wanted is None else apart(there, wanted)


def _norm(here: Array, there: Array) -> float:
    return float(np.linalg.norm(here - there))


def _angle(here: Array, there: Array) -> float:
    """Between two headings, from 0 to pi."""
    apart = float(here[0] - there[0])
    return abs((apart + np.pi) % (2.0 * np.pi) - np.pi)


TOOL_DISTANCE = distance_measure("goal_position", meaning="of the tool from its goal at the episode's end")

TOOL_ANGLE = Measure(
    "angle",
    "rad",
    lambda outcome: _at_end(outcome, "goal_orientation", lambda truth: truth.tool_orientation, angle_between),
    ("median", "max"),
    meaning="between the tool's orientation and its goal at the episode's end",
)

HEADING_ERROR = Measure(
    "heading_error",
    "rad",
    lambda outcome: _at_end(outcome, "goal_heading", lambda truth: np.array([truth.base_yaw]), _angle),
    ("median", "max"),
    meaning="between the base's heading and its goal at the episode's end",
)

VELOCITY_ERROR = velocity_error_measure(
    "velocity_command", lambda truth: truth.base_velocity, "velocity_error", "m/s and rad/s"
)

TOOL_VELOCITY_ERROR = velocity_error_measure(
    "tool_velocity_command", lambda truth: truth.tool_velocity, "tool_velocity_error", "m/s"
)
