# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""docs/safety.md says what the robots' files and the driver's settings say, and names tests that there are."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from ros_rl.robot import SafetyLimits, load_robot
from ros_rl.robot.limits import Box
from ros_rl.settings.driver import DriverSettings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "safety.md"
SHIPPED = sorted(path.stem for path in (ROOT / "config" / "robots").glob("*.yaml"))
EACH = "each robot's"


def table(heading: str) -> tuple[list[str], list[dict[str, str]]]:
    """Column names and rows of the table whose first column has this name."""
    text = PAGE.read_text(encoding="utf-8")
    lines = text[text.index(f"| {heading} | ") :].split("\n\n")[0].splitlines()
    head, _, *rows = ([cell.strip().strip("`") for cell in line.split("|")[1:-1]] for line in lines)
    return head, [dict(zip(head, row, strict=True)) for row in rows]


GUARDS, (COLUMNS, ROBOTS), DRIVER = table("guard")[1], table("robot"), table("key in `driver:`")[1]
LIMITS = [field for field in dataclasses.fields(SafetyLimits) if field.name != "damping"]


def default(field: dataclasses.Field) -> Any:
    """`EACH` where every robot's file has to say it."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return EACH if field.default is dataclasses.MISSING else field.default


def shown(value: Any) -> str:
    """A value as the page writes it."""
    if isinstance(value, Box):
        return " to ".join(f"({', '.join(f'{part:g}' for part in end)})" for end in (value.lower, value.upper))
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {part:g}" for name, part in value.items()) or "none"
    return "none" if value is None else str(value)


def test_every_guard_of_a_robots_file_has_its_default() -> None:
    told = {(row["key in `safety:"], row["default"]) for row in GUARDS if row["key in `safety:"]}
    found = {(field.name, shown(default(field))) for field in LIMITS if field.name != "safe_action"}
    assert {(key, text if text in (EACH, "none") else f"{float(text):g}") for key, text in told} == found
    assert all(row["where the figures come from"] or not row["key in `safety:"] for row in GUARDS)


def test_every_robot_that_ships_is_there_once() -> None:
    assert sorted(name for row in ROBOTS for name in row["robot"].split(", ")) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_robots_row_is_what_its_file_has_in_place_of_defaults(name: str) -> None:
    row = next(row for row in ROBOTS if name in row["robot"].split(", "))
    safety = load_robot(name).safety
    for field in LIMITS:
        value = getattr(safety, field.name)
        assert row.get(field.name, "") == ("" if value == default(field) else shown(value)), field.name


def test_every_limit_of_the_driver_has_its_default() -> None:
    known = {field.name: field.default for field in dataclasses.fields(DriverSettings)}
    limits = {name for name in known if name.endswith("_limit")} | {"miss_share", "command_holds"}
    assert {row["key in `driver:"] for row in DRIVER} == limits
    assert all(row["default"] == str(known[row["key in `driver:"]]) for row in DRIVER)


@pytest.mark.parametrize("row", GUARDS + DRIVER, ids=lambda row: next(iter(row.values())))
def test_the_test_of_each_row_exists(row: dict[str, str]) -> None:
    found = re.fullmatch(r"\[(\w+\.py)\]\(\.\./(test/[\w/]+\.py)\) `(\w+)", row["test"])
    assert found is not None and found[2].endswith(f"/{found[1]}")
    assert re.search(rf"^ *(class|def) {found[3]}\b", (ROOT / found[2]).read_text(encoding="utf-8"), re.MULTILINE)
