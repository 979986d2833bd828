# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings from several parameters files, and from sections for one robot only."""

from itertools import permutations
from pathlib import Path

import pytest
from command_line import run_cli

from ros_rl.errors import ConfigError
from ros_rl.settings.loading import load_settings

TWO_ROBOTS = """
/**: {ros__parameters: {seed: 4}}
/left/learner: {ros__parameters: {batch_size: 7}}
/right/learner: {ros__parameters: {batch_size: 9}}
/mock/**: {ros__parameters: {learner: {batch_size: 11}}}
"""


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "robots.yaml"
    path.write_text(TWO_ROBOTS)
    return path


@pytest.mark.parametrize(("namespace", "size"), [("left", 7), ("right", 9), ("mock", 11), ("lab", 256)])
def test_a_section_with_a_namespace_is_for_that_robot(file, namespace, size) -> None:
    settings = load_settings("mock_point", file, namespace=namespace)
    assert (settings.learner.batch_size, settings.seed) == (size, 4)


def test_without_a_namespace_it_is_the_robots_name(file) -> None:
    assert load_settings("mock_point", file).learner.batch_size == 11


def test_the_later_file_takes_precedence(tmp_path, file) -> None:
    second = tmp_path / "second.yaml"
    second.write_text("/**: {ros__parameters: {seed: 5}}")
    assert load_settings("mock_point", [file, second]).seed == 5
    assert load_settings("mock_point", [second, file]).seed == 4
    second.write_text("/**: {ros__parameters: {sed: 5}}")
    with pytest.raises(ConfigError, match="second.yaml: unknown setting 'sed'"):
        load_settings("mock_point", [file, second])


def test_the_command_line_takes_several_files_and_the_namespace(capsys, tmp_path, file) -> None:
    second = tmp_path / "second.yaml"
    second.write_text("/**: {ros__parameters: {learner: {warmup_steps: 12}}}")
    files = ["--params-file", str(file), "--params-file", str(second)]
    code, printed, _ = run_cli(capsys, "settings", "mock_point", *files)
    assert code == 0 and "learner.batch_size = 11\n" in printed and "learner.warmup_steps = 12\n" in printed


def test_a_file_for_other_robots_only_is_refused(tmp_path) -> None:
    path = tmp_path / "right.yaml"
    path.write_text("/right/driver: {ros__parameters: {mode: real_time}}")
    with pytest.raises(ConfigError, match="section '/right/driver' is for no node in namespace /mock; use /\\*\\* for"):
        load_settings("mock_point", path)


PIECES = (
    "/**: {ros__parameters: {learner: {batch_size: 11, threads: 2}, driver: {miss_limit: 3}}}",
    "/mock/learner: {ros__parameters: {batch_size: 12}}",
    "/**: {ros__parameters: {learner: {batch_size: 13}, seed: 5}}",
    "/mock/**: {ros__parameters: {learner: {threads: 4}, seed: 6}}",
    "/mock/**: {ros__parameters: {seed: 7}}\n/**: {ros__parameters: {seed: 8}}",
    "/**: {ros__parameters: {seed: 9}}\n/mock/learner: {ros__parameters: {batch_size: 14, threads: 5}}",
)


@pytest.mark.ros
def test_files_are_merged_as_ros_does(tmp_path) -> None:
    """Any two and any three of these, in any order: what a node of the real rclpy is given, and takes."""
    rclpy = pytest.importorskip("rclpy")
    from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters

    paths = [tmp_path / f"{number}.yaml" for number in range(len(PIECES))]
    for path, text in zip(paths, PIECES, strict=True):
        path.write_text(text)
    for files in (*permutations(paths, 2), *permutations(paths[:5], 3)):
        arguments = [word for file in files for word in ("--params-file", str(file))]
        context = rclpy.Context()
        rclpy.init(args=["--ros-args", *arguments, "-r", "__ns:=/mock", "-p", "task.name:=mock_point"], context=context)
        node = rclpy.create_node("learner", context=context, **NODE_OPTIONS)
        try:
            theirs = declare_parameters(node).settings
        finally:
            node.destroy_node()
            context.try_shutdown()
        ours = load_settings("mock_point", files, namespace="mock")
        assert (ours.learner, ours.seed) == (theirs.learner, theirs.seed), [file.name for file in files]


def test_a_file_may_need_what_is_set_beside_it(tmp_path) -> None:
    path = tmp_path / "choices.yaml"
    path.write_text("/**: {ros__parameters: {control: {rate_hz: 5.0, commands: {name: choice, vertical: steps}}}}")
    assert load_settings("ur5_reach", path, ["agent.name=dqn"]).control.commands.discrete
    with pytest.raises(ConfigError, match="choices.yaml: agent 'mpc' chooses continuous actions"):
        load_settings("ur5_reach", path)
