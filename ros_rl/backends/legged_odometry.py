# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where a legged robot is and how fast it moves, from its IMU and its legs; numpy alone, for every motor tick.

The linear Kalman filter of Bledt et al. 2018 ("MIT Cheetah 3: Design and Control of a Robust, Dynamic Quadruped
Robot"), which is Bloesch et al. 2013 ("State Estimation for Legged Robots: Consistent Fusion of Leg Kinematics and
IMU") with the IMU's own orientation: the state is the base's position and velocity and each foot's position, all in
the odometry frame. The accelerometer predicts; a foot on the ground stands still there, and is at the height of the
ground. Two things are added: a round foot rolls, and a foot that slips says nothing of the base's velocity while it
does. Where all feet on the ground say for too long that the base is slower than believed, as after a tumble, it is what
was believed that is wrong. Where they say that it is faster, they tread in place, as on ice or against a wall.

No axis knows of another in this model, and x and y have the same noise, so that one covariance of size 2 + feet serves
both, and one more the vertical.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.gravity import FORCE_AT_REST
from ros_rl.errors import ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.legs import Legs
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.types import Array

_UNKNOWN = 1e3  # standard deviation of what says nothing [m or m/s]
_FLIGHT = 0.5  # s, longer than which no robot of this size flies: then it lies, on whatever but its feet
_FADING = 0.2  # s, in which the velocity of one that lies is forgotten
_LYING = 0.3  # m/s, as which its velocity is known
_SLIDING = 0.25  # s on the ground, longer than which no robot slides on over all its feet: then its velocity is wrong
_LONGEST = 0.01  # s, that one instant of feet counts for
_FITTING = 5.0  # s of sliding that a second makes up for in which a foot does not: of noisy joints many seem to slip
_LOST = 1.0  # m/s, by how much, at least


@dataclass(frozen=True)
class OdometryNoise:
    """Standard deviations that the filter assumes; as of Cheetah's software, then `bench/odometry.py`.

    Attributes:
        acceleration: Of the accelerometer and of the orientation that tells it from gravity [m/s^2 / sqrt(Hz)].
        foothold: How far a foot on the ground creeps [m / sqrt(s)].
        foot_position: Of the feet's places by the joints' positions [m].
        foot_velocity: Of the base's velocity by one foot on the ground [m/s / sqrt(Hz)]; here 0.07 m/s at 500 Hz.
        ground: Of the ground's height below a foot [m].
        gate: Squared Mahalanobis distance from which a foot slips; 99 % of chi-squared with three axes are below it.
    """

    acceleration: float = 0.04
    foothold: float = 0.1
    foot_position: float = 0.002
    foot_velocity: float = 0.07 * 500.0**-0.5
    ground: float = 0.005
    gate: float = 11.3


class Estimate(NamedTuple):
    """What the odometry says.

    Attributes:
        position: Of the base in the odometry frame [m], shape (3,); z above the ground on which it stands.
        linear_velocity: Of the base, in its own frame [m/s], shape (3,).
    """

    position: Array
    linear_velocity: Array


class LeggedOdometry:
    """Estimates a legged robot's position and velocity. One thread calls it, at every motor tick or every few.

    Args:
        robot: A robot whose file has `legs`.
        mean_over: How long the velocity is averaged over [s], such as the control period that
            `base_linear_velocity` is a mean over; 0 for the velocity at the instant.
        noise: What to assume of the sensors and the ground.

    Raises:
        ConfigError: The robot has no legs.
    """

    def __init__(self, robot: Robot, mean_over: float = 0.0, noise: OdometryNoise | None = None) -> None:
        if not robot.legs:
            raise ConfigError(f"robot '{robot.name}' has no 'legs' in its file, and odometry needs them")
        self._legs, self._mean_over, self._noise = Legs(robot.joints, robot.legs), mean_over, noise or OdometryNoise()
        self.feet = self._legs.feet
        """Contact links of the feet, in the order of `contact`."""
        feet = len(self.feet)
        size = 2 + feet
        self._state = np.zeros((size, 3))
        self._covariance = np.zeros((2, size, size))
        self._diagonal = self._covariance.reshape(2, size * size)[:, :: size + 1]
        self._model = np.zeros((2, 3 * feet, size))  # what is measured by the state: x and y, then z
        for foot in range(feet):
            self._model[:, foot, [0, 2 + foot]] = -1.0, 1.0  # place of a foot, seen from the base
            self._model[:, feet + foot, 1] = 1.0  # velocity of the base
            self._model[1, 2 * feet + foot, 2 + foot] = 1.0  # height of a foot
        self._measured = np.zeros((3 * feet, 3))
        self._variance = np.ones((2, 3 * feet))
        self._added = np.zeros(size)
        self._rolling = np.zeros((feet, 3))
        self._eye = np.eye(3 * feet)
        self.reset()

    def reset(self) -> None:
        """Forget everything: the robot is at the origin and at rest, wherever its feet are."""
        self._state[:] = 0.0
        self._covariance[:] = 0.0
        self._diagonal[:] = _UNKNOWN**2
        self._diagonal[0, 0], self._diagonal[:, 1] = 0.0, 0.01
        self._trail: deque[tuple[float, Array]] = deque([(0.0, np.zeros(3))])
        self._airborne = self._sliding = 0.0
        self.slipping = np.zeros(len(self.feet), dtype=bool)
        """Which feet on the ground the gate took for slipping at the last update, shape (feet,)."""

    def update(
        self,
        dt: float,
        joint_position: Array,
        joint_velocity: Array,
        orientation: Array,
        angular_velocity: Array,
        linear_acceleration: Array,
        contact: NDArray[np.bool_],
    ) -> Estimate:
        """Take in what was measured at one instant.

        Args:
            dt: Time since the last update [s].
            joint_position: [rad], shape (joints,).
            joint_velocity: [rad/s], shape (joints,).
            orientation: Of the base, unit quaternion xyzw, shape (4,).
            angular_velocity: Of the base, in its frame [rad/s], shape (3,).
            linear_acceleration: Specific force in the base's frame [m/s^2], shape (3,): gravity is in it, as
                (0, 0, 9.81) at rest. Of several instants since the last update their mean.
            contact: Which feet bear weight, shape (feet,).
        """
        rotation = quaternion_to_matrix(orientation)
        feet = self._legs.at(joint_position)
        speeds = joint_velocity[self._legs.joints][:, :, None]
        x, y, z = angular_velocity.tolist()
        spin = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        moving = (feet.jacobian @ speeds)[..., 0] + feet.position @ spin.T
        turning = ((feet.axes @ speeds)[..., 0] + angular_velocity) @ rotation.T  # of the feet, in the world
        rolling = self._rolling  # of the centre over the point that touches the ground: turning x (0, 0, radius)
        rolling[:, 0], rolling[:, 1] = turning[:, 1] * self._legs.radius, -turning[:, 0] * self._legs.radius
        self._predict(dt, rotation @ linear_acceleration - FORCE_AT_REST, rolling, contact)
        self._airborne = 0.0 if contact.any() else self._airborne + dt
        if self._airborne > _FLIGHT:
            self._lie(dt)
        if self._sliding > _SLIDING:
            self._find_again()
        self._correct(dt, feet.position @ rotation.T, rolling - moving @ rotation.T, contact)
        return Estimate(self._state[0].copy(), rotation.T @ self._velocity(dt))

    def _predict(self, dt: float, acceleration: Array, rolling: Array, contact: NDArray[np.bool_]) -> None:
        state, covariance, noise = self._state, self._covariance, self._noise
        state[0] += dt * state[1] + 0.5 * dt * dt * acceleration
        state[1] += dt * acceleration
        state[2:] += dt * rolling  # of a foot in the air any place is as good
        covariance[:, 0] += dt * covariance[:, 1]
        covariance[:, :, 0] += dt * covariance[:, :, 1]
        self._added[1] = noise.acceleration**2 * dt
        self._added[2:] = np.where(contact, noise.foothold**2 * dt, _UNKNOWN**2)
        self._diagonal += self._added

    def _lie(self, dt: float) -> None:
        """Without a foot on the ground the accelerometer's bias would be all that moves it, further and further."""
        self._state[1] *= np.exp(-dt / _FADING)
        self._covariance[:, 1, 1] = np.maximum(self._covariance[:, 1, 1], _LYING**2)
        self._sliding = 0.0

    def _note_sliding(self, dt: float, velocities: Array, fits: bool) -> None:
        """Add up how long all feet on the ground have denied what is believed, and have said that it is slower."""
        if fits:
            self._sliding = max(0.0, self._sliding - _FITTING * dt)
        elif len(velocities) and np.linalg.norm(velocities.mean(0)) < np.linalg.norm(self._state[1]):
            self._sliding += dt

    def _find_again(self) -> None:
        """Let the feet say how fast it is, whatever was known."""
        self._covariance[:, 1, 1] = np.maximum(self._covariance[:, 1, 1], _LOST**2)
        self._sliding = 0.0

    def _correct(self, dt: float, places: Array, velocities: Array, contact: NDArray[np.bool_]) -> None:
        """By the feet's places seen from the base, and the base's velocities by each foot, in the world's axes."""
        noise, feet, model, measured = self._noise, len(self.feet), self._model, self._measured
        innovation = velocities - self._state[1]
        variance_of_velocity = noise.foot_velocity**2 / dt
        level, upright = (self._covariance[:, 1, 1] + variance_of_velocity).tolist()
        distance = innovation**2 @ np.array([1.0 / level, 1.0 / level, 1.0 / upright])
        self.slipping = contact & (distance > noise.gate)
        firm = contact & ~self.slipping
        self._note_sliding(min(dt, _LONGEST), velocities[contact], bool(firm.any()))
        measured[:feet], measured[feet : 2 * feet] = places, velocities
        measured[2 * feet :, 2] = self._legs.radius
        variance = self._variance
        variance[:, :feet] = noise.foot_position**2
        variance[:, feet : 2 * feet] = np.where(firm, variance_of_velocity, _UNKNOWN**2)
        variance[1, 2 * feet :] = np.where(contact, noise.ground**2, _UNKNOWN**2)
        spread_by_state = model @ self._covariance
        total = spread_by_state @ model.transpose(0, 2, 1) + variance[:, :, None] * self._eye
        gain = np.linalg.solve(total, spread_by_state).transpose(0, 2, 1)
        self._state[:, :2] += gain[0] @ (measured[:, :2] - model[0] @ self._state[:, :2])
        self._state[:, 2] += gain[1] @ (measured[:, 2] - model[1] @ self._state[:, 2])
        self._covariance -= gain @ spread_by_state
        self._covariance += self._covariance.transpose(0, 2, 1)
        self._covariance *= 0.5

    def _velocity(self, dt: float) -> Array:
        """Mean over the last while, in the world."""
        if self._mean_over <= dt:
            return self._state[1]
        trail = self._trail
        time, path = trail[-1][0] + dt, trail[-1][1] + dt * self._state[1]
        trail.append((time, path))
        while time - trail[1][0] > self._mean_over - 0.5 * dt:
            trail.popleft()
        return (path - trail[0][1]) / (time - trail[0][0])
