# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between ticks and their messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from numpy.typing import ArrayLike
from std_msgs.msg import Float64MultiArray

from ros_rl.errors import ContractError
from ros_rl.nodes.packets import to_vectors
from ros_rl.robot import Robot
from ros_rl.sensors.inputs import INPUTS
from ros_rl.types import Array, Measurement, SafetyState, Tick
from ros_rl.wire import BY_PERSON, Header, vector, whole

PARTS = "parts"
"""Label of what says, for each topic of the robot's sensors, whether the tick comes with a message on it."""
INPUT = "input."
"""Labels that begin so are the task's inputs."""
PICTURE = "picture."
"""Labels that begin so, and have no values, name what cameras measured: the tick comes with a message of it."""


def to_tick(
    tick: Tick, parts: Sequence[bool], session: int = 0, response: float = math.nan, pictures: Sequence[str] = ()
) -> Float64MultiArray:
    """What a tick holds besides its measurement; its version names the driver's session.

    Args:
        tick: The tick.
        parts: Whether there is a message on each of `ros_rl.nodes.sensor_messages.sensor_topics`.
        session: The driver's.
        response: How long after its publication the tick before was answered [s]; nan if it was not.
        pictures: Which of `ros_rl.nodes.sensor_messages.camera_topics` there is a message on.
    """
    fields: dict[str, ArrayLike] = {
        "index": tick.index,
        "episode": tick.episode,
        "step": tick.step,
        "env_steps": tick.env_steps,
        "safety": int(tick.safety),
        "intact": tick.intact,
        "response": response,
        PARTS: parts,
        "origin": tick.origin,
        "previous_command": tick.previous_command,
        "pending_commands": tick.pending_commands,
    }
    for name, value in tick.inputs.items():
        fields[f"{INPUT}{name}"] = value
    for name in pictures:
        fields[f"{PICTURE}{name}"] = ()
    if tick.by_person:
        fields[BY_PERSON] = ()
    return to_vectors(Header(tick.stamp, tick.index, session), fields)


def from_tick(header: Header, fields: Mapping[str, Array], measurement: Measurement, robot: Robot) -> Tick:
    """A tick from the fields of its own message and what was measured at its stamp.

    Args:
        header: Of the tick's own message.
        fields: Of the tick's own message.
        measurement: From the other messages of the same stamp.
        robot: Whose joints they are.

    Raises:
        ContractError: A field is missing, has another size or is not finite, or the joints are not the robot's.
    """
    try:
        return Tick(
            stamp=header.stamp,
            index=whole(fields, "index"),
            episode=whole(fields, "episode", smallest=-1),
            step=whole(fields, "step"),
            safety=SafetyState(whole(fields, "safety", max(SafetyState))),
            intact=bool(whole(fields, "intact", 1)),
            origin=_sized(fields, "origin", 3),
            previous_command=_sized(fields, "previous_command", robot.size),
            pending_commands=_rows(fields, "pending_commands", robot.size),
            measurement=measurement,
            env_steps=whole(fields, "env_steps"),
            inputs={name[len(INPUT) :]: _input(fields, name, robot) for name in fields if name.startswith(INPUT)},
            by_person=BY_PERSON in fields,
        )
    except ContractError as error:
        raise ContractError(f"tick does not fit {robot.name}: {error}") from None


def _sized(fields: Mapping[str, Array], name: str, size: int) -> Array:
    value = vector(fields, name)
    if value.size != size:
        raise ContractError(f"'{name}' has {value.size} values, expected {size}")
    return value


def _rows(fields: Mapping[str, Array], name: str, size: int) -> Array:
    value = vector(fields, name)
    if value.size % size:
        raise ContractError(f"'{name}' has {value.size} values, expected {size} for each period of delay")
    return value.reshape(-1, size)


def _input(fields: Mapping[str, Array], label: str, robot: Robot) -> Array:
    """What a task is asked for; one that is not known here is nobody's to use."""
    value, known = vector(fields, label), INPUTS.get(label[len(INPUT) :])
    if known is not None and value.shape != known.shape_of(robot):
        raise ContractError(f"'{label}' has shape {value.shape}, expected {known.shape_of(robot)}")
    return value
