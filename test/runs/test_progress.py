# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Episodes, step counts, sequence numbers, curves and the summary of a run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from summaries import SUMMARY_KEYS

from ros_rl.runs.course import Course
from ros_rl.runs.progress import EpisodeStatistics, Rates
from ros_rl.runs.received import Received
from ros_rl.runs.records import Round, Stepped, Taken
from ros_rl.runs.screens import evaluation_line, progress_line, replay_line, result_screen, unseen_line
from ros_rl.runs.senders import SequenceCheck, StepCounter
from ros_rl.runs.state import RunState
from ros_rl.runs.summary import summarise
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.types import Transition


def transition(
    episode: int, reward: float, terminated: bool = False, truncated: bool = False, source: str = ""
) -> Transition:
    return Transition(0, episode, np.zeros(1), np.zeros(1), reward, np.zeros(1), terminated, truncated, source)


def evaluation(minutes: float, velocity: float, terminations: int = 0, final: bool = False) -> dict[str, Any]:
    return {
        "env_steps": round(minutes * 1200),
        "robot_minutes": minutes,
        "version": 1,
        "final": final,
        "episodes": 3,
        "seconds_each": 10.0,
        "return_mean": 100 * velocity,
        "forward_velocity_mean": velocity,
        "forward_velocity_min": velocity - 0.1,
        "terminations": terminations,
        "plan_ms": {"p50": 3.0, "p99": 4.0, "max": 5.0},
    }


def test_episode_statistics() -> None:
    statistics = EpisodeStatistics()
    assert statistics.means() == {}
    for reward in (1.0, 2.0):
        statistics.add(transition(0, reward), {"metrics.v": reward})
    statistics.add(transition(0, 3.0, terminated=True), {"metrics.v": 3.0})
    statistics.add(transition(1, 4.0), {"metrics.v": 4.0})  # cut short without a word
    statistics.add(transition(2, 0.0, truncated=True), {"metrics.v": 0.0})
    assert (statistics.episodes, statistics.terminations) == (3, 1)
    assert statistics.means() == {"episode_return": pytest.approx(10 / 3), "metrics.v": pytest.approx(2.0)}


def test_two_robots_have_episodes_of_their_own() -> None:
    """In turns, with equal episode numbers: a's returns are 3 and 7, b's 30 and, cut short without a word, 70."""
    statistics = EpisodeStatistics()
    stories = (
        [transition(0, 1.0), transition(0, 2.0, terminated=True), transition(1, 7.0, truncated=True)],
        [transition(0, 10.0, source="b"), transition(0, 20.0, source="b"), transition(1, 70.0, source="b")],
    )
    for pair in zip(*stories, strict=True):
        for each in pair:
            statistics.add(each, {"metrics.v": each.reward})
    assert (statistics.episodes, statistics.terminations) == (3, 1)
    assert statistics.means() == {"episode_return": (3 + 7 + 30) / 3, "metrics.v": (1.5 + 7 + 15) / 3}
    statistics.add(transition(2, 0.0, source="b"), {"metrics.v": 0.0})
    assert (statistics.episodes, statistics.means()["episode_return"]) == (4, (3 + 7 + 30 + 70) / 4)


def test_steps_go_on_when_the_driver_starts_anew() -> None:
    counter = StepCounter()
    counter.earlier = 100
    assert counter.elsewhere("a") == 100
    assert counter.note("a", 7, 5) == 105
    assert counter.note("a", 7, 8) == 108
    assert counter.note("a", 8, 0) == 108
    assert counter.note("a", 8, 3) == 111
    assert counter.elsewhere("a") == 108
    for session, steps, total in ((8, 9, 117), (9, 1, 112)):  # the same driver goes on, or another one
        resumed = StepCounter()
        resumed.restore(json.loads(json.dumps(counter.state())))
        assert resumed.note("a", session, steps) == total


def test_what_somebodys_driver_did_before_it_was_heard_is_no_robot_time() -> None:
    counter = StepCounter(joins=True)
    assert counter.note("a", 7, 50_000) == 0
    assert counter.note("a", 7, 50_010) == 10
    assert 10 - counter.elsewhere("a") == 50_010, "the allowance is in the driver's own count"
    resumed = StepCounter(joins=True)
    resumed.restore(json.loads(json.dumps(counter.state())))
    assert resumed.note("a", 7, 50_030) == 30, "what it did while the learner was away counts"
    assert resumed.note("a", 8, 400) == 30 and resumed.note("a", 8, 401) == 31, "a session that began elsewhere"


def test_steps_of_two_robots_add_up() -> None:
    counter = StepCounter()
    notes = [("a", 7, 5), ("b", 3, 2), ("a", 7, 6), ("b", 4, 1), ("b", 4, 2), ("a", 7, 8)]
    assert [counter.note(*note) for note in notes] == [5, 7, 8, 9, 10, 12]
    assert (counter.elsewhere("a"), counter.elsewhere("b")) == (4, 10)


