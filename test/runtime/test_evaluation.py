# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Evaluations: what they measure, that they repeat, and that nothing of the run's own episodes leaks in."""

import time

import numpy as np
import pytest
import yaml
from graphs import constant_graph, feedback_graph, noisy_graph, trot_graph

from ros_rl.backends.mock import MockBackend
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ContractError
from ros_rl.resources import share_path
from ros_rl.runtime import evaluation
from ros_rl.runtime.durations import WARM_UP
from ros_rl.runtime.evaluation import Evaluator, evaluate
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.tasks.goal_measures import TOOL_DISTANCE
from ros_rl.tasks.measures import FORWARD_VELOCITY, Measure
from ros_rl.types import Outcome, Truth

MOCK = with_overrides(load_settings("mock_point"), driver={"backend": {"name": "mock"}})
A1 = load_settings("a1_walk")
BRAKE = feedback_graph(MOCK, "joint_position", -0.5 * np.eye(2), np.zeros(2))


def outcome(start=(0.0, 0.0), yaw=0.0, end=(0.0, 0.0), tool=None, goal=None, seconds=10.0) -> Outcome:
    def truth(position, tool):
        return Truth(np.array([*position, 0.3]), yaw, tool, 0, 0.0, 0, 0.0)

    return Outcome(
        truth(start, None),
        truth(end, tool),
        {} if goal is None else {"goal_position": goal},
        seconds,
        False,
        period=0.05,
    )


class TestMeasures:
    def test_velocity_is_net_along_the_starting_heading(self):
        assert FORWARD_VELOCITY.of(outcome((1.0, 1.0), 0.0, (6.0, 9.0))) == pytest.approx(0.5)
        assert FORWARD_VELOCITY.of(outcome((0.0, 0.0), np.pi / 2, (9.0, 5.0))) == pytest.approx(0.5)
        assert FORWARD_VELOCITY.of(outcome((0.0, 0.0), np.pi, (5.0, 0.0))) == pytest.approx(-0.5)

    def test_distance_is_the_tools_from_its_goal(self):
        tool, goal = np.array([0.3, 0.0, 0.2]), np.array([0.3, 0.04, 0.23])
        assert TOOL_DISTANCE.of(outcome(tool=tool, goal=goal)) == pytest.approx(0.05)

    def test_summaries(self):
        measure = Measure("x", "m", lambda episode: episode.seconds, ("mean", "median", "min", "p95", "max"))
        summary = measure.summarise([outcome(seconds=seconds) for seconds in (1.0, 2.0, 6.0)])
        expected = {"x_mean": 3.0, "x_median": 2.0, "x_min": 1.0, "x_p95": 5.6, "x_max": 6.0}
        assert summary == pytest.approx(expected)


