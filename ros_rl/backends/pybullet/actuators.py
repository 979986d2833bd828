# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What drives the joints: torque-level PD for positions, motors for velocities, efforts as they are; joint by joint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ros_rl.backends.pybullet.client import pybullet
from ros_rl.backends.pybullet.model import Body
from ros_rl.backends.world.conditions import Conditions, nominal
from ros_rl.robot import EFFORT, VELOCITY, Robot
from ros_rl.types import Array


class Actuators:
    """The drives of one robot, which move the world on by the physics steps of a control period.

    Args:
        client: The world.
        body: The robot in it.
        robot: Its command interfaces, gains and limits.
        before_step: Called before each physics step, for forces of others.
    """

    def __init__(self, client: Any, body: Body, robot: Robot, before_step: Callable[[], None]) -> None:
        self._robot, self._body, self._before_step = robot, body, before_step
        self._step_simulation = client.stepSimulation
        self._get_joint_states = client.getJointStates
        self._set_motors = client.setJointMotorControlArray
        motors = robot.commanded_by(VELOCITY)
        self._motors, self._torques = _Group(motors, body), _Group(~motors, body)
        self._efforts = robot.commanded_by(EFFORT)[self._torques.joints]
        self.condition(nominal(robot.size))
        self.reset()

    def condition(self, conditions: Conditions) -> None:
        """Exert what an episode's conditions say from now on."""
        robot, drawn = self._robot, conditions
        self._strength = drawn.strength
        self._stiffness, self._damping = robot.stiffness * drawn.stiffness, robot.damping * drawn.damping
        self._reach = np.maximum(robot.limits.effort * drawn.strength - drawn.joint_friction, 0.0)
        """What motors that turn have left for it [N m], shape (joints,)."""

    def reset(self) -> None:
        """Forget what was exerted."""
        self.effort = np.zeros(self._robot.size)
        """What the joints exert [N m], shape (joints,)."""
        self.saturated = 0.0
        """Mean share of joints whose effort the limits cut in the last period."""
        self._held: Array | None = None

    def follow(self, targets: Array) -> None:
        """One control period towards commands, shape (substeps, joints)."""
        self._held = None
        joints = self._torques.joints
        self._run(targets, self._stiffness[joints], self._damping[joints], self._efforts)

    def be_safe(self, substeps: int) -> None:
        """One control period of the safe action.

        Joints with velocity commands stop. The others are damped, or kept where the first safe period found them.
        """
        robot, torques = self._robot, self._torques
        targets, none = np.zeros((substeps, robot.size)), np.zeros(torques.size, dtype=bool)
        if robot.safety.safe_action == "damp":
            self._run(targets, np.zeros(torques.size), np.full(torques.size, robot.safety.damping), none)
            return
        if torques.size:
            self._held = self._state(torques)[0] if self._held is None else self._held
            targets[:, torques.joints] = self._held
        self._run(targets, self._stiffness[torques.joints], self._damping[torques.joints], none)

    def _run(self, targets: Array, stiffness: Array, damping: Array, efforts: NDArray[np.bool_]) -> None:
        """One control period.

        Args:
            targets: Of all joints, shape (substeps, joints).
            stiffness: Gains of the joints under torque.
            damping: Gains of the joints under torque.
            efforts: Which of them have their effort as target, bool.
        """
        torques, motors, cut = self._torques, self._motors, 0
        driven, direct = not efforts.all(), efforts.any()
        for target in targets:
            if torques.size:
                wanted = target[torques.joints]
                if driven:
                    position, velocity = self._state(torques)
                    torque = stiffness * (wanted - position) - damping * velocity
                    wanted = np.where(efforts, wanted, torque) if direct else torque
                cut += self._exert(wanted)
            if motors.size:
                self._turn(target[motors.joints])
            self._before_step()
            self._step_simulation()
            if motors.size:
                cut += self._read_motors()
        self.saturated = cut / targets.size

    def _exert(self, wanted: Array) -> int:
        """Set the torques of the next substep; gives how many the limits cut."""
        joints, indices = self._torques.joints, self._torques.indices
        limit = self._robot.limits.effort[joints]
        within = np.minimum(np.maximum(wanted, -limit), limit)
        exerted = within * self._strength[joints]
        self._set_motors(self._body.index, indices, pybullet.TORQUE_CONTROL, forces=exerted.tolist())
        self.effort[joints] = exerted
        return int(np.count_nonzero(within != wanted))

    def _turn(self, target: Array) -> None:
        """Velocity motors within the effort limits, as an arm's own controller has them."""
        forces = self._reach[self._motors.joints].tolist()
        self._set_motors(
            self._body.index,
            self._motors.indices,
            pybullet.VELOCITY_CONTROL,
            targetVelocities=target.tolist(),
            forces=forces,
        )

    def _read_motors(self) -> int:
        """Note what the motors exerted in the last substep; gives how many were at their limits."""
        joints = self._motors.joints
        exerted = np.array([state[3] for state in self._get_joint_states(self._body.index, self._motors.indices)])
        self.effort[joints] = exerted
        return int(np.count_nonzero(np.abs(exerted) >= 0.999 * self._reach[joints]))

    def _state(self, group: _Group) -> tuple[Array, Array]:
        """Positions and velocities of a group."""
        states = np.array([state[:2] for state in self._get_joint_states(self._body.index, group.indices)])
        return states[:, 0], states[:, 1]


class _Group:
    """Joints that are driven alike.

    Args:
        chosen: Which of the robot's joints, bool, shape (joints,).
        body: The robot in the simulator.
    """

    def __init__(self, chosen: NDArray[np.bool_], body: Body) -> None:
        self.size = int(chosen.sum())
        self.joints: Any = slice(None) if chosen.all() else np.flatnonzero(chosen)
        """What picks them from arrays of all joints; a slice costs less where it is all of them."""
        self.indices = [index for index, own in zip(body.joints, chosen, strict=True) if own]
        """PyBullet's."""
