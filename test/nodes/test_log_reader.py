# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A log's ticks come back as they were, and serve as held-out data unless the run learned from them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from learners import spec_of
from mock_logs import ROBOT, SETTINGS, mock_ticks, write

from ros_rl.analysis.trajectories import from_log
from ros_rl.cli import main as cli
from ros_rl.errors import DataError
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.robot import load_robot
from ros_rl.runtime.transition_builder import TransitionBuilder

pytestmark = pytest.mark.ros


def test_ticks_come_back_as_they_were(tmp_path: Path) -> None:
    ticks = mock_ticks(30)
    write(tmp_path, ticks[:20])
    write(tmp_path, ticks[20:])  # a collector that was started again
    found = list(read_ticks(tmp_path, ROBOT))
    assert [tick.stamp for tick in found] == [tick.stamp for tick in ticks]
    spec = spec_of(SETTINGS)
    for one, two in zip(ticks, found, strict=True):
        np.testing.assert_array_equal(spec.observe(one), spec.observe(two))
        assert (one.index, one.episode, one.step, one.intact) == (two.index, two.episode, two.step, two.intact)
    assert len(list(read_ticks(tmp_path / "log_0.mcap", ROBOT))) == 20


def test_a_log_is_cut_where_a_tick_is_missing_and_a_repeated_one_counts_once(tmp_path: Path) -> None:
    ticks = mock_ticks(21)
    spec = spec_of(SETTINGS)
    replay = ReplayBuffer(10, spec.size, spec.action_size)
    one, two = from_log(SETTINGS, write(tmp_path, [*ticks[:8], ticks[7], *ticks[9:]]), replay)
    assert (one.steps, two.steps) == (7, 11)
    builder = TransitionBuilder(spec, SETTINGS.task, SETTINGS.control.period)
    expected = [transition for tick in ticks if (transition := builder.add(tick)[1]) is not None]
    for trajectory, transitions in ((one, expected[:7]), (two, expected[9:])):
        np.testing.assert_array_equal(trajectory.states[:-1], [t.observation[:4] for t in transitions])
        np.testing.assert_array_equal(trajectory.actions, [t.next_observation[4:6] for t in transitions])
        np.testing.assert_array_equal(trajectory.rewards, [t.reward for t in transitions])
    for transition in expected:
        replay.add(transition)
    with pytest.raises(DataError, match=r"is no held-out data: the run learned from \d+ of its 20 ticks"):
        from_log(SETTINGS, tmp_path, replay)


def test_a_log_alone_has_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, mock_ticks(3))
    assert cli.main(["analyse", "model", str(tmp_path)]) == 2
    assert f"{tmp_path} is a log, which has no model" in capsys.readouterr().err


def test_what_is_no_log_of_this_robot_is_refused(tmp_path: Path) -> None:
    ticks = mock_ticks(3)
    for path in (tmp_path, tmp_path / "none.mcap"):
        with pytest.raises(DataError, match="holds no log"):
            list(read_ticks(path, ROBOT))
    (tmp_path / "broken.mcap").write_bytes(b"\x00" * 100)
    with pytest.raises(DataError, match=r"broken\.mcap is broken"):
        list(read_ticks(tmp_path / "broken.mcap", ROBOT))
    with pytest.raises(DataError, match="tick does not fit a1"):
        list(read_ticks(write(tmp_path / "own", ticks), load_robot("a1")))
    write(tmp_path / "two", ticks)
    write(tmp_path / "two", [replace(tick, stamp=tick.stamp + 10**12) for tick in ticks], "/other")
    with pytest.raises(DataError, match="several robots: /mock/, /other/"):
        list(read_ticks(tmp_path / "two", ROBOT))
    replay = ReplayBuffer(10, 8, 2)
    with pytest.raises(DataError, match="no two ticks that follow each other"):
        from_log(SETTINGS, write(tmp_path / "one", ticks[:1]), replay)