class TestEpisodes:
    def test_the_tasks_time_limit_does_not_end_them(self):
        settings = with_overrides(MOCK, task={"episode_seconds": 0.5})
        result = evaluate(BRAKE, settings, episodes=2, seconds=2.0, seed=0)
        assert (result.episodes, result.seconds_each, result.terminations) == (2, 2.0, 0)

    def test_each_begins_anew_although_the_run_never_resets(self):
        never = with_overrides(MOCK, driver={"resets": "never"})
        found = [evaluate(constant_graph(MOCK, [1.0, 1.0]), each, 3, 5.0, 0).to_mapping() for each in (MOCK, never)]
        assert all(each.pop("plan_ms") for each in found) and found[0] == found[1]

    def test_a_termination_is_a_fall(self):
        result = evaluate(constant_graph(MOCK, [1.0, 1.0]), MOCK, episodes=3, seconds=5.0, seed=0)
        assert result.terminations == 3

    def test_a_tripped_guard_is_a_fall_and_the_next_episode_goes_on(self, tmp_path):
        data = yaml.safe_load(share_path("config", "robots", "mock.yaml").read_text())
        data["safety"]["joint_margin"] = 0.1  # trips 1.3 from zero, which the axes overshoot
        for joint in data["joints"].values():
            joint |= {"lower": -1.2, "upper": 1.2}
        (tmp_path / "mock.yaml").write_text(yaml.safe_dump(data))
        settings = with_overrides(MOCK, robot=str(tmp_path / "mock.yaml"))
        assert evaluate(constant_graph(MOCK, [1.0, 1.0]), settings, episodes=2, seconds=5.0, seed=0).terminations == 2

    def test_the_return_is_the_sum_of_rewards(self):
        settings = with_overrides(MOCK, task={"bound": 100.0})
        result = evaluate(constant_graph(MOCK, [0.0, 0.0]), settings, episodes=1, seconds=1.0, seed=0)
        backend = MockBackend(MOCK.load_robot(), MockSettings(), MOCK.control.period)
        start = backend.begin(np.random.default_rng([0, 0xD21E]))["joint_position"]
        assert result.return_mean == pytest.approx(-20 * start @ start)

    def test_the_same_seed_gives_the_same_starts_to_every_graph(self):
        evaluator = Evaluator(MOCK, seed=3)
        first = evaluator.evaluate(noisy_graph(MOCK, 0.1), 3, 1.0)
        evaluator.evaluate(BRAKE, 2, 1.0)
        assert evaluator.evaluate(noisy_graph(MOCK, 0.1), 3, 1.0).return_mean == first.return_mean
        assert evaluate(noisy_graph(MOCK, 0.1), MOCK, 3, 1.0, seed=4).return_mean != first.return_mean
        assert evaluator.evaluate(noisy_graph(MOCK, 0.1), 3, 1.0, draw=500).return_mean == first.return_mean

    def test_fresh_evaluations_meet_other_starts_by_their_draw(self):
        evaluator = Evaluator(with_overrides(MOCK, evaluator={"fresh": True}), seed=3)
        returns = {draw: evaluator.evaluate(BRAKE, 3, 1.0, draw=draw).return_mean for draw in (0, 250, 500, 250)}
        assert len(set(returns.values())) == 3
        assert evaluator.evaluate(BRAKE, 3, 1.0, draw=250).return_mean == returns[250]

    def test_the_success_rate_is_of_the_episodes_last_states(self):
        """The brake comes near zero within 5 s and not within 0.1 s; what runs away ends far from it."""
        assert evaluate(BRAKE, MOCK, 3, 5.0, seed=0).to_mapping()["success_rate"] == 1.0
        assert evaluate(BRAKE, MOCK, 3, 0.1, seed=0).success_rate == 0.0
        assert evaluate(constant_graph(MOCK, [1.0, 1.0]), MOCK, 3, 5.0, seed=0).success_rate == 0.0
        near = with_overrides(MOCK, task={"success_distance": 100.0})  # what ends it is no success, wherever that is
        assert evaluate(constant_graph(near, [1.0, 1.0]), near, 3, 5.0, seed=0).success_rate == 0.0

    def test_without_a_success_there_is_no_rate(self, monkeypatch):
        monkeypatch.setattr(type(MOCK.task), "succeeded", lambda self, after: None)
        assert "success_rate" not in evaluate(BRAKE, MOCK, 1, 1.0, seed=0).to_mapping()

    def test_a_graph_for_something_else_is_refused(self):
        with pytest.raises(ContractError):
            evaluate(constant_graph(A1, np.zeros(12)), MOCK, 1, 1.0, seed=0)

    def test_plain_data(self):
        result = evaluate(BRAKE, MOCK, 1, 1.0, seed=0).to_mapping()
        assert set(result) >= {"episodes", "seconds_each", "return_mean", "terminations", "plan_ms"}
        assert 0.0 < result["plan_ms"]["p50"] <= result["plan_ms"]["p99"] <= result["plan_ms"]["max"]
        assert not {"contacts", "contacts_not_feet", "foot_slip", "saturated"} & set(result)

    def test_planning_time_is_without_the_warm_up(self, monkeypatch):
        calls, answer = [], OnnxGraph.run

        def slow_at_first(self, *inputs):
            calls.append(time.sleep(0.3 if len(calls) < WARM_UP else 0.0))
            return answer(self, *inputs)

        monkeypatch.setattr(OnnxGraph, "run", slow_at_first)
        result = evaluate(BRAKE, MOCK, 1, 1.0, seed=0)
        assert len(calls) == 20 and result.plan_ms["max"] < 300.0

    def test_what_acts_at_random_plans_nothing(self):
        graph = constant_graph(MOCK, [0.0, 0.0], provenance={"random": True})
        assert evaluate(graph, MOCK, 1, 1.0, seed=0).plan_ms == {}


@pytest.fixture(scope="module")
def evaluator():
    pytest.importorskip("pybullet")
    evaluator = Evaluator(A1, seed=0)
    yield evaluator
    evaluator.close()


class TestWalking:
    def test_a_robot_that_stands_goes_nowhere(self, evaluator):
        result = evaluator.evaluate(constant_graph(A1, np.zeros(12)), 1, 2.0).to_mapping()
        assert abs(result["forward_velocity_mean"]) < 0.02
        assert (result["terminations"], result["contacts_not_feet"]) == (0, 0.0)
        assert result["foot_slip"] < 0.01

    def test_an_open_loop_trot_walks_and_repeats(self, evaluator):
        results = [evaluator.evaluate(trot_graph(A1, hertz=3.0), 2, 2.0).to_mapping() for _ in range(2)]
        assert results[0]["forward_velocity_min"] > 0.3
        assert results[0]["terminations"] == 0
        for result in results:
            result.pop("plan_ms")
        assert results[0] == results[1]

    def test_what_a_fall_cuts_off_counts_as_standing(self):
        pytest.importorskip("pybullet")
        settings = with_overrides(A1, task={"fall_height": 0.5})  # terminations at once, so to say
        result = evaluate(trot_graph(settings, hertz=3.0), settings, 1, 10.0, seed=0).to_mapping()
        assert result["terminations"] == 1
        assert abs(result["forward_velocity_mean"]) < 0.01

    def test_a_video_of_the_first_episode(self, evaluator, tmp_path):
        image = pytest.importorskip("PIL.Image")
        evaluator.evaluate(trot_graph(A1, hertz=3.0), 2, 0.5, video=tmp_path / "walk.gif")
        film = image.open(tmp_path / "walk.gif")
        assert (film.format, film.n_frames, film.size) == ("GIF", 5, evaluation._FRAME_SIZE)
        assert film.info["duration"] == 100


def test_reaching_is_measured_by_the_tools_distance():
    pytest.importorskip("pybullet")
    settings = load_settings("xarm_reach")
    result = evaluate(constant_graph(settings, np.zeros(6)), settings, 2, 0.2, seed=0).to_mapping()
    assert 0.05 < result["distance_median"] < result["distance_max"] < 0.7
    assert (result["terminations"], result["contacts"]) == (0, 0.0)
    assert not {"contacts_not_feet", "foot_slip", "saturated"} & set(result), "an arm has no feet"
