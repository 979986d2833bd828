# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The planned path that RViz shows."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from ros_rl.features import ObservationSpec
from ros_rl.nodes.markers import plan_markers
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement, SafetyState, Tick

PERIOD = 0.05


def tick(robot, position) -> Tick:
    zeros = np.zeros(robot.size)
    measurement = Measurement({} if position is None else {"base_position": position})
    origin = np.array([0.0, 0.0, np.pi / 2])  # the episode started facing +y
    return Tick(0, 0, 0, 0, SafetyState.RUNNING, True, origin, zeros, zeros[None], measurement)


def test_the_plan_is_the_base_s_path_in_the_odometry_frame() -> None:
    settings = load_settings("a1_walk")
    robot = settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    states = np.zeros((3, spec.state_size), dtype=np.float32)
    states[:, spec.slices["base_velocity"]] = [1.0, 0.0, 0.0]  # straight ahead
    markers = plan_markers(tick(robot, np.array([1.0, 2.0, 0.3])), {"plan_states": states}, spec, PERIOD).markers
    (line,) = markers
    path = np.array([[p.x, p.y, p.z] for p in line.points])
    assert np.allclose(path, [[1.0, 2.0 + step * PERIOD, 0.3] for step in range(4)])
    assert line.header.frame_id == "odom"


def test_without_a_plan_or_a_floating_base_there_is_no_path() -> None:
    settings = load_settings("a1_walk")
    robot = settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    assert not plan_markers(tick(robot, np.zeros(3)), {}, spec, PERIOD).markers
    states = np.zeros((3, spec.state_size))
    assert not plan_markers(tick(robot, None), {"plan_states": states}, spec, PERIOD).markers
