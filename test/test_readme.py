# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The README says what is true: its Python runs, its commands parse and exist (the rest: test_docs.py)."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from ros_rl.cli.main import make_parser
from ros_rl.settings import loading as settings
from ros_rl.settings.registry import implied_by

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TINY = (
    "learner.robot_minutes=0.1",
    "learner.warmup_steps=25",
    "learner.batch_size=16",
    "learner.updates_per_step=0.2",
    "task.episode_seconds=1.0",
    "agent.hidden=16",
    "agent.model.hidden=16",
    "agent.planner.elites=2",  # these three in the order that is valid after each
    "agent.planner.proposals=4",
    "agent.planner.samples=8",
    "agent.planner.horizon=2",
    "agent.model_start=50",
    "agent.planner_start=50",
)


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    parts = [part for line in lines for part in line[2:].split(" && ")]
    return [shlex.split(part, comments=True) for part in parts]


def test_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("torch")
    (code,) = blocks("python")
    load = settings.load_settings

    def tiny(task: str, overrides: Any = ()) -> settings.Settings:
        load(task, overrides=overrides)  # what the README asks for is valid
        return load("mock_point", overrides=TINY)

    monkeypatch.setattr(settings, "load_settings", tiny)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert "min, return" in capsys.readouterr().out
    assert (tmp_path / "agent.onnx").stat().st_size > 0


@pytest.mark.parametrize("words", [c for c in commands() if c[0] == "ros-rl"], ids=" ".join)
def test_ros_rl_commands_parse(words: list[str]) -> None:
    options = make_parser().parse_args(words[1:])
    overrides = getattr(options, "set", None)
    if overrides is not None:
        driver = getattr(options, "driver", None)
        chosen = [{"driver.backend.name": driver, **implied_by(driver)}] if driver else []
        robot = [f"robot={options.robot}"] if getattr(options, "robot", None) else []
        task = getattr(options, "task", "xarm_reach" if robot else "a1_walk")
        settings.load_settings(task, overrides=[*robot, *chosen, *overrides])


def test_other_commands_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    launching = (ROOT / "ros_rl" / "nodes" / "launching.py").read_text(encoding="utf-8")
    programs = {words[0].rpartition("/")[2] for words in commands()}
    assert programs == {"make", "ros-rl", "ros2", "colcon", "pip", "source", "sudo", "python3", "export"}
    for words in commands():
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), words
        if words[:2] == ["ros2", "launch"]:
            assert (ROOT / "launch" / words[3]).is_file(), words
            for argument in words[4:]:
                name = argument.partition(":=")[0]
                assert f'"{name}": (' in launching or name == "agent", words


def test_python_packages_are_the_ones_of_setup() -> None:
    (packages,) = [words[2:] for words in commands() if words[0].endswith("/pip") and words[1] == "install"]
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")
    assert all(f'"{package}"' in setup for package in packages)


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 280
