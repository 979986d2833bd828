# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a world model foretells is judged by what was seen: errors by hand, pictures by pixels, a run by its folder."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import run_cli
from PIL import Image as Pillow
from value_agents import agent_of

from ros_rl.analysis.foretelling import Foretold, errors, foretell
from ros_rl.analysis.pictures import side_by_side, write_film, write_sheet
from ros_rl.errors import DataError
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally
from ros_rl.types import Transition
from ros_rl.world_models.world_model import Seen

LAYOUT = Layout(
    "toy",
    ["u"],
    [
        Field("place", (1,), "m", 0.5, "state"),
        Field(LAST_ACTION, (1,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
        Field("eye", (8, 8, 1), "1", 1.0, "image", "uint8"),
    ],
)
MODEL = {"memory": 8, "hidden": 8, "variables": 2, "classes": 3, "channels": 4}


def recorded(episodes: int = 3, length: int = 12) -> ReplayBuffer:
    replay = ReplayBuffer(200, 2, 1, images=LAYOUT.images)
    for index in range(episodes * length):
        images = [{"eye": np.full((8, 8, 1), index + k, np.uint8)} for k in range(2)]
        seen = np.array([[index, 0.0], [index + 1.0, 0.5]])
        ends = index % length == length - 1
        moved = Transition(index, index // length, seen[0], np.array([0.5]), 1.0, seen[1], False, ends, "", *images)
        replay.add(moved)
    return replay


def test_errors_by_hand() -> None:
    truth = torch.tensor([[0.0], [1.0], [3.0]])[..., None]
    seen = Seen(torch.cat([truth, truth], -1), truth, truth[..., 0], truth[..., 0], truth[..., 0], {})
    told = Foretold(
        1, seen, np.full((3, 1, 2), 2.0), {}, np.array([[9.0], [1.5], [1.0]]), np.array([[7.0], [1.0], [2.0]])
    )
    found = errors(told, LAYOUT)
    assert found["surprise"] == [1.0, 2.0]
    assert found["reward"] == {"mae": [0.5, 2.0], "mean_mae": [1.0, 1.0]}  # the mean of 1 and 3
    assert found["fields"]["place"] == {"rmse": [1.0, 1.0], "baseline_rmse": [1.0, 3.0]}
    assert found["images"] == {}


def test_only_the_looks_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after them changes nothing of what is foretold, but how surprised the model is."""
    agent = agent_of(LAYOUT, "dreamer", sequence=8, model=MODEL)
    with torch.no_grad():
        agent.world_model.target.vector.out.weight.mul_(30.0)
    replay, found = recorded(), []
    drawn = replay.streams(4, 8, whole=True)
    for other in (0.0, 50.0):
        drawn.observation[:, 4:, 0] += other
        monkeypatch.setattr(replay, "streams", lambda *_, **__: drawn)
        torch.manual_seed(0)
        found.append(foretell(agent, replay, 4, 4, 4))
    first, second = found
    np.testing.assert_array_equal(first.observation, second.observation)
    np.testing.assert_array_equal(first.images["eye"], second.images["eye"])
    np.testing.assert_array_equal(first.reward, second.reward)
    assert (first.surprise[4:] != second.surprise[4:]).any() and first.observation.shape == (8, 4, 2)
    assert not first.seen.first[1:].any()  # none goes through the end of an episode


def test_too_short_episodes_are_told() -> None:
    agent = agent_of(LAYOUT, "dreamer", sequence=8, model=MODEL)
    with pytest.raises(DataError, match="no episode has the 13 steps that 4 looks and 10 steps ahead need"):
        foretell(agent, recorded(), 4, 4, 10)


def test_without_decoders_rewards_are_judged_alone() -> None:
    agent = agent_of(LAYOUT, "dreamer", sequence=8, model=MODEL | {"target": "embedding"})
    found = errors(foretell(agent, recorded(), 4, 4, 5), LAYOUT)
    assert found["fields"] == found["images"] == {} and len(found["reward"]["mae"]) == 5


def test_pictures_show_truth_model_and_difference(tmp_path: Path) -> None:
    truth, told = np.zeros((4, 2, 8, 8, 1), np.uint8), np.full((4, 2, 8, 8, 1), 100, np.uint8)
    frames = side_by_side(truth, told, 3)
    assert frames[0].shape == (2 * 64 + 2 + 4, 3 * 64 + 2 * 2, 3)
    row = frames[0][10]
    assert (row[0].tolist(), row[70].tolist(), row[140].tolist()) == ([0] * 3, [100] * 3, [177] * 3)  # 127 + 100 / 2
    bars = [tuple(frame[-1, 0]) for frame in frames]
    assert bars[0] == bars[2] != bars[3]
    write_sheet(tmp_path / "sheet.png", frames)
    write_film(tmp_path / "film.gif", frames, 0.02)
    assert Pillow.open(tmp_path / "sheet.png").size == (4 * frames[0].shape[1] + 3 * 2, frames[0].shape[0])
    with Pillow.open(tmp_path / "film.gif") as film:
        assert (film.is_animated, film.size) == (True, frames[0].shape[1::-1])


def test_a_run_is_judged_from_its_folder(capsys, tmp_path: Path) -> None:
    """A ball that the camera sees: pictures and numbers lie in the run's folder."""
    own = {
        "agent": {"name": "dreamer", "hidden": 8, "sequence": 8, "horizon": 2, "model": MODEL},
        "learner": {"robot_minutes": 0.4, "warmup_steps": 20, "batch_size": 16, "updates_per_step": 1.0},
        "cameras": {"width": 32, "height": 32},
        "observation": {"cameras": ["above"]},
        "task": {"episode_seconds": 10.0},
    }
    settings = load_settings("sphero_navigate", overrides=[own])
    *_, last = train_locally(settings)
    RunFolder(tmp_path).write_config(settings)
    last.training.checkpoint(tmp_path / CHECKPOINT)
    arguments = ["--episodes", "1", "--horizon", "6", "--looks", "4"]
    code, printed, error = run_cli(capsys, "analyse", "model", str(tmp_path), *arguments)
    assert (code, error) == (0, "")
    assert "base_position" in printed and "image_above" in printed and "k = 6" in printed
    folder = tmp_path / "analysis" / "model"
    numbers = json.loads((folder / "report.json").read_text())
    assert len(numbers["k_step"]["held-out"]["images"]["image_above"]["rmse"]) == 6
    assert {path.name for path in folder.iterdir()} == {
        "report.json",
        "k_step_error.png",
        "image_above.png",
        "image_above.gif",
    }
    assert "drop --log" in run_cli(capsys, "analyse", "model", str(tmp_path), "--log", str(tmp_path))[2]
    assert "plans nothing" in run_cli(capsys, "analyse", "plan", str(tmp_path))[2]
