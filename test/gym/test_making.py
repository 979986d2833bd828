# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Environments with arguments, and of functions and classes of the user's own."""

from typing import Any

import gym_points
import numpy as np
import pytest
from command_line import run_cli

from ros_rl.config import to_mapping
from ros_rl.errors import ConfigError
from ros_rl.gym.environment import Environment
from ros_rl.gym.making import make
from ros_rl.runs.run_folder import CONFIG, RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run
from ros_rl.tasks.gym_task import GymTask


def rewards(name: str, **arguments: Any) -> list[float]:
    environment = Environment(name, arguments=arguments)
    environment.reset(seed=0)
    found, over = [], False
    while not over:
        _, reward, *ends = environment.step(np.zeros(1, np.float32))
        found.append(reward)
        over = any(ends)
    return found


def test_a_function_of_ones_own_makes_the_environment_with_its_arguments() -> None:
    plain = rewards("gym_points:make_point")
    assert len(plain) == 8
    np.testing.assert_allclose(rewards("gym_points:make_point", length=5, scale=3.0), [3.0 * r for r in plain[:5]])


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("gym_points:Point", {}, gym_points.Point),
        ("gym_points:Choice", {"ends_at": 3}, gym_points.Choice),
        ("gym_points:test/Falling-v0", {"ends_at": 7}, gym_points.Point),
        ("test/Point-v0", {"max_episode_steps": 3}, gym_points.Point),
    ],
)
def test_a_class_and_a_registered_name_take_arguments_too(name: str, arguments: Any, kind: type) -> None:
    made = make(name, arguments, "rgb_array")
    assert isinstance(made.unwrapped, kind) and made.unwrapped.render_mode == "rgb_array"
    assert made.unwrapped.ends_at == arguments.get("ends_at", 0)
    assert made.spec is None or made.spec.max_episode_steps == arguments.get("max_episode_steps", gym_points.LIMIT)


def test_a_function_that_takes_no_render_mode_is_given_none() -> None:
    assert make("gym_points:make_point", {}, "rgb_array").unwrapped.render_mode is None


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["gym:test/Point-v0", "--env-args", "foo=1"], "cannot be made: TypeError: Point.__init__() got an unexpected"),
        (["gym:gym_points:make_point", "--env-args", "foo=1"], "make_point() got an unexpected keyword argument 'foo'"),
        (
            ["gym:gym_points:make_nothing"],
            "environment 'gym_points:make_nothing' is NoneType, expected a gymnasium.Env",
        ),
        (["gym:gym_points:nothing"], "cannot be made: module gym_points has no function 'nothing'"),
        (["gym:no_such:make"], "environment 'no_such:make' cannot be made: No module named 'no_such'"),
        (["gym:test/Point-v0", "--env-args", "ends_at"], "--env-args 'ends_at': expected KEY=VALUE"),
        (["gym:test/Point-v0", "--env-args", "ends_at=[1"], "--env-args 'ends_at=[1': '[1' is not a YAML value"),
        (
            ["gym:test/Point-v0", "--env-args", "render_mode=human"],
            "task.env_args.render_mode is what a command decides",
        ),
        (["gym:Reacher-v5", "--agent", "mpc", "--env-args", "reward_dist_weight=2"], "without --env-args; let them be"),
    ],
)
def test_what_cannot_be_made_is_one_line(capsys, tmp_path, arguments: list[str], complaint: str) -> None:
    code, printed, error = run_cli(capsys, "train", "--env", *arguments, "--out", str(tmp_path / "out"))
    assert (code, printed, error.count("\n")) == (2, "", 1)
    assert complaint in error and not (tmp_path / "out").exists()


def test_arguments_are_read_as_yaml_and_kept_with_the_run(tmp_path) -> None:
    values = {"a": 1, "b": 0.5, "c": True, "d": "text", "e": [0.8, [1, None]], "f": {"g": {"h": 2}}, "name": "x"}
    settings = load_settings("gym", overrides=[{"task": {"env": "X-v0"}}, {"task.env_args": {**values, "i": "1e-3"}}])
    assert settings.task == GymTask("X-v0", {**values, "i": 0.001})
    RunFolder(tmp_path).write_config(settings)
    assert to_mapping(load_run(tmp_path / CONFIG)) == to_mapping(settings)
    again = load_run(tmp_path / CONFIG, ["task.env_args.b=2"]).task
    assert isinstance(again, GymTask) and again.env_args == {**values, "i": 0.001, "b": 2}


@pytest.mark.parametrize("value", [float("nan"), object(), [b"x"]])
def test_arguments_that_yaml_cannot_say_are_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"'task\.env_args(\.x)?"):
        load_settings("gym", overrides=[{"task.env_args": {"x": value}}])
