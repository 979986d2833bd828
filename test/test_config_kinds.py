# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Kinds of settings: what a number, a truth value, text and a list are read from, and what not."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from ros_rl.config import build, completed, iterate, setting, to_mapping
from ros_rl.errors import ConfigError


@dataclass(frozen=True)
class Kinds:
    number: float = setting(1.0, "a number")
    whole: int = setting(1, "a whole number")
    flag: bool = setting(True, "a flag")
    text: str = setting("", "text")
    numbers: tuple[float, ...] = setting((), "numbers")


RIGHT: dict[str, list[Any]] = {
    "number": [0.5, 3, "1e-3", "-2E5", "1.5e3", ".5e1"],
    "whole": [3, -(10**30)],
    "flag": [True, False],
    "text": ["", "false", "1e-3"],
    "numbers": [[1, 0.5, "1e3"], ()],
}
WRONG: dict[str, list[Any]] = {
    "number": [
        True,
        None,
        "",
        "0.5",
        "3",
        "nan",
        "inf",
        "1_0e3",
        " 1e3",
        "1e3x",
        [1.0],
        {},
        1j,
        b"1",
        float("nan"),
        -float("inf"),
    ],
    "whole": [True, 3.0, "3", None, "1e3", [3]],
    "flag": ["false", "true", "no", 0, 1, 0.0, None, []],
    "text": [3, 0.5, True, None, ["a"], b"a"],
    "numbers": [1.0, "1e3", [True], ["x"], [None], [[1.0]], {"a": 1.0}],
}


def each(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(key, value) for key, values in table.items() for value in values]


@pytest.mark.parametrize(("key", "value"), each(RIGHT), ids=repr)
def test_a_value_of_the_right_kind_is_read(key: str, value: Any) -> None:
    read = getattr(build(Kinds, {key: value}), key)
    kind = {"number": float, "whole": int, "flag": bool, "text": str, "numbers": tuple}[key]
    assert type(read) is kind and all(type(item) is float for item in (read if kind is tuple else ()))


@pytest.mark.parametrize(("key", "value"), each(WRONG), ids=repr)
def test_one_of_another_kind_is_refused_in_one_line(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^f.yaml: '{key}") as caught:
        build(Kinds, {key: value}, source="f.yaml")
    assert "expected " in str(caught.value) and "\n" not in str(caught.value)


def test_a_long_value_is_not_shown_whole() -> None:
    nested_deep: list[Any] = ["x" * 1000] * 1000
    for _ in range(9):
        nested_deep = [nested_deep] * 9
    for value in (nested_deep, "y" * 10_000, {"a" * 999: 1}):
        with pytest.raises(ConfigError) as caught:
            build(Kinds, {"number": value})
        assert len(str(caught.value)) < 400


@dataclass(frozen=True)
class Plain:
    """As somebody writes a task who has not read how settings are made."""

    weight: float = 2.0
    name_of_goal: str = "middle"
    found: list[int] = field(default_factory=list, init=False)


def test_a_plain_field_is_a_setting() -> None:
    made = build(Plain, {"weight": "1e-3"})
    assert to_mapping(made) == {"weight": 1e-3, "name_of_goal": "middle"} == completed(Plain, {"weight": 1e-3})
    assert build(Plain, to_mapping(made)) == made
    assert [(key, value) for key, value, _ in iterate(made)] == [("weight", 1e-3), ("name_of_goal", "middle")]
    with pytest.raises(ConfigError, match=r"^f.yaml: 'weight' is 'heavy', expected float: not described$"):
        build(Plain, {"weight": "heavy"}, source="f.yaml")
