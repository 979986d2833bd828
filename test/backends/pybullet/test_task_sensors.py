# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tools, contacts and objects as PyBullet measures them, against finite differences, weights and poses set by hand."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from ros_rl.backends.backend import Scenario
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.errors import ConfigError
from ros_rl.features import equipped
from ros_rl.robot import Robot, load_robot
from ros_rl.rotations import angle_between, from_rotation_vector, multiply, quaternion_to_matrix, yaw_matrix
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings
from ros_rl.types import Measurement

QUIET = PyBulletSettings(noise=NoiseSettings(**{item.name: 0.0 for item in fields(NoiseSettings)}), reset_noise=0.0)
FIELDS = ("tool_position", "tool_orientation", "tool_velocity", "contact")
OF_OBJECTS = ("object_position", "object_orientation", "object_velocity")
ARM = equipped(load_robot("xarm6"), (*FIELDS, *OF_OBJECTS), ("cube",))
A1 = equipped(load_robot("a1"), ("contact", *OF_OBJECTS), ("cube",))


@pytest.fixture
def worlds() -> Iterator[Any]:
    made: list[PyBulletBackend] = []

    def begin(robot: Robot, period: float = 0.05, scene: str = "table_cube") -> tuple[PyBulletBackend, Measurement]:
        made.append(PyBulletBackend(robot, QUIET, period, Scenario(scene)))
        return made[-1], made[-1].begin(np.random.default_rng(0))

    yield begin
    for backend in made:
        backend.close()


def test_a_tools_velocity_is_the_change_of_its_position(worlds: Any) -> None:
    arm = replace(ARM, simulation=replace(ARM.simulation, tool_offset=(0.05, 0.02, 0.1)))
    backend, before = worlds(arm, period=0.01)
    command = np.array([0.8, -0.3, -0.4, 0.9, 0.5, -1.0])
    for step in range(40):
        after = backend.step(command, command)
        if step > 10:
            moved = (after["tool_position"] - before["tool_position"]) / 0.01
            mean = 0.5 * (before["tool_velocity"] + after["tool_velocity"])
            np.testing.assert_allclose(mean, moved, atol=0.01)
        before = after
    assert np.linalg.norm(after["tool_velocity"]) > 0.2


@pytest.mark.parametrize(("joint", "axis"), [(0, "base"), (5, "tool")])
def test_a_joint_turns_the_tool_about_its_own_axis(worlds: Any, joint: int, axis: str) -> None:
    """The first joint stands on the base's z axis, the last lies along the tool's."""
    backend, before = worlds(ARM)
    body = backend._body
    home = backend._client.getJointState(body.index, body.joints[joint])[0]
    backend._client.resetJointState(body.index, body.joints[joint], home + 0.6)
    after, turned = backend._measure()["tool_orientation"], from_rotation_vector(np.array([0.0, 0.0, 0.6]))
    at_home = before["tool_orientation"]
    assert angle_between(after, at_home) == pytest.approx(0.6, abs=1e-6)
    expected = multiply(turned, at_home) if axis == "base" else multiply(at_home, turned)
    assert angle_between(after, expected) < 1e-6


def test_the_home_pose_holds_the_tool_downwards(worlds: Any) -> None:
    _, measured = worlds(ARM)
    np.testing.assert_allclose(quaternion_to_matrix(measured["tool_orientation"])[:, 2], [0.0, 0.0, -1.0], atol=0.02)


def test_feet_carry_the_robot_and_touch_nothing_in_the_air(worlds: Any) -> None:
    robot = equipped(load_robot("a1"), ("contact",))
    backend, _ = worlds(robot, scene="plane")
    forces = np.array([backend.step(robot.home, robot.home)["contact_force"] for _ in range(60)])[20:]
    client, body = backend._client, backend._body.index
    weight = 9.81 * sum(client.getDynamicsInfo(body, link)[0] for link in range(-1, client.getNumJoints(body)))
    assert forces.shape == (40, 4) and (forces > robot.contact_threshold).all()
    assert forces.sum(1).mean() == pytest.approx(weight, rel=0.03)
    client.resetBasePositionAndOrientation(body, [0.0, 0.0, 2.0], [0.0, 0.0, 0.0, 1.0])
    assert (backend.step(robot.home, robot.home)["contact_force"] == 0.0).all()


def test_contacts_may_be_of_any_link_and_of_the_base(worlds: Any) -> None:
    robot = equipped(replace(load_robot("a1"), contact_links=("trunk", "FL_lower")), ("contact",))
    backend, _ = worlds(robot, scene="plane")
    assert backend.step(robot.home, robot.home)["contact_force"].tolist() == [0.0, 0.0]
    turned = from_rotation_vector(np.array([np.pi, 0.0, 0.0])).tolist()
    backend._client.resetBasePositionAndOrientation(backend._body.index, [0.0, 0.0, 0.06], turned)
    forces = np.array([backend.step(robot.home, robot.home)["contact_force"] for _ in range(20)])
    assert forces[:, 0].max() > 10.0
    with pytest.raises(ConfigError, match="has no link paw"):
        worlds(replace(robot, contact_links=("paw",)))


