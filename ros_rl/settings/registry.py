# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which agents and tasks there are, those of other packages included."""

from __future__ import annotations

import importlib.util

from ros_rl.errors import ConfigError
from ros_rl.plugins import AGENT_SETTINGS_GROUP, BACKEND_SETTINGS_GROUP, TASKS_GROUP, Table
from ros_rl.settings.agent import AgentSettings, BcSettings, RandomSettings
from ros_rl.settings.backends import BackendSettings, ExternalSettings
from ros_rl.settings.hardware import HARDWARE_SETTINGS
from ros_rl.settings.latent import LATENT_SETTINGS
from ros_rl.settings.model_based import MODEL_BASED_SETTINGS
from ros_rl.settings.off_policy import CRITIC_SETTINGS
from ros_rl.settings.policy_gradient import POLICY_GRADIENT_SETTINGS
from ros_rl.settings.simulators import SIMULATOR_SETTINGS
from ros_rl.settings.world_models import WORLD_MODEL_SETTINGS
from ros_rl.tasks import OWN_TASKS, TASKS, Task
from ros_rl.tasks.bring_up import BringUp
from ros_rl.tasks.gym_task import GymTask

_OWN_AGENTS: dict[str, type[AgentSettings]] = {
    **MODEL_BASED_SETTINGS,
    **LATENT_SETTINGS,
    "random": RandomSettings,
    "bc": BcSettings,
    **CRITIC_SETTINGS,
    **POLICY_GRADIENT_SETTINGS,
    **WORLD_MODEL_SETTINGS,
}

AGENT_SETTINGS: Table[type[AgentSettings]] = Table(AGENT_SETTINGS_GROUP, _OWN_AGENTS)
AGENT_NAMES = tuple(AGENT_SETTINGS)


_USUAL, _INSTEAD = "pybullet", "mujoco"
_REPLACED = importlib.util.find_spec(_USUAL) is None and importlib.util.find_spec(_INSTEAD) is not None
DEFAULT_BACKEND = _INSTEAD if _REPLACED else _USUAL
DEFAULT_TOLD = f"{_USUAL} is not installed: {_INSTEAD} takes its place" if _REPLACED else ""
"""Why the default is not what it usually is; empty where it is."""
BACKEND_SETTINGS: Table[type[BackendSettings]] = Table(
    BACKEND_SETTINGS_GROUP, {**SIMULATOR_SETTINGS, "external": ExternalSettings, **HARDWARE_SETTINGS}
)


def implied_by(driver: str | None) -> dict[str, str]:
    """Settings that the choice of a driver brings unless others are given: a robot keeps its time.

    Args:
        driver: Its name; None for none.
    """
    kind = BACKEND_SETTINGS.get(driver or "")
    return {"driver.mode": "real_time"} if kind is not None and kind.starts_driver and not kind.simulated else {}


ALL_TASKS: Table[type[Task]] = Table(TASKS_GROUP, {**OWN_TASKS, GymTask.name: GymTask, BringUp.name: BringUp})
"""The robots' tasks, that of any Gymnasium environment, and that of a robot without a task."""


def register_task(task: type[Task]) -> None:
    """Make a task known by its name to this process alone; for a script, or while it is being written.

    Nodes are processes of their own: for them a package names the task by an entry point.

    Args:
        task: Its class.

    Raises:
        ConfigError: Another class has the name.
    """
    if ALL_TASKS.setdefault(task.name, task) is not task:
        raise ConfigError(f"task '{task.name}' is there already: {ALL_TASKS[task.name].__module__}")
    TASKS[task.name] = task
