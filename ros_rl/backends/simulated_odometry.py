# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The odometry that a simulated robot has of its own IMU, joints and feet, as a real one would."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.foot_contact import FootContact
from ros_rl.backends.gravity import FORCE_AT_REST
from ros_rl.backends.instant import Instant
from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.robot import Robot
from ros_rl.rotations import from_rotation_vector, multiply
from ros_rl.settings.sensors import OdometrySensors
from ros_rl.types import Array, Measurement


class SimulatedOdometry:
    """Feeds `LeggedOdometry` with what noisy, biased and late sensors make of the simulated robot.

    Args:
        robot: Has `legs`.
        sensors: How bad they are, and how often they are read.
        physics_rate_hz: Physics steps per second [Hz].
        period: Control period, over which the velocity is a mean [s].
    """

    def __init__(self, robot: Robot, sensors: OdometrySensors, physics_rate_hz: float, period: float) -> None:
        self._sensors = sensors
        self.every = max(1, round(physics_rate_hz / sensors.rate_hz))
        """Physics steps from one reading of the sensors to the next."""
        self._step = 1.0 / physics_rate_hz
        self._odometry = LeggedOdometry(robot, mean_over=period)
        self._feet = np.array([robot.contact_links.index(foot) for foot in self._odometry.feet])
        self._contact = FootContact(sensors.touch, sensors.release)
        self._late = round(sensors.contact_delay * physics_rate_hz / self.every)
        self.begin(np.random.default_rng(0))

    def begin(self, rng: np.random.Generator) -> None:
        """Forget everything and draw the biases; the robot is at rest at the origin.

        Args:
            rng: Draws all errors of the episode.
        """
        self._odometry.reset()
        self._contact.reset()
        self._contacts: deque[NDArray[np.bool_]] = deque(maxlen=self._late + 1)
        self._velocity = np.zeros(3)
        self.redraw(rng)

    def redraw(self, rng: np.random.Generator) -> None:
        """Have other biases, and go on from what is estimated; see `begin`."""
        sensors = self._sensors
        self._rng = rng
        self._bias_of_accelerometer = rng.normal(0.0, sensors.accelerometer_bias, 3)
        self._bias_of_gyro = rng.normal(0.0, sensors.gyro_bias, 3)
        self._lean = np.append(rng.normal(0.0, sensors.tilt_bias, 2), 0.0)

    def feel(self, now: Instant, steps: int) -> None:
        """Read the sensors.

        Args:
            now: The robot.
            steps: Physics steps since they were read last.
        """
        sensors, draw, time = self._sensors, self._rng.normal, steps * self._step
        joints, speeds = now.joints
        linear, angular = now.velocity
        force = (linear - self._velocity) / time + FORCE_AT_REST
        self._velocity = linear
        lean = from_rotation_vector(self._lean + draw(0.0, sensors.orientation, 3))
        self._contacts.append(self._contact.update(now.contact_force[self._feet]))
        self._estimate = self._odometry.update(
            time,
            joints + draw(0.0, sensors.joint_position, joints.shape),
            speeds + draw(0.0, sensors.joint_velocity, speeds.shape),
            multiply(now.pose[1], lean),
            now.rotation.T @ angular + self._bias_of_gyro + draw(0.0, sensors.gyro, 3),
            now.rotation.T @ force + self._bias_of_accelerometer + draw(0.0, sensors.accelerometer, 3),
            self._contacts[0],
        )

    def tell(self, measurement: Measurement) -> None:
        """Put the estimate in the place of the truth."""
        told: dict[str, Array] = {
            "base_position": self._estimate.position,
            "base_linear_velocity": self._estimate.linear_velocity,
        }
        measurement.update({name: value for name, value in told.items() if name in measurement})
