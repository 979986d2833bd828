# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The README says what is true: its Python runs, its commands parse, its topics, services, settings and files exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ros_rl.cli.main import make_parser
from ros_rl.config import iterate
from ros_rl.sensors.inputs import INPUTS
from ros_rl.sensors.table import SENSORS
from ros_rl.settings import loading as settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SERVICES = (ROOT / "ros_rl" / "nodes" / "safety_services.py").read_text(encoding="utf-8")
NODES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "ros_rl" / "nodes").glob("*.py")))

TABLES = {
    **{sensor.topic.name: (sensor.topic.message, "state") for sensor in SENSORS.values()},
    **{item.topic: (item.message, "newest") for item in INPUTS.values()},
    **{f"task/{name}": (item.shown_as, "newest") for name, item in INPUTS.items()},
}
"""Type and quality of service of what stands in the tables of sensors and inputs."""

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


def table(first_header: str) -> Iterator[list[str]]:
    """The rows of the table whose first header is that, cells stripped."""
    lines = iter(README.splitlines())
    next(line for line in lines if line.startswith(f"| {first_header} |"))
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


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
        settings.load_settings(getattr(options, "task", "a1_walk"), overrides=overrides)


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


def test_topics_are_those_of_the_nodes() -> None:
    made = set(re.findall(r"create_(?:publisher|subscription)\(\s*\w+,\s*\"([\w/]+)\"", NODES))
    made |= set(re.findall(r"self\._recorder\.subscribe\(\w+, \"([\w/]+)\"", NODES))
    told = {row[0]: row for row in table("topic")}
    assert set(told) == made | {"tick"} | set(TABLES)
    for row in told.values():
        kind, qos = row[1].split("/")[1], row[3]
        assert kind in NODES or row[0] in TABLES, f"{row[0]}: no node uses {kind}"
        assert f"*{qos}*" in README, f"{row[0]}: the quality of service '{qos}' is not explained"


def test_topics_of_sensors_and_inputs_are_those_of_their_tables() -> None:
    told = {row[0]: (row[1].replace("/", "/msg/"), row[3]) for row in table("topic")}
    assert {topic: told[topic] for topic in TABLES} == TABLES


@pytest.mark.parametrize("topic", [row[0] for row in table("topic") if row[0] not in TABLES])
def test_type_and_quality_of_service_are_those_of_the_publisher(topic: str) -> None:
    row = next(row for row in table("topic") if row[0] == topic)
    found = re.search(rf"create_publisher\(\s*([\w.]+),\s*\"{topic}\",\s*(\w+)\)", NODES)
    assert found is not None
    kind, qos = found.groups()
    assert kind == row[1].split("/")[1]
    assert qos == row[3].upper()


def test_services_are_those_of_the_driver() -> None:
    named = re.findall(r"create_service\(\w+, \"(\w+)\"", NODES) + re.findall(r"\"(\w+)\": self\._\1,$", SERVICES, re.M)
    assert {row[0] for row in table("service")} == set(named)


def test_settings_exist() -> None:
    known = {key for task in ("a1_walk", "xarm_reach") for key, _, _ in iterate(settings.load_settings(task))}
    roots = {key.split(".")[0] for key in known}
    named = {
        name for name in re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)(?:=[^`]*)?`", README) if name.split(".")[0] in roots
    }
    named -= {"agent.onnx"}
    assert len(named) > 10
    assert named <= known, f"unknown settings: {sorted(named - known)}"


def test_files_exist() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("models/")]
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing


def test_it_is_short() -> None:
    assert len(README.splitlines()) < 350
