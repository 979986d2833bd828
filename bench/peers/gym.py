# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Trainings of other libraries on Gymnasium environments, for `gym_returns.py`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Show = Callable[[int, float], None]
"""Is told of an evaluation: environment steps so far, mean return."""
MBRL = "MBPO"
"""The one algorithm that is mbrl-lib's, and not Stable-Baselines3's."""
ALGORITHMS = ("SAC", "TD3", "DDPG", "DQN", MBRL)
EPISODES = 10
_MBRL_FILES = {"InvertedPendulum-v5": ("mbpo_inv_pendulum", "inverted_pendulum")}
"""mbrl-lib's file of settings for an environment, and its function that knows when an episode ends."""
_MBRL_INSTALL = "pip install 'ros_rl[learn,gym,peers]' && pip install --no-deps mbrl==0.2.0"


def label(algorithm: str) -> str:
    """What tables call it."""
    return f"mbrl-lib {algorithm}" if algorithm == MBRL else f"SB3 {algorithm}"


def train(algorithm: str, env: str, steps: int, every: int, seed: int, show: Show) -> None:
    """Train with the library's own settings, evaluated every so many steps.

    Raises:
        SystemExit: Without the library, or on an environment that mbrl-lib has no settings for.
    """
    (_train_mbrl if algorithm == MBRL else _train_stable)(algorithm, env, steps, every, seed, show)


def _train_stable(algorithm: str, env: str, steps: int, every: int, seed: int, show: Show) -> None:
    try:
        import gymnasium
        import stable_baselines3
        import torch
        from stable_baselines3.common.evaluation import evaluate_policy
    except ImportError as error:
        raise SystemExit(f"missing: {error.name}; install it with: pip install 'ros_rl[learn,gym,bench]'") from None
    torch.set_num_threads(1)
    learner = getattr(stable_baselines3, algorithm)("MlpPolicy", env, seed=seed, device="cpu")
    judge = gymnasium.make(env)
    judge.reset(seed=1000 + seed)
    for done in range(every, steps + 1, every):
        learner.learn(every, reset_num_timesteps=done == every)
        show(done, float(evaluate_policy(learner, judge, n_eval_episodes=EPISODES, warn=False)[0]))


def _train_mbrl(algorithm: str, env: str, steps: int, every: int, seed: int, show: Show) -> None:
    """MBPO as mbrl-lib's files set it for the environment, but for `every` steps of exploration instead of 5,000."""
    if env not in _MBRL_FILES:
        raise SystemExit(f"mbrl-lib's {algorithm} is compared on {', '.join(_MBRL_FILES)}, not on {env}")
    try:
        import gymnasium
        import numpy as np
        import torch
        from mbrl.algorithms import mbpo
        from mbrl.env import termination_fns
    except ImportError as error:
        raise SystemExit(f"missing: {error.name}; install mbrl-lib with: {_MBRL_INSTALL}") from None
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    np.random.seed(seed)
    learnt_on, judge = gymnasium.make(env), gymnasium.make(env)
    learnt_on.reset(seed=seed)
    judge.reset(seed=1000 + seed)
    file, ends = _MBRL_FILES[env]
    settings = _mbrl_settings(file, learnt_on, steps, every, seed)
    evaluate, done = mbpo.evaluate, [every]

    def evaluate_and_show(*given: Any) -> float:
        done[0] += every
        show(done[0], float(evaluate(*given)))
        return 0.0  # so that it saves its best policy only once

    mbpo.evaluate = evaluate_and_show
    with tempfile.TemporaryDirectory() as folder:
        mbpo.train(learnt_on, judge, getattr(termination_fns, ends), settings, silent=True, work_dir=folder)


def _mbrl_settings(file: str, env: Any, steps: int, every: int, seed: int) -> Any:
    """As mbrl-lib's own program puts them together, in the form that today's hydra and gymnasium read."""
    import mbrl
    from omegaconf import OmegaConf

    folder = Path(mbrl.__file__).parent / "examples" / "conf"
    files = {
        "algorithm": "algorithm/mbpo",
        "dynamics_model": "dynamics_model/gaussian_mlp_ensemble",
        "overrides": f"overrides/{file}",
    }
    settings = OmegaConf.create({key: OmegaConf.load(folder / f"{path}.yaml") for key, path in files.items()})
    own = {"seed": seed, "device": "cpu", "log_frequency_agent": 1000}
    own["overrides"] = {"num_steps": steps - every, "epoch_length": every, "freq_train_model": every}
    own["algorithm"] = {"initial_exploration_steps": every, "num_eval_episodes": EPISODES}
    own["dynamics_model"] = {"_recursive_": False}
    settings = OmegaConf.merge(settings, own)
    space = env.action_space
    settings.algorithm.agent.action_space = {
        "_target_": "gymnasium.spaces.Box",
        "_convert_": "all",
        "low": float(space.low.min()),
        "high": float(space.high.max()),
        "shape": list(space.shape),
    }
    return settings