def test_a_tool_feels_what_it_presses_on_and_not_the_arm_itself(worlds: Any) -> None:
    backend, before = worlds(ARM)
    down, force = np.zeros(6), [before["contact_force"][0]]
    down[1] = 0.4
    force += [backend.step(down, down)["contact_force"][0] for _ in range(40)]
    assert force[0] == 0.0 and max(force) > 5.0


@pytest.mark.parametrize("yaw", [0.0, np.pi / 2, -2.5])
def test_objects_are_seen_from_the_base(worlds: Any, yaw: float) -> None:
    backend, _ = worlds(A1, scene="table_cube")
    client, cube = backend._client, backend._scene.objects["cube"].index
    base, turned = np.array([0.1, -0.2, 0.4]), from_rotation_vector(np.array([0.0, 0.0, yaw]))
    inertial = client.multiplyTransforms(base.tolist(), turned.tolist(), *backend._body.inertial)
    client.resetBasePositionAndOrientation(backend._body.index, *inertial)
    standing = from_rotation_vector(np.array([0.0, 0.0, 0.3]))
    client.resetBasePositionAndOrientation(cube, [1.1, 0.3, 0.5], standing.tolist())
    client.resetBaseVelocity(cube, [0.5, 0.0, -0.1], [0.0, 0.0, 2.0])
    measured, back = backend._measure(), yaw_matrix(-yaw)
    np.testing.assert_allclose(measured["object_position"], back @ [1.0, 0.5, 0.1], atol=1e-6)
    np.testing.assert_allclose(measured["object_velocity"], back @ [0.5, 0.0, -0.1], atol=1e-6)
    seen = from_rotation_vector(np.array([0.0, 0.0, 0.3 - yaw]))
    assert angle_between(measured["object_orientation"], seen) < 1e-6
    truth = backend.truth()
    np.testing.assert_allclose(truth.objects["cube"].position, [1.1, 0.3, 0.5], atol=1e-6)
    assert angle_between(truth.base_orientation, turned) < 1e-6


def test_objects_begin_anew_within_their_spread(worlds: Any) -> None:
    backend, first = worlds(ARM)
    places = [first["object_position"]]
    places += [backend.begin(np.random.default_rng(seed))["object_position"] for seed in range(1, 40)]
    away = np.abs(np.array(places) - [0.45, 0.0, 0.04])
    assert (away <= np.array([0.03, 0.05, 1e-6]) + 1e-6).all()
    assert away[:, 0].max() > 0.02 and away[:, 1].max() > 0.03
    again = backend.begin(np.random.default_rng(39))
    np.testing.assert_array_equal(again["object_position"], places[-1])


def test_truth_is_what_sensors_without_noise_say(worlds: Any) -> None:
    backend, _ = worlds(ARM)
    for _ in range(5):
        measured = backend.step(np.full(6, 0.3), np.full(6, 0.3))
    truth = backend.truth()
    for name in ("tool_position", "tool_orientation", "tool_velocity", "joint_position", "contact_force"):
        np.testing.assert_allclose(getattr(truth, name), measured[name], atol=1e-12, err_msg=name)


def test_an_object_that_the_scene_has_not_is_refused(worlds: Any) -> None:
    with pytest.raises(ConfigError, match="scene 'table' has no object 'cube'; it has: none"):
        worlds(ARM, scene="table")


def test_what_is_asked_for_is_shown_where_it_is(worlds: Any) -> None:
    backend, _ = worlds(A1)
    client = backend._client
    before = client.getNumBodies()
    turned = from_rotation_vector(np.array([0.0, 0.0, np.pi / 2])).tolist()
    base = client.multiplyTransforms([1.0, 2.0, 0.3], turned, *backend._body.inertial)
    client.resetBasePositionAndOrientation(backend._body.index, *base)
    asked = {
        "goal_position": np.array([0.5, 0.0, 0.1]),
        "goal_planar": np.array([3.0, 4.0]),
        "waypoints": np.arange(8.0),
        "goal_heading": np.ones(1),
    }
    for _ in range(2):  # the second time nothing is new
        backend.show_inputs(asked)
        assert client.getNumBodies() == before + 6
    places = [client.getBasePositionAndOrientation(body)[0] for body in range(before, before + 6)]
    np.testing.assert_allclose(places[0], [1.0, 2.5, 0.4], atol=1e-6)
    np.testing.assert_allclose(np.array(places[1:])[:, :2], [[3.0, 4.0], [0, 1], [2, 3], [4, 5], [6, 7]], atol=1e-6)
    backend.show_inputs(asked | {"goal_planar": np.array([5.0, 4.0])})
    assert client.getNumBodies() == before + 6
    assert client.getBasePositionAndOrientation(before + 1)[0][0] == pytest.approx(5.0)
