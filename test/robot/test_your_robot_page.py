# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`docs/your_robot.md` has every key of a robot's file with its unit and default, and its walk goes as it says."""

import dataclasses
import re
from pathlib import Path

import pytest
import yaml
from command_line import run_cli

from ros_rl.robot.camera import Camera
from ros_rl.robot.file import ActionEntry, JointEntry, PassiveJointEntry, RobotFile
from ros_rl.robot.gripper import Gripper
from ros_rl.robot.hardware import Hardware, HardwareJoint
from ros_rl.robot.legs import Leg, LegJoint
from ros_rl.robot.limits import SAFE_ACTIONS, Box, SafetyLimits
from ros_rl.robot.robot import Simulation

PAGE = (Path(__file__).parents[2] / "docs" / "your_robot.md").read_text(encoding="utf-8")
SECTIONS = {
    "The robot": RobotFile,
    "A commanded joint": JointEntry,
    "An action that moves several joints": ActionEntry,
    "A passive joint": PassiveJointEntry,
    "Safety": SafetyLimits,
    "A box": Box,
    "Simulation": Simulation,
    "A gripper": Gripper,
    "A camera": Camera,
    "A leg": Leg,
    "A joint of a leg": LegJoint,
    "Hardware": Hardware,
    "A joint on the hardware": HardwareJoint,
}


def section(title: str) -> str:
    return re.split(r"^#{2,4} ", PAGE.partition(f"\n### {title}\n")[2], flags=re.MULTILINE)[0]


def rows(title: str) -> dict[str, list[str]]:
    """The other cells by the key in the first one."""
    cells = [re.split(r" ?\| ?", line)[1:-1] for line in section(title).splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in cells}


def default(field: "dataclasses.Field[object]") -> str:
    """As the page shows it."""
    if field.default_factory is not dataclasses.MISSING:
        return "none" if not field.default_factory() else "?"
    if field.default is dataclasses.MISSING:
        return "required"
    if field.default is None:
        return "not set"
    if field.default == ():
        return "none"
    plain = list(field.default) if isinstance(field.default, tuple) else field.default
    return yaml.safe_dump(plain, default_flow_style=True).splitlines()[0]


@pytest.mark.parametrize(("title", "cls"), SECTIONS.items())
def test_every_key_with_its_unit_and_default(title, cls) -> None:
    found = rows(title)
    assert list(found) == [field.name for field in dataclasses.fields(cls)]
    for field in dataclasses.fields(cls):
        unit, shown, text = found[field.name]
        assert (unit, shown) == (field.metadata["info"].unit, default(field)), field.name
        assert len(text) > 10 and all(word in PAGE for word in field.metadata["info"].choices)


def test_safe_actions() -> None:
    assert re.findall(r"^\| `(\w+)` \| \w+ .* \| stop \|", PAGE, re.MULTILINE) == list(SAFE_ACTIONS)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def said(command: str) -> list[str]:
    """What the page shows of a command's output."""
    block = next(block for block in blocks("console") if f"$ {command}\n" in block)
    return block.partition(f"$ {command}\n")[2].partition("\n$ ")[0].splitlines()


def test_the_walk_prints_what_the_page_shows(capsys, tmp_path, monkeypatch) -> None:
    pytest.importorskip("pybullet_data")
    monkeypatch.chdir(tmp_path)
    write, check = "check kuka_iiwa/model.urdf --write kuka.yaml", "check kuka.yaml --scene table"
    code, printed, _ = run_cli(capsys, *write.split())
    assert code == 0 and printed.splitlines()[0] == said(f"ros-rl {write}")[0]
    made, shown = yaml.safe_load(Path("kuka.yaml").read_text()), yaml.safe_load(blocks("yaml")[0])
    for joint, home in ((2, 0.6), (4, -1.6), (6, 0.9)):
        made["joints"][f"lbr_iiwa_joint_{joint}"]["home"] = home
    assert made == shown
    Path("kuka.yaml").write_text(blocks("yaml")[0])
    code, printed, _ = run_cli(capsys, *check.split())
    lines = re.sub(r"URDF .*/kuka_iiwa/", "URDF kuka_iiwa/", printed).splitlines()
    held = [line.startswith("home pose, held") for line in lines].index(True)
    shown = said(f"ros-rl {check}")
    assert code == 0 and lines[:held] + lines[held + 1 :] == shown[:held] + shown[held + 1 :]
    assert lines[held].startswith("home pose, held for a second in scene table: at most 0.000 rad")
