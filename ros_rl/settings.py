# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every knob of a run: the tree of settings behind `config/tasks/*.yaml`, `--set` and the nodes' ROS parameters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ros_rl.agent_settings import CRITIC_SETTINGS, BcSettings
from ros_rl.config import (
    build,
    expand,
    group,
    merge,
    nested,
    read_parameters_file,
    setting,
    to_mapping,
    variant,
    variant_name,
)
from ros_rl.driver_settings import DriverSettings
from ros_rl.errors import ConfigError, TimingError
from ros_rl.features import check_robot
from ros_rl.model_based_settings import MODEL_BASED_SETTINGS
from ros_rl.node_settings import (
    CollectorSettings,
    ControllerSettings,
    ControlSettings,
    EvaluatorSettings,
    LearnerSettings,
    SupervisorSettings,
)
from ros_rl.plugins import AGENT_SETTINGS_GROUP, load_plugins
from ros_rl.policy_gradient_settings import POLICY_GRADIENT_SETTINGS
from ros_rl.resources import share_path
from ros_rl.robot import Robot, load_robot
from ros_rl.tasks import TASKS, Task
from ros_rl.tasks.gym_task import GymTask

NODES = ("driver", "controller", "collector", "learner", "evaluator", "supervisor")


@dataclass(frozen=True)
class RandomSettings:
    """Uniform random actions, smoothed like the learned ones."""

    smoothing: float = setting(0.3, "share of the last action in the next one", low=0.0, high=0.95)


AGENT_SETTINGS: dict[str, type] = {
    **MODEL_BASED_SETTINGS,
    "random": RandomSettings,
    "bc": BcSettings,
    **CRITIC_SETTINGS,
    **POLICY_GRADIENT_SETTINGS,
    **load_plugins(AGENT_SETTINGS_GROUP),
}
AGENT_NAMES = tuple(AGENT_SETTINGS)


ALL_TASKS: dict[str, type[Task]] = {**TASKS, GymTask.name: GymTask}
"""The robots' tasks, and that of any Gymnasium environment."""


@dataclass(frozen=True)
class Settings:
    """One run, complete."""

    task: Task = variant(ALL_TASKS, "a1_walk", "the task")
    agent: Any = variant(AGENT_SETTINGS, "mpc", "the agent")
    robot: str = setting("", "robot name or YAML file; empty: the task's own robot")
    seed: int = setting(0, "seed of every random number", low=0, high=2**31 - 1)
    control: ControlSettings = group(ControlSettings, "timing")
    driver: DriverSettings = group(DriverSettings, "driver")
    controller: ControllerSettings = group(ControllerSettings, "controller")
    collector: CollectorSettings = group(CollectorSettings, "collector")
    learner: LearnerSettings = group(LearnerSettings, "learner")
    evaluator: EvaluatorSettings = group(EvaluatorSettings, "evaluator")
    supervisor: SupervisorSettings = group(SupervisorSettings, "supervisor")

    def __post_init__(self) -> None:
        """Refuse timing that cannot work, an agent that no robot can serve, and replay that the agent cannot use."""
        steps = self.driver.physics_rate_hz / self.control.rate_hz
        if self.driver.backend == "pybullet" and abs(steps - round(steps)) > 1e-9:
            raise TimingError(
                f"control period {self.control.period * 1e3:g} ms is not a multiple of the physics step "
                f"{1e3 / self.driver.physics_rate_hz:g} ms (driver.physics_rate_hz {self.driver.physics_rate_hz:g}, "
                f"control.rate_hz {self.control.rate_hz:g})"
            )
        if self.driver.latency >= self.control.period:
            raise TimingError(
                f"driver.latency {self.driver.latency} s is not below the control period {self.control.period} s; "
                "use control.delay for whole periods"
            )
        if getattr(self.agent, "discrete", False) and not isinstance(self.task, GymTask):
            raise ConfigError(
                f"agent '{variant_name(AGENT_SETTINGS, self.agent)}' chooses discrete actions, those of robots are "
                "continuous; it learns on a Gymnasium environment: --env gym:NAME"
            )
        self._check_replay()

    def check_episodes(self, steps: int, title: str) -> None:
        """Refuse sums that no episode has the steps for, and updates from more episodes than the buffer holds.

        Args:
            steps: Of the longest episode.
            title: What it is an episode of, for messages.

        Raises:
            ConfigError: The settings ask for either.
        """
        learner, episodes = self.learner, getattr(self.agent, "whole_episodes", int)()
        if learner.replay.n_step > steps:
            raise ConfigError(
                f"learner.replay.n_step {learner.replay.n_step} is longer than an episode of {title}; "
                f"allowed: 1 to {steps}"
            )
        wanted = (episodes + 1) * steps if episodes else 0  # one more, of which the end alone is new
        if wanted > learner.replay_capacity:
            raise ConfigError(
                f"learner.replay_capacity {learner.replay_capacity} does not hold agent.episodes {episodes} of "
                f"{title}, of {steps} steps each, and one more; allowed: at least {wanted}"
            )

    @property
    def training_steps(self) -> int:
        """Environment steps of a training."""
        by_time = max(1, round(self.learner.robot_minutes * 60 * self.control.rate_hz))
        return self.learner.steps or by_time

    def check_warmup(self) -> None:
        """Refuse a training that ends before it learns.

        Raises:
            ConfigError: The warm-up takes all its steps.
        """
        learns = variant_name(AGENT_SETTINGS, self.agent) != "random" and not hasattr(self.agent, "log")
        steps, warmup = self.training_steps, self.learner.warmup_steps
        if learns and warmup >= steps:
            raise ConfigError(
                f"learner.warmup_steps {warmup} leaves none of {steps} environment steps to learn from; "
                f"allowed: less than {steps}, or more learner.steps or learner.robot_minutes"
            )

    def _check_replay(self) -> None:
        """Refuse draws from the replay buffer that the agent cannot use; see `check_episodes`, too."""
        replay, steps = self.learner.replay, self.task.episode_seconds * self.control.rate_hz
        if math.isfinite(steps):
            self.check_episodes(round(steps), f"task '{self.task.name}'")
        unused: tuple[str, ...] = getattr(self.agent, "unused_replay", tuple)()
        replay.refuse(unused, f"of which agent '{variant_name(AGENT_SETTINGS, self.agent)}' has no use")

    @property
    def robot_name(self) -> str:
        """The robot that runs: as set, else the task's own."""
        return self.robot or self.task.robot

    def load_robot(self) -> Robot:
        """The robot's description.

        Raises:
            ConfigError: It cannot give what the task observes.
            UnknownNameError: There is no such robot.
        """
        robot = load_robot(self.robot_name)
        check_robot(robot, self.task.observation)
        if self.driver.backend == "mock" and (robot.floating_base or robot.tool_frame or robot.passive):
            raise ConfigError(f"driver 'mock' measures commanded joints only; it cannot be robot '{robot.name}'")
        return robot


