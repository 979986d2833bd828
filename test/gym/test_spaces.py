# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Environments of every kind: actions reach their bounds or are refused, and what breaks is told with its place."""

import threading
from typing import Any

import gym_points
import gymnasium
import numpy as np
import pytest
from command_line import run_cli
from gymnasium.spaces import Box, Discrete, MultiBinary

from ros_rl.errors import ConfigError, SimulationError
from ros_rl.gym.environment import Environment
from ros_rl.gym.observations import ObservationSpace
from ros_rl.gym.spaces import ActionSpace
from ros_rl.gym.training import GymTraining
from ros_rl.replay import memory
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings

BIG = float(np.finfo(np.float32).max)


@pytest.mark.parametrize(
    ("space", "expected"),
    [
        (Box(-128, 127, (1,), np.int8), [-128, -64, 0, 63, 127]),  # 127 - (-128) is no int8
        (Box(0, 3, (1,), np.int32), [0, 1, 2, 2, 3]),
        (Box(-1, 1, (1,), np.int64), [-1, 0, 0, 0, 1]),
        (Box(0, 255, (1,), np.uint8), [0, 64, 128, 191, 255]),
        (Box(0, 1, (1,), np.int8), [0, 0, 0, 1, 1]),
        (Box(-30000.0, 30000.0, (1,), np.float16), [-30000, -15000, 0, 15000, 30000]),  # 60000 is none, nearly
        (Box(1.0, 3.0, (1,), np.float64), [1.0, 1.5, 2.0, 2.5, 3.0]),
    ],
)
def test_actions_reach_both_bounds_and_what_lies_between(space: Box, expected: list[float]) -> None:
    actions = ActionSpace("x", space)
    found = [actions.outer(np.array([u], np.float32)) for u in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    assert [value.item() for value in found] == expected
    assert all(value.dtype == space.dtype and space.contains(value) for value in found)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.int32])
def test_every_whole_number_is_chosen_by_the_action_that_stands_for_it(dtype: Any) -> None:
    low, high = max(np.iinfo(dtype).min, -500), min(np.iinfo(dtype).max, 700)
    actions, numbers = ActionSpace("x", Box(low, high, (1,), dtype)), np.arange(low, high + 1)
    scaled = (2.0 * (numbers - low) / (high - low) - 1.0).astype(np.float32)
    assert [actions.outer(np.array([u])).item() for u in scaled] == list(numbers)


