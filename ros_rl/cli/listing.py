# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The sections of ``ros-rl list``; what an installed package brings and cannot be loaded is a line that says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.onnx_file import OnnxFile
from ros_rl.errors import RosRlError
from ros_rl.experts import EXPERTS
from ros_rl.features import FEATURES
from ros_rl.formats.yaml_text import first_comment
from ros_rl.plugins import Table
from ros_rl.resources import share_path
from ros_rl.robot import load_robot, robot_names
from ros_rl.scenes import scene_paths
from ros_rl.sensors.inputs import INPUTS
from ros_rl.sensors.table import SENSORS
from ros_rl.settings.presets import preset_titles, tuned_settings, variant_titles
from ros_rl.settings.registry import AGENT_SETTINGS, BACKEND_SETTINGS
from ros_rl.tasks import TASKS

Rows = Iterator[tuple[str, ...]]


def tasks() -> Rows:
    """Name, robot and title."""
    for name, task in sorted(TASKS.items()):
        yield name, f"({task.robot})", _first_line(task)
    yield from _problems(TASKS, 3)


def environments() -> Rows:
    """How Gymnasium's are named."""
    yield "gym:NAME", "any of Gymnasium's (train --env)"


def robots() -> Rows:
    """Name, how many joints of which command interface, and cameras."""
    for name in robot_names():
        try:
            robot = load_robot(name)
        except RosRlError as error:
            yield name, f"PROBLEM: {error}"
            continue
        kinds = sorted(set(robot.interfaces))
        counts = ", ".join(f"{robot.interfaces.count(kind)} by {kind}" for kind in kinds)
        cameras = f"; cameras: {', '.join(robot.optional_cameras)}" if robot.optional_cameras else ""
        yield name, f"joints: {counts}; {'moves through the world' if robot.floating_base else 'fixed base'}{cameras}"


def agents() -> Rows:
    """Name and title."""
    yield from _titled(AGENT_SETTINGS)


def experts() -> Rows:
    """Name and title."""
    yield from _titled(EXPERTS)


def drivers() -> Rows:
    """Name and title."""
    yield from _titled(BACKEND_SETTINGS)


def presets() -> Rows:
    """Name and title."""
    yield from preset_titles().items()


def tuned() -> Rows:
    """Name, title and what they came to."""
    for name, settings in tuned_settings().items():
        yield name, settings.title, settings.measured


def variants() -> Rows:
    """Name and title."""
    yield from variant_titles().items()


def scenes() -> Rows:
    """Name and title."""
    for name, path in scene_paths().items():
        yield name, first_comment(path)


def models() -> Rows:
    """Name, what it is for, and where it lies."""
    for path in sorted(share_path("models").glob("*/agent.onnx")):
        yield path.parent.name, _contract(path), str(path)


def fields() -> Rows:
    """Name, unit, frame and meaning of observation fields."""
    yield from _quantities(FEATURES)


def inputs() -> Rows:
    """Name, unit, frame and meaning."""
    yield from _quantities(INPUTS)


def sensors() -> Rows:
    """Name, unit, frame and meaning."""
    yield from _quantities(SENSORS)


def measures() -> Rows:
    """Name, unit, tasks that are judged by it, and meaning."""
    users: dict[Any, list[str]] = {}
    for name, task in TASKS.items():
        for measure in task.measures:
            users.setdefault(measure, []).append(name)
    for measure, names in users.items():
        yield measure.name, f"[{measure.unit}]", f"({', '.join(names)})", measure.meaning


def _quantities(table: Table[Any]) -> Rows:
    for name, row in table.items():
        yield name, f"[{row.unit}]", f"frame: {row.frame}" if row.frame else "", row.meaning
    yield from _problems(table, 4)


def _titled(table: Table[Any]) -> Rows:
    for name, row in table.items():
        yield name, _first_line(row)
    yield from _problems(table, 2)


def _problems(table: Table[Any], columns: int) -> Rows:
    for name, problem in table.problems.items():
        yield name, *[""] * (columns - 2), f"PROBLEM: {problem}"


def _contract(path: Path) -> str:
    try:
        contract = Contract.from_json(OnnxFile.read(path.read_bytes()).metadata.get(METADATA_KEY, ""))
    except (OSError, RosRlError) as error:
        return f"PROBLEM: {error}"
    return f"task {contract.task}, robot {contract.robot}, {1 / contract.control_period:g} Hz"


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().partition("\n")[0]
