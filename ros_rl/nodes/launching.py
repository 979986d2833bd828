# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Turns `ros_rl.runs.bringup` into launch descriptions; the files in ``launch/`` only call it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription  # type: ignore[attr-defined]
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from ros_rl.backends.robot_description import robot_description
from ros_rl.deploy.agent_file import checked_agent
from ros_rl.resources import share_path
from ros_rl.ros_names import check_namespace
from ros_rl.runs import bringup
from ros_rl.runs.machine import check_machine
from ros_rl.runs.run_folder import RunFolder, default_folder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import BACKEND_SETTINGS
from ros_rl.settings.tree import Settings

_ARGUMENTS = {
    "task": ("a1_walk", "task to learn or to act on"),
    "driver": ("", f"what moves the robot: {', '.join(BACKEND_SETTINGS)}; empty: as set for the task"),
    "mode": ("", "lock_step or real_time; empty: as set for the task"),
    "seed": ("", "seed of every random number; empty: as set for the task"),
    "robot_minutes": ("", "robot time [min]; empty: as set for the task when training, without end when running"),
    "params_file": ("", "ROS parameters file that is read after the task's own and a preset"),
    "out": ("", "run folder; empty: runs/<task>_<date>_<time>"),
    "namespace": ("", "of all nodes; empty: the robot's name"),
    "rviz": ("false", "true starts RViz and robot_state_publisher"),
}
_OF_MODE = {
    bringup.TRAIN: {
        "agent": ("", "the agent (ros-rl list names them); empty: as set for the task"),
        "preset": ("", "settings under a name, read after the task's own (ros-rl list names them); empty: none"),
    },
    bringup.RUN: {"agent": ("", "control graph to run (.onnx)")},
}
_RESPAWN_SECONDS = 1.0


def launch_description(mode: str) -> LaunchDescription:
    """The launch description of a mode.

    Args:
        mode: `bringup.TRAIN` or `bringup.RUN`.
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
    settings = _settings(mode, values)
    check_machine(settings)
    if mode == bringup.RUN:
        checked_agent(Path(values["agent"]), settings)
    else:
        from ros_rl.nodes.learner import check_beginning  # torch, which a robot's computer need not have

        check_beginning(settings)
    namespace = bringup.namespace_of(settings, values["namespace"])
    folder = RunFolder(Path(values["out"]) if values["out"] else default_folder(settings.task.name))
    folder.write_config(settings)
    specs = bringup.nodes(settings, mode, folder.path)
    actions = [_node(spec, namespace, folder, respawn=True) for spec in specs]
    told = [("run.folder", str(folder.path)), ("run.mode", mode)]
    if mode == bringup.RUN:
        told += [("run.agent_file", str(Path(values["agent"]).resolve())), ("run.minutes", values["robot_minutes"])]
    supervisor = bringup.NodeSpec("supervisor", nice=0, parameters=tuple(told))
    actions.append(_node(supervisor, namespace, folder, respawn=False))
    if values["rviz"].lower() == "true":
        actions += _rviz(settings, namespace)
    return actions


def _settings(mode: str, values: dict[str, str]) -> Settings:
    keys = {"driver": "driver.backend.name", "mode": "driver.mode", "seed": "seed"}
    if mode == bringup.TRAIN:
        keys |= {"agent": "agent.name", "robot_minutes": "learner.robot_minutes"}
    overrides: list[Any] = [f"{key}={values[name]}" for name, key in keys.items() if values[name]]
    if mode == bringup.RUN:
        overrides.append("controller.explore=0.0")
    params_file = Path(values["params_file"]) if values["params_file"] else None
    namespace = check_namespace(values["namespace"]) if values["namespace"] else None
    return load_settings(values["task"], params_file, overrides, values.get("preset") or None, namespace)


def _node(spec: bringup.NodeSpec, namespace: str, folder: RunFolder, respawn: bool) -> Node:
    options: dict[str, Any] = {"on_exit": Shutdown()}
    if respawn:
        options = {"respawn": True, "respawn_delay": _RESPAWN_SECONDS}
    if spec.prefix:
        options["prefix"] = " ".join(spec.prefix)
    return Node(
        package=bringup.PACKAGE,
        executable=spec.name,
        name=spec.name,
        namespace=namespace,
        parameters=[str(folder.config), dict(spec.parameters)],
        remappings=list(spec.remappings),
        additional_env=bringup.environment({}),
        output="both",
        **options,
    )


def _rviz(settings: Settings, namespace: str) -> list[Any]:
    remappings = [("/tf", "tf"), ("/tf_static", "tf_static"), ("/clock", "clock")]
    clock = {"use_sim_time": settings.driver.mode == "lock_step"}
    description = robot_description(settings.load_robot())
    publisher = Node(
        package="robot_state_publisher",
        executable="robot_state_publisher",
        namespace=namespace,
        parameters=[{"robot_description": description}, clock],
        remappings=remappings,
    )
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        namespace=namespace,
        arguments=["-d", str(share_path("config", "rviz", "a1.rviz"))],
        parameters=[clock],
        remappings=remappings,
    )
    return [publisher, rviz]
