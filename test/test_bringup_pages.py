# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The commands of the pages on bring-up, in sentences too: robots, faults and options exist, and settings load."""

import re
import shlex
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("cyclonedds")

from ros_rl.cli.main import make_parser
from ros_rl.cli.options import settings_of
from ros_rl.cli.stand_in import read_plan
from ros_rl.robot import load_robot
from ros_rl.stand_ins import load_stand_in

PAGES = sorted((Path(__file__).parent.parent / "docs" / "bringup").glob("*.md"))
_MEANT = {"ROBOT": "ur5e", "TASK": "ur5_reach", "AGENT": "agent.onnx", "RUN": "run"}


def commands_of(page: Path) -> list[list[str]]:
    """Arguments of each command that a page shows, in blocks and in sentences."""
    text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))
    shown = re.findall(r"^\s*\$ (.*)$", text, re.MULTILINE) + re.findall(r"`(ros-rl [^`]*)`", text.replace("\n", " "))
    pieces = [piece.split(" #")[0].strip() for line in shown for piece in line.split("&&")]
    words = [shlex.split(piece) for piece in pieces if piece.startswith("ros-rl ")]
    return [[_MEANT.get(word, word) for word in line[1:]] for line in words]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_can_be_given(page: Path) -> None:
    commands = [arguments for arguments in commands_of(page) if len(arguments) > 1 or arguments[0] in ("arm", "stop")]
    assert len(commands) > 3
    for arguments in commands:
        options = make_parser().parse_args(arguments)
        if arguments[0] in ("run", "train", "eval", "settings"):
            settings_of(options)
        elif arguments[0] in ("doctor", "check"):
            load_robot(options.robot)
        elif arguments[0] == "stand-in":
            kind = load_stand_in(options.name)
            assert set(options.options) <= set(kind.options)
            assert [read_plan(text, kind) for text in options.fault] or not options.fault
