# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl list`` shows every row of every table with its unit, and what of another package is broken."""

import re
from pathlib import Path

import pytest
from command_line import run_cli
from extensions import run_with_package

from ros_rl.cli.list import SECTIONS
from ros_rl.features import FEATURES
from ros_rl.resources import share_path
from ros_rl.sensors.inputs import INPUTS
from ros_rl.sensors.table import SENSORS

BROKEN = """
[ros_rl.tasks]
swim = broken_task:Swim
[ros_rl.agent_settings]
guess = nowhere:GuessSettings
[ros_rl.sensors]
joint_position = math:pi
[ros_rl.robots]
fish = broken_task:FISH
"""


def test_every_section_is_shown_and_each_alone(capsys) -> None:
    code, whole, _ = run_cli(capsys, "list")
    parts = [run_cli(capsys, "list", section)[1] for section in SECTIONS]
    assert code == 0 and whole == "".join(parts)
    assert run_cli(capsys, "list", "robots", "drivers")[1] == parts[2] + parts[6]


@pytest.mark.parametrize(("section", "table"), [("fields", FEATURES), ("sensors", SENSORS), ("inputs", INPUTS)])
def test_rows_say_unit_frame_and_meaning(capsys, section, table) -> None:
    lines = run_cli(capsys, "list", section)[1].splitlines()[1:]
    assert len(lines) == len(table)
    for line, (name, row) in zip(lines, table.items(), strict=True):
        assert line.split()[0] == name and f"[{row.unit}]" in line and line.endswith(row.meaning)
        assert ("frame: " in line) == bool(row.frame)


def test_scenes_measures_and_shipped_models(capsys) -> None:
    printed = run_cli(capsys, "list", "scenes", "measures", "models")[1]
    for path in share_path("sim", "scenes").glob("*.yaml"):
        assert f"  {path.stem}  " in printed
    words = " ".join(printed.split())
    assert re.search(r"distance \[m\] \([^)]*xarm_reach[^)]*\) of the tool from its goal at the episode's end", words)
    assert f"a1_walk task a1_walk, robot a1, 20 Hz {share_path('models', 'a1_walk', 'agent.onnx')}" in words


def test_an_unknown_section(capsys) -> None:
    code, _, error = run_cli(capsys, "list", "feelds")
    assert code == 2 and "unknown section 'feelds'; valid: tasks, " in error


def test_what_another_package_breaks_is_a_line_and_the_rest_still_works(tmp_path: Path) -> None:
    module = tmp_path / "source" / "broken_task.py"
    module.parent.mkdir()
    module.write_text("raise RuntimeError('no water')\n")
    folder = tmp_path / "installed"
    folder.mkdir()
    done = run_with_package([module], BROKEN, folder, "-m", "ros_rl.cli", "list")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    for name, reason in (
        ("swim", "entry point swim = broken_task:Swim of ros_rl.tasks cannot be loaded: RuntimeError: no water"),
        ("guess", "entry point guess = nowhere:GuessSettings of ros_rl.agent_settings cannot be loaded: No module"),
        ("joint_position", "entry point joint_position of ros_rl.sensors has a name that ros_rl itself gives"),
        ("fish", "entry point fish = broken_task:FISH of ros_rl.robots cannot be loaded: RuntimeError: no water"),
    ):
        lines = [line.split(maxsplit=1)[0] for line in done.stdout.splitlines() if f"PROBLEM: {reason}" in line]
        assert lines == [name]
    for arguments, reason in (
        (
            ["settings", "swim"],
            "entry point swim = broken_task:Swim of ros_rl.tasks cannot be loaded: RuntimeError: no",
        ),
        (["train", "a1_walk", "--agent", "guess"], "entry point guess = nowhere:GuessSettings"),
    ):
        done = run_with_package([module], BROKEN, folder, "-m", "ros_rl.cli", *arguments)
        errors = [line for line in done.stderr.splitlines() if line.startswith("ros-rl: error: ")]
        assert (done.returncode, done.stdout, len(errors)) == (2, "", 1) and reason in errors[0]
    assert run_with_package([module], BROKEN, folder, "-m", "ros_rl.cli", "settings", "mock_point").returncode == 0


def test_cameras_of_robots(capsys):
    lines = run_cli(capsys, "list", "robots")[1].splitlines()
    assert next(line for line in lines if " xarm6_gripper " in line).endswith("; fixed base; cameras: wrist, front")
    assert next(line for line in lines if " ur5 " in line).endswith("; fixed base")
