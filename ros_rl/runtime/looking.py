# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's cameras see in an episode in which an expert acts, or chance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ros_rl.runtime.person import scripted_person
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.sensors.cameras import camera_sensors
from ros_rl.settings.tree import Settings
from ros_rl.types import Command, Image, Tick

_HELD = 0.5  # s that what chance chose is held


def look(settings: Settings, seconds: float, pictures: int) -> dict[str, list[Image]]:
    """Pictures of each camera that looks, by the names of what it measures, evenly over an episode.

    Depth is shown as grey, the farther the brighter, and black where nothing was measured.

    Args:
        settings: Of the run; its expert acts where it acts alone.
        seconds: Length of the episode [s]; it may end earlier.
        pictures: How many of each at most.

    Raises:
        RosRlError: See `RobotWorld`.
    """
    world = RobotWorld(settings, settings.seed)
    names = [*camera_sensors(world.robot)]
    every = max(1, round(seconds / settings.control.period / pictures))
    found: dict[str, list[Image]] = {name: [] for name in names}
    try:
        world.restart(settings.seed, seconds)
        for step in world.episode(_decider(world, settings)):
            if step.tick.step % every == 0 and len(found[names[0]]) < pictures:
                for name in names:
                    found[name].append(step.tick.measurement[name])
    finally:
        world.close()
    return {name: list(shown) if shown[0].ndim == 3 else _grey(shown) for name, shown in found.items()}


def _decider(world: RobotWorld, settings: Settings) -> Callable[[Tick], Command]:
    person = scripted_person(settings, world.robot) if settings.expert.acts_alone else None
    rng, held = np.random.default_rng(settings.seed), max(1, round(_HELD / settings.control.period))
    commands = world.spec.map
    action = commands.random(rng)

    def decide(tick: Tick) -> Command:
        nonlocal action
        asked = None if person is None else person.command(tick)
        if asked is not None:
            return Command(tick.stamp, asked)
        if tick.step % held == 0:
            action = commands.random(rng)
        return Command(tick.stamp, commands.command(tick, action))

    return decide


def _grey(depths: list[np.ndarray]) -> list[Image]:
    brightest = max(1, max(int(depth.max()) for depth in depths))
    return [np.repeat((depth * 255.0 / brightest).astype(np.uint8)[..., None], 3, axis=-1) for depth in depths]
