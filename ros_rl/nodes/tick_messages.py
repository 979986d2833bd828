# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Between ticks and their messages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike
from std_msgs.msg import Float64MultiArray

from ros_rl.errors import ContractError
from ros_rl.nodes.packets import to_vectors
from ros_rl.nodes.sensor_messages import from_parts, tick_parts
from ros_rl.robot import Robot
from ros_rl.types import Array, SafetyState, Tick
from ros_rl.wire import Header


def to_tick(tick: Tick, session: int = 0, response: float = math.nan) -> Float64MultiArray:
    """What a tick holds besides its measurement; its version names the driver's session.

    Args:
        tick: The tick.
        session: The driver's.
        response: How long after its publication the tick before was answered [s]; nan if it was not.
    """
    fields: dict[str, ArrayLike] = {
        "index": tick.index,
        "episode": tick.episode,
        "step": tick.step,
        "safety": int(tick.safety),
        "intact": tick.intact,
        "response": response,
        "parts": list(tick_parts(tick.measurement).values()),
        "origin": tick.origin,
        "previous_command": tick.previous_command,
        "pending_commands": tick.pending_commands,
    }
    if tick.goal is not None:
        fields["goal"] = tick.goal
    return to_vectors(Header(tick.stamp, tick.index, session), fields)


def from_tick(header: Header, fields: Mapping[str, Array], parts: Mapping[str, Any], robot: Robot) -> Tick:
    """A tick from its own fields and the messages of the same stamp.

    Args:
        header: Of the tick's own message.
        fields: Of the tick's own message.
        parts: ``joints`` (JointState) and those of `PARTS` that the tick names.
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
            measurement=from_parts(parts, robot),
            goal=fields.get("goal"),
        )
    except KeyError as error:
        raise ContractError(f"tick lacks the field {error}") from None
    except ValueError as error:
        raise ContractError(f"tick does not fit {robot.name}: {error}") from None
