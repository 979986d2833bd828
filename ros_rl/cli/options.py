# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the options of a command mean for its settings."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from ros_rl.errors import ConfigError, MissingDependencyError, RunFolderError, UnknownNameError
from ros_rl.ros_names import check_namespace
from ros_rl.runs.checkpoints import resumable
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, run_of
from ros_rl.settings.loading import load_settings, parse_override
from ros_rl.settings.recorded import load_run
from ros_rl.settings.registry import AGENT_SETTINGS, DEFAULT_BACKEND, DEFAULT_TOLD, implied_by
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS
from ros_rl.tasks.bring_up import BringUp
from ros_rl.tasks.gym_task import GymTask

_EXTRA_OF = {
    "rclpy": "ros",
    "torch": "learn",
    "onnx": "learn",
    "safetensors": "learn",
    "pybullet": "sim",
    "mujoco": "mujoco",
    "matplotlib": "learn",
    "gymnasium": "gym",
    "scservo_sdk": "so101",
    "xarm": "xarm",
    "cyclonedds": "go2",
    "spherov2": "sphero",
    "rtde_control": "ur",
}
_OF_ROBOTS = ("driver", "mode", "robot_minutes", "namespace", "gui", "seconds", "teleop", "expert")
"""Options that mean nothing to a Gymnasium environment."""


def require(*packages: str) -> None:
    """See to it that packages are installed.

    Raises:
        MissingDependencyError: One is not; it says what to install.
    """
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(package, _EXTRA_OF.get(package))


