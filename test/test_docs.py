# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The pages say what is true: links lead somewhere, commands parse, settings exist, tables are those of the nodes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ros_rl.cli.main import make_parser
from ros_rl.config import iterate
from ros_rl.robot import Camera, load_robot
from ros_rl.sensors.cameras import IMAGE, INFO, camera_sensors, info_topics, watched_topics
from ros_rl.sensors.inputs import INPUTS
from ros_rl.sensors.objects import OBJECTS, TRACKED
from ros_rl.sensors.table import SENSORS
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import AGENT_SETTINGS, BACKEND_SETTINGS
from ros_rl.tasks import OWN_TASKS

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "bench" / "README.md"])
SERVICES = (ROOT / "ros_rl" / "nodes" / "safety_services.py").read_text(encoding="utf-8")
NODES = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "ros_rl" / "nodes").glob("*.py")))
NODES_PAGE = (ROOT / "docs" / "nodes.md").read_text(encoding="utf-8")
REMEMBERED = {name for task in OWN_TASKS.values() for name in task.memory}
"""Inputs that nobody asks for."""
WATCHED = replace(
    load_robot("mock"), cameras={"<name>": Camera(position=(0, 0, 1), target=(0, 1, 0), field_of_view=1.0, depth=True)}
)
TABLES = {
    **{sensor.topic.name: (sensor.topic.message, "state") for sensor in camera_sensors(WATCHED).values()},
    **{topic: (INFO, "state") for _, topic in info_topics(WATCHED)},
    **{topic: (IMAGE, "newest") for topic in watched_topics(WATCHED).values()},
    **{sensor.topic.name: (sensor.topic.message, "state") for sensor in SENSORS.values()},
    **{item.topic: (item.message, "newest") for name, item in INPUTS.items() if name not in REMEMBERED},
    TRACKED: (OBJECTS.message, "newest"),
    **{f"task/{name}": (item.shown_as, "newest") for name, item in INPUTS.items()},
}
"""Type and quality of service of what stands in the tables of sensors and inputs, of cameras and of objects."""


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def prose(path: Path) -> str:
    """A page without its code."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """Of a page's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def table(first_header: str) -> Iterator[list[str]]:
    """The rows of the table of the nodes' page whose first header is that, cells stripped."""
    lines = iter(NODES_PAGE.splitlines())
    next(line for line in lines if line.startswith(f"| {first_header} |"))
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def ros_rl_commands(path: Path) -> Iterator[list[str]]:
    for block in re.findall(r"^```console\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ ros-rl "):
                words = shlex.split(line[2:].split(" | ")[0].split(" && ")[0], comments=True)
                yield words[1:]


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_links_lead_somewhere(page: Path) -> None:
    definitions = re.findall(r"^\[\w+\]: (\S+)$", prose(page), re.MULTILINE)
    for link in [*re.findall(r"\]\(([^)\s]+)\)", prose(page)), *definitions]:
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = page if not path else page.parent / path
        assert target.exists(), f"{short(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{short(page)}: {link}"


@pytest.mark.parametrize("page", [page for page in PAGES if page.stem != "extending"], ids=short)
def test_commands_parse(page: Path) -> None:
    """But for a page whose commands know what its own packages bring."""
    for words in ros_rl_commands(page):
        if "..." not in words and "<task>" not in words:
            make_parser().parse_args(words)


@pytest.fixture(scope="module")
def keys() -> set[str]:
    """Of all settings that there are, and of their sections."""
    found = {key for key, _, _ in iterate(load_settings("xarm_reach"))}
    found |= {f"agent.{key}" for kind in AGENT_SETTINGS.values() for key, _, _ in iterate(kind())}
    found |= {f"driver.backend.{key}" for kind in BACKEND_SETTINGS.values() for key, _, _ in iterate(kind())}
    return found | {".".join(key.split(".")[:count]) for key in found for count in (1, 2, 3)}


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_settings_exist(page: Path, keys: set[str]) -> None:
    roots = {key.split(".")[0] for key in keys} - {"task"}  # whose settings are those of the page's own examples
    files = re.compile(r"\.(yaml|onnx|json|py|md|urdf|mcap|jsonl|png|gif|mp4|pt|safetensors)$")
    named = re.findall(r"`([a-z_]+(?:\.[a-z0-9_]+)+)(?:=[^`]*)?`", prose(page))
    asked = {name for name in named if name.split(".")[0] in roots and not files.search(name)}
    assert asked <= keys, f"unknown settings: {sorted(asked - keys)}"


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^(?:.*<)?([\w./]+)>?$", index, re.MULTILINE))
    missing = [page.stem for page in sorted(ROOT.glob("docs/*.md")) if page.stem not in listed | {"index"}]
    assert not missing


def test_topics_are_those_of_the_nodes() -> None:
    made = set(re.findall(r"create_(?:publisher|subscription)\(\s*\w+,\s*\"([\w/]+)\"", NODES))
    made |= set(re.findall(r"self\._recorder\.subscribe\(\w+, \"([\w/]+)\"", NODES))
    told = {row[0]: row for row in table("topic")}
    assert set(told) == made | {"tick"} | set(TABLES)
    for row in told.values():
        kind, qos = row[1].split("/")[1], row[3]
        assert kind in NODES or row[0] in TABLES, f"{row[0]}: no node uses {kind}"
        assert f"*{qos}*" in NODES_PAGE, f"{row[0]}: the quality of service '{qos}' is not explained"


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
