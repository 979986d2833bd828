# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings: every wrong key, type and range is refused with the place, the value and what is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from ros_rl.config import (
    added,
    build,
    completed,
    expand,
    group,
    iterate,
    merge,
    nested,
    required,
    setting,
    to_mapping,
    variant,
)
from ros_rl.errors import ConfigError


@dataclass(frozen=True)
class Circle:
    radius: float = setting(1.0, "size", unit="m", low=0.0, high=10.0)


@dataclass(frozen=True)
class Square:
    side: float = setting(2.0, "size", unit="m", low=0.0)


SHAPES: dict[str, type] = {"circle": Circle, "square": Square}


@dataclass(frozen=True)
class Inner:
    count: int = setting(3, "how many", low=1, high=9)
    mode: str = setting("slow", "how", choices=("slow", "fast"))
    on: bool = setting(True, "whether")


@dataclass(frozen=True)
class Outer:
    gain: float = setting(0.5, "gain", unit="1", low=0.0, high=1.0)
    inner: Inner = group(Inner, "the inner group")
    shape: Any = variant(SHAPES, "circle", "the shape")


def test_defaults():
    assert build(Outer, {}) == Outer()


def test_values_reach_their_place():
    values = {"gain": 1, "inner": {"count": 4, "on": False}, "shape": {"name": "square", "side": 3.0}}
    built = build(Outer, values)
    assert built == Outer(1.0, Inner(4, "slow", False), Square(3.0))
    assert isinstance(built.gain, float)


def test_a_variant_without_a_name_is_the_default():
    assert build(Outer, {"shape": {"radius": 2.0}}).shape == Circle(2.0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"gian": 1.0}, ("file.yaml", "gian", "gain, inner, shape")),
        ({"inner": {"cuont": 1}}, ("inner.cuont", "count, mode, on")),
        ({"inner": 3}, ("inner", "group")),
        ({"gain": "much"}, ("gain", "'much'", "float")),
        ({"gain": True}, ("gain", "True")),
        ({"gain": None}, ("gain", "None")),
        ({"gain": 1.5}, ("gain", "1.5", "[0, 1]")),
        ({"gain": float("nan")}, ("gain", "nan", "finite")),
        ({"inner": {"count": 3.5}}, ("inner.count", "3.5", "int")),
        ({"inner": {"count": True}}, ("inner.count", "True")),
        ({"inner": {"count": 10}}, ("inner.count", "10", "[1, 9]")),
        ({"inner": {"mode": "medium"}}, ("inner.mode", "medium", "slow, fast")),
        ({"inner": {"on": 1}}, ("inner.on", "1", "bool")),
        ({"shape": {"name": "star"}}, ("shape", "star", "circle, square")),
        ({"shape": {"name": "square", "radius": 1.0}}, ("shape.radius", "side")),
        ({"shape": "circle"}, ("shape", "circle")),
    ],
)
def test_what_is_wrong_is_named(values, words):
    with pytest.raises(ConfigError) as caught:
        build(Outer, values, source="file.yaml")
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_to_mapping_is_the_inverse_of_build():
    outer = Outer(0.25, Inner(5, "fast", False), Square(7.0))
    assert build(Outer, to_mapping(outer)) == outer


def test_iterate_gives_every_leaf_with_its_description():
    leaves = {key: (value, info.describe()) for key, value, info in iterate(Outer())}
    assert list(leaves) == ["gain", "inner.count", "inner.mode", "inner.on", "shape.name", "shape.radius"]
    assert leaves["shape.radius"] == (1.0, "size [m] in [0, 10]")
    assert leaves["inner.mode"] == ("slow", "how one of slow, fast")


@dataclass(frozen=True)
class Later:
    """`Outer` as a later version has it."""

    needed: int = required("must be given")
    gain: float = setting(0.5, "gain", unit="1", low=0.0, high=1.0)
    weight: float = setting(2.0, "came since, and changes what is learned", before=0.0)
    inner: Inner = group(Inner, "the inner group", Inner(count=7))
    shape: Any = variant(SHAPES, "circle", "the shape")
    note: str | None = setting(None, "may be unset")
    part: Any = variant({"later": Square}, "later", "came since")


def test_what_an_earlier_version_wrote_is_completed_by_what_was_then() -> None:
    assert completed(Later, {}) == {
        "gain": 0.5,
        "weight": 0.0,
        "inner": {"count": 7, "mode": "slow", "on": True},
        "shape": {"name": "circle", "radius": 1.0},
        "part": {"name": "later", "side": 2.0},
    }
    old = {"gone": 1, "shape": {"name": "square"}, "inner": {"mode": "fast"}, "weight": 3.0, "needed": 4}
    whole = completed(Later, old)
    assert whole == {
        "gain": 0.5,
        "weight": 3.0,
        "inner": {"count": 3, "mode": "fast", "on": True},
        "shape": {"name": "square", "side": 2.0},
        "part": {"name": "later", "side": 2.0},
        "needed": 4,
        "gone": 1,
    }
    assert [*whole] == ["needed", "gain", "weight", "inner", "shape", "part", "gone"]
    assert completed(Later, whole) == whole
    assert dict(added(whole, old)) == {
        "gain": 0.5,
        "inner.count": 3,
        "inner.on": True,
        "shape.side": 2.0,
        "part.name": "later",
        "part.side": 2.0,
    }


def test_a_field_that_says_nothing_of_itself_is_its_default() -> None:
    @dataclass(frozen=True)
    class Foreign:
        size: float = 1.5
        count: int = setting(2, "how many")

    assert completed(Foreign, {"count": 3}) == {"size": 1.5, "count": 3}


