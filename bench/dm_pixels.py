# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tasks of dm_control that are seen in pictures alone, as Gymnasium environments for `gym_returns.py`.

As published (DrQ, DreamerV3, TD-MPC2) an action holds for two frames, an episode is 500 steps of them, and 100,000
frames are 50,000 steps; unlike there pictures are 32x32 and without shadows, which take most of the time to draw. They
need dm_control and shimmy, and a MuJoCo that dm_control knows, in an environment of Python's own:

    pip install 'shimmy[dm-control]' 'mujoco<4'
    MUJOCO_GL=egl python bench/gym_returns.py --env dm_pixels:reacher_easy --agents latent_mpc --steps 50000 \
        --every 5000 --set learner.replay_capacity=50000
"""

from __future__ import annotations

from typing import Any

import gymnasium
from gymnasium.wrappers import AddRenderObservation

SIZE = 32
"""Pixels of a side."""
_REPEATS = 2


class Repeated(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Holds each action for `_REPEATS` steps; rewards are added up."""

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """See `gymnasium.Env.step`."""
        total = 0.0
        for _ in range(_REPEATS):
            observation, reward, terminated, truncated, info = self.env.step(action)
            total += float(reward)
            if terminated or truncated:
                break
        return observation, total, terminated, truncated, info


def reacher_easy(render_mode: str = "rgb_array", size: int = SIZE) -> gymnasium.Env[Any, Any]:
    """Two links whose tip is to stay in a disc; 1 for each frame in it."""
    return _seen("reacher-easy", render_mode, size)


def cartpole_swingup(render_mode: str = "rgb_array", size: int = SIZE) -> gymnasium.Env[Any, Any]:
    """A pole on a cart that is to be swung up and held; at most 1 for each frame."""
    return _seen("cartpole-swingup", render_mode, size)


def _seen(task: str, render_mode: str, size: int) -> gymnasium.Env[Any, Any]:
    import shimmy  # noqa: F401  registers dm_control's tasks

    drawn = {"width": size, "height": size, "camera_id": 0}
    env = gymnasium.make(f"dm_control/{task}-v0", render_mode=render_mode, render_kwargs=drawn)
    env.unwrapped._env.physics.model.vis.quality.shadowsize = 0  # type: ignore[attr-defined]
    return AddRenderObservation(Repeated(env))
