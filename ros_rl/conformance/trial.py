# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task tried out: a few random episodes in its own simulator, and all that was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from ros_rl.backends import make_backend
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, Outcome, Tick, Transition, Truth

EPISODES, STEPS = 2, 15


@dataclass(frozen=True)
class Episode:
    """One of them.

    Attributes:
        observations: Shape (steps + 1, size).
        steps: Of each tick; 0 again where a guard tripped and another episode began.
        inputs: What was asked for at each tick.
        transitions: Those of intact steps; fewer where a guard tripped.
        metrics: The task's, of each tick.
        truths: At each tick; empty where the backend knows none.
    """

    observations: Array
    steps: Sequence[int]
    inputs: Sequence[Mapping[str, Array]]
    transitions: Sequence[Transition]
    metrics: Sequence[Mapping[str, float]]
    truths: Sequence[Truth]

    def outcome(self, period: float) -> Outcome:
        """What it came to, as an evaluation sees it.

        Args:
            period: Control period [s].
        """
        truths, inputs = self.truths, self.inputs
        return Outcome(truths[0], truths[-1], inputs[-1], STEPS * period, False, truths, inputs, period=period)


class Trial:
    """Random episodes of one task.

    Args:
        settings: Of the task.
        seed: Of starts, inputs, noise and actions.
    """

    def __init__(self, settings: Settings, seed: int = 0) -> None:
        self.settings, self.seed = settings.headless(), seed
        self.task, self.robot = settings.task, settings.load_robot()
        self.spec = settings.observation_spec(self.robot)

    @cached_property
    def episodes(self) -> list[Episode]:
        """They."""
        return self.roll_out()

    def roll_out(self, vandal: bool = False) -> list[Episode]:
        """Run them.

        Args:
            vandal: Overwrite every array that was given, once it has been read.
        """
        backend = make_backend(self.settings, self.seed)
        try:
            driver = make_driver_loop(self.settings, self.robot, backend, self.seed, auto_recover=True)
            rng = np.random.default_rng(self.seed)
            return [self._episode(driver, backend.truth, rng, vandal) for _ in range(EPISODES)]
        finally:
            backend.close()

    def _episode(self, driver: DriverLoop, truth: Any, rng: np.random.Generator, vandal: bool) -> Episode:
        builder = TransitionBuilder(self.spec, self.task, self.settings.control.period)
        seen, steps, asked, transitions, metrics, truths = [], [], [], [], [], []
        for tick in self._ticks(driver, rng, vandal):
            seen.append(self.spec.observe(tick))
            steps.append(tick.step)
            asked.append({name: value.copy() for name, value in tick.inputs.items()})
            _, transition = builder.add(tick)
            metrics.append(builder.metrics)
            truths.append(truth())
            if transition is not None:
                transitions.append(transition)
        known = [] if truths[0] is None else truths
        return Episode(np.array(seen), steps, asked, transitions, metrics, known)

    def _ticks(self, driver: DriverLoop, rng: np.random.Generator, vandal: bool) -> Iterator[Tick]:
        tick = driver.start()
        yield tick
        for _ in range(STEPS):
            value = self.spec.map.command(tick, self.spec.map.random(rng))
            driver.accept(Command(tick.stamp, value))
            if vandal:
                value[:] = np.nan
                _destroy(tick)
            tick = driver.advance()
            yield tick

    @property
    def observations(self) -> Array:
        """Of all episodes, shape (episodes, steps + 1, size)."""
        return np.array([episode.observations for episode in self.episodes])

    def batch(self, name: str) -> Array:
        """That attribute of all transitions, stacked."""
        return np.array([getattr(t, name) for episode in self.episodes for t in episode.transitions])


def _destroy(tick: Tick) -> None:
    own = {item.name: getattr(tick, item.name) for item in fields(tick)}
    for name, value in {**own, **tick.measurement, **tick.inputs}.items():
        # a driver may still need the newest joint positions, to stop at limits
        if isinstance(value, np.ndarray) and name not in ("joint_position", "pending_commands"):
            value[:] = 1e6
