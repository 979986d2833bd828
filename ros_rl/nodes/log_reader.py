# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads the ticks of a run back from its MCAP log."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from ros_rl.errors import ContractError, DataError
from ros_rl.nodes.messages import deserialised
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.robot import Robot
from ros_rl.runs.mcap_reading import LogFile
from ros_rl.runs.run_folder import LOG
from ros_rl.types import Tick


def read_ticks(path: Path, robot: Robot, cameras: Collection[str] = ()) -> Iterator[Tick]:
    """Every whole tick of a log, as the collector joined them, as far as the log is whole; what is lost is logged.

    Args:
        path: An MCAP file, a folder of them, or a run's folder, whose log it is then.
        robot: Whose ticks they are.
        cameras: Those of its cameras that look whose pictures the ticks are to have, as far as the log has them.

    Raises:
        DataError: There is no log, it is broken, holds no ticks, or those of several robots or of another one.
    """
    assembler = TickAssembler(robot, cameras)
    for part, data in _messages(path, assembler.kinds):
        try:
            stamp, content = assembler.unpack(part, deserialised(data, assembler.kinds[part]))
            tick = assembler.add(part, stamp, content)
        except ContractError as error:
            raise DataError(f"log {path}: {error}") from None
        if tick is not None:
            yield tick


def _messages(path: Path, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """Messages of these topics, by their last names; what a file lacks is told in the log."""
    spaces = set()
    for file in _files(path):
        for topic, data, _ in file.messages():
            name = next((name for name in names if topic.endswith(f"/{name}")), None)
            if name is None:
                continue
            spaces.add(topic.removesuffix(name))
            if len(spaces) > 1:
                raise DataError(f"log {path} is of several robots: {', '.join(sorted(spaces))}")
            yield name, data
        for problem in file.problems:
            logging.getLogger(__name__).warning("log %s", problem)


def _files(path: Path) -> list[LogFile]:
    """The files of a log that hold anything; those that do not are told, unless there is no other."""
    paths = [path]
    if path.is_dir():
        found = list(path.glob("*.mcap")) or list((path / LOG).glob("*.mcap"))
        paths = sorted(found, key=lambda file: (len(file.name), file.name))
    if not paths or not paths[0].is_file():
        raise DataError(f"{path} holds no log (*.mcap)")
    files, reasons = [], []
    for each in paths:
        try:
            files.append(LogFile(each))
        except DataError as error:
            reasons.append(str(error))
    if not files:
        raise DataError("; ".join(reasons))
    for reason in reasons:
        logging.getLogger(__name__).warning("%s", reason)
    return files
