# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings from several parameters files, and from sections for one robot only."""

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
