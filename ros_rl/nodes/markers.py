# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The plan as RViz shows it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from std_msgs.msg import ColorRGBA
from visualization_msgs.msg import Marker, MarkerArray

from ros_rl.features import ObservationSpec
from ros_rl.nodes.messages import to_point, to_time
from ros_rl.rotations import yaw_matrix
from ros_rl.sensors.table import ODOM_FRAME
from ros_rl.types import Array, Tick

PLAN_STATES, BASE_VELOCITY = "plan_states", "base_velocity"
"""Telemetry: planned states, shape (horizon, states), and the observation field that holds the base's velocity."""


def planned_path(tick: Tick, velocity: Array, period: float) -> Array:
    """Positions of the base over the plan, in the odometry frame [m], shape (horizon + 1, 3).

    Args:
        tick: Where the plan begins.
        velocity: Planned velocities of the base in the frame of the starting heading [m/s], shape (horizon, 3).
        period: Control period [s].
    """
    steps = velocity.astype(np.float64) @ yaw_matrix(tick.origin[2]).T * period
    return tick.measurement["base_position"] + np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])


def plan_markers(tick: Tick, telemetry: Mapping[str, Array], spec: ObservationSpec, period: float) -> MarkerArray:
    """The planned path of the base as a line; nothing where the graph or the driver does not tell."""
    states = telemetry.get(PLAN_STATES)
    if states is None or BASE_VELOCITY not in spec.slices or "base_position" not in tick.measurement:
        return MarkerArray()
    velocity = states.reshape(-1, spec.state_size)[:, spec.slices[BASE_VELOCITY]]
    line = Marker(ns="plan", id=0, type=Marker.LINE_STRIP, action=Marker.ADD)
    line.header.stamp, line.header.frame_id = to_time(tick.stamp), ODOM_FRAME
    line.scale.x = 0.01
    line.color = ColorRGBA(r=0.1, g=0.7, b=0.3, a=0.9)
    line.points = [to_point(point) for point in planned_path(tick, velocity, period)]
    line.pose.orientation.w = 1.0
    return MarkerArray(markers=[line])
