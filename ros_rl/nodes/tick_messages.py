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
from ros_rl.types import Array, Measurement, SafetyState, Tick
from ros_rl.wire import Header

PARTS = "parts"
"""Label of what says, for each topic of the robot's sensors, whether the tick comes with a message on it."""
INPUT = "input."
"""Labels that begin so are the task's inputs."""


def to_tick(tick: Tick, parts: Sequence[bool], session: int = 0, response: float = math.nan) -> Float64MultiArray:
    """What a tick holds besides its measurement; its version names the driver's session.

    Args:
        tick: The tick.
        parts: Whether there is a message on each of `ros_rl.nodes.sensor_messages.sensor_topics`.
        session: The driver's.
        response: How long after its publication the tick before was answered [s]; nan if it was not.
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
    return to_vectors(Header(tick.stamp, tick.index, session), fields)


def from_tick(header: Header, fields: Mapping[str, Array], measurement: Measurement, robot: Robot) -> Tick:
    """A tick from the fields of its own message and what was measured at its stamp.

    Args:
        header: Of the tick's own message.
        fields: Of the tick's own message.
        measurement: From the other messages of the same stamp.
        robot: Whose joints they are.

    Raises:
        ContractError: A field is missing, or the joints are not the robot's.
    """
    try:
        return Tick(
            stamp=header.stamp,
            index=int(fields["index"][0]),
            episode=int(fields["episode"][0]),
            step=int(fields["step"][0]),
            safety=SafetyState(int(fields["safety"][0])),
            intact=bool(fields["intact"][0]),
            origin=fields["origin"],
            previous_command=fields["previous_command"],
            pending_commands=fields["pending_commands"].reshape(-1, robot.size),
            measurement=measurement,
            env_steps=int(fields["env_steps"][0]),
            inputs={name[len(INPUT) :]: value for name, value in fields.items() if name.startswith(INPUT)},
        )
    except KeyError as error:
        raise ContractError(f"tick lacks the field {error}") from None
    except ValueError as error:
        raise ContractError(f"tick does not fit {robot.name}: {error}") from None
