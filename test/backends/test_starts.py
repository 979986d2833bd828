# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Fallen robots: how they lie, in both engines, and what they begin under."""

from collections import Counter

import numpy as np
import pytest

from ros_rl.backends.starts import drawn_place
from ros_rl.robot import load_robot
from ros_rl.robot.legs import Legs
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.tasks import make_task
from ros_rl.types import Start

A1 = load_robot("a1")


def begin(task: str, engine: str, episodes: int):
    pytest.importorskip(engine)
    world = RobotWorld(load_settings(task, overrides=[f"driver.backend.name={engine}"]), 0)
    try:
        for _ in range(episodes):
            yield world, world.begin_episode()
    finally:
        world.close()


@pytest.mark.parametrize("seed", range(20))
def test_no_leg_begins_in_the_ground(seed):
    place = drawn_place(Start.FALLEN, A1, 0.05, np.random.default_rng(seed))
    feet = (
        place.position + Legs(A1.joints, A1.legs).at(place.joints).position @ quaternion_to_matrix(place.orientation).T
    )
    assert feet[:, 2].min() > 0.02
    assert ((A1.limits.lower <= place.joints) & (place.joints <= A1.limits.upper)).all()


def test_falls_are_of_all_kinds():
    """Directions of gravity are uniform on the sphere: a third of each component lies in each third of its range."""
    rng = np.random.default_rng(0)
    turned = [drawn_place(Start.FALLEN, A1, 0.05, rng).orientation for _ in range(600)]
    for axis in range(3):
        parts = Counter(int(1.5 * (1 + quaternion_to_matrix(each)[2, axis])) for each in turned)
        assert all(150 < parts[third] < 250 for third in range(3)), parts


@pytest.mark.parametrize("engine", ["pybullet", "mujoco"])
def test_a_fallen_robot_lies_at_rest_and_begins_with_its_joints_where_they_are(engine):
    upright = []
    for world, step in begin("a1_get_up", engine, 12):
        fields = world.spec.split(world.spec.observe(step.tick))
        assert world.truth().base_position[2] < 0.25
        assert np.abs(fields["joint_velocity"]).max() < 4.0  # of its noise, 0.5
        held = world.robot.command(fields["last_action"])
        assert np.abs(held - step.tick.measurement["joint_position"]).max() < 0.3
        np.testing.assert_array_equal(fields["pending_actions"], fields["last_action"])
        np.testing.assert_array_equal(step.tick.origin[:2], step.tick.measurement["base_position"][:2])
        upright.append(-fields["gravity"][2])
    assert min(upright) < -0.9 and max(upright) > 0.9


@pytest.mark.parametrize("engine", ["pybullet", "mujoco"])
def test_no_fall_begins_with_a_leg_in_another_or_in_the_trunk(engine, monkeypatch):
    """Of joints anywhere one in five would: those are drawn again, before the robot is let go."""
    from ros_rl.backends.simulated_robot import SimulatedRobot

    drawn, tangled = [], []

    def draw(*given):
        drawn.append(given)
        return drawn_place(*given)

    def relax(robot):
        if drawn:
            tangled.append(robot.entangled)
            count.append(len(drawn))
            drawn.clear()

    count: list[int] = []
    monkeypatch.setattr("ros_rl.backends.simulated_robot.drawn_place", draw)
    monkeypatch.setattr(SimulatedRobot, "_relax", relax)
    for _ in begin("a1_get_up", engine, 25):
        pass
    assert len(tangled) == 25 and not any(tangled)
    assert 25 < sum(count) < 50


@pytest.mark.parametrize("engine", ["pybullet", "mujoco"])
def test_it_stays_where_it_lies_while_it_holds_its_joints(engine):
    for world, step in begin("go2_get_up", engine, 3):
        lying, held = world.truth().base_position, world.robot.action(step.tick.previous_command)
        for _ in range(20):
            step = world.step(world.command(held))
        assert not step.ended and np.linalg.norm(world.truth().base_position - lying) < 0.05


def test_what_lies_collides_with_itself_and_a_cover_with_its_neighbour_does_not():
    """The cover of an A1's hip overlaps with the thigh beside it, at home; legs and trunk meet in other poses."""
    pytest.importorskip("pybullet")
    from ros_rl.backends.pybullet.backend import PyBulletBackend

    rng, touched = np.random.default_rng(0), []
    poses = [A1.home, *rng.uniform(A1.limits.lower, A1.limits.upper, (60, A1.size))]
    for robot in (A1, make_task("a1_get_up").fitted(A1)):
        backend = PyBulletBackend(robot, PyBulletSettings(), 0.05)
        client, index = backend._client, backend._body.index
        links = range(client.getNumJoints(index))
        names = {-1: "trunk"} | {link: client.getJointInfo(index, link)[12].decode() for link in links}
        found = []
        for pose in poses:
            backend.pose(pose)
            client.performCollisionDetection()
            points = client.getContactPoints(index, index)
            found.append({frozenset((names[point[3]], names[point[4]])) for point in points if point[8] < 0.0})
        touched.append(found)
        backend.close()
    plain, lying = touched
    assert not any(plain) and not lying[0]
    assert sum(bool(pairs) for pairs in lying) > 5
    assert not any(len({name[:2] for name in pair}) == 1 for pairs in lying for pair in pairs), "a leg with itself"
