# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What one episode meets: drawn once, at its beginning."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ros_rl.settings.world import WorldSettings
from ros_rl.types import Array


@dataclass(frozen=True)
class Conditions:
    """Of one episode; what is of joints has shape (joints,).

    Attributes:
        friction: Of the feet.
        payload: Carried mass [kg].
        centre_shift: Of the trunk's centre of mass [m], shape (3,).
        restitution: Of the feet.
        foot_give: Time constant in which feet push back [s]; 0 for the engine's own.
        strength: Share of its effort that a motor exerts.
        stiffness: Share of the joint's stiffness.
        damping: Share of the joint's damping.
        joint_friction: Dry, besides the model's [N m].
        joint_damping: Viscous, besides the model's [N m s/rad].
        armature: Inertia of rotors [kg m^2].
        latency: Of commands, besides `driver.backend.latency` [s].
    """

    friction: float
    payload: float
    centre_shift: Array
    restitution: float
    foot_give: float
    strength: Array
    stiffness: Array
    damping: Array
    joint_friction: Array
    joint_damping: Array
    armature: Array
    latency: float


def draw_conditions(world: WorldSettings, friction: float, joints: int, rng: np.random.Generator) -> Conditions:
    """Those of the next episode.

    Args:
        world: Ranges.
        friction: Of the feet, drawn already.
        joints: How many are commanded.
        rng: Draws all else.
    """
    shift = np.array(world.centre_shift)
    return Conditions(
        friction=friction,
        payload=rng.uniform(*world.payload),
        centre_shift=rng.uniform(-shift, shift),
        restitution=rng.uniform(*world.restitution),
        foot_give=rng.uniform(*world.foot_give),
        strength=rng.uniform(*world.motor_strength, joints),
        stiffness=rng.uniform(*world.stiffness, joints),
        damping=rng.uniform(*world.damping, joints),
        joint_friction=rng.uniform(*world.joint_friction, joints),
        joint_damping=rng.uniform(*world.joint_damping, joints),
        armature=rng.uniform(*world.armature, joints),
        latency=rng.uniform(*world.latency),
    )


def nominal(joints: int) -> Conditions:
    """Those of the model itself."""
    return draw_conditions(WorldSettings(), 1.0, joints, np.random.default_rng(0))
