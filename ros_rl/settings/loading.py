# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings from files and options: defaults, then the task's file, then a preset, then what the user gives."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from functools import reduce
from pathlib import Path
from typing import Any

import yaml

from ros_rl.config import build, expand, merge, nested, to_mapping, variant_name
from ros_rl.errors import ConfigError
from ros_rl.formats.parameters_file import ParametersFile, read_parameters_file
from ros_rl.resources import share_path
from ros_rl.robot import is_file
from ros_rl.settings.nodes import NODES
from ros_rl.settings.presets import Preset, read_preset
from ros_rl.settings.registry import AGENT_SETTINGS, ALL_TASKS, BACKEND_SETTINGS, DEFAULT_BACKEND
from ros_rl.settings.simulators.physics import PhysicsSettings
from ros_rl.settings.tree import Settings


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


def override_of(key: str, value: Any) -> str:
    """The option that gives a setting a value, fit for a shell; the inverse of `parse_override`."""
    plain = [*value] if isinstance(value, tuple) else value
    text = yaml.safe_dump([plain], default_flow_style=True, width=math.inf).strip()[1:-1]
    return f"--set {shlex.quote(f'{key}={text}')}"


def load_settings(
    task: str | None = None,
    params_file: Path | Sequence[Path] | None = None,
    overrides: Iterable[str | Mapping[str, Any]] = (),
    preset: str | None = None,
    namespace: str | None = None,
) -> Settings:
    """Settings of a run: defaults, then the task's file, then the preset, then `params_file`, then the overrides.

    Args:
        task: Its name; None for the one that the files or the overrides name.
        params_file: ROS parameters file, or several, which are merged as ROS does: section by section, of which the
            later files take precedence.
        overrides: ``key.path=value``, or nested settings.
        preset: Its name.
        namespace: Of the nodes, whose sections of the files hold; None for the robot's own.

    Raises:
        ConfigError: With the source, the key path, the value and what is allowed.
        UnknownNameError: There is no such preset.
    """
    paths = [] if params_file is None else [params_file] if isinstance(params_file, Path) else params_file
    files, given = [(path, _read(path)) for path in paths], list(overrides)
    if namespace is None and any(file.names_namespaces for _, file in files):
        first = _load(task, files, given, preset, None)
        namespace = first.namespace if first.robot_name else None
    return _load(task, files, given, preset, namespace)


def _load(
    task: str | None,
    files: Sequence[tuple[Path, ParametersFile]],
    overrides: Sequence[str | Mapping[str, Any]],
    preset: str | None,
    namespace: str | None,
) -> Settings:
    chosen = Preset() if preset is None else read_preset(preset)
    if task is None and not files:
        task = chosen.task
    if task is not None and task not in ALL_TASKS:
        build(Settings, {"task": {"name": task}})
    values: dict[str, Any] = {"driver": {"backend": {"name": DEFAULT_BACKEND}}}  # named, so that another replaces it
    if task is not None:
        values["task"] = {"name": task}
        if task_file(task).is_file():
            values = merge(values, _checked(read_parameters_file(task_file(task), NODES), task_file(task), task))
    if task is not None:
        chosen.check_task(task)
    values = chosen.onto(values)
    if files:
        merged_files = reduce(ParametersFile.followed_by, (file for _, file in files))
        values = chosen.merge(values, merged_files.values(namespace))
    sources = [(f"--set {item}" if isinstance(item, str) else "", _nested(item)) for item in overrides]
    merged = values
    for _, over in sources:
        merged = chosen.merge(merged, _with_physics(merged, over))
    try:
        settings = build(Settings, merged)
        chosen.check_task(settings.task.name)
        chosen.check_agent(variant_name(AGENT_SETTINGS, settings.agent))
        return settings
    except ConfigError as together:
        for path, file in files:
            _checked(file.values(namespace), path, task)
        _blame(sources, values, chosen, str(together))
        raise


def _blame(
    sources: Sequence[tuple[str, Mapping[str, Any]]], values: Mapping[str, Any], chosen: Preset, message: str
) -> None:
    """Raise what does not fit with its source: what says the same as all together, else the first that does not fit."""
    found: list[ConfigError] = []
    for source, over in sources:
        values = chosen.merge(values, _with_physics(values, over))
        try:
            build(Settings, values, source=source)
        except ConfigError as error:
            found.append(error)
    for first in ([error for error in found if str(error).endswith(message)] or found)[:1]:
        raise first from None


def _with_physics(values: Mapping[str, Any], over: Mapping[str, Any]) -> Mapping[str, Any]:
    """What overrides `values`: another physics engine in place of one has the settings that both know, as of noise."""
    before, after = _physics_of(values), _physics_of(over)
    if before is None or after is None:
        return over
    known = {item.name for item in fields(PhysicsSettings)}
    kept = {key: value for key, value in before.items() if key in known}
    return {**over, "driver": {**over["driver"], "backend": merge(kept, after)}}


def _physics_of(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The settings of the physics engine that `values` name; None if they name none."""
    driver = values.get("driver")
    backend = driver.get("backend") if isinstance(driver, Mapping) else None
    name = backend.get("name") if isinstance(backend, Mapping) else None
    kind = BACKEND_SETTINGS.get(name) if isinstance(name, str) else None
    return backend if kind is not None and issubclass(kind, PhysicsSettings) else None


def _nested(override: str | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(override, str):
        return parse_override(override)
    if not isinstance(override, Mapping):
        raise ConfigError(f"settings are {override!r}, expected a mapping such as {{'control.delay': 0}}")
    return expand(override)


def _checked(values: dict[str, Any], path: Path, task: str | None) -> dict[str, Any]:
    """What a parameters file says, if it is right; `task` is the one that it is for, unless it names another."""
    build(Settings, merge({"task": {"name": task}} if task is not None else {}, values), source=str(path))
    return values


def _read(path: Path) -> ParametersFile:
    """A parameters file; a robot's file that it names is looked for beside it, then in the working folder."""
    return ParametersFile(
        path,
        NODES,
        lambda values: values | {name: beside([path], values[name]) for name in ("robot",) if name in values},
    )


def beside(files: Iterable[Path], robot: Any) -> Any:
    """A robot's file that parameters files name is looked for beside the last of these, then in the working folder."""
    found = [path.parent / robot for path in files if isinstance(robot, str) and is_file(robot)]
    return next((str(path.resolve()) for path in reversed(found) if path.is_file()), robot)


def with_overrides(settings: Settings, **overrides: Any) -> Settings:
    """A copy with some nested settings replaced, e.g. ``with_overrides(s, driver={"mode": "real_time"})``."""
    return build(Settings, merge(to_mapping(settings), overrides))
