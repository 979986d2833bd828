# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robot tasks as Gymnasium environments: importing this module registers them.

    import gymnasium, ros_rl.gym
    env = gymnasium.make("ros_rl/A1Walk-v0")

The import may stand in the name too: ``gymnasium.make("ros_rl.gym:ros_rl/A1Walk-v0")``.
"""

from ros_rl.errors import MissingDependencyError

try:
    import gymnasium as _gymnasium  # noqa: F401
except ImportError as error:
    raise MissingDependencyError("gymnasium", "gym") from error

from ros_rl.gym.registration import environment_id, register_tasks

register_tasks()

__all__ = ["environment_id", "register_tasks"]
