# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Demonstrations from recording to learning: what is read, what it counts as, and what is refused."""

import json
import math
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from kept import save_replay
from learners import small_settings, spec_of
from mock_logs import SETTINGS, mock_ticks, write
from model_based import settings_of

from ros_rl.errors import ConfigError, RosRlError
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.resources import share_path
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Tick, Transition

pytestmark = pytest.mark.ros


def learning(*shown: Path, **changes: Any) -> Settings:
    sizes = {"batch_size": 16, "warmup_steps": 20, "steps": 40, "demonstrations": [str(path) for path in shown]}
    agent = {"name": "sac", "hidden": 16}
    return settings_of(agent, "mock_point", {"learner": sizes}, changes)


def training_of(settings: Settings) -> TrainingLoop:
    return TrainingLoop(settings, read_ticks=read_ticks)


def transitions(ticks: list[Tick]) -> list[Transition]:
    builder = TransitionBuilder(spec_of(SETTINGS), SETTINGS.task, SETTINGS.control.period)
    return [made for tick in ticks if (made := builder.add(tick)[1]) is not None]


def recorded(folder: Path, ticks: list[Tick], settings: Settings = SETTINGS) -> Path:
    """A run's folder as ``ros-rl record`` leaves it."""
    RunFolder(folder).write_config(settings)
    write(folder / "log", ticks)
    return folder


def test_all_that_is_named_is_shown_and_each_a_source_of_its_own(tmp_path: Path) -> None:
    """Both logs begin with tick 0 of episode 0; their chains, of a whole episode or cut, stay apart."""
    first, second = mock_ticks(30, seed=1), mock_ticks(20, seed=2)
    settings = learning(recorded(tmp_path / "run", first), write(tmp_path / "bare", second))
    training = training_of(settings)
    found = training.replay.demonstrations.everything()
    wanted = [*transitions(first), *transitions(second)]
    for name in ("observation", "action", "reward", "next_observation"):
        np.testing.assert_array_equal(
            getattr(found, name), np.array([getattr(item, name) for item in wanted], np.float32)
        )
    assert len(training.replay) == 0 and training.shown == {"demonstrations": 48, "corrections": 0}
    assert training.provenance()["demonstrations"] == 48
    windows = training.replay.demonstrations.sequences(50, 19).observation
    starts = {tuple(row) for row in windows[:, 0]}
    assert tuple(np.float32(transitions(second)[0].observation)) in starts, "its only window of 19 steps"