@pytest.mark.parametrize(
    ("space", "complaint"),
    [
        (Box(-BIG, BIG, (2,), np.float32), "range from -3.40282e+38 to 3.40282e+38, allowed: finite bounds, between"),
        (Box(-1e300, 1e300, (2,), np.float64), "allowed: finite bounds, between -1e+09 and 1e+09"),
        (Box(np.array([-1.0, 0.0]), np.array([1.0, np.inf]), dtype=np.float64), "range from -1 to inf"),
        (Box(0.0, BIG, (1,), np.float32), "range from 0 to 3.4"),
        (Box(-65504, 65504, (1,), np.float16), "between -65504 and 65504"),
        (Box(-(2**31), 2**31 - 1, (1,), np.int32), "16777216 whole numbers apart at most"),
        (Box(-(2**63), 2**63 - 1, (1,), np.int64), "16777216 whole numbers apart at most"),
        (Box(2.0, 2.0, (3,), np.float32), "leaves no choice"),
        (Box(-1.0, 1.0, (0,), np.float32), "leaves no choice"),
        (Discrete(1), "leaves no choice"),
        (MultiBinary(3), "are MultiBinary, allowed: Box, Discrete"),
    ],
)
def test_actions_that_nobody_can_choose_among_are_refused(space: Any, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ActionSpace("x", space)
    assert "actions of 'x' " in str(caught.value) and complaint in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("raises", "raised ZeroDivisionError: joint 3 in step 4 of episode 1"),
        ("leaves", "raised SystemExit: 3 in step 4 of episode 1"),
        ("reset raises", "raised KeyError: 'no start\\nsecond line' in step 0 of episode 1"),
        ("four", "in step 4 of episode 1"),
        ("none", "gave observation as object (), it declares float64 (1,) in step 4 of episode 1"),
        ("two numbers", "gave observation as float64 (2,), it declares float64 (1,) in step 4"),
        ("text", "it declares float64 (1,) in step 4 of episode 1"),
        ("complex", "gave observation as complex128 (1,), it declares float64 (1,) in step 4"),
        ("nan", "gave observation[0] = nan, which is not a finite float32, in step 4 of episode 1"),
        ("huge", "gave observation[0] = 1e+300, which is not a finite float32, in step 4 of episode 1"),
        ("ragged", "gave observation as no array, it declares float64 (1,) in step 4 of episode 1"),
        ("reward none", "gave reward None, expected a number, in step 4 of episode 1"),
        ("reward two numbers", "gave reward array([0., 0.]), expected a number, in step 4"),
        ("reward text", "gave reward 'here', expected a number, in step 4"),
        ("reward huge", "gave reward [1.e+300], which is not a finite float32, in step 4"),
    ],
)
def test_a_broken_environment_leaves_a_checkpoint_and_is_told_with_its_place(tmp_path, monkeypatch, fault, complaint):
    made = gymnasium.make
    monkeypatch.setattr(gymnasium, "make", lambda name, **k: made(name, fault=fault, disable_env_checker=True, **k))
    overrides = {
        "task.env": "test/Broken-v0",
        "agent.hidden": 16,
        "learner": {"steps": 60, "warmup_steps": 30, "batch_size": 8},
        "evaluator": {"every": 0},
    }
    said: list[str] = []
    run = GymTraining(load_settings("gym", overrides=[overrides]), said.append)
    with pytest.raises(SimulationError) as caught:
        run.run(RunFolder(tmp_path), threading.Event())
    assert complaint in str(caught.value) and "\n" not in str(caught.value)
    steps = gym_points.LIMIT + (0 if fault == "reset raises" else 3)
    assert len(run.training.replay) == steps
    assert (tmp_path / "checkpoint").is_dir() and f"checkpoint after {steps} steps" in said[-1]


def test_observations_of_nothing_are_refused() -> None:
    with pytest.raises(ConfigError, match="observations of 'x' are Box.*, allowed: at least one value"):
        ObservationSpace("x", Box(-1.0, 1.0, (0,)))


@pytest.mark.filterwarnings("ignore")
def test_fractions_where_whole_numbers_are_declared_are_refused() -> None:
    environment = Environment("test/Bytes-v0")
    with pytest.raises(
        SimulationError, match=r"observation as float64 \(1,\), it declares uint8 \(1,\) in step 0 of epis"
    ):
        environment.reset()


def test_a_buffer_that_does_not_fit_is_told_before_anything_starts(capsys, tmp_path) -> None:
    out = tmp_path / "out"
    code, printed, error = run_cli(capsys, "train", "--env", "gym:test/Pixels-v0", "--out", str(out))
    assert (code, printed, error.count("\n")) == (2, "", 1)
    capacity = load_settings("gym").learner.replay_capacity
    assert f"learner.replay_capacity {capacity} needs {capacity * (8 * 480_000 + 36) / 1e9:.1f} GB" in error
    assert "GB of memory are free; allowed: at most " in error and not out.exists()


def test_memory_is_that_of_the_machine_or_of_the_container_if_that_is_less(tmp_path) -> None:
    meminfo, limit, none = (tmp_path / name for name in ("meminfo", "memory.max", "none"))
    meminfo.write_text("MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:    8000000 kB\n")
    limit.write_text("max\n")
    assert memory.free_memory(meminfo, [limit, none]) == 8_192_000_000
    limit.write_text("1000000\n")
    assert memory.free_memory(meminfo, [limit, none]) == 1_000_000
    assert memory.free_memory(none, [none]) == float("inf")


def test_the_largest_buffer_that_is_allowed_is_allowed(monkeypatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 1e6)
    most = 1_000_000 // (4 * (2 * 10 + 3) + 32)
    memory.check_memory(most, 10, 3)
    with pytest.raises(ConfigError, match=f"allowed: at most {most}$"):
        memory.check_memory(most + 1, 10, 3)
