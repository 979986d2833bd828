# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Signs and frames of the simulated A1: what a gyro and an accelerometer feel, and what damping exerts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends import Scenario  # noqa: E402
from ros_rl.backends.pybullet.backend import PyBulletBackend  # noqa: E402
from ros_rl.backends.pybullet.sensors import MEASURES  # noqa: E402
from ros_rl.robot import Robot, load_robot  # noqa: E402
from ros_rl.rotations import from_rotation_vector, quaternion_to_matrix  # noqa: E402
from ros_rl.settings.sensors import NoiseSettings  # noqa: E402
from ros_rl.settings.simulators.pybullet import PyBulletSettings  # noqa: E402

PERIOD = 0.05
A1 = load_robot("a1")
SILENT = NoiseSettings(**dict.fromkeys(vars(NoiseSettings()), 0.0))


@contextmanager
def simulated(robot: Robot = A1) -> Iterator[PyBulletBackend]:
    backend = PyBulletBackend(robot, PyBulletSettings(noise=SILENT), PERIOD, Scenario("plane"))
    backend.begin(np.random.default_rng(0))
    try:
        yield backend
    finally:
        backend.close()


@contextmanager
def thrown(tilt: list[float], turning: list[float]) -> Iterator[PyBulletBackend]:
    """High in the air, tilted, and turning in the world's frame [rad/s]."""
    assert A1.simulation is not None
    with simulated(replace(A1, simulation=replace(A1.simulation, spawn_height=5.0))) as backend:
        client, index = backend._client, backend._body.index
        position, _ = client.getBasePositionAndOrientation(index)
        client.resetBasePositionAndOrientation(index, position, from_rotation_vector(np.array(tilt)).tolist())
        client.resetBaseVelocity(index, [0.0, 0.0, 0.0], turning)
        yield backend


def body_rate(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mean rate in the body's frame between two orientations: the rotation vector of R0^T R1 over the time."""
    turn = quaternion_to_matrix(before).T @ quaternion_to_matrix(after)
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2.0
    sine = np.linalg.norm(axis)
    return axis / sine * np.arcsin(sine) / PERIOD


@pytest.mark.parametrize(
    ("tilt", "turning"),
    [([1.2, 0.0, 0.0], [0.0, 0.0, 3.0]), ([0.0, -0.8, 0.0], [2.0, 1.0, 0.0]), ([0, 0, 2.0], [2, 0, 0])],
)
def test_the_gyro_measures_in_the_body_that_turns(tilt: Any, turning: Any) -> None:
    with thrown(tilt, turning) as backend:
        before, apart = backend.step(A1.home, A1.home), []
        for _ in range(5):
            after = backend.step(A1.home, A1.home)
            rate = body_rate(before["imu_orientation"], after["imu_orientation"])
            mean = 0.5 * (before["imu_angular_velocity"] + after["imu_angular_velocity"])
            np.testing.assert_allclose(mean, rate, atol=0.1)
            world = quaternion_to_matrix(after["imu_orientation"]) @ rate
            apart.append(np.abs(world - rate).max())
            before = after
        assert min(apart) > 1.0  # the world's frame would show


def test_means_over_the_period_are_felt_in_the_body_that_is_tilted() -> None:
    """Yawed to the left by a quarter: the world's x is to the right, its y ahead."""
    turned = quaternion_to_matrix(from_rotation_vector(np.array([0.0, 0.0, 0.5 * np.pi])))
    before = SimpleNamespace(velocity=(np.array([0.5, 2.0, 3.2]), None), pose=(np.array([1.0, 2.0, 3.0]), None))
    now = SimpleNamespace(
        before=before,
        velocity=(np.array([1.0, 2.5, 3.0]), None),
        pose=(np.array([1.1, 2.3, 2.9]), None),
        rotation=turned,
        period=0.1,
    )
    felt = MEASURES["imu_linear_acceleration"](now)
    np.testing.assert_allclose(felt, [5.0, -5.0, -2.0 + 9.81], atol=1e-9)
    np.testing.assert_allclose(MEASURES["base_linear_velocity"](now), [3.0, -1.0, -1.0], atol=1e-9)


def test_damping_exerts_nothing_but_damping() -> None:
    """The joints are far from zero and leave their home: stiffness would drive them with all that they have."""
    with simulated() as backend:
        for _ in range(6):
            found = backend.safe_step()
            effort, velocity = found["joint_effort"], found["joint_velocity"]
            # the velocity is that after the substep in which the effort acted
            np.testing.assert_allclose(effort, -A1.safety.damping * velocity, atol=0.3)
            assert 1.0 < np.abs(effort).max() < 0.3 * A1.limits.effort.min()


def test_damping_stops_what_moves() -> None:
    with simulated() as backend:
        client, body = backend._client, backend._body
        for joint in body.joints:
            angle = client.getJointState(body.index, joint)[0]
            client.resetJointState(body.index, joint, angle, targetVelocity=2.0)
        found = backend.safe_step()
        assert (found["joint_effort"] * found["joint_velocity"] <= 1e-3).all()
