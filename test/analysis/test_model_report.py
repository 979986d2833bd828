# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is said about a model, against models whose errors, variances and disagreement are known."""

import numpy as np
import pytest
import torch
from graphs import noisy_graph, spec_of
from learners import mock_step, random_transition, small_settings
from torch import Tensor

from ros_rl.analysis.calibration import (
    Prediction,
    Steps,
    disagreement,
    judge,
    likelihood,
    predict,
    random_actions,
    random_states,
)
from ros_rl.analysis.model_report import HELD_OUT, RANDOM_STATES, REPLAY, judge_model
from ros_rl.analysis.noise_floor import noise_floor
from ros_rl.analysis.prediction import MAX_STARTS, k_step_errors, windows
from ros_rl.analysis.report import plain
from ros_rl.analysis.trajectories import Trajectory, collect, from_replay
from ros_rl.backends.sensor_noise import add_noise
from ros_rl.dynamics.measures import auroc, coverage
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.errors import ConfigError
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.rotations import quaternion_to_matrix, yaw_of
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement

FIELDS = {"one": slice(0, 1), "two": slice(1, 3)}


class Shift(DynamicsModel):
    """x' = x + (u, u_last, 0) + bias, with each member's own bias and one deviation for all."""

    def __init__(self, biases: list[float], std: float = 0.0) -> None:
        super().__init__(len(biases), 3)
        self.bias, self.deviation = torch.tensor(biases)[:, None, None], std

    def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        moved = torch.cat([action, last_action, torch.zeros_like(action)], -1)
        mean = state + moved + self.bias
        return mean, torch.full_like(mean, self.deviation)


def shifted(steps: int, rng: np.random.Generator) -> Trajectory:
    """A trajectory of the exact system."""
    actions = rng.uniform(-1, 1, (steps + 1, 1))
    moves = np.concatenate([actions[1:], actions[:-1], np.zeros((steps, 1))], 1)
    states = np.concatenate([np.zeros((1, 3)), np.cumsum(moves, 0)]) + rng.normal(size=3)
    return Trajectory(states, actions[:-1], actions[1:], np.zeros(steps))


@pytest.fixture
def trajectories() -> list[Trajectory]:
    rng = np.random.default_rng(0)
    return [shifted(steps, rng) for steps in (30, 7, 12)]


class TestErrors:
    def test_an_exact_model_has_none(self, trajectories):
        found = k_step_errors(Shift([0.0]), windows(trajectories, 10, np.random.default_rng(0)), FIELDS, np.ones(3))
        assert max(found["one"]["rmse"] + found["two"]["rmse"]) < 1e-5
        assert min(found["one"]["baseline_rmse"]) > 0.1

    def test_a_bias_adds_up_step_by_step(self, trajectories):
        stretches = windows(trajectories, 10, np.random.default_rng(0))
        found = k_step_errors(Shift([0.1]), stretches, FIELDS, np.array([1.0, 0.5, 0.25]))
        k = np.arange(1, 11)
        np.testing.assert_allclose(found["one"]["rmse"], 0.1 * k, rtol=1e-3)
        np.testing.assert_allclose(found["two"]["rmse"], 0.1 * k, rtol=1e-3)
        # 0.1 k is 2 and 4 of the two values' deviations: their root mean square is 10 ** 0.5
        np.testing.assert_allclose(found["two"]["normalised"], 0.1 * k * 10**0.5, rtol=1e-3)
        assert found["one"]["spread"] == [0.0] * 10

    def test_opposite_biases_cancel_in_the_mean_and_show_as_spread(self, trajectories):
        stretches = windows(trajectories, 5, np.random.default_rng(0))
        found = k_step_errors(Shift([0.2, -0.2]), stretches, FIELDS, np.ones(3))
        assert max(found["one"]["rmse"]) < 1e-5
        np.testing.assert_allclose(found["one"]["spread"], 0.2 * np.arange(1, 6), rtol=1e-4)

    def test_the_baseline_is_the_state_that_stays(self):
        one = Trajectory(
            np.array([[0.0, 0, 0], [1.0, 0, 0], [3.0, 0, 0]]), np.zeros((2, 1)), np.zeros((2, 1)), np.zeros(2)
        )
        stretches = windows([one], 3, np.random.default_rng(0))
        assert stretches.valid.tolist() == [[True, True, False], [True, False, False]]
        found = k_step_errors(Shift([0.0]), stretches, FIELDS, np.array([2.0, 0.0, 0.0]))
        assert found["one"]["baseline_rmse"][:2] == pytest.approx([(5 / 2) ** 0.5, 3.0])
        assert found["one"]["baseline_normalised"][1] == pytest.approx(1.5)
        assert np.isnan(found["one"]["rmse"][2])  # no episode is that long
        assert np.isnan(found["two"]["normalised"]).all()  # constant values have no scale

    def test_many_starts_are_thinned_without_repeats(self):
        long = shifted(3 * MAX_STARTS, np.random.default_rng(0))
        stretches = windows([long], 2, np.random.default_rng(0))
        assert len(np.unique(stretches.states, axis=0)) == MAX_STARTS


