# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Servos of joints with velocities in MuJoCo, at the limits of their efforts."""

import numpy as np
import pytest

pytest.importorskip("mujoco")

from ros_rl.backends.backend import Scenario
from ros_rl.backends.mujoco.backend import MujocoBackend
from ros_rl.backends.mujoco.drives import within
from ros_rl.experts.differential import Differential
from ros_rl.robot import load_robot
from ros_rl.settings.simulators.mujoco import MujocoSettings


def test_what_stays_within_its_limits_gets_its_acceleration_whatever_the_others_lack():
    rng, cut = np.random.default_rng(0), 0
    for _ in range(200):
        root = rng.normal(size=(6, 6))
        response, wanted = root @ root.T + 0.1 * np.eye(6), rng.normal(size=6) * 3.0
        low, high = -rng.uniform(0.1, 3.0, 6), rng.uniform(0.1, 3.0, 6)
        effort = within(response, wanted, low, high)
        assert (effort >= low).all() and (effort <= high).all()
        free = (effort > low) & (effort < high)
        np.testing.assert_allclose((response @ effort)[free], wanted[free], atol=1e-9)
        cut += not free.all()
    assert cut > 100


def test_a_light_joint_brakes_though_a_heavy_one_cannot():
    """Inertias of 1, 0.5 and 0.3 kg m^2: -100 and -10 rad/s^2 need -105 and -53 N m, and either motor has 5.

    By the inverse, [[6, -10], [-10, 20]], the heavy one's -5 N m take the light one along by 50 rad/s^2: -3 N m
    brake it as wanted. Both cut to -5 would have it at -50 rad/s^2.
    """
    response = np.linalg.inv([[1.0, 0.5], [0.5, 0.3]])
    effort = within(response, np.array([-100.0, -10.0]), np.full(2, -5.0), np.full(2, 5.0))
    np.testing.assert_allclose(effort, [-5.0, -3.0])


def test_an_arm_that_is_blocked_does_not_run_away(tmp_path):
    """Its tool is told to go 30 cm on through a wall."""
    path = tmp_path / "wall.yaml"
    path.write_text("bodies:\n  - {box: [0.1, 1.0, 0.6], position: [0.53, 0.0, 0.3], friction: 0.5}\n")
    robot = load_robot("xarm6_gripper")
    backend = MujocoBackend(robot, MujocoSettings(reset_noise=0.0), 0.05, Scenario(scene=str(path)))
    seen, differential, told = backend.begin(np.random.default_rng(0)), Differential(robot), robot.neutral_command
    fastest = 0.0
    for _ in range(60):
        command = differential.held_velocity(seen["joint_position"], np.array([0.1, 0.0, 0.0]))
        command[6] = robot.home[6]
        seen = backend.step(told, command)
        told, fastest = command, max(fastest, float(np.abs(seen["joint_velocity"][:6]).max()))
    assert seen["tool_position"][0] < 0.48 and fastest < 2.5
