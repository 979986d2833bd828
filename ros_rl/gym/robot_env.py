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

from ros_rl.backends import make_backend
from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings
from ros_rl.types import Command, SafetyState, Tick, Verdict

FAULT = "fault"
"""Key of `info` that says why a guard of the driver ended the episode."""

Vector = NDArray[np.float32]


class RobotEnv(gymnasium.Env[Vector, Vector]):
    """One robot, its driver and its collector; a step is a control period.

    Observations are the flat ones of the node graph, float32; `layout` names their fields, sizes and units, the last
    action and the pending ones among them. An action u in [-1, 1]^n is decided at tick k and acts `control.delay`
    periods later, after the driver's command filter. `info` holds the task's own measures.

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
        robot, control = self.settings.load_robot(), self.settings.control
        self.layout = ObservationSpec(robot, self.settings.task.observation, control.delay)
        """Fields of the flat observation: `slices` by name, `fields` with size, unit and kind."""
        self._backend = make_backend(self.settings, self.settings.seed)
        self._seed = self.settings.seed
        self._driver: DriverLoop | None = None
        self._builder = TransitionBuilder(self.layout, self.settings.task, control.period)
        self.observation_space = Box(-np.inf, np.inf, (self.layout.size,), np.float32)
        self.action_space = Box(-1.0, 1.0, (robot.size,), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Vector, dict[str, Any]]:
        """Begin an episode.

        Args:
            seed: Begins anew: what follows is what a run with this `seed` setting meets. None goes on, the first time
                with a seed drawn by chance.
            options: Not used.
        """
        super().reset(seed=seed)
        if self._driver is None or seed is not None:
            self._begin(int(self.np_random.integers(2**31)) if seed is None else seed)
        assert self._driver is not None
        self._driver.clear()
        tick = self._driver.start()
        self._builder.add(tick)
        return self._observe(tick), dict(self._builder.success)

    def step(self, action: Vector) -> tuple[Vector, float, bool, bool, dict[str, Any]]:
        """Decide, and let one control period pass.

        Args:
            action: In [-1, 1], clipped to it; shape (actions,).

        Raises:
            CommandError: It is not finite, or has the wrong size.
        """
        assert self._driver is not None, "call reset before step"
        wanted = np.clip(np.asarray(action, np.float64), -1.0, 1.0)
        self._driver.accept(Command(self._driver.tick.stamp, self.layout.robot.command(wanted)))
        tick = self._driver.advance()
        if tick.safety is not SafetyState.OK:
            return self._last.copy(), 0.0, False, True, {FAULT: self._driver.fault}
        verdict, transition = self._builder.add(tick)
        assert transition is not None  # every tick here is answered, and none is skipped
        ended = (verdict is Verdict.TERMINATED, verdict is Verdict.TRUNCATED)
        return self._observe(tick), transition.reward, *ended, dict(self._builder.success)

    def render(self) -> Any:
        """A picture, uint8 (height, width, 3), with ``render_mode="rgb_array"``; else None."""
        return None if self.render_mode is None else self._backend.render(*self._picture_size)

    def close(self) -> None:
        """Release the simulator."""
        self._backend.close()

    def _begin(self, seed: int) -> None:
        """Make all that draws random numbers anew."""
        if seed != self._seed:
            self._backend.close()
            self._backend = make_backend(self.settings, seed)
        self._seed, control = seed, self.settings.control
        self._driver = DriverLoop(
            self.layout.robot, self.settings.task, self._backend, control.rate_hz, control.delay, seed, False
        )
        self._builder = TransitionBuilder(self.layout, self.settings.task, control.period)

    def _observe(self, tick: Tick) -> Vector:
        self._last = self.layout.observe(tick).astype(np.float32)
        return self._last.copy()