class TestCalibration:
    def test_a_gaussian_covers_68_and_95_percent(self):
        rng = np.random.default_rng(0)
        std = rng.uniform(0.1, 3.0, (50_000, 4))
        error = std * rng.normal(size=std.shape)
        assert coverage(error, std, 1.0) == pytest.approx(0.6827, abs=0.005)
        assert coverage(error, std, 2.0) == pytest.approx(0.9545, abs=0.003)
        assert coverage(error, 0.5 * std, 2.0) == pytest.approx(0.6827, abs=0.005)

    def test_likelihood_of_a_gaussian(self):
        error = np.random.default_rng(0).normal(size=100_000)
        entropy = 0.5 * (1 + np.log(2 * np.pi))
        assert likelihood(error, np.ones_like(error)) == pytest.approx(entropy, abs=0.01)
        assert likelihood(3 * error, np.full_like(error, 3.0)) == pytest.approx(entropy + np.log(3), abs=0.01)
        assert likelihood(error, np.full_like(error, 0.5)) > entropy + 0.5
        assert not np.isfinite(likelihood(error, np.zeros_like(error)))

    def test_variances_add_up_and_stay_apart(self):
        steps = Steps(np.zeros((4, 3)), np.zeros((4, 1)), np.ones((4, 1)), np.zeros((4, 3)))
        found = predict(Shift([1.0, -1.0, 3.0], std=0.5), steps)
        np.testing.assert_allclose(found.mean[0], [2.0, 1.0, 1.0])
        np.testing.assert_allclose(found.aleatoric, 0.25)
        np.testing.assert_allclose(found.epistemic, 8 / 3, rtol=1e-6)
        np.testing.assert_allclose(found.std**2, 0.25 + 8 / 3, rtol=1e-6)
        np.testing.assert_allclose(disagreement(found, np.full(3, 2.0)), (2 / 3) ** 0.5, rtol=1e-6)

    def test_fields_are_judged_by_themselves(self):
        steps = Steps(np.zeros((1, 3)), np.zeros((1, 1)), np.zeros((1, 1)), np.array([[0.5, 1.5, 3.0]]))
        one = np.ones((1, 3))
        found = judge(steps, Prediction(np.zeros((1, 3)), 0.64 * one, 0.36 * one), FIELDS, np.ones(3))
        assert (found["one"]["coverage_1_sigma"], found["two"]["coverage_1_sigma"]) == (1.0, 0.0)
        assert (found["two"]["coverage_2_sigma"], found["all"]["coverage_2_sigma"]) == (0.5, pytest.approx(2 / 3))
        assert (found["all"]["aleatoric_std"], found["all"]["epistemic_std"]) == (
            pytest.approx(0.8),
            pytest.approx(0.6),
        )

    def test_auroc_by_hand(self):
        assert auroc(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0])) == 4.5 / 6
        assert auroc(np.array([1.0, 2.0]), np.array([3.0])) == 1.0
        assert auroc(np.array([1.0, 1.0]), np.array([1.0])) == 0.5

    def test_what_lies_outside(self):
        rng = np.random.default_rng(0)
        steps = Steps(rng.normal(2.0, 0.5, (5000, 3)), np.zeros((5000, 1)), np.zeros((5000, 1)), np.zeros((5000, 3)))
        acted, wide = random_actions(steps, rng), random_states(steps, rng)
        assert (acted.states == steps.states).all() and np.ptp(acted.actions) > 1.9
        assert np.abs(wide.states - 2.0).max() == pytest.approx(2.0, rel=0.05)
        assert wide.states.std() == pytest.approx(2.0 / 3**0.5, rel=0.05)


