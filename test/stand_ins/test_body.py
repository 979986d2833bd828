# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The body of a stand-in."""

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.stand_ins.unitree_a1 import A1StandIn


def test_a_legged_one_finds_ground_however_far_it_walks() -> None:
    stand_in = A1StandIn(port=0, start="standing")
    body, robot = stand_in.body, stand_in.body.robot
    try:
        for far in (0.0, 150.0, -3600.0):
            body.reset()
            body.carry(np.array([far, -far, 0.28]), np.array([0.0, 0.0, 0.0, 1.0]))
            for _ in range(400):
                measured = body.measurement
                effort = 80.0 * (robot.home - measured["joint_position"]) - 2.0 * measured["joint_velocity"]
                body.step(np.clip(effort, -robot.limits.effort, robot.limits.effort))
            x, y, height = body.truth().base_position
            assert (x, y, height) == pytest.approx((far, -far, 0.27), abs=0.03)
            assert body.measurement["contact_force"].sum() == pytest.approx(body.weight, rel=0.1)
    finally:
        body.close()
