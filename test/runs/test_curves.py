# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Runs side by side: which belong together, what their groups are called, and what stands on a common axis."""

import json

import numpy as np
import pytest
from curve_folders import evaluated_run

from ros_rl.errors import ConfigError, RunFolderError, UnknownNameError
from ros_rl.runs.curves import MINUTES, STEPS, axis_of, find_runs, grouped, metric_of, read_curve
from ros_rl.runs.evaluations import EVALUATIONS, read_evaluations


def labels_of(*folders) -> list[tuple[str, int]]:
    (groups,) = grouped([read_curve(folder) for folder in folders]).values()
    return [(group.label, len(group.runs)) for group in groups]


def test_seeds_and_lengths_belong_together_and_other_settings_do_not(tmp_path) -> None:
    folders = [
        evaluated_run(tmp_path / "a", {100: 1.0}, ["seed=0", "agent.name=sac"]),
        evaluated_run(tmp_path / "b", {100: 1.0}, ["seed=1", "agent.name=sac", "learner.robot_minutes=9"]),
        evaluated_run(tmp_path / "c", {100: 1.0}, ["agent.name=sac", "agent.tau=0.1", "agent.hidden=16"]),
        evaluated_run(tmp_path / "d", {100: 1.0}, ["agent.name=sac", "agent.tau=0.2", "agent.hidden=16"]),
        evaluated_run(tmp_path / "e", {100: 1.0}, ["agent.name=td3"]),
    ]
    assert labels_of(*folders) == [
        ("sac, agent.tau=0.005, and 1 more", 2),
        ("sac, agent.tau=0.1, and 1 more", 1),
        ("sac, agent.tau=0.2, and 1 more", 1),
        ("td3", 1),
    ]


def test_the_band_is_what_all_runs_came_through(tmp_path) -> None:
    runs = [{100: 0.0, 200: 10.0, 300: 20.0}, {150: 1.0, 250: 3.0}, {100: 8.0, 400: 8.0}]
    curves = [read_curve(evaluated_run(tmp_path / str(k), points, [f"seed={k}"])) for k, points in enumerate(runs)]
    (group,) = grouped(curves)["mock_point"]
    where, values = group.band(STEPS, "return")
    np.testing.assert_array_equal(where, [150, 200, 250])
    np.testing.assert_allclose(values, [[5.0, 10.0, 15.0], [1.0, 2.0, 3.0], [8.0, 8.0, 8.0]])
    ends, last = group.last(MINUTES, "return")
    np.testing.assert_allclose(ends, np.array([300, 250, 400]) / 1200)
    np.testing.assert_array_equal(last, [20.0, 3.0, 8.0])


def test_failed_evaluations_are_none_and_a_summary_stands_in_for_evaluations_that_were_not_kept(tmp_path) -> None:
    run = evaluated_run(tmp_path / "a", {100: 1.0})
    with (run / "evaluations.jsonl").open("a") as file:
        file.write('{"env_steps": 200, "final": true, "error": "failed"}\n{"env_steps": 300, "fi')
    assert [point["env_steps"] for point in read_curve(run).points] == [100]
    (run / "evaluations.jsonl").unlink()
    assert not read_curve(run).points
    (run / "summary.json").write_text(json.dumps({"curve": [{"env_steps": 7, "return": 2.0}]}))
    assert read_curve(run).along(STEPS, "return")[1].tolist() == [2.0]


def test_runs_are_found_in_folders_of_them_once_each(tmp_path) -> None:
    first, second = (evaluated_run(tmp_path / "runs" / name, {1: 1.0}) for name in ("x", "deep/y"))
    (tmp_path / "runs" / "config.yaml").write_text("something: else\n")
    assert find_runs([tmp_path, first]) == [second, first]
    with pytest.raises(RunFolderError, match="none: no such folder"):
        find_runs([tmp_path, tmp_path / "none"])
    with pytest.raises(RunFolderError, match="no run there"):
        find_runs([first / "logs"])


def test_metrics_and_axes_that_are_not_there_are_refused(tmp_path) -> None:
    robot = read_curve(evaluated_run(tmp_path / "a", {100: 1.0}, distance_median=0.1))
    other = read_curve(evaluated_run(tmp_path / "b", {100: 1.0}, ["task.env=CartPole-v1"], task="gym"))
    assert metric_of([robot, other], "return_mean") == metric_of([robot, other], "return") == "return"
    assert metric_of([robot], "distance_median") == "distance_median"
    with pytest.raises(UnknownNameError, match="b 'distance_median'; valid: episodes, return, terminations"):
        metric_of([robot, other], "distance_median")
    assert (axis_of([robot]), axis_of([robot, other]), axis_of([robot], STEPS)) == (MINUTES, STEPS, STEPS)
    with pytest.raises(ConfigError, match="no robot minutes: it is a run of CartPole-v1"):
        axis_of([robot, other], MINUTES)


def test_damaged_evaluations_are_left_out_and_told_once(tmp_path, caplog) -> None:
    (tmp_path / EVALUATIONS).write_text('{"env_steps": 1, "final": false}\n{"env_st\n\n[]\n')
    assert read_evaluations(tmp_path) == read_evaluations(tmp_path) == [{"env_steps": 1, "final": False}]
    assert caplog.messages == [f"{tmp_path / EVALUATIONS}: 2 of 4 lines are damaged, their evaluations are left out"]
