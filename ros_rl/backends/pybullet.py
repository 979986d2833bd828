# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots in PyBullet: torque-level PD for position commands, velocity motors for velocity commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from ros_rl.backends.backend import Backend, Truth
from ros_rl.backends.noise import add_noise
from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.resources import share_path
from ros_rl.robot import Robot
from ros_rl.rotations import quaternion_to_matrix, yaw_of
from ros_rl.settings import DriverSettings
from ros_rl.types import Array, Measurement

try:
    import pybullet
    import pybullet_data
    from pybullet_utils.bullet_client import BulletClient
except ImportError as error:
    raise MissingDependencyError("pybullet", "sim") from error


class PyBulletBackend(Backend):
    """One robot in a scene.

    Args:
        robot: What to load; its YAML's `simulation` section names the URDF and what differs there.
        settings: Physics, friction, noise.
        period: Control period [s].
        scene: Name of a file in `sim/scenes`.
        seed: Seed of the sensor noise.
        track_contacts: Compute contacts for `truth`; evaluation wants them, training does not.
    """

    def __init__(
        self,
        robot: Robot,
        settings: DriverSettings,
        period: float,
        scene: str = "plane",
        seed: int = 0,
        track_contacts: bool = False,
    ) -> None:
        self._robot, self._settings, self._period = robot, settings, period
        self._physics_step = 1.0 / settings.physics_rate_hz
        self._substeps = round(period / self._physics_step)
        self._noise_rng = np.random.default_rng([seed, 0x5E75])
        self._track = track_contacts
        self._client: Any = BulletClient(pybullet.GUI if settings.gui else pybullet.DIRECT)
        self._client.setAdditionalSearchPath(pybullet_data.getDataPath())
        self._client.setGravity(0.0, 0.0, -9.81)
        self._client.setPhysicsEngineParameter(
            fixedTimeStep=self._physics_step, numSolverIterations=settings.solver_iterations, numSubSteps=0
        )
        self._goal_marker: int | None = None
        self._load_scene(scene)
        self._load_robot()
        self._effort = np.zeros(robot.size)
        self._saturated = 0.0
        self._ramp_substeps = robot.command_ramp * self._substeps
        self._latency_substeps = settings.latency / self._physics_step

    def _load_scene(self, name: str) -> None:
        path = share_path("sim", "scenes") / f"{name}.yaml"
        self._world: list[int] = []
        for body in yaml.safe_load(path.read_text())["bodies"]:
            if "urdf" in body:
                index = self._client.loadURDF(body["urdf"], body["position"], useFixedBase=True)
            else:
                half = [size / 2 for size in body["box"]]
                index = self._client.createMultiBody(
                    0.0,
                    self._client.createCollisionShape(pybullet.GEOM_BOX, halfExtents=half),
                    self._client.createVisualShape(pybullet.GEOM_BOX, halfExtents=half, rgbaColor=body["colour"]),
                    body["position"],
                )
            self._client.changeDynamics(index, -1, lateralFriction=body["friction"])
            self._world.append(index)

    def _load_robot(self) -> None:
        simulation, robot = self._robot.simulation, self._robot
        urdf = simulation["urdf"]
        own = share_path("sim") / urdf
        self._spawn = [0.0, 0.0, float(simulation.get("spawn_height", 0.0))]
        self._body = self._client.loadURDF(
            str(own) if own.exists() else urdf,
            self._spawn,
            useFixedBase=not robot.floating_base,
            flags=pybullet.URDF_USE_SELF_COLLISION if simulation.get("self_collision") else 0,
        )
        joints: dict[str, int] = {}
        links: dict[str, int] = {}
        for index in range(self._client.getNumJoints(self._body)):
            info = self._client.getJointInfo(self._body, index)
            joints[info[1].decode()], links[info[12].decode()] = index, index
        renamed = simulation.get("joints", {})
        wanted = [renamed.get(name, name) for name in robot.joints]
        missing = [name for name in wanted if name not in joints]
        if missing:
            raise ConfigError(f"{urdf} has no joint {missing[0]}; it has {', '.join(joints)}")
        self._joints = [joints[name] for name in wanted]
        self._feet = [links[name] for name in simulation.get("feet", [])]
        self._tool = links[simulation["tool_link"]] if "tool_link" in simulation else None
        self._tool_offset = np.array(simulation.get("tool_offset", [0.0, 0.0, 0.0]))
        dynamics = self._client.getDynamicsInfo(self._body, -1)
        self._inertial = (dynamics[3], dynamics[4])  # PyBullet's base is the inertial frame, ROS's the link frame
        count = len(self._joints)
        self._client.setJointMotorControlArray(
            self._body, self._joints, pybullet.VELOCITY_CONTROL, targetVelocities=[0.0] * count, forces=[0.0] * count
        )
        for link in range(-1, self._client.getNumJoints(self._body)):
            self._client.changeDynamics(self._body, link, linearDamping=0.0, angularDamping=0.0)

    def reset(self, rng: np.random.Generator) -> Measurement:
        """Home pose with a little noise, foot friction drawn anew."""
        robot, noise = self._robot, self._settings.reset_noise
        self._client.resetBasePositionAndOrientation(self._body, self._spawn, [0.0, 0.0, 0.0, 1.0])
        self._client.resetBaseVelocity(self._body, [0.0] * 3, [0.0] * 3)
        positions = robot.home + rng.uniform(-noise, noise, robot.size)
        for joint, position in zip(self._joints, positions, strict=True):
            self._client.resetJointState(self._body, joint, position, 0.0)
        friction = rng.uniform(self._settings.friction_low, self._settings.friction_high)
        for foot in self._feet:
            self._client.changeDynamics(self._body, foot, lateralFriction=friction)
        self._position_before = self._base_pose()[0]
        self._effort = np.zeros(robot.size)
        self._saturated = 0.0
        if robot.floating_base:  # settle on the ground
            for _ in range(4):
                self._advance(robot.home, robot.home)
            self._position_before = self._base_pose()[0]
        return self._measure()

    def step(self, previous: Array, command: Array) -> Measurement:
        """Simulate one control period under `command`."""
        self._position_before = self._base_pose()[0]
        if self._robot.command_interface == "velocity":
            self._client.setJointMotorControlArray(
                self._body,
                self._joints,
                pybullet.VELOCITY_CONTROL,
                targetVelocities=list(command),
                forces=list(self._robot.limits.effort),
            )
            for _ in range(self._substeps):
                self._client.stepSimulation()
        else:
            self._advance(previous, command)
        return self._measure()

    def safe_step(self) -> Measurement:
        """Damp the legs, or hold the arm still."""
        self._position_before = self._base_pose()[0]
        robot = self._robot
        if robot.command_interface == "velocity":
            return self.step(np.zeros(robot.size), np.zeros(robot.size))
        for _ in range(self._substeps):
            _, velocity = self._joint_state()
            if robot.safety.safe_action == "damp":
                self._torque(-robot.safety.damping * velocity)
            self._client.stepSimulation()
        return self._measure()

    def _advance(self, previous: Array, command: Array) -> None:
        """PD at the physics rate; the target moves linearly from `previous` over the ramp's share of the period."""
        robot, saturated = self._robot, 0.0
        for substep in range(self._substeps):
            elapsed = substep + 1 - self._latency_substeps
            share = min(max(elapsed / max(self._ramp_substeps, 1e-9), 0.0), 1.0)
            target = previous + share * (command - previous)
            position, velocity = self._joint_state()
            torque = robot.stiffness * (target - position) - robot.damping * velocity
            saturated += float(np.mean(np.abs(torque) >= robot.limits.effort))
            self._torque(torque)
            self._client.stepSimulation()
        self._saturated = saturated / self._substeps

    def _torque(self, torque: Array) -> None:
        limit = self._robot.limits.effort
        self._effort = np.clip(torque, -limit, limit)
        self._client.setJointMotorControlArray(
            self._body, self._joints, pybullet.TORQUE_CONTROL, forces=self._effort.tolist()
        )

    def _joint_state(self) -> tuple[Array, Array]:
        states = self._client.getJointStates(self._body, self._joints)
        values = np.array([state[:2] for state in states])
        return values[:, 0], values[:, 1]

    def _base_pose(self) -> tuple[Array, Array]:
        position, orientation = self._client.getBasePositionAndOrientation(self._body)
        inverse = self._client.invertTransform(*self._inertial)
        position, orientation = self._client.multiplyTransforms(position, orientation, *inverse)
        return np.array(position), np.array(orientation)

    def _tool_position(self) -> Array | None:
        if self._tool is None:
            return None
        state = self._client.getLinkState(self._body, self._tool, computeForwardKinematics=True)
        return np.array(state[4]) + quaternion_to_matrix(np.array(state[5])) @ self._tool_offset

    def _measure(self) -> Measurement:
        position, velocity = self._joint_state()
        measurement = Measurement(position, velocity, self._effort.copy(), tool_position=self._tool_position())
        if self._robot.floating_base:
            base, orientation = self._base_pose()
            _, angular = self._client.getBaseVelocity(self._body)
            rotation = quaternion_to_matrix(orientation)
            measurement = Measurement(
                position,
                velocity,
                self._effort.copy(),
                imu_orientation=orientation,
                imu_angular_velocity=rotation.T @ np.array(angular),
                imu_linear_acceleration=rotation.T @ np.array([0.0, 0.0, 9.81]),
                base_position=base,
                base_orientation=orientation,
                base_linear_velocity=rotation.T @ (base - self._position_before) / self._period,
            )
        return add_noise(measurement, self._settings.noise, self._noise_rng)

    def show_goal(self, goal: Array | None) -> None:
        """Draw the goal as a small sphere."""
        if goal is None:
            return
        if self._goal_marker is None:
            shape = self._client.createVisualShape(pybullet.GEOM_SPHERE, radius=0.02, rgbaColor=[0.9, 0.2, 0.2, 0.9])
            self._goal_marker = self._client.createMultiBody(0.0, -1, shape, goal.tolist())
        self._client.resetBasePositionAndOrientation(self._goal_marker, goal.tolist(), [0.0, 0.0, 0.0, 1.0])

    def truth(self) -> Truth:
        """The simulator's own state; contacts only if asked for at construction."""
        base, orientation = self._base_pose()
        contacts, slips = 0, []
        if self._track:
            for world in self._world:
                touching = self._client.getContactPoints(self._body, world)
                contacts += sum(point[3] not in self._feet for point in touching if self._robot.floating_base)
                for foot in {point[3] for point in touching} & set(self._feet):
                    velocity = self._client.getLinkState(self._body, foot, computeLinkVelocity=True)[6]
                    slips.append(float(np.hypot(velocity[0], velocity[1])))
        slip = float(np.mean(slips)) if slips else 0.0
        return Truth(base, yaw_of(orientation), self._tool_position(), contacts, slip, len(slips), self._saturated)

    def render(self, width: int, height: int) -> np.ndarray:
        """A picture from the side, following a floating base."""
        floating = self._robot.floating_base
        target = self._base_pose()[0] if floating else np.array([0.25, 0.0, 0.25])
        view = self._client.computeViewMatrixFromYawPitchRoll(
            [target[0], target[1], 0.25], 1.1 if floating else 1.3, 25 if floating else 50, -18, 0, 2
        )
        projection = self._client.computeProjectionMatrixFOV(45.0, width / height, 0.05, 12.0)
        picture = self._client.getCameraImage(
            width, height, view, projection, shadow=1, renderer=pybullet.ER_TINY_RENDERER
        )[2]
        return np.reshape(np.asarray(picture, dtype=np.uint8), (height, width, 4))[:, :, :3]

    def close(self) -> None:
        """Disconnect from the simulator."""
        self._client.disconnect()


def data_path() -> Path:
    """Where PyBullet's own models lie, for a robot description."""
    return Path(pybullet_data.getDataPath())
