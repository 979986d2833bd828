# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What rewards are divided by, from episodes by hand, and that all that is shown stays in units of reward."""

import numpy as np
import pytest
import torch
from value_agents import agent_of, plain_layout

from ros_rl.agents.common.reward_scale import RewardScale
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mixture import MixedReplay
from ros_rl.types import Transition

REWARDS = {"a": [[1.0, 2.0, -1.0], [3.0]], "b": [[0.5, 0.5]]}


def buffer_of(capacity: int = 100, gamma: float = 0.5) -> ReplayBuffer:
    """Two robots' episodes, interleaved."""
    buffer, rows = ReplayBuffer(capacity, 3, 2, gamma=gamma), []
    for source, episodes in REWARDS.items():
        steps = [(e, k, r, k == len(rs) - 1) for e, rs in enumerate(episodes) for k, r in enumerate(rs)]
        rows += [(position, source, *step) for position, step in enumerate(steps)]
    for _, source, episode, tick, reward, last in sorted(rows):
        buffer.add(Transition(tick, episode, np.ones(3), np.zeros(2), reward, np.ones(3), last, False, source))
    return buffer


def test_rewards_are_summed_along_each_episode_by_their_age() -> None:
    """gamma 0.5: 1, 2 + 0.5, -1 + 1.25; 3; and of the other robot 0.5, 0.75."""
    expected = [1.0, 2.5, 0.25, 3.0, 0.5, 0.75]
    assert buffer_of().collected().tolist() == expected
    scale = RewardScale()
    assert scale.value == 1.0
    scale.follow(buffer_of())
    assert scale.value == pytest.approx(np.std(expected))


def test_what_was_shown_counts_too() -> None:
    mixed = MixedReplay(10, 3, 2, gamma=0.5)
    for tick, reward in enumerate([4.0, 2.0]):
        mixed.demonstrations.add(Transition(tick, 0, np.ones(3), np.zeros(2), reward, np.ones(3), False, False))
    mixed.add(Transition(0, 0, np.ones(3), np.zeros(2), 1.0, np.ones(3), False, False))
    assert mixed.collected().tolist() == [1.0, 4.0, 4.0]


def test_sums_begin_anew_where_what_came_before_is_no_longer_held() -> None:
    """Of the six the four newest are held: -1, 0.5 (the other robot's second), and so on."""
    buffer = buffer_of(capacity=4)
    held = sorted(buffer.newest(4).reward.tolist())
    assert held == [-1.0, 0.5, 2.0, 3.0]
    assert sorted(buffer.collected().tolist()) == [0.0, 0.5, 2.0, 3.0]  # -1 + 0.5 x 2


def test_scale_waits_for_a_tenth_more_data_and_is_one_without_any_difference() -> None:
    buffer, scale = ReplayBuffer(100, 1, 1, gamma=0.9), RewardScale()
    for tick in range(12):
        buffer.add(Transition(tick, tick, np.ones(1), np.zeros(1), float(tick == 11), np.ones(1), False, True))
        if tick == 0:
            scale.follow(buffer)
            assert scale.value == 1.0
        if tick == 9:
            scale.follow(buffer)
    scale.follow(buffer)
    assert scale.value == pytest.approx(np.std([0.0] * 11 + [1.0]))
    before = scale.value
    buffer.add(Transition(12, 12, np.ones(1), np.zeros(1), 50.0, np.ones(1), False, True))
    scale.follow(buffer)
    assert scale.value == before


def test_scaled_rewards_teach_the_same_values_in_units_of_reward() -> None:
    """An agent that divides learns what another learns from rewards that were divided before; it shows more."""
    told: dict[str, list[float]] = {}
    state = {}
    for kind in ("returns", "none"):
        agent, buffer = agent_of(plain_layout(), "sac", reward_scale=kind, gamma=0.5), buffer_of()
        divisor = float(np.std(buffer.collected()))
        if kind == "none":
            buffer._ring.reward /= divisor
        torch.manual_seed(3)
        metrics = [agent.train(buffer, k) for k in range(4)][-1]
        told[kind] = [metrics["q_mean"], agent.entropy_bonus, *agent.look(buffer.newest(3))[0].flatten().tolist()]
        state[kind] = agent.policy.state_dict()
    np.testing.assert_allclose(np.array(told["returns"]) / divisor, told["none"], rtol=1e-3)
    for name, value in state["none"].items():
        torch.testing.assert_close(state["returns"][name], value, rtol=1e-3, atol=1e-5)
