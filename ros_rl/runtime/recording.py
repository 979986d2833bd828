# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An episode of a control graph in a simulator, to be looked at: pictures, contacts of the feet, velocities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.robot import Robot
from ros_rl.runs.episode_sheet import Panel, write_sheet
from ros_rl.runs.video import write_video
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Image, Truth, Verdict

_FRAMES = 200  # of a film at most, which keeps it small
_SHORTEST = 0.1  # s between frames; of a robot that is slower than that every tick is shown
_SIZE = (320, 240)  # px
_PARTS = ("forward [m/s]", "to the left [m/s]", "turning [rad/s]")


@dataclass(frozen=True)
class Recording:
    """What was seen of an episode.

    Attributes:
        frames: Pictures, one every `every` ticks.
        every: See there.
        period: Control period [s].
        touching: Whether each of the robot's contact links touched something at each tick, shape (ticks, links).
        velocity: Of the base, in its frame: forward and to the left [m/s], turning to the left [rad/s], (ticks, 3).
        asked: The velocity that was asked for, likewise; None where the task asks for none.
        rewards: Of each tick, shape (ticks,).
        fell: Why the episode ended before its time; empty if it did not.
    """

    frames: Sequence[Image]
    every: int
    period: float
    touching: NDArray[np.bool_]
    velocity: Array
    asked: Array | None
    rewards: Array
    fell: str

    @property
    def seconds(self) -> float:
        """Its length [s]."""
        return len(self.rewards) * self.period

    def write(self, film: Path, sheet: Path, robot: Robot) -> None:
        """Write it as a film and as a contact sheet; see `write_video` and `write_sheet`."""
        write_video(film, self.frames, self.every * self.period)
        feet = dict(zip(robot.contact_links, self.touching.T, strict=True)) if robot.legs else {}
        write_sheet(sheet, self.frames, self.seconds, feet, self._panels(robot))

    def _panels(self, robot: Robot) -> list[Panel]:
        """Real and commanded velocity; where none is asked for, that of what walks, and the reward of all others."""
        asked = self.asked
        if asked is None and not robot.legs:
            return [Panel("reward", {"": self.rewards})]
        if asked is None:
            return [Panel(_PARTS[0], {"real": self.velocity[:, 0]})]
        return [
            Panel(title, {"real": self.velocity[:, part], "commanded": asked[:, part]})
            for part, title in enumerate(_PARTS)
        ]


def record(graph: OnnxGraph, settings: Settings, seconds: float) -> Recording:
    """Let a control graph act for an episode, without exploring.

    Args:
        graph: What acts.
        settings: Of the run; its seed draws the start, the goals and the noise.
        seconds: Length of the episode [s]; the task's own time limit does not count.

    Raises:
        RosRlError: See `ros_rl.runtime.evaluation.Evaluator`.
    """
    settings = settings.headless().resetting()
    world = RobotWorld(settings, settings.seed, track_contacts=True)
    try:
        return _record(world, graph, settings, seconds)
    finally:
        world.close()


def _record(world: RobotWorld, graph: OnnxGraph, settings: Settings, seconds: float) -> Recording:
    period, robot = settings.control.period, world.robot
    control = world.control_loop(explore=0.0)
    control.use(graph)
    world.restart(settings.seed, seconds)
    every = max(min(2, math.ceil(_SHORTEST / period)), round(seconds / period / _FRAMES))
    frames, truths, asked, rewards = list[Image](), list[Truth](), list[Array](), list[float]()
    for step in world.episode(lambda tick: control.step(tick).command):
        if not step.ended and step.tick.step % every == 0:
            picture = world.render(*_SIZE)
            frames += [] if picture is None else [picture]
        if step.tick.step:
            truths.append(world.truth())
            rewards.append(step.reward)
            asked += [step.tick.inputs[VELOCITY_COMMAND]] if VELOCITY_COMMAND in step.tick.inputs else []
    fell = world.fault or ("the task ended it" if step.verdict is Verdict.TERMINATED else "")
    forces = np.array([truth.contact_force for truth in truths]).reshape(len(truths), len(robot.contact_links))
    return Recording(
        frames,
        every,
        period,
        forces > robot.contact_threshold,
        np.array([truth.base_velocity for truth in truths]),
        np.array(asked) if asked else None,
        np.array(rewards),
        fell,
    )
