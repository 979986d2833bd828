# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A short run on the mock robot, saved as a run folder, for tests of what is done with finished runs."""

from functools import cache
from pathlib import Path

from learners import small_settings

from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

SHORT = {
    "learner": {"robot_minutes": 0.1, "updates_per_step": 0.5},
    "task": {"episode_seconds": 2.0},
    "agent": {"planner_start": 50},
}


@cache
def _trained() -> TrainingLoop:
    """A training of 120 steps, once for all tests."""
    *_, last = train_locally(small_settings("mock_point", SHORT))
    return last.training


def save_run(path: Path) -> Path:
    """Leave config, checkpoint and agent as a run of the nodes does."""
    training = _trained()
    RunFolder(path).write_config(training.settings)
    training.checkpoint(path / CHECKPOINT)
    (path / "agent.onnx").write_bytes(training.graph())
    return path