def test_a_whole_report_of_a_known_model(trajectories):
    settings = small_settings()
    spec = spec_of(settings)  # four values: two axes' positions and velocities

    class Exact(DynamicsModel):
        def distribution(self, state: Tensor, last_action: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
            mean = mock_step(state, action)
            far = torch.linspace(-1, 1, self.members)[:, None, None] * state.abs().amax(-1, keepdim=True)
            return mean + 1e-3 * far, torch.full_like(mean, 1e-3)

    held_out = collect(settings, noisy_graph(settings, 0.5), 2, seed=7)
    replayed = collect(settings, noisy_graph(settings, 0.5), 2, seed=8)
    numbers, scores = judge_model(Exact(3, 4), spec, held_out, replayed, 5, seed=0)
    assert max(numbers["k_step"][HELD_OUT]["joint_position"]["rmse"]) < 1e-5
    assert numbers["k_step"][HELD_OUT]["joint_position"]["baseline_rmse"][4] > 1e-2
    assert numbers["k_step_starts"][REPLAY] == [sum(item.steps - k for item in replayed) for k in range(5)]
    assert numbers["one_step"][HELD_OUT]["all"]["coverage_1_sigma"] == 1.0
    assert numbers["disagreement"]["auroc"][RANDOM_STATES] > 0.75
    assert set(scores) == {REPLAY, HELD_OUT, "random actions", RANDOM_STATES}
    alone, _ = judge_model(Exact(1, 4), spec, held_out, replayed, 5, seed=0)
    assert alone["disagreement"] == {}


class TestTrajectories:
    def test_held_out_episodes_are_the_simulators(self):
        settings = small_settings("mock_point", "task.episode_seconds=1.0", "task.bound=9.0")
        found = collect(settings, noisy_graph(settings), 3, seed=11)
        assert [item.steps for item in found] == [20, 20, 20]
        for item in found:
            following = mock_step(torch.tensor(item.states[:-1]), torch.tensor(item.actions))
            np.testing.assert_allclose(item.states[1:], following, atol=1e-9)
            np.testing.assert_array_equal(item.last_actions[1:], item.actions[:-1])
            reward = -(item.states[1:, :2] ** 2).sum(1) - 0.01 * (item.actions**2).sum(1)
            np.testing.assert_allclose(item.rewards, reward)
        assert not np.allclose(found[0].states, found[1].states)
        again = collect(settings, noisy_graph(settings), 1, seed=11)
        np.testing.assert_array_equal(again[0].states, found[0].states)

    def test_the_runs_own_seed_is_refused(self):
        settings = small_settings("mock_point", "seed=3")
        with pytest.raises(ConfigError, match="seed 3 is the one that the run trained with"):
            collect(settings, noisy_graph(settings), 1, seed=3)

    def test_the_replay_is_cut_where_its_chain_breaks(self):
        spec, rng = spec_of(small_settings()), np.random.default_rng(0)
        replay = ReplayBuffer(20, spec.size, spec.action_size)
        observations = rng.normal(size=(8, spec.size))
        for index in (0, 1, 2, 4, 5):  # 3 is missing
            replay.add(
                random_transition(
                    spec, rng, observation=observations[index], next_observation=observations[index + 1], reward=index
                )
            )
        found = from_replay(spec, replay)
        assert [item.rewards.tolist() for item in found] == [[0.0, 1.0, 2.0], [4.0, 5.0]]
        np.testing.assert_allclose(found[1].states, observations[4:7, spec.state], rtol=1e-6)
        last = spec.slices["last_action"]
        np.testing.assert_allclose(found[1].actions, observations[5:7, last], rtol=1e-6)
        np.testing.assert_allclose(found[1].last_actions, observations[4:6, last], rtol=1e-6)

    def test_robots_that_take_turns_have_trajectories_of_their_own(self):
        spec, rng = spec_of(small_settings()), np.random.default_rng(0)
        replay, observations = ReplayBuffer(20, spec.size, spec.action_size), rng.normal(size=(2, 5, spec.size))
        for index in range(4):
            for source, own in zip("ab", observations, strict=True):
                pair = {"observation": own[index], "next_observation": own[index + 1]}
                replay.add(random_transition(spec, rng, **pair, reward=index, source=source))
        assert [item.rewards.tolist() for item in from_replay(spec, replay)] == [[0.0, 1.0, 2.0, 3.0]] * 2


def test_sensor_noise_is_what_the_simulator_adds():
    settings = load_settings("a1_walk", overrides=["driver.backend.odometry=truth"])  # an estimate errs otherwise
    level = np.array([0.0, 0.0, 0.0, 1.0])
    still = Measurement(
        joint_position=np.zeros(12),
        joint_velocity=np.zeros(12),
        imu_orientation=level,
        imu_angular_velocity=np.zeros(3),
        base_position=np.zeros(3),
        base_orientation=level,
        base_linear_velocity=np.zeros(3),
    )
    rng = np.random.default_rng(0)
    noisy = [add_noise(still, settings.driver.backend.noise, rng) for _ in range(4000)]
    gravity = np.array([quaternion_to_matrix(m["imu_orientation"])[2] for m in noisy]) - [0.0, 0.0, 1.0]
    yaw = np.array([yaw_of(m["base_orientation"]) for m in noisy])
    heading = np.array([np.sin(yaw), np.cos(yaw) - 1.0])
    found = noise_floor(settings, spec_of(settings))
    assert found["gravity"] == pytest.approx((gravity**2).mean() ** 0.5, rel=0.03)
    assert found["heading"] == pytest.approx((heading**2).mean() ** 0.5, rel=0.03)
    assert found["joint_velocity"] == pytest.approx(np.std([m["joint_velocity"] for m in noisy]), rel=0.03)
    assert noise_floor(small_settings(), spec_of(small_settings())) == {}


def test_json_has_null_for_what_is_not_finite():
    values = {"a": np.array([1.0, np.nan]), "b": (np.float32(2.0), float("inf")), "c": {"d": np.int64(3)}, "e": True}
    assert plain(values) == {"a": [1.0, None], "b": [2.0, None], "c": {"d": 3}, "e": True}
