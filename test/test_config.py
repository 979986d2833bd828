# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings: every wrong key, type and range is refused with the place, the value and what is allowed."""

from dataclasses import dataclass
from typing import Any

import pytest

from ros_rl.config import (
    build,
    expand,
    group,
    iterate,
    merge,
    nested,
    setting,
    to_mapping,
    variant,
)
from ros_rl.errors import ConfigError
from ros_rl.yaml_files import read_parameters_file, write_parameters_file


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


def test_merging_goes_deep_and_changes_neither():
    base, over = {"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"c": 9}, "e": 4}
    assert merge(base, over) == {"a": {"b": 1, "c": 9}, "d": 3, "e": 4}
    assert base == {"a": {"b": 1, "c": 2}, "d": 3} and over == {"a": {"c": 9}, "e": 4}


def test_dotted_keys():
    assert nested("a.b.c", 1) == {"a": {"b": {"c": 1}}}
    assert expand({"a.b": 1, "a": {"c.d": 2}}) == {"a": {"b": 1, "c": {"d": 2}}}


class TestParametersFile:
    def read(self, tmp_path, text):
        path = tmp_path / "params.yaml"
        path.write_text(text)
        return read_parameters_file(path, ("driver", "learner"))

    def test_shared_and_node_sections(self, tmp_path):
        text = """
        /**: {ros__parameters: {seed: 3, driver.gui: true}}
        /a1/driver: {ros__parameters: {mode: fast}}
        """
        assert self.read(tmp_path, text) == {"seed": 3, "driver": {"gui": True, "mode": "fast"}}

    def test_an_empty_section(self, tmp_path):
        assert self.read(tmp_path, "/**: {ros__parameters: }") == {}

    @pytest.mark.parametrize(
        ("text", "word"),
        [
            ("/**: {ros__parameters: [", "not valid YAML"),
            ("just text", "expected a ROS parameters file"),
            ("/**: {seed: 3}", "ros__parameters"),
            ("/**: {ros__parameters: {}, more: 1}", "nothing else"),
            ("diver: {ros__parameters: {}}", "valid: /\\*\\*, driver, learner"),
        ],
    )
    def test_a_broken_file_is_named(self, tmp_path, text, word):
        with pytest.raises(ConfigError, match=word) as caught:
            self.read(tmp_path, text)
        assert "params.yaml" in str(caught.value)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(ConfigError, match="none.yaml: No such file"):
            read_parameters_file(tmp_path / "none.yaml", ())

    def test_what_is_written_is_read_back(self, tmp_path):
        values = {"seed": 1, "task": {"name": "x", "gain": 1e-4}, "driver": {"mode": "fast"}, "learner": {"rate": 0.1}}
        write_parameters_file(tmp_path / "out.yaml", values, ("driver", "learner"))
        assert read_parameters_file(tmp_path / "out.yaml", ("driver", "learner")) == values
