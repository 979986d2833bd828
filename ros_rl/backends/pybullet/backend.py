# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots in PyBullet: a robot's world, its sensors and what really happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ros_rl.backends.backend import EMPTY, Backend, Scenario, Truth
from ros_rl.backends.pybullet.actuators import Actuators
from ros_rl.backends.pybullet.camera import Camera
from ros_rl.backends.pybullet.scene import connect, load_robot, load_scene, pybullet, pybullet_data
from ros_rl.backends.sensor_noise import add_noise
from ros_rl.robot import Robot
from ros_rl.rotations import cross, quaternion_to_matrix, yaw_of
from ros_rl.settings.backends import PyBulletSettings
from ros_rl.types import Array, Measurement

_GRAVITY = np.array([0.0, 0.0, 9.81])
_SETTLE = 4  # control periods in which a floating base comes to stand on the ground


class PyBulletBackend(Backend):
    """One robot in a scene. What happens after a reset depends on the seed, the reset's `rng` and the commands only.

    Args:
        robot: What to load; its YAML's `simulation` section names the URDF and what differs there.
        settings: Physics, friction, noise.
        period: Control period [s].
        scenario: What is around it.
    """

    def __init__(
        self,
        robot: Robot,
        settings: PyBulletSettings,
        period: float,
        scenario: Scenario = EMPTY,
    ) -> None:
        self._robot, self._settings, self._period = robot, settings, period
        self._seed, self._track = scenario.seed, scenario.track_contacts
        self._noise_rng = np.random.default_rng(scenario.seed)
        self._client = connect(settings)
        self._world = load_scene(self._client, scenario.scene)
        self._body = load_robot(self._client, robot)
        self._camera = Camera(self._client, moving=robot.floating_base)
        self._goal_marker: int | None = None
        self._closed = False
        self._actuators = Actuators(self._client, self._body, robot)
        self._plan_ramp(round(period * settings.physics_rate_hz))
        self._older = robot.neutral_command
        self._remember()

    def _plan_ramp(self, substeps: int) -> None:
        """How far, at each substep, the target has moved to the newest command, and before that to the last one."""
        elapsed = np.arange(1, substeps + 1) - self._settings.latency * self._settings.physics_rate_hz
        ramp = max(self._robot.command_ramp * substeps, 1e-9)
        self._share = np.clip(elapsed / ramp, 0.0, 1.0)[:, None]
        self._late = int(np.count_nonzero(elapsed <= 0.0))
        self._late_share = np.clip((elapsed[: self._late] + substeps) / ramp, 0.0, 1.0)[:, None]

    def reset(self, rng: np.random.Generator) -> Measurement:
        """Home pose with a little noise, foot friction drawn anew."""
        robot, noise = self._robot, self._settings.reset_noise
        index = self._body.index
        base = self._client.multiplyTransforms(self._body.spawn, [0.0, 0.0, 0.0, 1.0], *self._body.inertial)
        self._client.resetBasePositionAndOrientation(index, *base)
        self._client.resetBaseVelocity(index, [0.0] * 3, [0.0] * 3)
        positions = robot.home + rng.uniform(-noise, noise, robot.size)
        passive = robot.passive_home + rng.uniform(-noise, noise, len(robot.passive))
        joints = [*zip(self._body.joints, positions, strict=True), *zip(self._body.passive, passive, strict=True)]
        for joint, position in joints:
            self._client.resetJointState(index, joint, position, 0.0)
        friction = rng.uniform(self._settings.friction_low, self._settings.friction_high)
        for foot in self._body.feet:
            self._client.changeDynamics(index, foot, lateralFriction=friction)
        self._noise_rng = np.random.default_rng([self._seed, int(rng.integers(2**31))])
        self._older = robot.neutral_command
        self._actuators.reset()
        if robot.floating_base:
            for _ in range(_SETTLE):
                self._advance(robot.neutral_command, robot.neutral_command)
        self._remember()
        return self._measure()

    def step(self, previous: Array, command: Array) -> Measurement:
        """Simulate one control period under `command`."""
        self._remember()
        self._advance(previous, command)
        if self._settings.gui and self._robot.floating_base:
            self._camera.follow(self._centre())
        return self._measure()

    def safe_step(self) -> Measurement:
        """See `Actuators.be_safe`."""
        self._remember()
        self._actuators.be_safe(len(self._share))
        return self._measure()

    def _advance(self, previous: Array, command: Array) -> None:
        """The target moves linearly from `previous` over the ramp's share of the period, late by the latency."""
        targets = previous + self._share * (command - previous)
        if self._late:
            targets[: self._late] = self._older + self._late_share * (previous - self._older)
        self._older = previous
        self._actuators.follow(targets)

    def _joint_state(self, joints: list[int] | None = None) -> tuple[Array, Array]:
        states = self._client.getJointStates(self._body.index, self._body.joints if joints is None else joints)
        values = np.array([state[:2] for state in states])
        return values[:, 0], values[:, 1]

    def _base_pose(self) -> tuple[Array, Array]:
        position, orientation = self._client.getBasePositionAndOrientation(self._body.index)
        inverse = self._client.invertTransform(*self._body.inertial)
        position, orientation = self._client.multiplyTransforms(position, orientation, *inverse)
        return np.array(position), np.array(orientation)

    def _base_velocity(self, rotation: Array) -> tuple[Array, Array]:
        """Linear [m/s] and angular [rad/s] velocity of the base link's frame, in the world."""
        linear, angular = (np.array(value) for value in self._client.getBaseVelocity(self._body.index))
        return linear - cross(angular, rotation @ np.array(self._body.inertial[0])), angular

    def _remember(self) -> None:
        """Note where the base is and how it moves, for means over the period that begins."""
        self._position_before, orientation = self._base_pose()
        self._velocity_before = self._base_velocity(quaternion_to_matrix(orientation))[0]

    def _tool_position(self) -> Array | None:
        body = self._body
        if body.tool is None or self._robot.simulation is None:
            return None
        state = self._client.getLinkState(body.index, body.tool, computeForwardKinematics=True)
        offset = np.array(self._robot.simulation.tool_offset)
        position = np.array(state[4]) + quaternion_to_matrix(np.array(state[5])) @ offset
        base, orientation = self._base_pose()
        return quaternion_to_matrix(orientation).T @ (position - base)

    def _measure(self) -> Measurement:
        position, velocity = self._joint_state()
        measurement = Measurement(
            position, velocity, self._actuators.effort.copy(), tool_position=self._tool_position()
        )
        if self._robot.floating_base:
            measurement = self._measure_base(position, velocity)
        if self._robot.passive:
            position, velocity = self._joint_state(self._body.passive)
            measurement = replace(measurement, passive_position=position, passive_velocity=velocity)
        return add_noise(measurement, self._settings.noise, self._noise_rng)

    def _measure_base(self, position: Array, velocity: Array) -> Measurement:
        base, orientation = self._base_pose()
        rotation = quaternion_to_matrix(orientation)
        linear, angular = self._base_velocity(rotation)
        acceleration = (linear - self._velocity_before) / self._period + _GRAVITY
        return Measurement(
            position,
            velocity,
            self._actuators.effort.copy(),
            imu_orientation=orientation,
            imu_angular_velocity=rotation.T @ angular,
            imu_linear_acceleration=rotation.T @ acceleration,
            base_position=base,
            base_orientation=orientation,
            base_linear_velocity=rotation.T @ (base - self._position_before) / self._period,
        )

    def show_goal(self, goal: Array | None) -> None:
        """Draw the goal as a small sphere."""
        if goal is None:
            return
        base, orientation = self._base_pose()
        position = (base + quaternion_to_matrix(orientation) @ goal).tolist()
        if self._goal_marker is None:
            shape = self._client.createVisualShape(pybullet.GEOM_SPHERE, radius=0.02, rgbaColor=[0.9, 0.1, 0.1, 1.0])
            self._goal_marker = self._client.createMultiBody(0.0, -1, shape, position)
        self._client.resetBasePositionAndOrientation(self._goal_marker, position, [0.0, 0.0, 0.0, 1.0])

    def truth(self) -> Truth:
        """The simulator's own state; contacts only if asked for at construction."""
        base, orientation = self._base_pose()
        contacts, slips = self._contacts() if self._track else (0, {})
        slip = float(np.mean([np.mean(values) for values in slips.values()])) if slips else 0.0
        return Truth(
            base, yaw_of(orientation), self._tool_position(), contacts, slip, len(slips), self._actuators.saturated
        )

    def _contacts(self) -> tuple[int, dict[int, list[float]]]:
        """Contacts that should not be, and the speed along the ground of each contact point of each foot [m/s]."""
        body, others = self._body, 0
        slips: dict[int, list[float]] = {}
        points = [point for world in self._world for point in self._client.getContactPoints(body.index, world)]
        for point in points:
            link, force = point[3], point[9]
            if force <= 0.0 or link in body.resting:  # without a force it is only near
                continue
            if link not in body.feet:
                others += 1
                continue
            state = self._client.getLinkState(body.index, link, computeLinkVelocity=True)
            velocity = np.array(state[6]) + cross(np.array(state[7]), np.subtract(point[5], state[0]))
            slips.setdefault(link, []).append(float(np.hypot(velocity[0], velocity[1])))
        return others, slips

    def render(self, width: int, height: int) -> np.ndarray:
        """A picture from the side, following a floating base."""
        return self._camera.picture(self._centre(), width, height)

    def _centre(self) -> list[float]:
        """What the camera looks at [m]."""
        base = self._base_pose()[0]
        return [float(base[0]), float(base[1]), 0.22] if self._robot.floating_base else [0.2, 0.0, 0.25]

    def close(self) -> None:
        """Disconnect from the simulator; once is enough, more do no harm."""
        if not self._closed:
            self._closed = True
            self._client.disconnect()


def data_path() -> Path:
    """Where PyBullet's own models lie, for a robot description."""
    return Path(pybullet_data.getDataPath())
