# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Subscribes to a driver's topics and hands on whole ticks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from rclpy.qos import QoSProfile

from ros_rl.nodes.gate import Gate
from ros_rl.nodes.messages import deserialised
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.robot import Robot
from ros_rl.types import Tick


class TickJoin:
    """Subscribes to a driver's topics and calls back with whole ticks; see `TickAssembler`.

    Args:
        gate: Of the node; subscribes, and counts what makes no tick.
        robot: Whose ticks they are.
        deliver: Called with every whole tick.
        record: Called with (topic, type, CDR bytes, stamp [ns]) of every message.
        qos: `STATE` for every tick; `NEWEST` for one who fell behind to go on with the newest.
        namespace: Of the driver, relative to the node's; empty for the same.
        cameras: See `TickAssembler`.
    """

    def __init__(
        self,
        gate: Gate,
        robot: Robot,
        deliver: Callable[[Tick], None],
        record: Callable[[str, Any, bytes, int], None] | None = None,
        qos: QoSProfile = STATE,
        namespace: str = "",
        cameras: Collection[str] | None = None,
    ) -> None:
        self._gate, self._record = gate, record
        self._assembler = TickAssembler(robot, cameras)
        prefix = f"{namespace}/" if namespace else ""
        self._entrances = [
            gate.subscribe(
                kind, f"{prefix}{part}", self._reader(part, kind), _if_whole(deliver), qos, raw=record is not None
            )
            for part, kind in self._assembler.kinds.items()
        ]

    @property
    def session(self) -> int:
        """The driver's, of the newest tick that was handed on."""
        return self._assembler.session

    @property
    def incomplete(self) -> int:
        """Ticks that were given up for a missing part."""
        return self._assembler.incomplete

    def close(self) -> None:
        """Unsubscribe."""
        self._gate.close(self._entrances)

    def _reader(self, part: str, kind: Any) -> Callable[[Any], Tick | None]:
        def read(message: Any) -> Tick | None:
            raw = message if self._record is not None else None
            stamp, content = self._assembler.unpack(part, deserialised(message, kind) if raw is not None else message)
            if raw is not None and self._record is not None:
                self._record(part, kind, raw, stamp)
            return self._assembler.add(part, stamp, content)

        return read


def _if_whole(deliver: Callable[[Tick], None]) -> Callable[[Tick | None], None]:
    def pass_on(tick: Tick | None) -> None:
        if tick is not None:
            deliver(tick)

    return pass_on
