# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who looks after a four-legged stand-in: it is picked up where it has fallen, and let go when it carries itself."""

import numpy as np
import pytest

from ros_rl.robot import load_robot
from ros_rl.stand_ins import load_stand_in
from ros_rl.stand_ins.quadruped import Quadruped, Told

ON_ITS_BACK = np.array([1.0, 0.0, 0.0, 0.0])


def live(stand_in: Quadruped, seconds: float) -> None:
    """Let time pass for it."""
    for _ in range(round(seconds / stand_in.body.period)):
        stand_in._step()


@pytest.mark.parametrize("name, height", [("a1", 0.26), ("go2", 0.28)])
def test_a_fallen_robot_is_picked_up_and_lowered_when_it_holds(name, height):
    stand_in = load_stand_in(name).with_options(("rescue",))
    assert isinstance(stand_in, Quadruped)
    robot = stand_in.body.robot
    stand_in.body.carry(np.array([1.0, 0.0, 0.2]), ON_ITS_BACK)
    stand_in.told = Told.nothing(robot.size)
    live(stand_in, 3.0)
    assert stand_in.person.carries and stand_in.person.rescued == 1
    place = stand_in.body.truth().base_position
    assert place[2] == pytest.approx(0.5, abs=0.01) and place[0] == pytest.approx(1.0, abs=0.2)
    np.testing.assert_allclose(stand_in.body.measurement["imu_linear_acceleration"], [0.0, 0.0, 9.81], atol=1.0)
    none = np.zeros(robot.size)
    stand_in.told = Told(load_robot(name).home, none, none, robot.stiffness, robot.damping)
    live(stand_in, 4.0)
    assert not stand_in.person.carries
    assert stand_in.body.truth().base_position[2] == pytest.approx(height, abs=0.03)
    stand_in.body.close()


@pytest.mark.parametrize("tilt, picked", [(0.4, 0), (0.56, 1)])
def test_what_leans_on_a_folded_leg_is_picked_up_too(tilt, picked):
    stand_in = load_stand_in("a1").with_options(("rescue",))
    assert isinstance(stand_in, Quadruped)
    stand_in.told = Told.nothing(stand_in.body.robot.size)
    for _ in range(round(2.1 / stand_in.body.period)):
        if not stand_in.person.carries:
            stand_in.body.carry(np.array([0.0, 0.0, 0.2]), np.array([np.sin(tilt / 2), 0.0, 0.0, np.cos(tilt / 2)]))
        stand_in._step()
    assert stand_in.person.rescued == picked
    stand_in.body.close()


def test_nobody_picks_it_up_unless_asked_to():
    stand_in = load_stand_in("a1").with_options(("standing",))
    assert isinstance(stand_in, Quadruped)
    stand_in.body.carry(np.array([1.0, 0.0, 0.2]), ON_ITS_BACK)
    stand_in.told = Told.nothing(stand_in.body.robot.size)
    live(stand_in, 3.0)
    assert not stand_in.person.carries and stand_in.person.rescued == 0
    stand_in.body.close()
