# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads the ticks of a run back from its MCAP log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from mcap.exceptions import McapError
from mcap.reader import make_reader

from ros_rl.errors import ContractError, DataError
from ros_rl.nodes.messages import deserialised
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.robot import Robot
from ros_rl.types import Tick


def read_ticks(path: Path, robot: Robot) -> Iterator[Tick]:
    """Every whole tick of a log, as the collector joined them.

    Args:
        path: An MCAP file, or a folder of them, such as a run's ``log``.
        robot: Whose ticks they are.

    Raises:
        DataError: There is no log, it is broken, holds no ticks, or those of several robots or of another one.
    """
    assembler = TickAssembler(robot)
    for part, data in _messages(path, assembler.kinds):
        try:
            stamp, content = assembler.unpack(part, deserialised(data, assembler.kinds[part]))
            tick = assembler.add(part, stamp, content)
        except ContractError as error:
            raise DataError(f"log {path}: {error}") from None
        if tick is not None:
            yield tick


def _messages(path: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    files = sorted(path.glob("*.mcap"), key=lambda file: (len(file.name), file.name)) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise DataError(f"{path} holds no log (*.mcap)")
    spaces = set()
    for file in files:
        try:
            with file.open("rb") as stream:
                for _, channel, message in make_reader(stream).iter_messages():
                    name = next((name for name in names if channel.topic.endswith(f"/{name}")), None)
                    if name is None:
                        continue
                    spaces.add(channel.topic.removesuffix(name))
                    if len(spaces) > 1:
                        raise DataError(f"log {path} is of several robots: {', '.join(sorted(spaces))}")
                    yield name, message.data
        except McapError as error:
            raise DataError(f"log {file} is broken: {error or type(error).__name__}") from None