def test_merging_goes_deep_and_changes_neither():
    base, over = {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 9}, "e": 4}
    assert merge(base, over) == {"a": {"b": 1, "c": 9}, "d": 3, "e": 4}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3} and over == {"a": {"c": 9}, "e": 4}


def test_dotted_keys():
    assert nested("a.b.c", 1) == {"a": {"b": {"c": 1}}}
    assert expand({"a.b": 1, "a": {"c.d": 2}}) == {"a": {"b": 1, "c": {"d": 2}}}


@dataclass(frozen=True)
class Part:
    size: float = required("size", unit="m", low=0.0)


@dataclass(frozen=True, kw_only=True)
class Assembly:
    name: str = required("what it is called")
    reach: float = setting(1.0, "reach", unit="m", low=0.0, infinite=True)
    frame: str | None = setting(None, "frame")
    parts: Mapping[str, Part] = setting({}, "its parts")
    renamed: Mapping[str, str] = setting({}, "other names")
    links: tuple[str, ...] = setting((), "links")
    offset: tuple[float, float] = setting((0.0, 0.0), "offset", unit="m")


def test_lists_names_and_what_is_not_set() -> None:
    assert build(Assembly, {"name": "a"}) == Assembly(name="a")
    values = {
        "name": "a",
        "reach": float("inf"),
        "frame": "base",
        "parts": {"one": {"size": 1}, "other": {"size": 2.0}},
        "renamed": {"x": "y"},
        "links": ["l", "r"],
        "offset": [1, "2e-1"],
    }
    built = build(Assembly, values)
    assert built.parts == {"one": Part(1.0), "other": Part(2.0)}
    assert (built.links, built.offset, built.renamed) == (("l", "r"), (1.0, 0.2), {"x": "y"})
    assert built.reach == float("inf")
    assert build(Assembly, {"name": "a", "frame": None}).frame is None
    assert "frame" not in to_mapping(Assembly(name="a"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "f.yaml: missing key 'name': what it is called"),
        ({"parts": {"one": {}}}, "f.yaml: missing key 'parts.one.size': size [m] in [0, inf]"),
        ({"parts": {"one": {"size": -1}}}, "f.yaml: 'parts.one.size' is -1.0, out of range: size [m] in [0, inf]"),
        ({"parts": {"one": {"sise": 1}}}, "f.yaml: unknown setting 'parts.one.sise'; valid in parts.one: size"),
        ({"parts": {"one": 1}}, "f.yaml: 'parts.one' is 1, expected a group of settings"),
        ({"parts": ["one"]}, "f.yaml: 'parts' is ['one'], expected values by their names: its parts"),
        ({"parts": {1: {"size": 1}}}, "f.yaml: 'parts' has the name 1, expected str; put it in quotes"),
        ({"parts": {True: {"size": 1}}}, "f.yaml: 'parts' has the name True, expected str; put it in quotes"),
        ({"renamed": {"": "y"}}, "f.yaml: 'renamed' has the name '', expected one that is not empty"),
        ({"renamed": {" ": "y"}}, "f.yaml: 'renamed' has the name ' ', expected one that is not empty"),
        ({"parts": {"a\nb": {}}}, "f.yaml: missing key 'parts.a\\nb.size': size [m] in [0, inf]"),
        (
            {"no\nsuch": 1},
            "f.yaml: unknown setting 'no\\nsuch'; valid: frame, links, name, offset, parts, reach, renamed",
        ),
        ({"reach": -(10**400)}, "f.yaml: 'reach' is -inf, out of range: reach [m] in [0, inf]"),
        (
            {"parts": {"one": {"size": 10**400}}},
            "f.yaml: 'parts.one.size' is inf, expected a finite number: size [m] in [0, inf]",
        ),
        ({"renamed": {"x": 3}}, "f.yaml: 'renamed.x' is 3, expected str: other names"),
        ({"links": "l"}, "f.yaml: 'links' is 'l', expected a list: links"),
        ({"links": ["l", 2]}, "f.yaml: 'links[1]' is 2, expected str: links"),
        ({"offset": [1.0]}, "f.yaml: 'offset' is [1.0], expected a list of 2: offset [m]"),
        ({"offset": [[1.0, 2.0]]}, "f.yaml: 'offset' is [[1.0, 2.0]], expected one flat list, [1.0, 2.0]: offset [m]"),
        ({"offset": [0.0, float("nan")]}, "f.yaml: 'offset[1]' is nan, expected a finite number: offset [m]"),
        ({"reach": float("nan")}, "f.yaml: 'reach' is nan, expected a number: reach [m] in [0, inf]"),
        ({"reach": -float("inf")}, "f.yaml: 'reach' is -inf, out of range: reach [m] in [0, inf]"),
        ({"frame": 3}, "f.yaml: 'frame' is 3, expected str: frame"),
    ],
)
def test_what_is_wrong_in_lists_and_names_is_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(Assembly, values if not values else {"name": "a"} | values, source="f.yaml")
    assert str(caught.value) == message


def test_a_wrong_setting_of_a_variant_names_the_variant() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'shape.radius'; valid in shape 'square': side"):
        build(Outer, {"shape": {"name": "square", "radius": 1.0}})


@pytest.mark.parametrize("name", [3, None, True, ["circle"], {}, float("nan")])
def test_the_name_of_a_variant_is_text(name: Any) -> None:
    if name is None:
        assert build(Outer, {"shape": {"name": None}}).shape == Circle()
        return
    with pytest.raises(ConfigError, match="unknown shape .*; valid: circle, square"):
        build(Outer, {"shape": {"name": name}})
