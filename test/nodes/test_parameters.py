# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A node's ROS parameters are its settings: checked, described, ranged, fixed."""

import json
import subprocess
import sys
from contextlib import contextmanager

import pytest

pytest.importorskip("rclpy")

import rclpy

from ros_rl.errors import ConfigError
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.ros_names import NodePattern

pytestmark = pytest.mark.ros


@contextmanager
def node(content: str, tmp_path, name: str = "driver"):
    path = tmp_path / "params.yaml"
    path.write_text(content)
    rclpy.init(args=["--ros-args", "--params-file", str(path)])
    try:
        made = rclpy.create_node(name, **NODE_OPTIONS)
        yield made
        made.destroy_node()
    finally:
        rclpy.try_shutdown()


def test_shared_and_own_sections_and_the_tasks_file(tmp_path) -> None:
    content = (
        "/**:\n  ros__parameters:\n    task: {name: mock_point}\n    seed: 4\n    driver: {mode: lock_step}\n"
        "/**/driver:\n  ros__parameters: {mode: real_time, backend: {name: pybullet, latency: 0}}\n"
    )
    with node(content, tmp_path) as made:
        settings = declare_parameters(made).settings
        assert (settings.task.name, settings.seed) == ("mock_point", 4)
        assert settings.driver.mode == "real_time" and settings.driver.backend_name == "pybullet"
        descriptor = made.describe_parameter("control.rate_hz")
        assert "control rate [Hz]" in descriptor.description and descriptor.read_only
        assert descriptor.floating_point_range[0].to_value == 200.0
        assert made.get_parameter("driver.backend.latency").value == 0.0
        assert made.describe_parameter("driver.miss_limit").integer_range[0].from_value == 1
        result = made.set_parameters([rclpy.parameter.Parameter("control.rate_hz", value=10.0)])[0]
        assert not result.successful


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("driver: {nope: 1}", "unknown setting 'driver.nope'; valid in driver"),
        ("nope: 1", "unknown setting 'driver.nope'"),
        ("control: {rate_hz: fast}", "'control.rate_hz' is 'fast', expected float"),
        ("control: {delay: 7}", "'control.delay' is 7, out of range"),
        ("task: {name: nope}", "unknown task 'nope'; valid"),
    ],
)
def test_wrong_parameters_are_refused(tmp_path, content, complaint) -> None:
    with node(f"/**:\n  ros__parameters:\n    {content}\n", tmp_path) as made:
        with pytest.raises(ConfigError, match=complaint):
            declare_parameters(made)


SECTIONS = (
    "/**", "/*/driver", "/right/driver", "right/driver", "driver", "/*", "/right/*", "/right/**", "/*/*", "/**/driver",
    "/**/right/driver", "/a/**/driver", "/*/right/*", "**", "*", "/a/right/**/driver", "/right/**/**",
)  # fmt: skip


@pytest.mark.parametrize("namespace", ["right", "left", "a/right", ""])
def test_sections_are_for_the_nodes_that_ros_takes_them_for(tmp_path, namespace) -> None:
    path = tmp_path / "params.yaml"
    sections = {name: {"ros__parameters": {f"p{k}": k}} for k, name in enumerate(SECTIONS)}
    path.write_text(json.dumps(sections))
    rclpy.init(args=["--ros-args", "--params-file", str(path), "-r", f"__ns:=/{namespace}"])
    try:
        made = rclpy.create_node("driver", **NODE_OPTIONS)
        given = {f"p{k}" for k in range(len(SECTIONS))} & set(made.get_parameters_by_prefix(""))
        made.destroy_node()
    finally:
        rclpy.try_shutdown()
    ours = {f"p{k}" for k, name in enumerate(SECTIONS) if NodePattern(name).is_for(namespace, "driver")}
    assert ours == given


def test_simulated_time_is_taken_where_the_driver_gives_it_and_refused_by_the_clock(tmp_path) -> None:
    shared = "/**:\n  ros__parameters:\n    use_sim_time: true\n    driver: {backend: {name: mock}, mode: MODE}\n"
    with node(shared.replace("MODE", "lock_step"), tmp_path) as made:
        declare_parameters(made)
    with node(shared.replace("MODE", "real_time"), tmp_path) as made:
        with pytest.raises(ConfigError, match="use_sim_time is True, but driver.mode is 'real_time'"):
            declare_parameters(made)


@pytest.mark.parametrize("name", ["driver", "supervisor"])
def test_a_node_alone_tells_a_wrong_parameter_in_one_line(name) -> None:
    command = [sys.executable, "-m", f"ros_rl.nodes.{name}", "--ros-args", "-p", "driver.nope:=1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ROS parameters: unknown setting 'driver.nope'")
    assert done.stderr.count("\n") == 1
