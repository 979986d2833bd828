# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Turns `ros_rl.runs.bringup` into launch descriptions; the files in ``launch/`` only call it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription  # type: ignore[attr-defined]
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration

from ros_rl.deploy.agent_file import checked_agent
from ros_rl.errors import ConfigError
from ros_rl.nodes.launch_nodes import Nodes
from ros_rl.nodes.launch_rviz import rviz, state_publisher, state_publisher_installed
from ros_rl.ros_names import check_namespace
from ros_rl.runs import bringup
from ros_rl.runs.machine import check_machine
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run
from ros_rl.settings.registry import BACKEND_SETTINGS, implied_by
from ros_rl.settings.teleop import DEVICES, implied_by_teleop
from ros_rl.settings.tree import Settings
from ros_rl.tasks.bring_up import BringUp

_TASK = "a1_walk"
_ARGUMENTS = {
    "driver": ("", f"what moves the robot: {', '.join(BACKEND_SETTINGS)}; empty: as set for the task"),
    "seed": ("", "seed of every random number; empty: as set for the task"),
    "params_file": ("", "ROS parameters file that is read after the task's own and a preset"),
    "set": ("", "settings, as KEY=VALUE separated by spaces (or by ';', where values hold spaces); empty: none"),
    "out": ("", "run folder; empty: runs/<task>_<date>_<time>, or that of a stopped run that is resumed"),
    "namespace": ("", "of all nodes; empty: the robot's name"),
    "log_level": ("info", "of all nodes: debug, info, warn, error or fatal"),
    "rviz": ("false", "true starts RViz and robot_state_publisher"),
}
_OF_TASKS = {
    "task": (_TASK, "task to learn or to act on"),
    "mode": ("", "lock_step or real_time; empty: as set for the task"),
    "robot_minutes": ("", "robot time [min]; empty: as set for the task when training, without end when running"),
    "record": ("true", "false keeps no MCAP log of the run"),
}
_TELEOP = {"teleop": ("", "a person drives: joystick, or keyboard (ros-rl teleop in a terminal); empty: none")}
_OF_MODE = {
    bringup.TRAIN: {
        **_OF_TASKS,
        "agent": ("", "the agent (ros-rl list names them); empty: as set for the task"),
        "preset": ("", "settings under a name, read after the task's own (ros-rl list names them); empty: none"),
        "resume": ("", "run folder to go on from, with its settings unless params_file is given; empty: start anew"),
    },
    bringup.RUN: {**_OF_TASKS, **_TELEOP, "agent": ("", "control graph to run (.onnx); empty: a person drives")},
    bringup.BRING_UP: {**_TELEOP, "robot": ("a1", "robot to bring up: a name (ros-rl list robots), or a YAML file")},
}
_LOG_LEVELS = ("debug", "info", "warn", "error", "fatal")
_CLAIMED: list[RunFolder] = []
"""Folders of this process's runs: theirs as long as it lives."""


def launch_description(mode: str) -> LaunchDescription:
    """The launch description of a mode.

    Args:
        mode: `bringup.TRAIN`, `RUN` or `BRING_UP`.
    """
    arguments = _ARGUMENTS | _OF_MODE[mode]
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in arguments.items()
    ]

    def actions(context: LaunchContext) -> list[Any]:
        values = {name: LaunchConfiguration(name).perform(context) for name in arguments}
        return _actions(mode, values)

    return LaunchDescription([*declared, OpaqueFunction(function=actions)])


def _actions(mode: str, values: dict[str, str]) -> list[Any]:
    _check(mode, values)
    resumed = Path(values["resume"]) if values.get("resume") else None
    settings = _settings(mode, values, resumed)
    check_machine(settings)
    checkpoint = _checkpoint(resumed)
    bringup.check(settings, mode)
    if mode == bringup.RUN and values["agent"]:
        checked_agent(Path(values["agent"]), settings)
    elif mode == bringup.TRAIN:
        from ros_rl.nodes.learner import check_beginning  # torch, which a robot's computer need not have

        check_beginning(settings, checkpoint)
    namespace = bringup.namespace_of(settings, values["namespace"])
    name = f"{mode}_{namespace}" if mode == bringup.BRING_UP else settings.task.name
    folder = _claim(Path(values["out"]) if values["out"] else None, resumed, name)
    folder.write_config(settings)
    nodes = Nodes(settings, namespace, folder, values["log_level"])
    specs = bringup.nodes(settings, mode, folder.path, checkpoint)
    actions = [action for spec in specs for action in nodes.start(spec)]
    told = [("run.folder", str(folder.path)), ("run.mode", mode)]
    if mode == bringup.RUN:
        file = str(Path(values["agent"]).resolve()) if values["agent"] else ""
        told += [("run.agent_file", file), ("run.minutes", values["robot_minutes"])]
    actions += nodes.start_supervisor(bringup.NodeSpec("supervisor", nice=0, parameters=tuple(told)))
    shown = values["rviz"].lower() == "true"
    if shown or (mode == bringup.BRING_UP and state_publisher_installed()):
        actions += state_publisher(settings, namespace)
    return actions + (rviz(settings, namespace) if shown else [])


