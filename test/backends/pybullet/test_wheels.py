# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Wheels without limits and home roll as far as they are told, through the filter and under the guards."""

import numpy as np
import pytest

from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.backends.pybullet.inspection import quiet_settings
from ros_rl.robot import load_robot
from ros_rl.robot.model import write_skeleton
from ros_rl.safety import CommandFilter, Guards

PERIOD, SECONDS = 0.05, 6.0
RADIUS = 0.17775  # m, of the Husky's wheels, by its URDF
SPEED = 4.0  # rad/s


@pytest.fixture
def husky(tmp_path):
    path = tmp_path / "husky.yaml"
    write_skeleton("husky/husky.urdf", path)
    text = (
        path.read_text().replace("velocity: 1,", "velocity: 8.0,").replace("acceleration: 10,", "acceleration: 80.0,")
    )
    text = text.replace("effort: 10,", "effort: 40.0,").replace(
        "action_scale: 1, step: 1", "action_scale: 4.0, step: 1.0"
    )
    path.write_text(text)
    return load_robot(str(path))


def test_they_roll_straight_on(husky) -> None:
    backend = PyBulletBackend(husky, quiet_settings(), PERIOD)
    limit, guards = CommandFilter(husky, PERIOD), Guards(husky, PERIOD)
    measured = backend.reset(np.random.default_rng(0)).measurement
    start = backend.truth().base_position
    for step in range(round(SECONDS / PERIOD)):
        command = limit(np.full(4, SPEED), measured["joint_position"])
        assert step < 4 or command.limited == ()
        backend.write(command.value, np.inf)
        measured = backend.read().measurement
        assert guards.check(measured, command.value) is None
    rolled, moved = measured["joint_position"], backend.truth().base_position - start
    backend.close()
    np.testing.assert_allclose(rolled, SPEED * SECONDS, atol=1.0)  # more than three turns
    assert moved[0] == pytest.approx(rolled.mean() * RADIUS, rel=0.05) and abs(moved[1]) < 0.1
