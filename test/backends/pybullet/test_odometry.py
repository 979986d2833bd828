# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A simulated A1 that knows of itself what a real one knows: its estimates against the truth, standing and walking."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends.pybullet.backend import PyBulletBackend  # noqa: E402
from ros_rl.deploy.onnx_graph import OnnxGraph  # noqa: E402
from ros_rl.errors import ConfigError  # noqa: E402
from ros_rl.resources import share_path  # noqa: E402
from ros_rl.robot import load_robot  # noqa: E402
from ros_rl.rotations import quaternion_to_matrix  # noqa: E402
from ros_rl.runtime.robot_world import RobotWorld  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402
from ros_rl.settings.sensors import OdometrySensors  # noqa: E402
from ros_rl.settings.simulators.pybullet import PyBulletSettings  # noqa: E402

A1, PERIOD = load_robot("a1"), 0.05
ESTIMATED = PyBulletSettings(odometry="estimated")


def walk(seconds: float, **backend: object) -> np.ndarray:
    """Errors of vx, vy, vz [m/s] and height [m], and the true forward velocity, at each tick of the shipped agent."""
    settings = load_settings("a1_walk", overrides=[{"driver": {"backend": {"odometry": "estimated", **backend}}}])
    world, found = RobotWorld(settings, seed=3), []
    world.restart(3, seconds)
    control = world.control_loop(explore=0.0)
    control.use(OnnxGraph.load(share_path("models", "a1_walk", "agent.onnx")))
    before = None
    for step in world.episode(lambda tick: control.step(tick).command):
        truth, told = world.truth(), step.tick.measurement
        if before is not None:
            moved = quaternion_to_matrix(truth.base_orientation).T @ (truth.base_position - before) / PERIOD
            height = told["base_position"][2] - truth.base_position[2]
            found.append([*(told["base_linear_velocity"] - moved), height, moved[0]])
        before = truth.base_position
    world.close()
    return np.array(found[10:])


def test_a_walking_robot_knows_its_velocity_and_height() -> None:
    """With noise, biases and late contacts, on slippery ground: RMS within 0.1 m/s."""
    found = walk(3.0, friction_low=0.5, friction_high=0.5)
    assert len(found) > 40 and found[:, 4].mean() > 0.5
    rms = np.sqrt(np.mean(np.square(found[:, :4]), axis=0))
    assert rms[:3].max() < 0.1 and rms[3] < 0.02, rms


def test_a_standing_robot_is_at_rest_at_its_height_and_drifts_little() -> None:
    backend = PyBulletBackend(A1, ESTIMATED, PERIOD)
    backend.reset(np.random.default_rng(0))
    measured = [backend.step(A1.neutral_command, A1.neutral_command) for _ in range(40)]
    truth = backend.truth()
    backend.close()
    speeds = np.array([m["base_linear_velocity"] for m in measured])
    assert np.sqrt(np.mean(speeds**2)) < 0.03
    assert np.abs(measured[-1]["base_position"] - truth.base_position)[:2].max() < 0.05
    assert measured[-1]["base_position"][2] == pytest.approx(truth.base_position[2], abs=0.01)


def test_the_rest_of_the_world_is_the_same_whatever_is_known_of_it() -> None:
    worlds = [PyBulletBackend(A1, settings, PERIOD) for settings in (ESTIMATED, PyBulletSettings())]
    truths = []
    for backend in worlds:
        backend.reset(np.random.default_rng(1))
        for step in range(10):
            backend.step(A1.neutral_command, A1.neutral_command + 0.1 * np.sin(step))
        truths.append(backend.truth())
        backend.close()
    np.testing.assert_array_equal(truths[0].base_position, truths[1].base_position)
    np.testing.assert_array_equal(truths[0].joint_position, truths[1].joint_position)
    assert truths[0].saturated == pytest.approx(truths[1].saturated)


def test_the_same_seed_gives_the_same_estimates() -> None:
    backend, found = PyBulletBackend(A1, ESTIMATED, PERIOD), []
    for _ in range(2):
        backend.reset(np.random.default_rng(2))
        found.append([backend.step(A1.neutral_command, A1.neutral_command) for _ in range(5)])
    backend.close()
    for one, other in zip(*found, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_worse_sensors_make_worse_estimates() -> None:
    spread = []
    for sensors in (OdometrySensors(), OdometrySensors(tilt_bias=0.3)):
        backend = PyBulletBackend(A1, replace(ESTIMATED, odometry_sensors=sensors), PERIOD)
        backend.reset(np.random.default_rng(0))
        found = [backend.step(A1.neutral_command, A1.neutral_command)["base_linear_velocity"] for _ in range(40)]
        spread.append(np.sqrt(np.mean(np.square(found[20:]))))
        backend.close()
    assert spread[1] > 3 * spread[0]


def test_a_robot_without_legs_and_thresholds_that_cross_are_refused() -> None:
    with pytest.raises(ConfigError, match="odometry is 'estimated', and the file of robot 'xarm6' has no 'legs'"):
        ESTIMATED.check_robot(load_robot("xarm6"))
    with pytest.raises(ConfigError, match=r"odometry_sensors.release 20.0 is above driver.backend.*touch 10.0"):
        PyBulletSettings(odometry_sensors=OdometrySensors(release=20.0))
