# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The mock robot against its differential equation, and the simulated sensors' noise."""

from dataclasses import fields, replace

import numpy as np
import pytest

from ros_rl.backends import make_backend
from ros_rl.backends.mock import MockBackend
from ros_rl.backends.sensor_noise import add_noise
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.robot import load_robot
from ros_rl.rotations import from_rotation_vector, quaternion_to_matrix
from ros_rl.sensors.sensor import Sensor, Topic, white
from ros_rl.sensors.table import SENSORS
from ros_rl.settings.loading import load_settings
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Measurement

SILENT = NoiseSettings(**{item.name: 0.0 for item in fields(NoiseSettings)})


def measurement() -> Measurement:
    turned = from_rotation_vector(np.array([0.1, -0.2, 0.3]))
    return Measurement(
        joint_position=np.zeros(6),
        joint_velocity=np.zeros(6),
        joint_effort=np.zeros(6),
        passive_position=np.zeros(2),
        passive_velocity=np.zeros(2),
        imu_orientation=turned,
        imu_angular_velocity=np.zeros(3),
        imu_linear_acceleration=np.zeros(3),
        base_position=np.zeros(3),
        base_orientation=turned,
        base_linear_velocity=np.zeros(3),
        tool_position=np.zeros(3),
    )


class TestMock:
    def test_it_follows_its_equation(self):
        backend = MockBackend(load_robot("mock"), MockSettings(), 0.05)
        position, velocity = backend.begin(np.random.default_rng(0))["joint_position"], np.zeros(2)
        for command in (np.array([1.0, -0.5]), np.array([-1.0, 0.2])):
            after = backend.step(np.zeros(2), command)
            for _ in range(5000):
                position = position + 1e-5 * velocity
                velocity = velocity + 1e-5 * 4.0 * (command - velocity)
            np.testing.assert_allclose(after["joint_position"], position, atol=1e-4)
            np.testing.assert_allclose(after["joint_velocity"], velocity, atol=1e-4)

    def test_its_safe_action_comes_to_rest(self):
        backend = MockBackend(load_robot("mock"), MockSettings(), 0.05)
        backend.begin(np.random.default_rng(0))
        backend.step(np.zeros(2), np.ones(2))
        for _ in range(60):
            after = backend.safe_step()
        np.testing.assert_allclose(after["joint_velocity"], 0.0, atol=1e-3)


class TestNoise:
    @pytest.mark.parametrize("name", ["joint_position", "joint_velocity", "angular_velocity", "linear_velocity"])
    def test_each_sensor_has_its_own_size(self, name):
        rng, noise = np.random.default_rng(0), replace(SILENT, **{name: 0.3})
        noisy = [add_noise(measurement(), noise, rng) for _ in range(400)]
        prefix = {"angular_velocity": "imu_", "linear_velocity": "base_"}.get(name, "")
        noisy_fields = {prefix + name, name.replace("joint_", "passive_")}
        for sensor in measurement():
            spread = np.std([sample[sensor] for sample in noisy], axis=0)
            expected = 0.3 if sensor in noisy_fields else 0.0
            np.testing.assert_allclose(spread, expected, atol=0.06)

    def test_imu_and_odometry_share_a_small_rotation(self):
        clean, rng = measurement(), np.random.default_rng(0)
        angles = []
        for _ in range(300):
            noisy = add_noise(clean, replace(SILENT, orientation=0.02), rng)
            np.testing.assert_array_equal(noisy["imu_orientation"], noisy["base_orientation"])
            assert np.linalg.norm(noisy["imu_orientation"]) == pytest.approx(1.0)
            turned = quaternion_to_matrix(noisy["imu_orientation"]) @ quaternion_to_matrix(clean["imu_orientation"]).T
            angles.append([turned[2, 1] - turned[1, 2], turned[0, 2] - turned[2, 0], turned[1, 0] - turned[0, 1]])
        np.testing.assert_allclose(np.std(np.array(angles) / 2, axis=0), 0.02, rtol=0.15)

    def test_height_alone_is_noisy_in_the_position(self):
        noisy = add_noise(measurement(), replace(SILENT, height=0.1), np.random.default_rng(0))["base_position"]
        assert (noisy[:2] == 0.0).all() and noisy[2] != 0.0

    def test_what_is_not_measured_stays_unmeasured(self):
        arm = Measurement(joint_position=np.zeros(6), tool_position=np.zeros(3))
        noisy = add_noise(arm, NoiseSettings(), np.random.default_rng(0))
        assert set(noisy) == set(arm) and not (noisy["tool_position"] == 0.0).any()

    def test_sensors_of_other_packages_bring_their_own(self, monkeypatch):
        def noisy(noise, count):
            monkeypatch.setitem(SENSORS, "load", Sensor("N", lambda robot: (2,), Topic("load"), noise=noise))
            rng, still = np.random.default_rng(0), Measurement({"load": np.zeros(2)})
            return [add_noise(still, SILENT, rng)["load"] for _ in range(count)]

        assert np.std(noisy(white("load", std=0.3), 400)) == pytest.approx(0.3, abs=0.03)
        with pytest.raises(ConfigError, match="sensor 'load' is set by 'load', allowed: joint_position, .*std"):
            noisy(white("load"), 1)


def test_an_external_driver_has_no_backend():
    settings = load_settings("mock_point", overrides=["driver.backend.name=external"])
    with pytest.raises(UnknownNameError, match="external.*mock.*pybullet"):
        make_backend(settings)
