# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A short run on the mock robot, saved as a run folder, for tests of what is done with finished runs."""

from pathlib import Path

from learners import small_settings

from ros_rl.runtime.local import train_locally
from ros_rl.runtime.run_folder import CHECKPOINT, RunFolder

SHORT = {
    "learner": {"robot_minutes": 0.1, "updates_per_step": 0.5},
    "task": {"episode_seconds": 2.0},
    "agent": {"planner_start": 50},
}


def save_run(path: Path) -> Path:
    """Train for 120 steps and leave config, checkpoint and agent as a run of the nodes does."""
    settings = small_settings("mock_point", SHORT)
    *_, last = train_locally(settings)
    RunFolder(path).write_config(settings)
    last.training.checkpoint(path / CHECKPOINT)
    (path / "agent.onnx").write_bytes(last.training.graph())
    return path
