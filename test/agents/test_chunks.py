# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Decisions for several control periods: what acts of them, what they are worth, and what they cannot go with."""

from contextlib import closing
from typing import Any

import numpy as np
import pytest
import torch
from bandits import layout as bandit_layout
from value_agents import agent_of, check_resume, plain_layout, settings_of

from ros_rl.agents.common.chunk_queue import ChunkQueue
from ros_rl.agents.factory import make_agent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mirror import Mirror
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import Transition

CHUNK, ACTIONS = 3, 2


def remembering_layout() -> Layout:
    """Two values of state, two actions, of which the last and a pending one are seen."""
    fields = [
        Field("observation", (2,), "1", 1.0, "state"),
        Field(LAST_ACTION, (ACTIONS,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (ACTIONS,), "1", 1.0, "action"),
    ]
    return Layout("toy", ("one", "two"), fields, 1)


def test_a_queue_gives_one_after_the_other() -> None:
    queue, found = ChunkQueue(3, 1), []
    carry = torch.tensor(queue.carry)
    for tick in range(7):
        action, carry = queue.next(torch.tensor([10.0 * tick, 10.0 * tick + 1, 10.0 * tick + 2]), carry)
        found.append(float(action))
    assert found == [0, 1, 2, 30, 31, 32, 60] and carry.tolist() == [2, 61, 62]


@pytest.mark.parametrize("explore", [0.0, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.4])
def test_what_is_exported_acts_out_chunks_and_begins_anew_with_an_episode(explore: float, smoothing: float) -> None:
    """Nine ticks, the sixth of which begins an episode: decisions at ticks 0 and 3, then at 5 and 8."""
    layout = remembering_layout()
    agent = agent_of(layout, "sac", chunk=CHUNK, smoothing=smoothing)
    onnx, rng = OnnxGraph(ExportedGraph(agent.graph, "toy", 0.05).serialise({}), True), np.random.default_rng(0)
    assert onnx.contract.noise == [CHUNK * ACTIONS] and onnx.contract.carry == [0.0] * (1 + (CHUNK - 1) * ACTIONS)
    carry, mine, due = onnx.initial_carry(), torch.tensor(agent.graph.carry), []
    for tick in range(9):
        values = {f.name: rng.normal(size=f.size).astype(np.float32) for f in layout.fields}
        noise = rng.normal(size=onnx.contract.noise).astype(np.float32)
        obs = torch.cat([torch.from_numpy(value) for value in values.values()])
        if tick == 5:
            carry, mine, due = onnx.initial_carry(), torch.tensor(agent.graph.carry), []
        if not due:
            newest = obs[-ACTIONS:]
            for raw in agent.policy.act(obs[None], explore * torch.from_numpy(noise)[None]).detach().view(CHUNK, -1):
                newest = (1 - smoothing) * raw + smoothing * newest
                due.append(newest)
        found = onnx.run(values, carry, noise, explore)
        action, mine = agent.graph.act(obs, mine, torch.from_numpy(noise), torch.tensor([explore]))
        carry, wanted = found.carry, due.pop(0)
        torch.testing.assert_close(action.detach(), wanted, rtol=0, atol=1e-6)
        np.testing.assert_allclose(found.action, wanted.numpy(), atol=1e-5)
        np.testing.assert_allclose(found.carry, mine.detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_a_robot_does_what_chunks_say_whatever_the_delay(delay: int) -> None:
    """What is decided at ticks 0, 3 and 6 of an episode is stored as the decisions of all its ticks."""
    agent_settings = {"name": "sac", "hidden": 8, "chunk": CHUNK, "smoothing": 0.3}
    overrides = {"agent": agent_settings, "control": {"delay": delay}, "task": {"episode_seconds": 0.4}}
    settings = load_settings("mock_point", overrides=[overrides])
    torch.manual_seed(0)
    stored: list[Transition] = []
    with closing(RobotWorld(settings, 0, auto_recover=True)) as world:
        agent, control = make_agent(world.spec, settings), world.control_loop(explore=0.0)
        control.use(OnnxGraph(ExportedGraph(agent.graph, "mock_point", settings.control.period).serialise({})))
        step = world.begin_episode()
        for _ in range(40):
            stored += [step.transition] if step.transition else []
            step = world.begin_episode() if step.ended else world.step(control.step(step.tick).command)
    episodes = {made.episode: [each for each in stored if each.episode == made.episode] for made in stored}
    assert len(episodes) >= 3 and len(stored) > 20
    for episode in episodes.values():
        for k, made in enumerate(episode):
            if k % CHUNK == 0:
                obs = agent.inputs(torch.as_tensor(made.observation, dtype=torch.float32))[None]
                newest, due = agent.inputs.last_action(obs)[0], []
                for raw in torch.tanh(agent.policy(obs)[0]).detach().view(CHUNK, -1):
                    newest = 0.7 * raw + 0.3 * newest
                    due.append(newest)
            np.testing.assert_allclose(made.action, due[k % CHUNK], atol=1e-5)


def episode_of_three(replay: ReplayBuffer, number: int, rng: np.random.Generator) -> None:
    """Place 0, 1, 2, then the end; a step pays 1 - (u - wanted)^2, where 0.5, -0.6 and 0.2 are wanted."""
    for place, wanted in enumerate((0.5, -0.6, 0.2)):
        action = rng.uniform(-1, 1, 1)
        reward = 1.0 - float((action[0] - wanted) ** 2)
        seen, after = (np.array([value / 2 - 0.5]) for value in (place, place + 1))
        replay.add(Transition(3 * number + place, number, seen, action, reward, after, place == 2, False))


@pytest.mark.parametrize("normalisation", ["none", "layer"])
def test_values_of_chunks_are_those_of_a_closed_form(normalisation: str) -> None:
    """Of the best chunks of two from places 0, 1 and 2: 1 + gamma + gamma^2, 1 + gamma, and 1, cut by the end."""
    gamma = 0.8
    learner = {"batch_size": 64, "updates_per_step": 1.0}
    changes = {"hidden": 32, "learning_rate": 5e-3, "tau": 0.05, "initial_alpha": 0.005, "alpha_learning_rate": 0.0}
    settings = settings_of("sac", learner, gamma=gamma, chunk=2, normalisation=normalisation, **changes)
    torch.manual_seed(0)
    agent = make_agent(bandit_layout(), settings)
    replay, rng = ReplayBuffer(5000, 1, 1, 0, gamma, chunk=2), np.random.default_rng(0)
    for number in range(400):
        episode_of_three(replay, number, rng)
    for round_ in range(900):
        agent.train(replay, round_)
    best = {-0.5: ([0.5, -0.6], 1 + gamma + gamma**2), 0.0: ([-0.6, 0.2], 1 + gamma), 0.5: ([0.2], 1.0)}
    for seen, (wanted, value) in best.items():
        obs = torch.tensor([[seen]])
        chunk = agent.graph.choose(obs, torch.zeros(1, 2)).detach()
        assert chunk[0, : len(wanted)].tolist() == pytest.approx(wanted, abs=0.15)
        assert float(agent.critics.online(obs, chunk).detach().mean()) == pytest.approx(value, abs=0.15)


def test_targets_are_sums_over_the_chunk_and_the_next_chunks_value() -> None:
    """By hand: six steps, the last of which terminates; whoever gave the actions, the critics are asked for them."""
    gamma = 0.9
    agent = agent_of(layout := plain_layout(), "sac", chunk=CHUNK, gamma=gamma, targets="none", initial_alpha=0.2)
    replay, rng, made = ReplayBuffer(20, layout.size, layout.action_size, 0, gamma, chunk=CHUNK), None, []
    rng = np.random.default_rng(1)
    seen = rng.normal(size=(7, layout.size))
    for k in range(6):
        made.append(Transition(k, 0, seen[k], rng.uniform(-1, 1, 2), float(rng.normal()), seen[k + 1], k == 5, False))
        replay.add(made[-1])
    samples = agent.inputs.samples(batch := replay.sample(32))
    torch.manual_seed(7)
    chunk, log_probability = agent.policy.sample(samples.next_obs)
    after = (agent.critics.online(samples.next_obs, chunk).amin(0) - 0.2 * log_probability).detach().numpy()
    asked = agent.critics.online(samples.obs, samples.action).detach()
    torch.manual_seed(7)
    values, targets = agent.update_critics(samples)
    torch.testing.assert_close(values, asked)
    for row, place in enumerate(batch.index):
        steps = made[place : place + CHUNK]
        reward = sum(gamma**i * each.reward for i, each in enumerate(steps))
        wanted = reward if steps[-1].terminated else reward + gamma**CHUNK * after[row]
        assert float(targets[row]) == pytest.approx(wanted, abs=1e-5)
        actions = np.concatenate([each.action for each in steps])
        np.testing.assert_allclose(samples.action[row, : len(actions)], actions, rtol=1e-6)
    assert set(batch.index.tolist()) == set(range(6))


def test_entropy_is_that_of_all_actions_and_told_for_a_step() -> None:
    agent = agent_of(plain_layout(), "sac", chunk=CHUNK, target_entropy=-0.5, initial_alpha=0.3)
    assert agent.soft.temperature.target_entropy == pytest.approx(CHUNK * ACTIONS * -0.5)
    samples = agent.inputs.samples(filled(plain_layout()).sample(16))
    metrics = agent.update_policy(samples)
    assert agent.entropy_bonus == pytest.approx(metrics["alpha"] * metrics["entropy"] / CHUNK, rel=1e-5)


def filled(layout: Layout, chunk: int = CHUNK) -> ReplayBuffer:
    replay, rng = ReplayBuffer(100, layout.size, layout.action_size, 0, 0.9, chunk=chunk), np.random.default_rng(0)
    for k in range(40):
        before, after = rng.normal(size=(2, layout.size))
        replay.add(Transition(k, k // 10, before, rng.uniform(-1, 1, 2), 1.0, after, False, k % 10 == 9))
    return replay


def test_nothing_is_learned_before_there_is_a_chunk() -> None:
    layout = plain_layout()
    agent, replay = agent_of(layout, "sac", chunk=CHUNK), ReplayBuffer(9, layout.size, ACTIONS, chunk=CHUNK)
    replay.add(Transition(0, 0, np.zeros(3), np.zeros(2), 1.0, np.zeros(3), False, True))
    assert agent.train(replay, 1) == {} and agent.updates == 0
    assert agent.train(filled(layout), 2) and agent.updates == 1


def test_a_resumed_training_goes_on_the_same(tmp_path) -> None:
    check_resume(settings_of("sac", chunk=CHUNK, policy_tau=0.1), plain_layout(), tmp_path)


def test_every_action_of_a_chunk_is_mirrored() -> None:
    settings = load_settings("a1_walk", overrides=["agent.name=sac", "agent.chunk=2"])
    spec, rng = settings.observation_spec(), np.random.default_rng(0)
    replay = ReplayBuffer(9, spec.size, spec.action_size, chunk=2)
    for k in range(5):
        before, after = rng.normal(size=(2, spec.size))
        replay.add(Transition(k, 0, before, rng.uniform(-1, 1, spec.action_size), 0.0, after, False, False))
    batch, mirror = replay.sample(8), Mirror(spec)
    turned = mirror.turned(batch, slice(None)).action.reshape(8, 2, -1)
    for k in range(2):
        single = ReplayBuffer(9, spec.size, spec.action_size)
        for row in batch.action.reshape(8, 2, -1)[:, k]:
            single.add(Transition(single.added, 0, np.zeros(spec.size), row, 0.0, np.zeros(spec.size), False, False))
        np.testing.assert_array_equal(turned[:, k], mirror.turned(single.everything(), slice(None)).action)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["learner.replay.n_step=3"], "learner.replay.n_step is 3, but agent.chunk 4 .*: use 1, or agent.chunk 1"),
        (
            ["learner.replay.priority=td_error"],
            "priority is td_error, but agent.chunk 4 .*: use uniform, or agent.chunk",
        ),
        (
            ["task.episode_seconds=0.15"],
            "agent.chunk 4 is longer than an episode of task 'mock_point'; allowed: 1 to 3",
        ),
        (["agent.chunk=0"], "'agent.chunk' is 0"),
    ],
)
def test_what_chunks_cannot_go_with_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_settings("mock_point", overrides=["agent.name=sac", "agent.chunk=4", *overrides])


def test_other_goals_are_refused() -> None:
    settings = load_settings("xarm_reach", overrides=["agent.name=sac", "agent.chunk=4"])
    with pytest.raises(
        ConfigError, match=r"agent.relabel_fraction is 0.5, but agent.chunk is 4 .*: use 0, or agent.ch"
    ):
        make_agent(settings.observation_spec(), settings)


def test_only_those_that_can_have_chunks() -> None:
    for name in ("mpc", "td3", "dqn", "mbpo"):
        with pytest.raises(ConfigError, match="agent.chunk"):
            load_settings("mock_point", overrides=[f"agent.name={name}", "agent.chunk=2"])


def parameters(agent: Any) -> list[tuple[int, ...]]:
    return [tuple(p.shape) for p in agent.critics.online.net.parameters()][:1]


def test_critics_see_all_actions() -> None:
    assert parameters(agent_of(plain_layout(), "sac", chunk=CHUNK)) == [(2, 3 + CHUNK * ACTIONS, 8)]
    assert parameters(agent_of(plain_layout(), "sac")) == [(2, 3 + ACTIONS, 8)]
