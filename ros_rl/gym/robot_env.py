# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot task as a Gymnasium environment, made of the parts that the node graph is made of."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, Space

from ros_rl.backends.display import has_display
from ros_rl.errors import BackendError, CommandError, ConfigError, SimulationError
from ros_rl.gym.robot_space import RobotObservations, Seen
from ros_rl.layout import Layout
from ros_rl.runtime.robot_world import RobotWorld, Step
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import SafetyState, Tick, Verdict

FAULT = "fault"
"""Key of `info` that says why a guard of the driver ended the episode."""
IS_SUCCESS = "is_success"
"""Key of `info` that says whether the task succeeds in this step, where it knows what success is."""
_NOBODY = {"agent": {"name": "random"}}
"""No agent of ours acts here, so none has to be able to see what somebody else's sees."""
PICTURE, WINDOW = "rgb_array", "human"
"""What `render_mode` may be."""


def _action_space(layout: Layout) -> Space[Any]:
    return Discrete(layout.choices) if layout.choices else Box(-1.0, 1.0, (layout.action_size,), np.float32)


class RobotEnv(gymnasium.Env[Seen, Any]):
    """One robot, its driver and its collector; a step is a control period.

    Observations are the flat ones of the node graph, float32; `layout` names their fields, sizes and units, the last
    action and the pending ones among them. Where cameras look (`observation.cameras`) they are Dicts of the images, by
    name, and of the flat vector (`vector`). An action u in [-1, 1]^n is decided at tick k and acts `control.delay`
    periods later, after the driver's command filter. `info` holds the task's metrics, and of each step whether the task
    succeeds in it (``info["is_success"]``), if it knows what that is.

    A tripped guard ends the episode as truncated, with reward 0 and its reason in ``info["fault"]``. The node graph
    makes no transition of such a step, so an agent that wants the same leaves it out.

    A copy, deep or not, and what comes out of a pickle is another environment with a simulator of its own, made of the
    same arguments and not yet reset.

    Args:
        name: Name of the task.
        task: Its settings that differ, e.g. ``{"target_velocity": 1.5}``.
        settings: Other settings that differ, e.g. ``{"control.delay": 0}``; ``ros-rl settings <task>`` lists them.
        render_mode: ``rgb_array`` for pictures; ``human`` for the simulator's window, in which time passes as on a
            clock; or None.
        width: Of rendered pictures [px].
        height: Of rendered pictures [px].
        robot: Name or YAML file of another robot than the task's own; None for that.

    Raises:
        ConfigError: A setting is wrong, or there is nothing to render, or no display for a window.
        UnknownNameError: There is no such task or robot, or nobody to drive it here.
    """

    metadata: dict[str, Any] = {"render_modes": [WINDOW, PICTURE], "render_fps": 20}

    def __init__(
        self,
        name: str,
        task: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
        width: int = 320,
        height: int = 240,
        robot: str | None = None,
    ) -> None:
        self._arguments = copy.deepcopy((name, task, settings, render_mode, width, height, robot))
        chosen = {} if robot is None else {"robot": robot}
        wanted = load_settings(name, overrides=[_NOBODY, settings or {}, {"task": _mapping(task)}, chosen])
        modes = _modes(wanted, render_mode)
        self.metadata = {"render_modes": modes, "render_fps": round(wanted.control.rate_hz)}
        self.render_mode = render_mode
        self.settings = (_windowed(wanted) if render_mode == WINDOW else None) or wanted
        """All settings of the environment."""
        self._picture_size = (width, height)
        self._world = RobotWorld(self.settings, self.settings.seed)
        self._seeded = self._running = self._closed = False
        self._due = 0.0
        self.layout = self._world.spec
        """Fields of the flat observation: `slices` by name, `fields` with size, unit and kind; `images` beside it."""
        self._observations = RobotObservations(self.layout, self.settings.task.input_bounds())
        self.observation_space = self._observations.space
        self.action_space = _action_space(self.layout)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments, {"spec": self.spec}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Begins anew: what follows is what a run with this `seed` setting meets. None goes on, the first time
                with a seed drawn by chance.
            options: Not used.

        Raises:
            BackendError: It is closed, or the simulator failed.
            SimulationError: The robot cannot begin an episode.
            ConfigError: An observation is not finite.
        """
        self._check_open("reset")
        super().reset(seed=seed)
        if not self._seeded or seed is not None:
            self._world.restart(int(self.np_random.integers(2**31)) if seed is None else seed)
            self._seeded = True
        step = self._world.begin_episode()
        if step.tick.safety is not SafetyState.RUNNING:
            raise SimulationError(f"no episode of '{self.settings.task.name}' can begin: {self._world.fault}")
        self._running, self._due = True, time.monotonic()
        return self._observe(step.tick), dict(step.metrics)

    def step(self, action: Any) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Decide, and let one control period pass.

        Args:
            action: In [-1, 1], clipped to it; shape (actions,). Or the number of a choice, where actions are choices.

        Raises:
            CommandError: It is not finite or no array of numbers, has another shape, or no episode runs.
            BackendError: The environment is closed.
            SimulationError: The reward is not finite.
            ConfigError: An observation is not finite.
        """
        self._check_open("step")
        if not self._running:
            raise CommandError(f"'{self.settings.task.name}' cannot step: no episode runs, call reset first")
        wanted = self.layout.map.clipped(self.layout.map.check_action(action))
        step = self._world.step(self._world.command(wanted))
        self._running = not step.ended
        self._keep_pace()
        if step.tick.safety is not SafetyState.RUNNING:
            failed = {} if step.succeeded is None else {IS_SUCCESS: False}
            return copy.deepcopy(self._last), 0.0, False, True, {FAULT: self._world.fault, **failed}
        ended = (step.verdict is Verdict.TERMINATED, step.verdict is Verdict.TRUNCATED)
        return self._observe(step.tick), step.reward, *ended, _info(step)

    def render(self) -> Any:
        """A picture, uint8 (height, width, 3), with ``render_mode="rgb_array"``; else None.

        Raises:
            BackendError: The environment is closed.
            CommandError: It was never reset.
        """
        self._check_open("render")
        if not self._seeded:
            raise CommandError(f"'{self.settings.task.name}' cannot render: call reset first")
        return self._world.render(*self._picture_size) if self.render_mode == PICTURE else None

    def close(self) -> None:
        """Release the simulator; once is enough, more do no harm."""
        self._closed = True
        self._world.close()

    def _check_open(self, what: str) -> None:
        if self._closed:
            raise BackendError(f"'{self.settings.task.name}' cannot {what}: it is closed, make another")

    def _observe(self, tick: Tick) -> Seen:
        self._last = self._observations(tick)
        return copy.deepcopy(self._last)

    def _keep_pace(self) -> None:
        """In a window, time passes as on a clock."""
        if self.render_mode == WINDOW:
            now = time.monotonic()
            self._due = max(self._due + self.settings.control.period, now)
            time.sleep(self._due - now)


def _mapping(task: Mapping[str, Any] | None) -> dict[str, Any]:
    if not isinstance(task, Mapping | None):
        raise ConfigError(f"task is {task!r}, expected a mapping of its settings such as {{'sparse_within': 0.05}}")
    return dict(task or {})


def _windowed(settings: Settings) -> Settings | None:
    """The settings with a window; None where the backend has none."""
    backend = settings.driver.backend.windowed()
    return None if backend is None else replace(settings, driver=replace(settings.driver, backend=backend))


def _modes(settings: Settings, wanted: str | None) -> list[str]:
    """What can be rendered here; a window needs a display, which the backend sees to if one is wanted."""
    modes = [PICTURE] if settings.driver.backend.renders else []
    if _windowed(settings) is not None and (wanted == WINDOW or has_display()):
        modes.append(WINDOW)
    if wanted not in (None, *modes):
        valid = ", ".join([*modes, "None"])
        raise ConfigError(f"render_mode is '{wanted}', task '{settings.task.name}' here can be rendered as: {valid}")
    return modes


def _info(step: Step) -> dict[str, Any]:
    return dict(step.metrics) if step.succeeded is None else {**step.metrics, IS_SUCCESS: step.succeeded}
