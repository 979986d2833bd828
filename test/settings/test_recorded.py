# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run wrote down comes back, also where settings came since; what may have been lost is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ros_rl.config import expand, merge, to_mapping
from ros_rl.errors import ConfigError
from ros_rl.formats.parameters_file import write_parameters_file
from ros_rl.settings.latent import LatentMpcSettings
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings

GUARDS = ("lost_time_limit", "unsupervised_limit", "unjudged_limit", "objects_limit", "camera_limit")


def written(path: Path, settings: Settings, *without: str) -> Path:
    """The file of a run of a version that did not know some settings, by their key paths."""
    values = to_mapping(settings)
    for key in without:
        *groups, name = key.split(".")
        inner: dict[str, Any] = values
        for group in groups:
            inner = inner[group]
        del inner[name]
    write_parameters_file(path / "config.yaml", values, nodes=())
    return path / "config.yaml"


def test_all_comes_back_and_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load_settings("xarm_reach", overrides=["seed=7", "agent.planner.horizon=5"])
    path = written(tmp_path, settings)
    assert load_run(path) == settings and load_run(path, ["seed=8"]).seed == 8
    assert caplog.text == ""


def test_what_was_no_setting_yet_is_its_default_and_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not what the task's file says: the file of xarm_reach asks for more noise than the default."""
    settings = load_settings("xarm_reach", overrides=["agent.planner.horizon=5", "learner.warmup_hold=0.5"])
    path = written(tmp_path, settings, "learner.warmup_hold", "driver.backend.noise.joint_velocity")
    again = load_run(path)
    default = to_mapping(load_settings(overrides=[{"driver": {"backend": {"name": "pybullet"}}}]))
    assert again.learner.warmup_hold == 0.0 and again.agent.planner.horizon == 5
    noise = default["driver"]["backend"]["noise"]["joint_velocity"]
    assert again.driver.backend.noise.joint_velocity == noise != settings.driver.backend.noise.joint_velocity
    assert load_run(path, ["learner.warmup_hold=0.7"]).learner.warmup_hold == 0.7
    (line,) = caplog.messages
    assert line == (
        f"{path} is of an earlier version of ros_rl; what it does not say is taken as "
        f"driver.backend.noise.joint_velocity={noise}, learner.warmup_hold=0.0"
    )


def test_limits_that_an_earlier_version_had_not_hold(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = load_settings("a1_walk")
    again = load_run(written(tmp_path, settings, *(f"driver.{name}" for name in GUARDS)))
    for name in GUARDS:
        assert getattr(again.driver, name) == getattr(settings.driver, name) > 0.0
        assert f"driver.{name}={getattr(settings.driver, name)}" in caplog.text


def test_a_setting_whose_default_was_not_always_so_is_what_it_was(tmp_path: Path) -> None:
    walk = load_settings("a1_from_back", overrides=["agent.name=dreamer", "task.walk_weight=2.5"])
    again = load_run(written(tmp_path, walk, "task.tilt_rate_weight", "agent.shift"))
    assert (walk.task.tilt_rate_weight, walk.agent.shift) == (0.05, True)
    assert (again.task.tilt_rate_weight, again.agent.shift, again.task.walk_weight) == (0.0, False, 2.5)


def test_groups_that_were_none_yet_are_whole(tmp_path: Path) -> None:
    settings = load_settings("xarm_reach", overrides=["agent.name=latent_mpc"])
    again = load_run(written(tmp_path, settings, "control.commands", "teleop", "agent.planner", "observation"))
    assert again == settings and again.agent.planner == LatentMpcSettings().planner


def test_what_it_took_is_written_by_who_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    again = load_run(written(tmp_path, load_settings("mock_point"), "learner.warmup_hold", "expert"))
    assert len(caplog.messages) == 1
    assert load_run(written(tmp_path, again)) == again
    assert len(caplog.messages) == 1


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    """Else what is missing would be a default: here the planner, or all of the learner."""
    path = written(tmp_path, load_settings("xarm_reach", overrides=["agent.planner.horizon=5"]))
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    for count in range(3, len(lines) - 1):
        path.write_text("".join(lines[:count]))
        with pytest.raises(
            ConfigError, match=r"config.yaml(: | says nothing of 'expert.seconds', its last setting).*it was cut"
        ):
            load_run(path)
    path.write_text(text[: text.index("horizon: 5") + len("horizon: ")])
    with pytest.raises(ConfigError, match=r"config.yaml: 'agent.planner.horizon' is None.*; it was cut"):
        load_run(path)


def test_a_file_that_was_cut_within_its_last_lines_is_refused(tmp_path: Path) -> None:
    """12.5 would be 1, or 12."""
    path = written(tmp_path, load_settings("xarm_reach", overrides=["expert.seconds=12.5"]))
    text = path.read_text()
    line = text.index("seconds: 12.5\n...\n", text.index("expert:"))
    assert text[line:] == "seconds: 12.5\n...\n"
    for cut in {*range(line, len(text) - 1)} - {line, len(text) - 4}:  # at those it ends with a whole line
        path.write_text(text[:cut])
        with pytest.raises(
            ConfigError, match=r"config.yaml( breaks off within its last line|: .*): it was cut|; it was cut"
        ):
            load_run(path)
    for whole in (text[:-4], text[:-1]):
        path.write_text(whole)
        assert load_run(path).expert.seconds == 12.5


def test_a_file_without_its_end_is_whole_where_it_has_the_last_setting_or_a_person_says_so(tmp_path: Path) -> None:
    settings = load_settings("mock_point")
    path = written(tmp_path, settings, "learner.warmup_hold")
    path.write_text(path.read_text().removesuffix("...\n"))  # as earlier versions wrote it
    assert load_run(path) == settings
    path = written(tmp_path, settings, "expert")
    whole = path.read_text()
    path.write_text(whole.removesuffix("...\n"))
    with pytest.raises(ConfigError, match=r"'expert.seconds', its last setting: .* put '\.\.\.' below it as a line"):
        load_run(path)
    path.write_text(whole)
    assert load_run(path) == settings


def test_what_is_there_no_more_is_refused_with_what_took_its_place(tmp_path: Path) -> None:
    values = to_mapping(load_settings("a1_walk"))
    for more, words in (
        ({"driver.backend.frames.moved": [0, 0]}, "frames.moved'; a knocked camera is"),
        ({"learner.never": 1}, "unknown setting 'learner.never'"),
    ):
        write_parameters_file(tmp_path / "config.yaml", merge(values, expand(more)), nodes=())
        with pytest.raises(ConfigError, match=words):
            load_run(tmp_path / "config.yaml")