def test_gaps_and_repetitions_are_told_apart() -> None:
    check = SequenceCheck()
    assert [check.take("a", 7, number) for number in (0, 1, 1, 4, 2)] == [True, True, False, True, False]
    assert (check.received, check.lost) == (3, 2)
    assert check.take("a", 8, 1), "a collector that starts anew counts from zero"
    assert check.lost == 3
    resumed = SequenceCheck()
    resumed.restore(json.loads(json.dumps(check.state())))
    assert not resumed.take("a", 8, 1)
    assert resumed.take("a", 8, 2) and (resumed.received, resumed.lost) == (5, 3)


def test_packets_of_two_collectors_are_counted_as_each_alone() -> None:
    """Equal sessions would not make them one sender; a loses 2 and 3, b loses 0 and repeats 1."""
    one, two = [("a", 7, n) for n in (0, 1, 4, 5)], [("b", 7, n) for n in (1, 1, 2, 3)]
    check, alone = SequenceCheck(), (SequenceCheck(), SequenceCheck())
    taken = [check.take(*packet) for pair in zip(one, two, strict=True) for packet in pair]
    assert taken == [True, True, True, False, True, True, True, True]
    assert [alone[0].take(*packet) for packet in one] == taken[::2]
    assert [alone[1].take(*packet) for packet in two] == taken[1::2]
    assert (check.received, check.lost) == (7, 3)
    assert (sum(each.received for each in alone), sum(each.lost for each in alone)) == (7, 3)


def test_what_was_received_goes_on_from_a_checkpoint_and_what_came_since() -> None:
    first, second = Received(), Received()
    for packet in (("a", 7, 0), ("b", 9, 3), ("a", 7, 2)):
        first.transitions.take(*packet)
    first.steps.note("a", 1, 20)
    first.steps.note("b", 2, 30)
    since = [
        Taken(transition(0, 1.0, source="b"), session=9, sequence=4),
        Round(),
        Stepped(51, "b", 2, 31),
        Taken(transition(0, 1.0, source="a"), session=8, sequence=0),
    ]
    second.restore(json.loads(json.dumps(first.state())), since)
    assert (second.transitions.received, second.transitions.lost) == (5, 4)
    assert not second.transitions.take("b", 9, 4) and second.transitions.take("a", 8, 1)
    assert second.steps.total == 51 and second.steps.note("a", 5, 1) == 52


def test_episodes_go_on_where_they_were() -> None:
    whole, first, second = EpisodeStatistics(), EpisodeStatistics(), EpisodeStatistics()
    story = [transition(k // 7, reward=float(k), terminated=k % 14 == 6) for k in range(40)]
    for index, each in enumerate(story):
        whole.add(each, {"speed": index})
        if index == 17:  # in the middle of an episode
            second.restore(json.loads(json.dumps(first.state())))
        (first if index < 17 else second).add(each, {"speed": index})
    assert second.state() == whole.state() and second.means() == whole.means()


def test_evaluations_are_kept_as_they_come(tmp_path: Path) -> None:
    state = RunState()
    state.go_on(tmp_path)
    for result in (evaluation(2, 0.5), evaluation(1, 0.1), evaluation(2, 0.7, final=True), evaluation(2, 0.5)):
        state.add_evaluation(result)
    with (tmp_path / "evaluations.jsonl").open("ab") as file:
        file.write(b'{"env_steps": 9, "fin')  # the power went
    again, elsewhere = RunState(), RunState()
    again.go_on(tmp_path)
    assert [item["forward_velocity_mean"] for item in again.evaluations] == [0.1, 0.5, 0.7]
    assert again.final_evaluation is None, "the end of then is none of now"
    again.add_evaluation(evaluation(3, 0.9))
    (tmp_path / "new").mkdir()
    elsewhere.go_on(tmp_path / "new", tmp_path)
    assert [item["forward_velocity_mean"] for item in elsewhere.evaluations] == [0.1, 0.5, 0.7, 0.9]
    assert len((tmp_path / "new" / "evaluations.jsonl").read_text().splitlines()) == 4


def test_rates() -> None:
    rates = Rates()
    assert rates.update(10.0, {"a": 5}) == {"a": 0.0}
    assert rates.update(12.0, {"a": 25}) == {"a": 10.0}


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], None),
        ([(1, 0.6), (2, 0.6)], None),
        ([(1, 0.6), (2, 0.4), (3, 0.5), (4, 0.5), (5, 0.7)], 3),
        ([(1, 0.6), (2, 0.6), (3, 0.6)], 1),
    ],
)
def test_first_minute_of_three_good_evaluations(points, expected) -> None:
    state = RunState(evaluations=[evaluation(minutes, velocity) for minutes, velocity in points])
    summary = summarise(load_settings("a1_walk"), state, 1.0)
    assert summary["first_robot_minute_at_0.5_mps"] == expected
    assert (summary["milestone"] or {}).get("robot_minutes") == expected
    assert (f"walks since      {expected}.00 robot minutes" in result_screen(summary, "runs/x")) == (
        expected is not None
    )