def test_a_run_that_learned_is_shown_too_and_judged_by_this_task(tmp_path: Path) -> None:
    """Its checkpoint, whose rewards were another task's; by hand from the observations."""
    other = small_settings("mock_point", {"task": {"action_weight": 7.0}})
    spec, rng = spec_of(other), np.random.default_rng(0)
    replay = ReplayBuffer(other.learner.replay_capacity, spec.size, spec.action_size)
    for tick in range(12):
        observation, after = rng.uniform(-1, 1, (2, spec.size))
        replay.add(Transition(tick, tick // 6, observation, np.zeros(2), 99.0, after, False, tick % 6 == 5))
    RunFolder(tmp_path).write_config(other)
    save_replay(tmp_path / CHECKPOINT, replay)
    shown = training_of(learning(tmp_path)).replay.demonstrations.everything()
    task = learning(tmp_path).task
    assert len(shown.reward) == 12
    for row in range(12):
        before, after = spec.split(shown.observation[row]), spec.split(shown.next_observation[row])
        assert shown.reward[row] == pytest.approx(
            float(task.reward(before, before["last_action"], after["last_action"], after)), abs=1e-5
        )


@pytest.mark.parametrize(
    ("then", "now", "complaint"),
    [
        ({}, {"control": {"delay": 2}}, "recorded with control.delay 1, this run's is 2: use --set control.delay=1$"),
        (
            {"control": {"rate_hz": 25.0}},
            {},
            "recorded with control.rate_hz 25, this run's is 20: use --set control.rate_hz=25.0$",
        ),
    ],
)
def test_what_differs_is_told_with_both_values(tmp_path: Path, then: dict, now: dict, complaint: str) -> None:
    folder = recorded(tmp_path / "run", mock_ticks(5), small_settings("mock_point", then))
    with pytest.raises(ConfigError, match=complaint) as caught:
        training_of(learning(folder, **now))
    assert str(caught.value).startswith(f"learner.demonstrations {folder}") and "\n" not in str(caught.value)


def test_another_robot_and_another_map_of_actions_are_told(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", mock_ticks(5), small_settings("xarm_reach"))
    told = "recorded with robot 'xarm6', this run's is 'mock': use --set robot=xarm6, or record "
    with pytest.raises(ConfigError, match=told):
        training_of(learning(folder))
    own = tmp_path / "mock.yaml"
    own.write_text((share_path("config") / "robots" / "mock.yaml").read_text().replace("scale: 1.5", "scale: 1.2"))
    folder = recorded(tmp_path / "scaled", mock_ticks(5), small_settings("mock_point", {"robot": str(own)}))
    told = r"with joint axis_1_joint by velocity, 0 \+- 1.2, this run's is by velocity, 0 \+- 1.5"
    with pytest.raises(ConfigError, match=told):
        training_of(learning(folder))


CHOICES = {"control": {"rate_hz": 2.0, "commands": {"name": "choice", "step": 0.05, "lower": [0.2, -0.4, -math.inf]}}}


@pytest.mark.parametrize(
    ("then", "now", "told", "options"),
    [
        (
            {"control": {"commands": {"name": "cartesian"}}},
            {},
            "name cartesian, this run's is joints",
            "--set control.commands.name=cartesian",
        ),
        (
            {},
            {"control": {"commands": {"name": "cartesian"}}},
            "name joints, this run's is cartesian",
            "--set control.commands.name=joints",
        ),
        (
            {"control": {"commands": {"name": "cartesian", "speed": 0.1, "orientation": "free"}}},
            {"control": {"commands": {"name": "cartesian"}}},
            "orientation free, this run's is upright",
            "--set control.commands.orientation=free --set control.commands.speed=0.1",
        ),
        (
            CHOICES,
            {"control": {"rate_hz": 2.0, "commands": {"name": "cartesian", "speed": 0.1}}},
            "name choice, this run's is cartesian",
            "--set control.commands.name=choice --set 'control.commands.lower=[0.2, -0.4, -.inf]' --set "
            "control.commands.step=0.05",
        ),
    ],
)
def test_another_command_map_is_told_with_what_to_set(
    tmp_path: Path, then: dict, now: dict, told: str, options: str
) -> None:
    """A tool's velocity and joints' are other actions, though logs could be read as either; what is told helps."""
    learns = {"learner": {"demonstrations": [str(tmp_path / "run")], "steps": 40}}
    recorded(tmp_path / "run", mock_ticks(5), settings_of({"name": "random"}, "xarm_reach", then))
    with pytest.raises(ConfigError) as caught:
        training_of(settings_of({"name": "sac"}, "xarm_reach", learns, now))
    words = f"learner.demonstrations {tmp_path / 'run'} was recorded with control.commands.{told}: use {options}"
    assert str(caught.value) == words
    overrides = [item for item in shlex.split(options) if item != "--set"]
    random = {"agent.name": "random"}
    made = load_settings("xarm_reach", overrides=[random, now, *overrides]).control.commands
    assert made == load_settings("xarm_reach", overrides=[random, then]).control.commands


def test_a_checkpoint_of_another_command_map_is_told_by_it_too(tmp_path: Path) -> None:
    """Though what its agent saw differs, too: the last action is among that."""
    tool = small_settings("xarm_reach", {"control": {"commands": {"name": "cartesian"}}})
    spec = spec_of(tool)
    RunFolder(tmp_path).write_config(tool)
    save_replay(tmp_path / CHECKPOINT, ReplayBuffer(tool.learner.replay_capacity, spec.size, spec.action_size))
    with pytest.raises(ConfigError, match="with control.commands.name cartesian, this run's is joints: use --set cont"):
        training_of(settings_of({"name": "sac"}, "xarm_reach", {"learner": {"demonstrations": [str(tmp_path)]}}))


def test_what_another_task_did_not_measure_is_told(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "run", mock_ticks(5), small_settings("ur5_reach"))
    joints = {"control": {"commands": {"name": "joints"}}}
    pushing = settings_of({"name": "sac"}, "ur5_push", joints, {"learner": {"demonstrations": [str(folder)]}})
    told = "run lacks object_position, which task 'ur5_push' measures and task 'ur5_reach' did not: record 'ur5_push'"
    with pytest.raises(ConfigError, match=told):
        training_of(pushing)


def test_who_corrects_is_one_and_somebody_who_can_be_learned_from() -> None:
    hand = {"teleop": {"device": "joystick", "corrects": True}, "driver": {"mode": "real_time"}}
    assert settings_of({"name": "sac"}, "mock_point", hand).corrected
    with pytest.raises(ConfigError, match="two who correct"):
        settings_of({"name": "sac"}, "mock_point", hand, {"expert": {"name": "reach"}})
    with pytest.raises(ConfigError, match="teleop.corrects is True, of which agent 'reinforce' has no use"):
        settings_of({"name": "reinforce"}, "mock_point", hand)


def test_what_holds_nothing_or_is_cut_off_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "empty").mkdir()
    for path, complaint in ((tmp_path / "empty", "it is empty"), (tmp_path / "none", "it is not there")):
        with pytest.raises(
            RosRlError, match=rf"demonstrations: {path} holds no run .* no log \(\*.mcap\): {complaint}"
        ):
            training_of(learning(path))
    whole = write(tmp_path / "cut", mock_ticks(1500)) / "log_0.mcap"
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    training = training_of(learning(whole.parent))
    assert 0 < training.shown["demonstrations"] < 1400
    assert str(whole) in caplog.text, "what is lost is told"
    whole.write_bytes(whole.read_bytes()[:30])
    with pytest.raises(ConfigError, match=r"learner.demonstrations .*cut holds no transitions: 0 ticks"):
        training_of(learning(whole.parent))


def test_more_than_can_be_held_is_refused(tmp_path: Path) -> None:
    settings = learning(write(tmp_path, mock_ticks(140)), learner={"replay_capacity": 101})
    with pytest.raises(ConfigError, match="hold 13[0-9] transitions, learner.replay_capacity is 101; allowed: at"):
        training_of(settings)


@pytest.mark.parametrize(
    ("agent", "complaint"),
    [("reinforce", "it learns from its own episodes"), ("bc", "from agent.log"), ("random", "from nothing")],
)
def test_agents_that_cannot_use_them_say_so(agent: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=f"names shown, of which agent '{agent}' has no use: .*{complaint}"):
        settings_of({"name": agent}, "mock_point", {"learner": {"demonstrations": ["shown"]}})


def test_a_training_resumes_with_what_it_was_shown(tmp_path: Path) -> None:
    """Also with what a person did since: both go on with the same updates."""
    ticks = mock_ticks(60, seed=3)
    settings = learning(write(tmp_path / "log", mock_ticks(30)))
    training = training_of(settings)
    made = transitions(ticks)
    for index, transition in enumerate(made[:30]):
        training.add(replace(transition, by_person=index % 10 < 2))
    training.note_steps(30)
    while training.train_due:
        training.train()
    training.checkpoint(tmp_path / CHECKPOINT)
    assert training.shown == {"demonstrations": 29 + 6, "corrections": 6}

    def go_on(each: TrainingLoop) -> list[dict[str, float]]:
        for transition in made[30:40]:
            each.add(transition)
        each.note_steps(40)
        return [each.train() for _ in range(5)]

    wanted, again = go_on(training), training_of(settings)
    again.resume(tmp_path / CHECKPOINT)
    assert again.shown == {"demonstrations": 29 + 6, "corrections": 6}
    assert go_on(again) == wanted


def test_an_expert_shows_and_corrects(tmp_path: Path) -> None:
    """By the nodes as many episodes as asked for, all the expert's; in this process it corrects; a summary tells."""
    pytest.importorskip("pybullet")
    short = ["--set", "task.episode_seconds=0.5"]
    shown = tmp_path / "shown"
    arguments = ["record", "xarm_reach", "--expert", "reach", "--episodes", "3", "--out", str(shown), *short]
    done = subprocess.run([sys.executable, "-m", "ros_rl.cli", *arguments], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert json.loads((shown / "summary.json").read_text())["agent"] == "expert reach"
    overrides: list[dict[str, Any]] = [{"task": {"episode_seconds": 0.5}}]
    overrides += [{"expert": {"name": "reach", "share": 0.5, "seconds": 0.1}, "evaluator": {"video": False}}]
    overrides += [{"learner": {"demonstrations": [str(shown)], "steps": 60, "warmup_steps": 20}}]
    settings = settings_of({"name": "sac", "hidden": 16}, "xarm_reach", *overrides)
    ticks = list(read_ticks(shown / "log", settings.load_robot()))
    assert sum(tick.by_person for tick in ticks) == 30, "three episodes of ten steps"
    for last in train_locally(settings, read_ticks, tmp_path / "run"):
        training = last.training
    told = json.loads((tmp_path / "run" / "summary.json").read_text())["demonstrations"]
    assert 10 <= told["corrections"] <= 50 and told["transitions"] == 30 + told["corrections"]
    assert told["paths"] == [str(shown)] and (told["share"], told["expert_share"]) == (0.5, 0.5)
    marks = training.replay.demonstrations.everything().action[30:]
    assert len(marks) == told["corrections"]