def _claim(out: Path | None, resumed: Path | None, task: str) -> RunFolder:
    """The folder of the run, this process's alone."""
    folder = RunFolder.claim_for(task, out, resumed)
    _CLAIMED.append(folder)
    return folder


def _check(mode: str, values: dict[str, str]) -> None:
    """Refuse arguments that no setting would refuse."""
    if mode == bringup.RUN and not (values["agent"] or values["teleop"]):
        raise ConfigError("agent:= is missing: name the control graph to run, agent:=FILE.onnx, or teleop:=joystick")
    if values.get("teleop", "") not in ("", *DEVICES):
        raise ConfigError(f"teleop:={values['teleop']} is none of {', '.join(DEVICES)}")
    if values["log_level"].lower() not in _LOG_LEVELS:
        raise ConfigError(f"log_level:={values['log_level']} is none of {', '.join(_LOG_LEVELS)}")
    for name in ("record", "rviz"):
        if values.get(name, "true").lower() not in ("true", "false"):
            raise ConfigError(f"{name}:={values[name]} is neither true nor false")


def _checkpoint(resumed: Path | None) -> Path | None:
    if resumed is None:
        return None
    if not (resumed / CHECKPOINT).is_dir():
        raise ConfigError(f"resume:={resumed} holds no checkpoint to go on from")
    return (resumed / CHECKPOINT).resolve()


def _settings(mode: str, values: dict[str, str], resumed: Path | None) -> Settings:
    keys = {"driver": "driver.backend.name", "mode": "driver.mode", "seed": "seed", "robot": "robot"}
    if mode == bringup.TRAIN:
        keys |= {"agent": "agent.name", "robot_minutes": "learner.robot_minutes"}
    chosen = [f"{key}={values[name]}" for name, key in keys.items() if values.get(name)]
    first: list[Any] = [item for item in chosen if ".name=" in item]  # a change drops the old settings
    implied = [{"driver.backend.name": values["driver"], **implied_by(values["driver"])}] if values["driver"] else []
    if mode == bringup.BRING_UP:
        implied.append(bringup.implied(values["teleop"]))
    elif mode == bringup.RUN:
        implied.append(implied_by_teleop(values["teleop"], acts=not values["agent"]))
    overrides = [
        *implied,  # at once: no robot is in lock-step, not even until the next setting is read
        *first,
        *_given(values["set"]),
        *(item for item in chosen if item not in first),
    ]
    if mode == bringup.RUN:
        overrides.append("controller.explore=0.0")
    if values.get("record", "true").lower() == "false":
        overrides.append("collector.log=false")
    params_file = Path(values["params_file"]) if values["params_file"] else None
    namespace = check_namespace(values["namespace"]) if values["namespace"] else None
    if params_file is None and resumed is not None:
        if values["preset"]:
            raise ConfigError(
                f"preset:={values['preset']} has no use with resume:={resumed}: a run brings its own settings"
            )
        return _settings_of(resumed, values["task"], overrides, namespace)
    task, preset = values.get("task", BringUp.name), values.get("preset") or None
    return load_settings(task, params_file, overrides, preset, namespace)


def _settings_of(resumed: Path, asked: str, overrides: list[Any], namespace: str | None) -> Settings:
    """Those of a run, whose task only the default of ``task:=`` may differ from."""
    was = load_run(resumed / CONFIG).task.name
    if asked not in (was, _TASK):
        raise ConfigError(f"resume:={resumed} is a run of {was}, not of {asked}")
    return load_run(resumed / CONFIG, overrides, namespace)


def _given(text: str) -> list[str]:
    """The items of ``set:=``."""
    parts = text.split(";") if ";" in text else text.split()
    return [part.strip() for part in parts if part.strip()]
