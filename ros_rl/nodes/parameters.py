# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A node's settings: read from its ROS parameters, checked, and declared; some may change while it runs."""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
from rclpy.node import Node

from ros_rl.config import SettingInfo, build, expand, iterate, merge, nested, to_mapping
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.formats.parameters_file import OF_EVERY_NODE
from ros_rl.settings.loading import beside, load_settings
from ros_rl.settings.nodes import ACTS_BY, SHARED
from ros_rl.settings.tree import Settings

NODE_OPTIONS: dict[str, Any] = {"automatically_declare_parameters_from_overrides": True}
"""With these a node knows every parameter that it was given, also those that do not exist."""

_EXTRAS: dict[str, SettingInfo] = {
    "run.folder": SettingInfo("where the run leaves its files; empty for nowhere"),
    "run.resume": SettingInfo("learner: folder of the checkpoint to go on from; empty for none"),
    "run.mode": SettingInfo("supervisor: train, or run a control graph that exists; empty: train"),
    "run.agent_file": SettingInfo("supervisor: the control graph to run"),
    "run.minutes": SettingInfo("supervisor: limit when running [min]; empty for none"),
}
"""Parameters that are no settings; all are text."""


@dataclasses.dataclass(frozen=True)
class NodeParameters:
    """What a node was told."""

    settings: Settings
    folder: str
    resume: str
    mode: str
    agent_file: str
    minutes: str


Change = Callable[[Settings], None]
"""Makes a node act by other settings; raises RosRlError if it cannot."""


def declare_parameters(node: Node, changes: Mapping[str, Change] | None = None) -> NodeParameters:
    """Read and check a node's parameters, and declare those that it acts by, described.

    The settings stand in shared sections (``driver.mode``); a node's own may also stand in its own (``mode``). A node
    is given all of them, since what one does depends on others, and declares its own: `SHARED` and `ACTS_BY`.

    Args:
        node: Built with `NODE_OPTIONS`.
        changes: By their names, the settings that may change while it runs, and what then takes them over; all others
            are read-only.

    Raises:
        ConfigError: A parameter does not exist, has the wrong type or is out of range.
    """
    given = {
        name: parameter.value
        for name, parameter in node.get_parameters_by_prefix("").items()
        if name.split(".")[0] not in OF_EVERY_NODE
    }
    extras = {name: str(given.get(name, "")) for name in _EXTRAS}
    values = _sorted_in(node.get_name(), expand({k: v for k, v in given.items() if k not in _EXTRAS}))
    task = values.get("task", {})
    values["robot"] = beside(_files(), values.get("robot", ""))
    try:
        settings = load_settings(task.get("name") if isinstance(task, dict) else None, overrides=[values])
    except ConfigError as error:
        raise ConfigError(f"{_source()}: {error}") from None
    if settings.driver.mode == "real_time" and node.get_parameter("use_sim_time").value:
        raise ConfigError(
            f"{_source()}: use_sim_time is True, but driver.mode is 'real_time', whose stamps are the system's: "
            "use False"
        )
    for name in given:
        node.undeclare_parameter(name)
    changes = changes or {}
    for name, value, info in iterate(settings):
        if value not in (None, ()) and acts_by(node.get_name(), name):  # ROS has no parameter without a value
            node.declare_parameter(name, value, _descriptor(value, info, name in changes), ignore_override=True)
    for name, info in _EXTRAS.items():
        node.declare_parameter(name, extras[name], _descriptor("", info, False), ignore_override=True)
    if changes:
        node.add_on_set_parameters_callback(_Changer(settings, changes))
    return NodeParameters(settings, **{name.removeprefix("run."): value for name, value in extras.items()})


def acts_by(node: str, setting: str) -> bool:
    """Whether a node acts by a setting; one of a name that is not ours by all of them."""
    groups = (*SHARED, *ACTS_BY[node]) if node in ACTS_BY else (setting,)
    return any(setting == group or setting.startswith(f"{group}.") for group in groups)


class _Changer:
    """Takes new values of parameters: checks them together, as at the start, and lets the node take them over.

    Args:
        settings: That the node acts by.
        changes: See `declare_parameters`.
    """

    def __init__(self, settings: Settings, changes: Mapping[str, Change]) -> None:
        self._settings, self._changes = settings, changes

    def __call__(self, parameters: Sequence[Any]) -> SetParametersResult:
        """Called by ROS with what is to be set, all or nothing."""
        values = to_mapping(self._settings)
        changed = [parameter for parameter in parameters if parameter.name in self._changes]
        for parameter in changed:
            values = merge(values, nested(parameter.name, parameter.value))
        takers = list(dict.fromkeys(self._changes[parameter.name] for parameter in changed))
        try:
            settings = build(Settings, values)
            for take in takers:
                take(settings)
        except RosRlError as error:
            for take in takers:
                take(self._settings)
            return SetParametersResult(successful=False, reason=str(error))
        self._settings = settings
        return SetParametersResult(successful=True)


def _sorted_in(node: str, values: dict[str, Any]) -> dict[str, Any]:
    """Move the settings of a node's own section to where they stand in the tree."""
    shared = {field.name for field in dataclasses.fields(Settings)}
    own = {key: value for key, value in values.items() if key not in shared}
    rest = {key: value for key, value in values.items() if key in shared}
    return merge(rest, nested(node, own)) if own else rest


def _source() -> str:
    """The parameters files on the command line, for messages."""
    return ", ".join(map(str, _files())) or "ROS parameters"


def _files() -> list[Path]:
    """The parameters files on the command line."""
    return [Path(value) for option, value in zip(sys.argv, sys.argv[1:], strict=False) if option == "--params-file"]


def _descriptor(value: Any, info: SettingInfo, may_change: bool) -> ParameterDescriptor:
    descriptor = ParameterDescriptor(description=info.describe(), read_only=not may_change)
    if info.choices:
        descriptor.additional_constraints = f"one of {', '.join(info.choices)}"
    if math.isinf(info.low) and math.isinf(info.high):
        return descriptor
    if isinstance(value, int) and not isinstance(value, bool):
        limit = 2**31 - 1
        low = -limit if math.isinf(info.low) else math.ceil(info.low)
        high = limit if math.isinf(info.high) else math.floor(info.high)
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high, step=1)]
    elif isinstance(value, float):
        largest = sys.float_info.max
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=max(info.low, -largest), to_value=min(info.high, largest))
        ]
    return descriptor
