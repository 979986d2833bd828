# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot task as a Gymnasium environment, made of the parts that the node graph is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box
from numpy.typing import NDArray

from ros_rl.errors import ConfigError
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import SafetyState, Tick, Verdict

FAULT = "fault"
"""Key of `info` that says why a guard of the driver ended the episode."""

Vector = NDArray[np.float32]


class RobotEnv(gymnasium.Env[Vector, Vector]):
    """One robot, its driver and its collector; a step is a control period.

    Observations are the flat ones of the node graph, float32; `layout` names their fields, sizes and units, the last
    action and the pending ones among them. An action u in [-1, 1]^n is decided at tick k and acts `control.delay`
    periods later, after the driver's command filter. `info` holds the task's metrics.

    A tripped guard ends the episode as truncated, with reward 0 and its reason in ``info["fault"]``. The node graph
    makes no transition of such a step, so an agent that wants the same leaves it out.

    Args:
        name: Name of the task.
        task: Its settings that differ, e.g. ``{"target_velocity": 1.5}``.
        settings: Other settings that differ, e.g. ``{"control.delay": 0}``; ``ros-rl settings <task>`` lists them.
        render_mode: ``rgb_array`` or None.
        width: Of rendered pictures [px].
        height: Of rendered pictures [px].

    Raises:
        ConfigError: A setting is wrong, or there is nothing to render.
        UnknownNameError: There is no such task, or nobody to drive the robot here.
    """

    metadata: dict[str, Any] = {"render_modes": ["rgb_array"], "render_fps": 20}

    def __init__(
        self,
        name: str,
        task: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        render_mode: str | None = None,
        width: int = 320,
        height: int = 240,
    ) -> None:
        self.settings = load_settings(name, overrides=[settings or {}, {"task": dict(task or {})}])
        """All settings of the environment."""
        modes = ["rgb_array"] if self.settings.driver.backend.renders else []
        self.metadata = {"render_modes": modes, "render_fps": round(self.settings.control.rate_hz)}
        if render_mode is not None and render_mode not in modes:
            valid = ", ".join([*modes, "None"])
            raise ConfigError(f"render_mode is '{render_mode}', task '{name}' here can be rendered as: {valid}")
        self.render_mode = render_mode
        self._picture_size = (width, height)
        self._world, self._begun = RobotWorld(self.settings, self.settings.seed), False
        self.layout = self._world.spec
        """Fields of the flat observation: `slices` by name, `fields` with size, unit and kind."""
        self.observation_space = Box(-np.inf, np.inf, (self.layout.size,), np.float32)
        self.action_space = Box(-1.0, 1.0, (self._world.robot.size,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Vector, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Begins anew: what follows is what a run with this `seed` setting meets. None goes on, the first time
                with a seed drawn by chance.
            options: Not used.
        """
        super().reset(seed=seed)
        if not self._begun or seed is not None:
            self._world.restart(int(self.np_random.integers(2**31)) if seed is None else seed)
            self._begun = True
        step = self._world.begin_episode()
        return self._observe(step.tick), dict(step.metrics)

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """Decide, and let one control period pass.

        Args:
            action: In [-1, 1], clipped to it; shape (actions,).

        Raises:
            CommandError: It is not finite, or has the wrong size.
        """
        assert self._begun, "call reset before step"
        wanted = np.clip(np.asarray(action, np.float64), -1.0, 1.0)
        step = self._world.step(self._world.command(wanted))
        if step.tick.safety is not SafetyState.RUNNING:
            return self._last.copy(), 0.0, False, True, {FAULT: self._world.fault}
        ended = (step.verdict is Verdict.TERMINATED, step.verdict is Verdict.TRUNCATED)
        return self._observe(step.tick), step.reward, *ended, dict(step.metrics)

    def render(self) -> Any:
        """A picture, uint8 (height, width, 3), with ``render_mode="rgb_array"``; else None."""
        return None if self.render_mode is None else self._world.render(*self._picture_size)

    def close(self) -> None:
        """Release the simulator."""
        self._world.close()

    def _observe(self, tick: Tick) -> Vector:
        self._last = self.layout.observe(tick).astype(np.float32)
        return self._last.copy()
