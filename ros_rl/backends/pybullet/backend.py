# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots in PyBullet: a robot's world, its sensors and what really happens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ros_rl.backends.backend import EMPTY, Scenario, Simulator, Truth
from ros_rl.backends.pybullet.actuators import Actuators
from ros_rl.backends.pybullet.camera import Camera
from ros_rl.backends.pybullet.markers import Markers
from ros_rl.backends.pybullet.objects import named
from ros_rl.backends.pybullet.scene import connect, load_robot, load_scene, pose
from ros_rl.backends.pybullet.sensors import Instant, check_measures, measure
from ros_rl.backends.sensor_noise import add_noise
from ros_rl.robot import Robot
from ros_rl.rotations import cross, yaw_of
from ros_rl.settings.backends import PyBulletSettings
from ros_rl.types import Array, Measurement

_SETTLE = 4  # control periods in which a floating base comes to stand on the ground


class PyBulletBackend(Simulator):
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
        super().__init__(robot)
        self._robot, self._settings, self._period = robot, settings, period
        self._seed, self._track = scenario.seed, scenario.track_contacts
        self._noise_rng = np.random.default_rng(scenario.seed)
        self._client = connect(settings)
        self._scene = load_scene(self._client, scenario.scene)
        self._body = load_robot(self._client, robot)
        check_measures(robot, self._body)
        named(self._scene.objects, robot.objects, scenario.scene)
        self._camera = Camera(self._client, robot)
        self._markers = Markers(self._client)
        self._closed = False
        if settings.gui:
            self._camera.follow(np.array(self._body.spawn))
        self._actuators = Actuators(self._client, self._body, robot)
        self._plan_ramp(round(period * settings.physics_rate_hz))
        self._older = robot.neutral_command
        self._before: Instant | None = None

    def _plan_ramp(self, substeps: int) -> None:
        """How far, at each substep, the target has moved to the newest command, and before that to the last one."""
        elapsed = np.arange(1, substeps + 1) - self._settings.latency * self._settings.physics_rate_hz
        ramp = max(self._robot.command_ramp * substeps, 1e-9)
        self._share = np.clip(elapsed / ramp, 0.0, 1.0)[:, None]
        self._late = int(np.count_nonzero(elapsed <= 0.0))
        self._late_share = np.clip((elapsed[: self._late] + substeps) / ramp, 0.0, 1.0)[:, None]

    def begin(self, rng: np.random.Generator) -> Measurement:
        """Home pose with a little noise, foot friction drawn anew."""
        robot, noise = self._robot, self._settings.reset_noise
        index = self._body.index
        base = self._client.multiplyTransforms(self._body.spawn, [0.0, 0.0, 0.0, 1.0], *self._body.inertial)
        self._client.resetBasePositionAndOrientation(index, *base)
        self._client.resetBaseVelocity(index, [0.0] * 3, [0.0] * 3)
        positions = np.clip(robot.home + rng.uniform(-noise, noise, robot.size), robot.limits.lower, robot.limits.upper)
        passive = robot.passive_home + rng.uniform(-noise, noise, len(robot.passive))
        pose(self._client, self._body, positions, passive)
        friction = rng.uniform(self._settings.friction_low, self._settings.friction_high)
        for foot in self._body.feet:
            self._client.changeDynamics(index, foot, lateralFriction=friction)
        for item in self._scene.objects.values():
            item.reset(self._client, rng)
        self._noise_rng = np.random.default_rng([self._seed, int(rng.integers(2**31))])
        self._older = robot.neutral_command
        self._actuators.reset()
        if robot.floating_base:
            for _ in range(_SETTLE):
                self._advance(robot.neutral_command, robot.neutral_command)
        self._before = None
        return self._measure()

    def step(self, previous: Array, command: Array) -> Measurement:
        """Simulate one control period under `command`."""
        self._before = self._now().keep()
        self._advance(previous, command)
        if self._settings.gui and self._robot.floating_base:
            self._camera.follow(self._now().pose[0])
        return self._measure()

    def safe_step(self) -> Measurement:
        """See `Actuators.be_safe`."""
        self._before = self._now().keep()
        self._actuators.be_safe(len(self._share))
        return self._measure()

    def _advance(self, previous: Array, command: Array) -> None:
        """The target moves linearly from `previous` over the ramp's share of the period, late by the latency."""
        targets = previous + self._share * (command - previous)
        if self._late:
            targets[: self._late] = self._older + self._late_share * (previous - self._older)
        self._older = previous
        self._actuators.follow(targets)

    def _now(self) -> Instant:
        effort = self._actuators.effort.copy()
        world, objects = self._scene.world, self._scene.objects
        return Instant(self._client, world, self._body, self._robot, effort, self._period, self._before, objects)

    def _measure(self) -> Measurement:
        return add_noise(measure(self._now()), self._settings.noise, self._noise_rng)

    def show_inputs(self, inputs: Mapping[str, Array]) -> None:
        """Draw places that are asked for as small spheres."""
        self._markers.show(inputs, self._now)

    def truth(self) -> Truth:
        """The simulator's own state; contacts only if asked for at construction."""
        now, has_tool = self._now(), self._body.tool is not None
        base, orientation = now.pose
        contacts, slips = self._contacts() if self._track else (0, {})
        linear, angular = (now.rotation.T @ part for part in now.velocity)
        return Truth(
            base_position=base,
            base_yaw=yaw_of(orientation),
            tool_position=now.tool if has_tool else None,
            fallen_contacts=contacts,
            foot_slip=float(np.mean([np.mean(values) for values in slips.values()])) if slips else 0.0,
            feet_in_contact=len(slips),
            saturated=self._actuators.saturated,
            base_orientation=orientation,
            base_velocity=np.array([linear[0], linear[1], angular[2]]),
            tool_orientation=now.tool_orientation if has_tool else None,
            tool_velocity=now.tool_velocity if has_tool else None,
            joint_position=now.joints[0],
            contact_force=now.contact_force,
            objects=now.object_poses,
        )

    def _contacts(self) -> tuple[int, dict[int, list[float]]]:
        """Contacts that should not be, and the speed along the ground of each contact point of each foot [m/s]."""
        body, others = self._body, 0
        slips: dict[int, list[float]] = {}
        points = [point for world in self._scene.world for point in self._client.getContactPoints(body.index, world)]
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

    def pose(self, positions: Array) -> None:
        """Put the joints at positions [rad or m], shape (joints,), without time passing; for pictures."""
        pose(self._client, self._body, positions, self._robot.passive_home)

    def render(self, width: int, height: int) -> np.ndarray:
        """A picture from the side, following a floating base."""
        return self._camera.picture(self._now().pose[0], width, height)

    def close(self) -> None:
        """Disconnect from the simulator; once is enough, more do no harm."""
        if not self._closed:
            self._closed = True
            self._client.disconnect()
