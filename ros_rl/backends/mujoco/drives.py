# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What drives the joints in MuJoCo: PD for positions, servos for velocities, efforts as they are; all within limits."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.mujoco.client import mujoco
from ros_rl.backends.mujoco.world import World
from ros_rl.backends.world.conditions import Conditions, nominal
from ros_rl.robot import POSITION, VELOCITY, Robot
from ros_rl.types import Array

_AT_LIMIT = 0.999  # of the effort limit


class Drives:
    """The drives of one robot, which move the world on by the physics steps of a control period.

    MuJoCo itself makes an effort of a command: linear in it, the joint's position and its velocity.

    Args:
        world: The robot's.
        robot: Its command interfaces, gains and limits.
    """

    def __init__(self, world: World, robot: Robot) -> None:
        self._world, self._robot = world, robot
        self._turning = robot.commanded_by(VELOCITY)
        self._servo = VelocityServo(world, robot) if self._turning.any() else None
        self.condition(nominal(robot.size))
        self.reset()

    def condition(self, conditions: Conditions) -> None:
        """Exert what an episode's conditions say from now on."""
        robot, turning = self._robot, self._turning[:, None]
        stiffness, damping = robot.stiffness * conditions.stiffness, robot.damping * conditions.damping
        direct, damped = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, -robot.safety.damping])
        held = np.column_stack([stiffness, -stiffness, -damping])
        strength = np.where(turning, 1.0, conditions.strength[:, None])  # a servo makes up for less, up to its limit
        self._gains = strength * np.where(robot.commanded_by(POSITION)[:, None], held, direct)
        safe = damped if robot.safety.safe_action == "damp" else held
        self._safe_gains = strength * np.where(turning, direct, safe)
        limit = robot.limits.effort * conditions.strength
        self._world.model.actuator_forcerange[:] = np.column_stack([-limit, limit])
        self._limit = _AT_LIMIT * limit
        if self._servo is not None:
            self._servo.limit = limit[self._turning]

    def reset(self) -> None:
        """Forget what was exerted."""
        self.effort = np.zeros(self._robot.size)
        """What the joints exert [N m or N], shape (joints,)."""
        self.saturated = 0.0
        """Mean share of joints whose effort was at its limit in the last period."""
        self._held: Array | None = None
        self._set(self._gains)

    def follow(self, targets: Array) -> None:
        """One control period towards commands, shape (substeps, joints)."""
        self._held = None
        self._run(targets, self._gains)

    def be_safe(self, substeps: int) -> None:
        """One control period of the safe action; see `Engine.be_safe`."""
        if self._held is None:
            self._held = np.where(self._turning, 0.0, self._world.state_of(self._world.joints)[0])
        self._run(np.tile(self._held, (substeps, 1)), self._safe_gains)

    def _run(self, targets: Array, gains: Array) -> None:
        self._set(gains)
        model, data = self._world.model, self._world.data
        cut = 0
        for target in targets:
            data.ctrl[:] = target
            if self._servo is not None:
                data.ctrl[self._turning] = self._servo.effort(target[self._turning])
            self._world.step()
            cut += int(np.count_nonzero(np.abs(data.actuator_force) >= self._limit))
        self.effort = data.actuator_force.copy()
        self.saturated = cut / targets.size
        mujoco.mj_forward(model, data)  # positions of links and contacts belong to the new state

    def _set(self, gains: Array) -> None:
        self._world.model.actuator_gainprm[:, 0] = gains[:, 0]
        self._world.model.actuator_biasprm[:, 1:3] = gains[:, 1:]


class VelocityServo:
    """Efforts that bring joints to their velocities in one physics step, as PyBullet's motors and arms' own do.

    They add to the last efforts what the accelerations still lack, by the inertia that the joints move: so gravity,
    friction and contacts are made up for, too, one step later.

    Args:
        world: The robot's.
        robot: Its joints with velocity commands.
    """

    def __init__(self, world: World, robot: Robot) -> None:
        self._world = world
        self._chosen = np.flatnonzero(robot.commanded_by(VELOCITY))
        self.limit = robot.limits.effort[self._chosen]
        """Of the efforts [N m], shape (turning joints,)."""
        self._dofs = world.model.jnt_dofadr[np.array(world.joints)[self._chosen]]
        self._units = np.zeros((self._chosen.size, world.model.nv))
        self._units[np.arange(self._chosen.size), self._dofs] = 1.0
        self._moved = self._units.copy()

    def effort(self, velocities: Array) -> Array:
        """Those of the next physics step [N m], shape (turning joints,).

        Args:
            velocities: To be reached [rad/s], shape (turning joints,).
        """
        model, data = self._world.model, self._world.data
        mujoco.mj_solveM(model, data, self._moved, self._units)
        wanted = (velocities - data.qvel[self._dofs]) / model.opt.timestep
        last = data.actuator_force[self._chosen]
        return last + within(
            self._moved[:, self._dofs], wanted - data.qacc[self._dofs], -self.limit - last, self.limit - last
        )


def within(response: Array, wanted: Array, low: Array, high: Array) -> Array:
    """Efforts that accelerate joints as wanted, as far as limits permit: what one lacks, the others make up for.

    The effort that is the farthest beyond its limits is held there and the rest solved for anew, one after the other.
    Cut all at once, those of light links would be what goes with a stronger push of the others than there is.

    Args:
        response: Accelerations by efforts [rad/s^2 by N m], shape (joints, joints).
        wanted: Accelerations [rad/s^2], shape (joints,).
        low: Lowest efforts [N m].
        high: Highest.
    """
    effort = np.asarray(np.linalg.solve(response, wanted), dtype=np.float64)
    free = np.ones(len(wanted), dtype=bool)
    width = np.where(np.isfinite(high - low) & (high > low), high - low, 1.0)
    while free.any():
        beyond = np.where(free, np.maximum(low - effort, effort - high) / width, 0.0)
        worst = int(beyond.argmax())
        if beyond[worst] <= 0.0:
            break
        effort[worst] = np.clip(effort[worst], low[worst], high[worst])
        free[worst] = False
        rest = wanted - response[:, ~free] @ effort[~free]
        effort[free] = np.linalg.solve(response[np.ix_(free, free)], rest[free])
    return effort
