# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Behaviour cloning from an MCAP log: the log's ticks become the transitions that the collector made of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from learners import spec_of
from mock_logs import SETTINGS, mock_ticks, write
from model_based import settings_of

from ros_rl.cli import main as cli
from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runs.run_folder import RunFolder
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.tree import Settings
from ros_rl.training.earlier_log import take_log
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Measurement, Tick, Transition

pytestmark = pytest.mark.ros


def cloning(log: Path, *overrides: Any) -> Settings:
    agent = {"name": "bc", "hidden": 16, "log": str(log), "updates": 20}
    return settings_of(agent, "mock_point", {"task": {"episode_seconds": SETTINGS.task.episode_seconds}}, *overrides)


def taken(log: Path, *overrides: Any, capacity: int = 1000) -> ReplayBuffer:
    settings = cloning(log, *overrides)
    spec = spec_of(settings)
    replay = ReplayBuffer(capacity, spec.size, spec.action_size)
    take_log(replay, str(log), settings, spec, read_ticks)
    return replay


def transitions(ticks: list[Tick]) -> list[Transition]:
    """As the collector made them while the log was written."""
    builder = TransitionBuilder(spec_of(SETTINGS), SETTINGS.task, SETTINGS.control.period)
    return [made for tick in ticks if (made := builder.add(tick)[1]) is not None]


def assert_same(replay: ReplayBuffer, expected: list[Transition]) -> None:
    found = replay.at(np.arange(len(replay)))
    assert len(replay) == len(expected)
    for name in ("observation", "action", "reward", "next_observation", "terminated"):
        wanted = np.array([getattr(item, name) for item in expected], np.float32)
        np.testing.assert_array_equal(getattr(found, name), wanted)


def test_transitions_are_those_that_the_collector_made(tmp_path: Path) -> None:
    ticks = mock_ticks(40)
    write(tmp_path, ticks)
    expected = transitions(ticks)
    assert len(expected) == 39
    for path in (tmp_path, tmp_path / "log_0.mcap"):
        assert_same(taken(path), expected)
    newest = taken(tmp_path, capacity=10)
    assert newest.added == 39
    assert {tuple(row) for row in newest.at(np.arange(10)).action} == {
        tuple(np.float32(item.action)) for item in expected[-10:]
    }


def test_chains_end_where_a_tick_is_missing_or_was_not_acted_on(tmp_path: Path) -> None:
    ticks = mock_ticks(30)
    ticks[20] = replace(ticks[20], intact=False)
    ticks = ticks[:8] + ticks[9:12] + [ticks[11]] + ticks[12:]
    write(tmp_path, ticks)
    assert len(transitions(ticks)) == 26
    assert_same(taken(tmp_path), transitions(ticks))


def test_a_run_without_checkpoint_means_its_log(tmp_path: Path) -> None:
    """Such as `ros-rl run` leaves."""
    RunFolder(tmp_path).write_config(SETTINGS)
    ticks = mock_ticks(12)
    write(tmp_path / "log", ticks)
    assert_same(taken(tmp_path), transitions(ticks))


def test_learns_what_the_log_did(tmp_path: Path) -> None:
    settings = cloning(write(tmp_path, mock_ticks(60)), {"agent": {"updates": 300, "learning_rate": 3e-3}})
    first = TrainingLoop(settings, read_ticks=read_ticks).train()["imitation_loss"]
    (last,) = train_locally(settings, read_ticks)
    assert len(last.training.replay) == 59 and last.training.done
    assert last.losses["imitation_loss"] < 0.5 * first


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (
            {"control": {"rate_hz": 25.0}},
            "at 20 Hz, this run's control.rate_hz is 25: use --set control.rate_hz=20.0",
        ),
        ({"control": {"delay": 2}}, "tick 0: control.delay was 1, this run's is 2: use --set control.delay=1"),
        ({"robot": "a1", "driver": {"backend": {"name": "pybullet"}}}, "tick does not fit a1"),
    ],
)
def test_logs_of_something_else_are_refused(tmp_path: Path, overrides: dict[str, Any], complaint: str) -> None:
    log = write(tmp_path, mock_ticks(5))
    with pytest.raises(ConfigError, match=complaint) as caught:
        taken(log, overrides)
    assert str(caught.value).startswith("agent.log") and str(log) in str(caught.value)


def test_a_log_that_does_not_show_what_the_task_sees_is_refused(tmp_path: Path) -> None:
    settings = cloning(write(tmp_path, mock_ticks(5)))
    spec = ObservationSpec(settings.load_robot(), ("joint_position", "goal_position"), 1)
    with pytest.raises(ConfigError, match="tick 0: observation field 'goal_position' needs 'goal_position'"):
        take_log(ReplayBuffer(10, spec.size, 2), settings.agent.log, settings, spec, read_ticks)


@pytest.mark.parametrize("what", ["joint_velocity", "previous_command"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(tmp_path: Path, what: str, value: float) -> None:
    ticks = mock_ticks(6)
    bad = np.array([0.1, value])
    if what == "previous_command":
        ticks[3] = replace(ticks[3], previous_command=bad)
    else:
        ticks[3] = replace(ticks[3], measurement=Measurement(ticks[3].measurement, joint_velocity=bad))
    with pytest.raises(ConfigError, match=f"log .*'{what}' is not finite") as caught:
        taken(write(tmp_path, ticks))
    assert "\n" not in str(caught.value)


def test_logs_without_transitions_are_refused(tmp_path: Path) -> None:
    ticks = mock_ticks(9)
    for name, some in {"one": ticks[:1], "apart": ticks[::2]}.items():
        with pytest.raises(ConfigError, match=f"holds no transitions: {len(some)} ticks, no two"):
            taken(write(tmp_path / name, some))
    (tmp_path / "broken.mcap").write_bytes(b"\x00" * 100)
    with pytest.raises(ConfigError, match=r"agent.log: log .*broken\.mcap is broken"):
        taken(tmp_path / "broken.mcap")
    with pytest.raises(ConfigError, match=r"agent.log: .*none\.mcap holds no log"):
        taken(tmp_path / "none.mcap")


def test_without_ros_or_on_an_environment_it_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = write(tmp_path, mock_ticks(5))
    with pytest.raises(ConfigError, match="is an MCAP log, which cannot be read without ROS"):
        TrainingLoop(cloning(log))
    arguments = ["train", "--env", "gym:Pendulum-v1", "--agent", "bc", "--set", f"agent.log={log}"]
    assert cli.main([*arguments, "--out", str(tmp_path / "out")]) == 2
    assert "is an MCAP log, which robots leave; this run is of environment 'Pendulum-v1'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_wrong_log_is_told_before_anything_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = write(tmp_path, mock_ticks(1))
    for path, complaint in ((log, "holds no transitions"), (tmp_path / "none", "none holds no run")):
        arguments = ["train", "mock_point", "--agent", "bc", "--set", f"agent.log={path}"]
        assert cli.main([*arguments, "--out", str(tmp_path / "out")]) == 2
        printed = capsys.readouterr()
        assert complaint in printed.err and printed.err.count("\n") == 1 and not printed.out
    assert not (tmp_path / "out").exists()