def task_file(task: str) -> Path:
    """The parameters file that ships with a task."""
    return share_path("config", "tasks") / f"{task}.yaml"


def parse_override(text: str) -> dict[str, Any]:
    """Turn ``key.path=value`` into nested settings; the value is YAML.

    Raises:
        ConfigError: There is no `=`, or the value is not YAML.
    """
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise ConfigError(f"--set '{text}': expected key.path=value")
    try:
        return nested(key.strip(), yaml.safe_load(value))
    except yaml.YAMLError:
        raise ConfigError(f"--set '{text}': '{value}' is not a YAML value") from None


def load_settings(
    task: str | None = None, params_file: Path | None = None, overrides: Iterable[str | Mapping[str, Any]] = ()
) -> Settings:
    """Settings of a run: defaults, then the task's file, then `params_file`, then the overrides.

    Raises:
        ConfigError: With the source, the key path, the value and what is allowed.
    """
    if task is not None and task not in ALL_TASKS:
        build(Settings, {"task": {"name": task}})
    values: dict[str, Any] = {}
    if task is not None:
        values = {"task": {"name": task}}
        if task_file(task).is_file():
            values = merge(values, _read(task_file(task), task))
    if params_file is not None:
        values = merge(values, _read(params_file, task))
    sources = [(f"--set {item}" if isinstance(item, str) else "", _nested(item)) for item in overrides]
    merged = values
    for _, over in sources:
        merged = merge(merged, over)
    try:
        return build(Settings, merged)
    except ConfigError:
        # together they do not fit; the first that does not fit what came before it is the one to name
        for source, over in sources:
            values = merge(values, over)
            build(Settings, values, source=source)
        raise


def _nested(override: str | Mapping[str, Any]) -> dict[str, Any]:
    return parse_override(override) if isinstance(override, str) else expand(override)


def _read(path: Path, task: str | None) -> dict[str, Any]:
    """What a parameters file says; `task` is the one that it is for, unless it names another."""
    values = read_parameters_file(path, NODES)
    build(Settings, merge({"task": {"name": task}} if task is not None else {}, values), source=str(path))
    return values


def with_overrides(settings: Settings, **overrides: Any) -> Settings:
    """A copy with some nested settings replaced, e.g. ``with_overrides(s, driver={"gui": True})``."""
    return build(Settings, merge(to_mapping(settings), overrides))