def check_agent(name: str | None) -> None:
    """Refuse the name of an agent that does not exist; None names none.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name is not None and name not in AGENT_SETTINGS:
        raise UnknownNameError("agent", name, AGENT_SETTINGS)


def check_task(name: str) -> None:
    """Refuse the name of a task that no robot has.

    Raises:
        UnknownNameError: There is none of that name.
    """
    if name not in TASKS:
        raise UnknownNameError("task", name, TASKS)


def overrides_of(
    options: argparse.Namespace, implied: Mapping[str, Any] = MappingProxyType({}), **overrides: Any
) -> list[Any]:
    """--set, then the options of their own; --agent and --driver before both, since a change drops the old settings.

    Args:
        options: Of the command.
        implied: Settings that hold unless --set says otherwise.
        overrides: Settings of the command's own options; None is none.

    Raises:
        ConfigError: --set says something else than these.
    """
    own = {
        "seed": options.seed,
        "task.env": _environment(options),
        "task.env_args": _environment_arguments(options),
        "driver.backend.name": getattr(options, "driver", None),
        "driver.mode": getattr(options, "mode", None),
        "driver.backend.gui": True if getattr(options, "gui", False) else None,
        **overrides,
    }
    given = {key: value for key, value in own.items() if value is not None}
    for item in options.set:
        _refuse_contradiction(item, given | ({"task.name": options.task} if options.task else {}))
    chosen: list[dict[str, Any]] = [{key: given[key]} for key in ("agent.name", "driver.backend.name") if key in given]
    if "driver.backend.name" in given:  # at once: no robot is in lock-step, not even until the next setting is read
        chosen[-1] |= implied_by(given["driver.backend.name"])
    return [
        *chosen,
        *([dict(implied)] if implied else []),
        *options.set,
        *({key: value} for key, value in given.items()),
    ]


def _refuse_contradiction(item: str, given: Mapping[str, Any]) -> None:
    """Refuse a --set of which the command or its other options would leave nothing, unless they say the same."""
    said = parse_override(item)
    for key, value in given.items():
        found: Any = said
        for part in key.split("."):
            found = found.get(part, value) if isinstance(found, Mapping) else found
        if found != value:
            raise ConfigError(f"--set '{item}': {key} is {value!r} by this command or another of its options")


def settings_of(options: argparse.Namespace, **overrides: Any) -> Settings:
    """Settings of a command: a recorded run's, or the task's, then --preset and --params-file; then the options."""
    preset, asked = getattr(options, "preset", None), getattr(options, "namespace", None)
    namespace = check_namespace(asked) if asked else None
    own, recorded = overrides_of(options, **overrides), getattr(options, "recorded", None)
    if recorded is not None:
        found = load_run(recorded, own, namespace)
    else:
        found = load_settings(options.task, options.params_file, own, preset, namespace)
    simulates = not isinstance(found.task, GymTask) and found.driver.backend_name == DEFAULT_BACKEND
    if DEFAULT_TOLD and simulates and getattr(options, "driver", None) is None:
        print(f"ros-rl: {DEFAULT_TOLD}", file=sys.stderr)
    return found


def _environment(options: argparse.Namespace) -> str | None:
    """The name behind ``--env gym:``; None without the option."""
    given: str | None = getattr(options, "env", None)
    kind, _, name = (given or "").partition(":")
    if given is not None and (kind != GymTask.name or not name):
        raise ConfigError(f"--env '{given}': expected gym:NAME, e.g. gym:HalfCheetah-v5")
    return name or None


def _environment_arguments(options: argparse.Namespace) -> dict[str, Any] | None:
    """What ``--env-args`` say; None without any."""
    found = {}
    for item in getattr(options, "env_args", []):
        key, sign, value = item.partition("=")
        if not sign or not key.isidentifier():
            raise ConfigError(f"--env-args '{item}': expected KEY=VALUE, e.g. sutton_barto_reward=true")
        try:
            found[key] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ConfigError(f"--env-args '{item}': '{value}' is not a YAML value") from None
    return found or None


def gym_task(options: argparse.Namespace) -> GymTask:
    """The environment that the options mean, whatever a run says."""
    parts = [{key: value for key, value in parse_override(item).items() if key == "task"} for item in options.set]
    own = {"task.env": _environment(options), "task.env_args": _environment_arguments(options) or {}}
    task = load_settings(GymTask.name, overrides=[*parts, own]).task
    assert isinstance(task, GymTask)
    return task


def choose_task(options: argparse.Namespace, *of_robots: str, of_environments: Sequence[str] = ()) -> None:
    """See to it that one of TASK and --env is given; --env means the task `gym`.

    Args:
        options: Of the command.
        of_robots: Further options of this command that mean nothing to an environment.
        of_environments: Options that mean nothing to a robot.

    Raises:
        ConfigError: None or both are, or an option stands with what it is not for.
        UnknownNameError: There is no such task.
    """
    if (options.task is None) == (options.env is None):
        raise ConfigError(f"{'neither' if options.task is None else 'both'} of TASK and --env given; name one")
    if options.task == GymTask.name:
        raise ConfigError("which environment? --env gym:NAME in place of the TASK gym")
    if options.task == BringUp.name:
        raise ConfigError("bringup is no task: ros-rl bringup ROBOT")
    if options.env is not None:
        _refuse(options, (*_OF_ROBOTS, *of_robots), "is for robots and cannot stand with --env")
        options.task = GymTask.name
    else:
        _refuse(options, ("env_args", *of_environments), "is for environments and stands with --env")
        check_task(options.task)


def _refuse(options: argparse.Namespace, names: Iterable[str], why: str) -> None:
    for name in names:
        if getattr(options, name, None):
            raise ConfigError(f"--{name.replace('_', '-')} {why}")


def checkpoint_of(options: argparse.Namespace) -> Path | None:
    """The checkpoint that --resume means; None without it. Without --params-file, the run's own settings hold again.

    Raises:
        RunFolderError: There is none, or the run was of another task.
        ConfigError: Its settings cannot be read.
    """
    resume: Path | None = options.resume
    if resume is None:
        return None
    checkpoint = resume / CHECKPOINT if (resume / CHECKPOINT).is_dir() else resume
    if not resumable(checkpoint):
        raise RunFolderError(f"{resume} holds no checkpoint to resume from")
    config = (run_of(checkpoint) or checkpoint) / CONFIG
    if not options.params_file and config.is_file():
        if options.preset is not None:
            raise ConfigError(f"--preset has no use with --resume {resume}: a run brings its own settings")
        options.recorded = config
        was, now = load_run(config).task.title, options.env or options.task
        if was != now:
            raise RunFolderError(f"{resume} is a run of {was}, not of {now}")
    return checkpoint.resolve()
