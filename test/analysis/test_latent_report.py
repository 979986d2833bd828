# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a latent model foresees is judged by its encoder: errors by hand, and a run by its folder."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command_line import run_cli
from value_agents import agent_of

from ros_rl.analysis.foresight import Foreseen, errors, foresee
from ros_rl.errors import DataError
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally
from ros_rl.types import Transition

LAYOUT = Layout(
    "toy",
    ["u"],
    [
        Field("place", (1,), "m", 0.5, "state"),
        Field(LAST_ACTION, (1,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
        Field("eye", (16, 16, 1), "1", 1.0, "image", "uint8"),
    ],
)
SMALL = {"frames": 2, "channels": 4, "embedding": 8, "latent": 16, "hidden": 16}


def recorded(length: int = 12) -> ReplayBuffer:
    """Three episodes of a thing that goes on by 1 a step, and of a camera whose pictures it makes brighter."""
    replay = ReplayBuffer(200, 2, 1, images=LAYOUT.images, frames=2)
    for index in range(3 * length):
        images = [{"eye": np.full((16, 16, 1), 5 * (index + k), np.uint8)} for k in range(2)]
        seen = np.array([[index, 0.5], [index + 1.0, 0.5]])
        ends = index % length == length - 1
        replay.add(Transition(index, index // length, seen[0], np.array([0.5]), 1.0, seen[1], False, ends, "", *images))
    return replay


def test_errors_by_hand() -> None:
    begin, truth = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[[1.0, 1.0], [3.0, 3.0]], [[1.0, 1.0], [3.0, 3.0]]])
    state = np.stack([truth + 1.0, truth - 3.0])  # the members' mean is 1 too low, and they are 2 off it
    seen = Foreseen(
        begin,
        state,
        truth,
        np.array([[[2.0, 2.0], [2.0, 2.0]], [[4.0, 2.0], [4.0, 2.0]]]),
        np.array([[1.0, 2.0], [3.0, 6.0]]),
        np.array([[5.0, 5.0], [5.0, 5.0]]),
        np.array([[5.0, 4.0], [4.0, 2.0]]),
        np.array([5.0, 4.0]),
    )
    found = errors(seen)
    assert found["state"]["rmse"] == [1.0, 1.0] and found["state"]["spread"] == [2.0, 2.0]
    assert found["state"]["stays_rmse"] == pytest.approx([np.sqrt(0.5), np.sqrt((9 + 4) / 2)])
    assert found["state"]["mean_rmse"] == [1.0, 1.0]  # of 1 and 3
    assert found["reward"] == {"mae": [1.0, 2.0], "mean_mae": [1.0, 2.0]}  # 3 told, the mean is 3; 2 told
    assert found["value"] == {"mae": [0.5, 2.0], "stays_mae": [0.0, 1.5]}


def test_its_first_step_is_the_models_and_what_comes_later_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    agent, replay = agent_of(LAYOUT, "latent_mpc", **SMALL), recorded()
    windows = replay.sequences(4, 6)
    monkeypatch.setattr(replay, "sequences", lambda *_: windows)
    first = foresee(agent, replay, 4, 6)
    with torch.no_grad():
        by_hand = agent.latent_model(
            torch.as_tensor(first.begin, dtype=torch.float32).expand(2, -1, -1), torch.as_tensor(windows.action[:, 0])
        )
    np.testing.assert_allclose(first.state[:, :, 0], by_hand.state.detach(), atol=1e-6)
    np.testing.assert_allclose(first.reward[:, :, 0], by_hand.reward.detach(), atol=1e-6)
    assert first.state.shape == (2, 4, 6, 16) and first.true_reward.shape == first.value.shape == (4, 6)

    other = replace(windows, next_observation=windows.next_observation + 9.0)
    monkeypatch.setattr(replay, "sequences", lambda *_: other)
    second = foresee(agent, replay, 4, 6)
    for name in ("begin", "state", "reward", "value"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert (first.true_state != second.true_state).any() and (first.true_value != second.true_value).any()


def test_the_next_look_of_a_step_is_the_first_look_of_the_one_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """h(o_1) beside the first window is h(o_0) of a window that begins a step later, frames before it too."""
    agent, replay = agent_of(LAYOUT, "latent_mpc", **SMALL), recorded()
    found = []
    for begin in (3, 4):
        place = np.arange(begin, begin + 3)[None]
        monkeypatch.setattr(replay, "sequences", lambda *_, place=place: replay.at(place))
        found.append(foresee(agent, replay, 1, 3))
    np.testing.assert_allclose(found[0].true_state[:, 0], found[1].begin, atol=1e-6)
    np.testing.assert_allclose(found[0].true_value[:, 0], found[1].begin_value, atol=1e-6)


def test_too_short_episodes_are_told() -> None:
    with pytest.raises(DataError, match="no episode has 13 steps"):
        foresee(agent_of(LAYOUT, "latent_mpc", **SMALL), recorded(), 4, 13)


def test_a_run_is_judged_from_its_folder(capsys: Any, tmp_path: Path) -> None:
    own = {
        "agent": {"name": "latent_mpc", "planner": {"samples": 8, "proposals": 4, "elites": 4}} | SMALL,
        "learner": {"robot_minutes": 0.4, "warmup_steps": 20, "batch_size": 16, "updates_per_step": 1.0},
        "cameras": {"width": 32, "height": 32},
        "observation": {"cameras": ["above"]},
        "control": {"commands": {"name": "planar"}},
        "task": {"episode_seconds": 10.0},
    }
    settings = load_settings("sphero_navigate", overrides=[own])
    *_, last = train_locally(settings)
    RunFolder(tmp_path).write_config(settings)
    last.training.checkpoint(tmp_path / CHECKPOINT)
    code, printed, error = run_cli(capsys, "analyse", "model", str(tmp_path), "--episodes", "1", "--horizon", "6")
    assert (code, error) == (0, "")
    assert "no pictures of what it foresees" in printed and "k = 6" in printed and "'nothing changes'" in printed
    folder = tmp_path / "analysis" / "model"
    numbers = json.loads((folder / "report.json").read_text())
    held_out = numbers["k_step"]["held-out"]
    assert all(len(held_out[what][key]) == 6 for what in held_out for key in held_out[what])
    assert {path.name for path in folder.iterdir()} == {"report.json", "k_step_error.png", "rewards.png"}
    assert "drop --log" in run_cli(capsys, "analyse", "model", str(tmp_path), "--log", str(tmp_path))[2]
    assert "nothing can be drawn" in run_cli(capsys, "analyse", "plan", str(tmp_path))[2]
