# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""docs/safety.md says what the robots' files say."""

import dataclasses
from pathlib import Path

import pytest

from ros_rl.robot import SafetyLimits, load_robot
from ros_rl.settings.driver import DriverSettings

TEXT = (Path(__file__).parents[2] / "docs" / "safety.md").read_text(encoding="utf-8")
TABLE = TEXT[TEXT.index("| guard | ") :].split("\n\n")[0].splitlines()
ROBOTS = [cell.strip() for cell in TABLE[0].split("|")][4:7]
ROWS = [[cell.strip() for cell in line.split("|")][1:-1] for line in TABLE[2:]]


def test_the_table_lists_the_robots_that_are_simulated() -> None:
    assert ROBOTS == ["a1", "xarm6", "cartpole"]


@pytest.mark.parametrize("row", [row for row in ROWS if row[2]], ids=lambda row: row[0])
def test_the_figures_are_those_of_the_robots(row: list[str]) -> None:
    key = row[2].strip("`")
    values = [getattr(load_robot(name).safety, key) for name in ROBOTS]
    if all(isinstance(value, float) for value in values):
        assert [float(cell) for cell in row[3:6]] == values
    else:
        assert [cell == "none" for cell in row[3:6]] == [not value for value in values]
    assert row[6] and row[7]


def test_no_guards_setting_is_missing() -> None:
    fields = {field.name for field in dataclasses.fields(SafetyLimits)} - {"safe_action", "damping"}
    assert {row[2].strip("`") for row in ROWS} - {""} == fields


@pytest.mark.parametrize("field", dataclasses.fields(SafetyLimits), ids=lambda field: field.name)
def test_the_defaults_are_named(field: dataclasses.Field) -> None:
    if isinstance(field.default, float):
        assert f"`{field.name}` {field.default:g}" in TEXT.replace("\n", " ")


def test_the_drivers_figures_are_its_own() -> None:
    for name in (
        "miss_limit",
        "miss_share",
        "unjudged_limit",
        "unsupervised_limit",
        "lost_time_limit",
        "silence_limit",
        "command_holds",
    ):
        default = next(field.default for field in dataclasses.fields(DriverSettings) if field.name == name)
        assert f"`{name}` {default:g}" in TEXT.replace("\n", " ") or f"`{name}` {default}" in TEXT.replace("\n", " ")
