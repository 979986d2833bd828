# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Judges a control graph in a simulator of its own, by the simulator's truth, outside robot minutes and without ROS."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.robot import Robot
from ros_rl.runs.video import write_video
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.durations import Durations
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, Outcome, SafetyState, Tick, Truth, Verdict

_FRAME_EVERY = 2  # ticks
_FRAME_SIZE = (320, 240)
_DECISIONS = 1_000_000  # whose times are kept


@dataclass(frozen=True)
class Evaluation:
    """What a control graph came to.

    Attributes:
        episodes: Number of episodes.
        seconds_each: Length of an episode [s], unless it ended early.
        return_mean: Mean sum of rewards of an episode.
        task: What the task's `measures` found, by name.
        success_rate: Share of the episodes that the task succeeds in at their end; None if it knows of no success.
        terminations: Episodes that the task or a guard ended early.
        body: What the robot's body did, by name, as far as it has the parts: see `_of_the_body`.
        plan_ms: Time to run the graph past its warm-up [ms]: p50, p99 and max; empty for one that acts at random.
    """

    episodes: int
    seconds_each: float
    return_mean: float
    task: dict[str, float]
    success_rate: float | None
    terminations: int
    body: dict[str, float]
    plan_ms: dict[str, float]

    def to_mapping(self) -> dict[str, Any]:
        """Plain data for a summary, the task's measures among the rest."""
        return {
            "episodes": self.episodes,
            "seconds_each": self.seconds_each,
            "return_mean": self.return_mean,
            **self.task,
            **({} if self.success_rate is None else {"success_rate": self.success_rate}),
            "terminations": self.terminations,
            **self.body,
            "plan_ms": dict(self.plan_ms),
        }


@dataclass
class _Records:
    """What is gathered over all episodes."""

    outcomes: list[Outcome] = field(default_factory=list)
    returns: list[float] = field(default_factory=list)
    successes: list[bool] = field(default_factory=list)
    truths: list[Truth] = field(default_factory=list)
    durations: Durations = field(default_factory=lambda: Durations(_DECISIONS))
    frames: list[np.ndarray] = field(default_factory=list)

    def summarise(self, settings: Settings, robot: Robot, seconds: float) -> Evaluation:
        task = [measure.summarise(self.outcomes) for measure in settings.task.measures]
        return Evaluation(
            episodes=len(self.outcomes),
            seconds_each=seconds,
            return_mean=float(np.mean(self.returns)),
            task={key: value for part in task for key, value in part.items()},
            success_rate=float(np.mean(self.successes)) if self.successes else None,
            terminations=sum(outcome.terminated for outcome in self.outcomes),
            body=_of_the_body(robot, self.truths),
            plan_ms=self.durations.milliseconds(),
        )


def _of_the_body(robot: Robot, truths: Sequence[Truth]) -> dict[str, float]:
    """Contacts where the robot has parts that are to touch and others that are not: feet, or the base of an arm.

    Of legs: ``contacts_not_feet``, the share of ticks with a contact other than by the feet; ``foot_slip``, the mean
    speed of the feet on the ground along it [m/s], if they touched it; ``saturated``, the mean share of joint torques
    at their limit. Of arms: ``contacts``, the share of ticks with a contact other than by the fixed base.
    """
    contacts = float(np.mean([truth.fallen_contacts > 0 for truth in truths]))
    if robot.simulation is not None and robot.simulation.feet:
        slips = [truth.foot_slip for truth in truths if truth.feet_in_contact]
        slip = {"foot_slip": float(np.mean(slips))} if slips else {}
        saturated = float(np.mean([truth.saturated for truth in truths]))
        return {"contacts_not_feet": contacts, **slip, "saturated": saturated}
    return {"contacts": contacts} if robot.tool_frame is not None and not robot.floating_base else {}


class Evaluator:
    """Keeps one simulator and judges graph after graph in it.

    The same seed gives each the same starts and noise, unless the settings want them `fresh`.

    Args:
        settings: Of the run; its noise, delay and friction hold here, too.
        seed: Of starts, goals, friction, noise and planning.
    """

    def __init__(self, settings: Settings, seed: int) -> None:
        self._settings, self._seed = settings.headless().resetting(), seed
        self._world = RobotWorld(self._settings, seed, track_contacts=True)

    def evaluate(
        self,
        graph: OnnxGraph,
        episodes: int,
        seconds: float,
        video: Path | None = None,
        draw: int = 0,
        watch: Callable[[Tick], None] | None = None,
    ) -> Evaluation:
        """Run whole episodes without exploring.

        Args:
            graph: What acts.
            episodes: How many.
            seconds: Length of each [s]; the task's own time limit does not count.
            video: Where to write a film of the first episode (`write_video`); None for no video.
            draw: Names this evaluation's starts and noise, where they are drawn anew for each.
            watch: Is given every tick; None if nobody looks.

        Raises:
            ContractError: The graph is for something else.
            GraphError: It failed, or gave a non-finite action.
        """
        control = self._world.control_loop(explore=0.0)
        control.use(graph)
        self._world.restart(self._seed + (draw if self._settings.evaluator.fresh else 0), seconds)
        records = _Records()
        for episode in range(episodes):
            self._episode(control, seconds, records, video is not None and episode == 0, watch)
            if video is not None and episode == 0:
                write_video(video, records.frames, _FRAME_EVERY * self._settings.control.period)
        return records.summarise(self._settings, self._world.robot, seconds)

    def _episode(
        self,
        control: ControlLoop,
        seconds: float,
        records: _Records,
        film: bool,
        watch: Callable[[Tick], None] | None,
    ) -> None:
        def decide(tick: Tick) -> Command:
            decision = control.step(tick)
            if decision.typical:
                records.durations.add(decision.graph_seconds)
            return decision.command

        first, total, asked = len(records.truths), 0.0, list[Mapping[str, Array]]()
        for step in self._world.episode(decide):
            if watch is not None:
                watch(step.tick)
            records.truths.append(self._world.truth())
            asked.append(step.tick.inputs)
            total += step.reward
            if film and not step.ended and step.tick.step % _FRAME_EVERY == 0:
                self._film(records.frames)
        truths = records.truths[first:]
        cut = step.verdict is Verdict.TERMINATED or step.tick.safety is not SafetyState.RUNNING
        period = self._settings.control.period
        records.outcomes.append(Outcome(truths[0], truths[-1], asked[-1], seconds, cut, truths, asked, period=period))
        records.returns.append(total)
        if step.succeeded is not None:
            records.successes.append(step.succeeded and not cut)

    def _film(self, frames: list[np.ndarray]) -> None:
        picture = self._world.render(*_FRAME_SIZE)
        if picture is not None:
            frames.append(picture)

    def close(self) -> None:
        """Release the simulator."""
        self._world.close()


def evaluate(
    graph: OnnxGraph, settings: Settings, episodes: int, seconds: float, seed: int, video: Path | None = None
) -> Evaluation:
    """Judge one graph; see `Evaluator`."""
    evaluator = Evaluator(settings, seed)
    try:
        return evaluator.evaluate(graph, episodes, seconds, video)
    finally:
        evaluator.close()
