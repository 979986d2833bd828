# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A parameters file is read back as it was written, and its sections are for the nodes that ROS takes them for."""

from pathlib import Path

import pytest

from ros_rl.config import to_mapping
from ros_rl.errors import ConfigError
from ros_rl.formats.parameters_file import read_parameters_file, write_parameters_file
from ros_rl.settings.loading import load_settings


def read(tmp_path, text, namespace="a1"):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return read_parameters_file(path, ("driver", "learner"), namespace)


def test_shared_and_node_sections(tmp_path):
    text = """
    /**: {ros__parameters: {seed: 3, driver.gui: true}}
    /a1/driver: {ros__parameters: {mode: fast}}
    """
    assert read(tmp_path, text) == {"seed": 3, "driver": {"gui": True, "mode": "fast"}}


@pytest.mark.parametrize(
    ("namespace", "steps"),
    [("right", 2), ("left", 1), ("a/right", 1), ("", 1), (None, 1)],
)
def test_a_section_is_for_the_namespace_that_it_names(tmp_path, namespace, steps):
    text = """
    /**: {ros__parameters: {driver: {steps: 1}}}
    /right/driver: {ros__parameters: {steps: 2}}
    driver: {ros__parameters: {gui: true}}
    """
    assert read(tmp_path, text, namespace) == {"driver": {"steps": steps, "gui": True}}


def test_sections_may_be_nested_by_namespace(tmp_path):
    text = "right: {driver: {ros__parameters: {steps: 2}}, learner: {ros__parameters: {rate: 3}}}"
    assert read(tmp_path, text, "right") == {"driver": {"steps": 2}, "learner": {"rate": 3}}


def test_what_every_node_has_is_no_setting(tmp_path):
    text = "/**: {ros__parameters: {use_sim_time: true, qos_overrides: {/tick: {depth: 3}}, seed: 3}}"
    assert read(tmp_path, text) == {"seed": 3}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/*: {ros__parameters: {seed: 3}}", "section '/\\*' is for no node in namespace /a1; use /\\*\\* for all"),
        ("/driver: {ros__parameters: {mode: fast}}", "section '/driver' is for no node in namespace /a1"),
        (
            "/right/driver: {ros__parameters: {mode: fast}}",
            "section '/right/driver' is for no node in namespace /a1",
        ),
        ("/r*/driver: {ros__parameters: {}}", "'/r\\*/driver' is no name of a node: 'r\\*' is none of"),
        ("/a1//driver: {ros__parameters: {}}", "'/a1//driver' is no name of a node"),
        ("/**: {ros__parameters: {a: 1}}\n/**: {ros__parameters: {b: 1}}", "key '/\\*\\*' stands twice"),
    ],
)
def test_a_section_for_nobody_is_refused(tmp_path, text, word):
    with pytest.raises(ConfigError, match=word):
        read(tmp_path, text)


def test_an_empty_section(tmp_path):
    assert read(tmp_path, "/**: {ros__parameters: }") == {}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/**: {ros__parameters: [", "not valid YAML"),
        ("just text", "expected a ROS parameters file"),
        ("/**: {seed: 3}", "ros__parameters"),
        ("/**: {ros__parameters: {}, more: 1}", "nothing else"),
        ("/**: {ros__parameters: [1]}", r"section '/\*\*' is \[1\], expected settings by their names"),
        ("/**: {ros__parameters: on}", "is True, expected settings by their names"),
        ("diver: {ros__parameters: {}}", "valid: /\\*\\*, driver, learner"),
    ],
)
def test_a_broken_file_is_named(tmp_path, text, word):
    with pytest.raises(ConfigError, match=word) as caught:
        read(tmp_path, text)
    assert "params.yaml" in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="none.yaml: No such file"):
        read_parameters_file(tmp_path / "none.yaml", ())


def test_a_value_that_stands_twice_is_written_twice(tmp_path):
    """rcl refuses a file with aliases, and every node with it."""
    same = [0.0, 0.0]
    path = tmp_path / "config.yaml"
    write_parameters_file(path, {"a": same, "driver": {"b": same}}, ("driver", "learner"))
    assert "&" not in path.read_text() and "*id" not in path.read_text()
    assert read_parameters_file(path, ("driver", "learner")) == {"a": same, "driver": {"b": same}}


def test_what_is_written_is_read_back(tmp_path):
    values = {"seed": 1, "task": {"name": "x", "gain": 1e-4}, "driver": {"mode": "fast"}, "learner": {"rate": 0.1}}
    write_parameters_file(tmp_path / "out.yaml", values, ("driver", "learner"))
    assert read_parameters_file(tmp_path / "out.yaml", ("driver", "learner")) == values


def test_an_empty_list_is_written_as_ros_can_have_it_and_read_as_empty(tmp_path: Path) -> None:
    """A node that is given ``[]`` does not start: rclpy knows no parameter without a type."""
    path = tmp_path / "empty.yaml"
    given = to_mapping(load_settings("mock_point", overrides=["cameras.names=[]", "learner.loggers=[]"]))
    write_parameters_file(path, given, ())
    assert "[]" not in path.read_text()
    settings = load_settings(params_file=path)
    assert settings.cameras.names == () and settings.learner.loggers == ()
