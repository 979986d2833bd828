# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the collector does, without ROS: verdicts and transitions from consecutive ticks (contract 5)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ros_rl.features import ObservationSpec
from ros_rl.layout import Fields
from ros_rl.tasks import Task
from ros_rl.types import Array, Image, SafetyState, Tick, Transition, Verdict

_ENOUGH_STARTS = 20  # in a row; one that is unlucky now and then is no fault


@dataclass(frozen=True)
class _Seen:
    """What is seen of a tick.

    Attributes:
        observation: The agent's, flat.
        images: Beside it, by name.
        judged: Flat, of the fields by which the task judges.
    """

    observation: Array
    images: Mapping[str, Image]
    judged: Array


@dataclass
class Counts:
    """What became of the ticks.

    Every tick is exactly one of: the first of its chain, a transition's end, or the end of a dropped step:
    ``ticks = starts + transitions + dropped``.
    """

    ticks: int = 0
    starts: int = 0
    transitions: int = 0
    dropped: int = 0


class TransitionBuilder:
    """Pairs consecutive ticks of an episode.

    Args:
        spec: Layout of observations.
        task: Reward and termination.
        period: Control period [s].
        source: Name of the robot that transitions are experience of; empty where there is one only.
        ends: Whether the task ends episodes, by its termination and its time; a person who drives does by letting go.
    """

    def __init__(self, spec: ObservationSpec, task: Task, period: float, source: str = "", ends: bool = True) -> None:
        self._spec, self._task, self._source, self._ends = spec, task, source, ends
        steps = task.episode_seconds / period
        self._limit = max(1, round(steps)) if math.isfinite(steps) else math.inf
        self._last: Tick | None = None
        self._verdict = Verdict.CONTINUE
        self._seen = _Seen(np.zeros(spec.size), {}, np.zeros(spec.judged.size))
        self.counts = Counts()
        self.metrics: dict[str, float] = {}
        """The task's metrics of the newest tick."""
        self.succeeded: bool | None = None
        """Whether the task succeeds in the newest tick; None if it knows of no success."""
        self.ended_at_start = 0
        """Episodes in a row that the task ended in the state in which they began, before anything could be done."""

    def add(self, tick: Tick) -> tuple[Verdict, Transition | None]:
        """Judge a tick and complete the transition that it ends, if the chain to it is whole.

        A tick that was seen before is judged again but counted and paired once (ticks are repeated in lock-step).
        """
        if self._last is not None and tick.stamp == self._last.stamp:
            return self._verdict, None
        self.counts.ticks += 1
        seen = self._see(tick)
        fields = self._spec.judged.split(seen.judged)
        self.metrics = self._task.metrics(fields)
        after = self._as_asked(tick, fields)
        success = self._task.succeeded(after)
        self.succeeded = None if success is None else bool(success)
        terminated = bool(self._task.terminated(fields))
        truncated = self._ends and tick.step >= self._limit
        self._verdict = Verdict.TERMINATED if terminated else Verdict.TRUNCATED if truncated else Verdict.CONTINUE
        if tick.safety is not SafetyState.RUNNING or not self._ends:
            self._verdict = Verdict.CONTINUE  # the driver decides when it recovers
        transition = None
        last = self._last
        if last is None or tick.episode != last.episode:
            self.counts.starts += 1
            self.ended_at_start = self.ended_at_start + 1 if self._verdict is Verdict.TERMINATED else 0
        elif tick.index != last.index + 1 or not tick.intact or tick.safety is not SafetyState.RUNNING:
            self.counts.dropped += 1
        else:
            transition = self._transition(last, tick, seen, after, terminated, truncated)
            self.counts.transitions += transition is not None
            self.counts.dropped += transition is None
        self._last, self._seen = tick, seen
        return self._verdict, transition

    @property
    def problem(self) -> str:
        """Why nothing can be learned of what happens; empty if there is nothing wrong."""
        if self.ended_at_start < _ENOUGH_STARTS:
            return ""
        return (
            f"task '{self._task.name}' ended the last {self.ended_at_start} episodes in the state in which they began: "
            "its termination, or where the robot starts, is wrong"
        )

    def _see(self, tick: Tick) -> _Seen:
        spec = self._spec
        observation = spec.observe(tick)
        judged = observation if spec.judged is spec else spec.judged.observe(tick)
        return _Seen(observation, spec.look(tick), judged)

    def _as_asked(self, tick: Tick, fields: Fields) -> Fields:
        """The fields, with the goals that held while the step to this tick acted; the next ones may differ."""
        if self._last is None or tick.episode != self._last.episode:
            return fields
        judged = self._spec.judged
        before = judged.split(self._seen.judged)
        return {**fields, **{item.name: before[item.name] for item in judged.fields if item.kind == "goal"}}

    def _transition(
        self, last: Tick, tick: Tick, seen: _Seen, after: Fields, terminated: bool, truncated: bool
    ) -> Transition | None:
        """The step between two ticks; None where what was decided is no action of the agent's."""
        before = self._spec.judged.split(self._seen.judged)
        newest = tick.pending_commands[-1] if self._spec.delay else tick.previous_command
        action = self._spec.map.decided(last, newest)
        if action is None:
            return None
        reward = self._task.reward(before, before["last_action"], after["last_action"], after)
        return Transition(
            tick=last.index,
            episode=tick.episode,
            observation=self._seen.observation,
            action=action,
            reward=float(reward),
            next_observation=seen.observation,
            terminated=terminated,
            truncated=truncated and not terminated,
            source=self._source,
            images=self._seen.images,
            next_images=seen.images,
            by_person=tick.by_person,
        )
