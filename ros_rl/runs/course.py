# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far a run is, and how long it will still take."""

from __future__ import annotations

from collections import deque

from ros_rl.runs.state import RunState
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask

_WINDOW = 120.0  # s, whose pace counts
_SAMPLE = 0.5  # s between two of it
_PACE = 5.0  # s, in which a pace shows


class Course:
    """Follows what is done of all that is to be done.

    Args:
        total: What is to be done, in steps or updates; None: no end is known.
        counted: The figure of the progress that counts it.
        slow_from: What is done at another pace than the rest, such as a warm-up.
        final_share: Work of the final evaluation, in that of one on the way.
        rate: Steps of a second of robot time [Hz]; None: it is no robot.
    """

    def __init__(
        self,
        total: float | None,
        counted: str = "env_steps",
        slow_from: float = 0.0,
        final_share: float = 1.0,
        rate: float | None = None,
    ) -> None:
        self.total, self.counted = total, counted
        self.minutes = total / rate / 60 if total and rate else None
        """All of the robot time [min]; None where no end is known, or it is no robot."""
        self._slow_from, self._final_share = slow_from, final_share
        self._samples: deque[tuple[float, float]] = deque()  # time [s], done
        self._done = 0.0
        self._judged = 0
        self._evaluation = 0.0
        """How long the newest evaluation took [s]."""

    @classmethod
    def of_training(cls, settings: Settings) -> Course:
        """Of a training: its robot time, or the updates of an agent that learns from a log."""
        agent, evaluator = settings.agent, settings.evaluator
        final = evaluator.final_episodes / evaluator.episodes
        if agent.offline:
            return cls(getattr(agent, "updates", None), "updates", final_share=final)
        rate = None if settings.task.name == GymTask.name else settings.control.rate_hz
        return cls(settings.training_steps, "env_steps", settings.learner.warmup_steps, final, rate)

    @classmethod
    def of_acting(cls, settings: Settings, robot_minutes: float | None) -> Course:
        """Of a controller that acts.

        Args:
            settings: Of the run.
            robot_minutes: Limit [min]; None for none.
        """
        rate = settings.control.rate_hz
        return cls(None if robot_minutes is None else max(1, round(robot_minutes * 60 * rate)), rate=rate)

    def follow(self, state: RunState, now: float) -> None:
        """Take notice of where a run is.

        Args:
            state: Of the run.
            now: Any steady clock [s].
        """
        self._done = float(state.progress.get(self.counted, 0.0))
        self._note_evaluations(state, now)
        samples = self._samples
        if self._done <= self._slow_from or (samples and samples[-1][1] > self._done):
            samples.clear()
        elif not samples or now - samples[-1][0] >= _SAMPLE:
            samples.append((now, self._done))
        while samples and now - samples[0][0] > _WINDOW:
            samples.popleft()

    def _note_evaluations(self, state: RunState, now: float) -> None:
        """One is asked for when its step is reached, and takes until it is there."""
        if len(state.evaluations) > self._judged and self._samples:
            asked = float(state.evaluations[-1]["env_steps"])
            since = next((when for when, done in self._samples if done >= asked), self._samples[-1][0])
            self._evaluation = now - since
        self._judged = len(state.evaluations)

    @property
    def share(self) -> float | None:
        """Of the whole that is done, 0 to 1; None where no end is known."""
        return None if not self.total else min(1.0, self._done / self.total)

    @property
    def seconds_left(self) -> float | None:
        """By the pace of late, evaluations and the last one among them [s]; None where nothing can be said."""
        if not self.total or len(self._samples) < 2:
            return None
        (first, before), (last, done) = self._samples[0], self._samples[-1]
        if last - first < _PACE or done <= before:
            return None
        return (self.total - self._done) * (last - first) / (done - before) + self._evaluation * self._final_share


def spoken(seconds: float) -> str:
    """A time as people say it.

    Args:
        seconds: The time [s].
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes // 60:.0f} h {minutes % 60:.0f} min"
