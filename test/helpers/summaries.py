# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What other people's scripts read from ``summary.json``."""

SUMMARY_KEYS = {
    "task", "driver", "agent", "seed", "robot_minutes", "wall_minutes", "env_steps", "updates", "updates_per_step",
    "curve", "milestone", "evaluation", "plan_ms", "deadline_misses", "dropped_transitions",
    "model_versions", "machine", "versions",
}  # fmt: skip