def test_a_fall_is_not_walking() -> None:
    state = RunState(evaluations=[evaluation(m, 0.8, terminations=m == 2) for m in (1, 2, 3, 4)])
    assert summarise(load_settings("a1_walk"), state, 1.0)["milestone"]["robot_minutes"] is None


def test_a_milestone_is_its_tasks_own() -> None:
    steps = [
        {"env_steps": n, "final": False, "episodes": 2, "terminations": 2, "return_mean": 0.0} for n in range(1, 6)
    ]
    rates = [0.5, 1.0, 1.0, 0.9, 1.0]
    judged = [{**point, "success_rate": rate} for point, rate in zip(steps, rates, strict=True)]
    reach = summarise(load_settings("xarm_reach"), RunState(evaluations=judged), 1.0)
    assert reach["milestone"] == {
        "name": "succeeds", "figure": "success_rate", "least": 0.9, "in_a_row": 3,
        "env_steps": 2, "robot_minutes": None,
    }  # fmt: skip
    assert "first_robot_minute_at_0.5_mps" not in reach
    assert "succeeds since   2 steps" in result_screen(reach, "runs/x")
    assert summarise(load_settings("xarm_reach"), RunState(evaluations=steps), 1.0)["milestone"] is None


def test_evaluations_are_kept_in_order_and_once() -> None:
    state = RunState()
    assert state.add_evaluation(evaluation(2, 0.5))
    assert state.add_evaluation(evaluation(1, 0.1))
    assert not state.add_evaluation(evaluation(2, 0.5))
    assert state.add_evaluation(evaluation(2, 0.6, final=True))
    assert [item["robot_minutes"] for item in state.evaluations] == [1, 2, 2]
    assert state.final_evaluation["forward_velocity_mean"] == 0.6


def test_summary_has_what_is_promised_and_is_json() -> None:
    state = RunState(
        progress={
            "env_steps": 1200.0,
            "updates": 3600.0,
            "robot_minutes": 1.0,
            "version": 5.0,
            "transitions_lost": 1.0,
        },
        evaluations=[evaluation(1, 0.55), evaluation(1, 0.6, final=True), {**evaluation(2, 0.0), "error": "no"}],
        figures={
            "controller": {"plan p50 [ms]": "3.5", "plan p99 [ms]": "7", "plan max [ms]": "9", "tick count": "1200"},
            "driver": {"deadline misses": "2"},
            "collector": {"transitions dropped": "3"},
        },
    )
    summary = summarise(load_settings("mock_point"), state)
    assert summary.keys() >= SUMMARY_KEYS
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert summary["updates_per_step"] == 3.0
    assert summary["dropped_transitions"] == 4
    assert summary["plan_ms"] == {"p50": 3.5, "p99": 7.0, "max": 9.0}
    assert summary["tick_to_command_ms"] == {"p50": None, "p99": None, "max": None}
    assert summary["finished"] and summary["best"] is None
    assert summary["evaluation"]["forward_velocity_mean"] == 0.6
    assert "version" not in summary["evaluation"]
    assert summary["curve"][0].keys() >= {"robot_minutes", "return", "forward_velocity", "terminations"}
    assert len(summary["curve"]) == 2
    assert "0.600" in result_screen(summary, "runs/x")


def test_values_that_grew_too_large_are_in_the_summary() -> None:
    watch = {"beyond_total": 0.125, "beyond_recent": 0.0, "first_beyond": 400.0, "recovered": 0.0, "q_bound": 100.0}
    state = RunState(progress={"env_steps": 10.0, **{f"watch.{name}": value for name, value in watch.items()}})
    summary = summarise(load_settings("mock_point"), state)
    assert summary["watch"] == watch
    assert "values too large in 12.5 % of the updates, first at update 400\n" in result_screen(summary, "runs/x")
    state.progress["watch.recovered"] = 1700.0
    assert "right again since 1700" in result_screen(summarise(load_settings("mock_point"), state), "runs/x")
    state.progress["watch.first_beyond"] = 0.0
    assert "too large" not in result_screen(summarise(load_settings("mock_point"), state), "runs/x")


