# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A sweep by hand, and in a simulator: it frees a thing that no gripper can take."""

import numpy as np
import pytest

from ros_rl.experts import make_expert
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld, Step
from ros_rl.runtime.sweep import Sweep
from ros_rl.settings.loading import load_settings
from ros_rl.types import Command, Pose

ARM = load_robot("xarm6_gripper")
PLACES = np.array([ARM.home] * 4)
PLACES[1:3, 0] += 0.628  # 2 s at a tenth of 3.14 rad/s
PLACES[1:3, 6] = 0.85  # 2.5 s at a tenth of 1.7 rad/s


@pytest.mark.parametrize("period", [0.05, 0.5])
@pytest.mark.parametrize("late", [0, 1])
def test_it_is_at_its_places_in_the_time_that_the_slowest_joint_needs(period, late):
    """A robot as its file says: velocities go over evenly to those commanded, positions are there a period later."""
    if period == 0.5 and late:
        pytest.skip("half a second late is no robot of ours")
    sweep, position, seen, sent = Sweep(ARM, period, PLACES, 0.1), ARM.home.copy(), [], [np.zeros(7)] * (2 + late)
    sweep.start()
    while not sweep.done:
        sent.append(sweep.command(position, sent[-1]))
        moved = 0.5 * period * (sent[-2 - late] + sent[-1 - late])
        position = np.where(ARM.commanded_by("velocity"), position + moved, sent[-1])
        assert not sweep.stuck(position)
        seen.append(position.copy())
    slowest = 2.5 if period < 0.1 else 0.628 / 0.16  # s; no joint moves by more than 0.08 rad in a period
    assert len(seen) * period == pytest.approx(2.0 * slowest + period, abs=period + 1e-9)
    assert np.abs(np.array(seen) - PLACES[1]).max(axis=1).min() < 0.03
    np.testing.assert_allclose(seen[-1], ARM.home, atol=0.1)
    velocities = np.array(sent)[:, :6]
    assert np.abs(velocities).max() < 1.5 * 0.314


def test_an_arm_that_is_held_back_is_told_of():
    sweep = Sweep(ARM, 0.05, PLACES, 0.1)
    sweep.start()
    for _ in range(51):
        sweep.command(ARM.home, np.zeros(7))
    assert sweep.stuck(ARM.home) == "the sweep is stuck: joint1 is 0.63 rad behind"
    gripper = PLACES[1].copy()
    gripper[6] = 0.0
    assert not sweep.stuck(gripper), "a gripper that holds something is not behind"


def test_a_sponge_in_a_corner_of_a_bin_is_freed():
    """Flush against two walls the expert of choices tries for it in vain; the sweep draws it off one of them."""
    pytest.importorskip("pybullet")
    driver = {"resets": "sweep", "backend": {"name": "pybullet", "physics_rate_hz": 240.0}}
    kept = "control.commands.empty_opens=false"  # fingers that open again draw it out, in time
    settings = load_settings("xarm_pick_place", overrides=[{"driver": driver}, kept])
    world = RobotWorld(settings, 0)
    commands = settings.control.command_map(world.robot)
    expert = make_expert("pick_place", world.robot, settings.task, settings.control.period, commands)

    def lifts(step: Step) -> bool:
        for _ in range(30):  # 15 s
            step = world.step(Command(step.tick.stamp, world.robot.command(expert.act(step.tick))))
            if world.truth().objects["sponge"].position[2] > 0.08:
                return True
        assert not step.ended, world.fault
        return False

    try:
        first = world.begin_episode()
        sponge = world._backend._scene.objects["sponge"]
        sponge.put(world._backend._client, Pose(np.array([0.515, 0.235, 0.025]), np.array([0.0, 0.0, 0.0, 1.0])))
        assert not lifts(first)
        assert world.truth().objects["sponge"].position[1] > 0.225
        second = world.begin_episode()
        assert second.tick.episode == first.tick.episode + 1 and not world.fault
        freed = world.truth().objects["sponge"].position
        assert freed[0] > 0.48 and freed[1] < 0.215, "nothing put it back, and it is drawn off the wall"
        assert lifts(second)
    finally:
        world.close()