@pytest.mark.parametrize(
    ("overrides", "figures", "complaint"),
    [
        ([], {"env_steps": 639, "transitions": 2, "updates": 0}, "only 2 transitions came of 639 steps"),
        ([], {"env_steps": 400, "transitions": 400, "updates": 0}, "nothing was learned: no update was made in 400"),
        ([], {"env_steps": 400, "transitions": 250, "updates": 10}, ""),
        (["agent.name=random"], {"env_steps": 400, "transitions": 390}, ""),
        (["agent.name=random"], {"env_steps": 400, "transitions": 190}, "only 190 transitions came of 400 steps"),
        (["learner.updates_per_step=0.5"], {"env_steps": 301, "transitions": 301, "updates": 0}, ""),
        (["learner.updates_per_step=0"], {"env_steps": 400, "transitions": 400, "updates": 0}, ""),
        ([], {"env_steps": 5, "transitions": 0}, ""),
    ],
)
def test_a_training_that_came_to_nothing_says_so(
    overrides: list[str], figures: dict[str, float], complaint: str
) -> None:
    settings, state = load_settings("mock_point", overrides=overrides), RunState(progress=figures)
    summary = summarise(settings, state)
    assert summary["shortfall"].startswith(complaint) and bool(summary["shortfall"]) == bool(complaint)
    assert not complaint or f"warning          {complaint}" in result_screen(summary, "runs/x")
    assert summarise(settings, state, "agent.onnx")["shortfall"] == "", "what only acts learns nothing"


def test_a_failed_final_evaluation_is_a_shortfall_of_a_run_that_ended() -> None:
    failed = {**evaluation(1, 0.5, final=True), "error": "no simulator"}
    state = RunState(progress={"env_steps": 400, "transitions": 400, "updates": 10}, evaluations=[failed])
    settings = load_settings("mock_point")
    assert summarise(settings, state)["shortfall"] == "the final evaluation failed: no simulator"
    stopped = summarise(settings, state, finished=False)
    assert stopped["shortfall"] == "" and not stopped["finished"]


def test_lines_for_the_terminal() -> None:
    state = RunState(
        progress={"robot_minutes": 1.25, "updates": 9.0, "updates_per_second": 60.0, "metrics.forward_velocity": 0.5},
        figures={"controller": {"plan p50 [ms]": "3.5", "plan p99 [ms]": "7", "acts": "graph 12"}},
    )
    line = progress_line(state, Course(None))
    for part in (
        "1.25 min",
        "60.0 updates/s",
        "forward velocity 0.50",
        "terminations 0",
        "plan 3.5 ms (p99 7.0)",
        "graph 12",
    ):
        assert part in line
    assert evaluation_line(evaluation(1.5, 0.5, terminations=1)) == (
        "evaluation at 1.50 min, 3 episodes of 10 s: return 50.00, forward velocity mean 0.50, "
        "forward velocity min 0.40, terminations 1 of 3"
    )
    assert "failed: no simulator" in evaluation_line({**evaluation(1, 0), "final": True, "error": "no simulator"})


def test_what_replay_takes_is_told() -> None:
    """20000 times a picture of 32 x 32 x 3, two last and pending actions before and after, an action, and 32 bytes."""
    settings = load_settings("sphero_navigate", preset="sphero_pixels")
    bytes_each = 32 * 32 * 3 + 4 * (2 * (2 + 2) + 2) + 32
    assert 20_000 * bytes_each == 62_880_000
    assert replay_line(settings, settings.observation_spec()) == "replay: at most 20000 transitions, 63 MB"
    shown = with_overrides(settings, learner={"demonstrations": ["runs/shown"], "replay_capacity": 1_000_000})
    line = replay_line(shown, settings.observation_spec())
    assert line == "replay: at most 1000000 transitions, 3.1 GB, and as many demonstrations"


@pytest.mark.parametrize(
    ("overrides", "told"),
    [([], False), (["observation.fields=[none]"], True), (["observation.fields=[none]", "task.goal=[0.5,0.3]"], False)],
)
def test_a_goal_that_the_agent_cannot_know_is_told(overrides: list[str], told: bool) -> None:
    sees = ["agent.name=latent_mpc", "observation.cameras=[above]", *overrides]
    line = unseen_line(load_settings("sphero_navigate", overrides=sees))
    assert ("shows goal_planar, drawn anew in each episode" in line) == bool(line) == told


def test_what_was_learned_is_named_also_where_nothing_was_evaluated(tmp_path) -> None:
    state = RunState(progress={"updates": 10.0, "env_steps": 20.0})
    summary = summarise(load_settings("mock_point"), state, 1.0)
    assert "last controller" not in result_screen(summary, str(tmp_path))
    (tmp_path / "agent.onnx").touch()
    assert "  last controller  agent.onnx, not evaluated yet\n" in result_screen(summary, str(tmp_path))
