# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The mpc agent's updates by hand, and what it takes from stored transitions."""

import numpy as np
import pytest
import torch
from learners import make_agent, random_transition, small_settings, spec_of

from ros_rl.agents.common.experience import Experience
from ros_rl.agents.mpc import MpcAgent
from ros_rl.backends import make_backend
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.types import Command, Transition, Verdict


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def filled(agent: MpcAgent, count: int = 200) -> ReplayBuffer:
    replay = ReplayBuffer(1000, agent.spec.size, agent.spec.action_size)
    rng = np.random.default_rng(0)
    for index in range(count):
        replay.add(random_transition(agent.spec, rng, index))
    return replay


def batch_of(agent: MpcAgent, terminated: list[float]) -> Experience:
    count, spec = len(terminated), agent.spec
    return Experience(
        torch.randn(count, spec.state_size),
        torch.randn(count, spec.goal_size),
        torch.rand(count, spec.action_size) * 2 - 1,
        torch.rand(count, spec.action_size) * 2 - 1,
        torch.randn(count),
        torch.randn(count, spec.state_size),
        torch.tensor(terminated),
    )


def seen_by_networks(state: torch.Tensor, last_action: torch.Tensor) -> torch.Tensor:
    """Scaled state and last action of the mock robot: positions times 1, velocities times 0.1."""
    return torch.cat([state[:, :2], 0.1 * state[:, 2:], last_action], -1)


def test_critic_update_by_hand() -> None:
    settings = small_settings("mock_point", {"agent": {"gamma": 0.9, "smoothing": 0.25, "tau": 0.01}})
    agent = make_agent(settings)
    e = batch_of(agent, [0.0, 1.0, 0.0, 0.0])
    with torch.no_grad():
        for parameter in agent.targets.parameters():  # targets that differ from the critics
            parameter.add_(0.1 * torch.randn_like(parameter))
    state, before = torch.get_rng_state(), [p.clone() for p in agent.targets.parameters()]
    noise = torch.randn(4, 2)
    with torch.no_grad():
        obs = seen_by_networks(e.next_state, e.action)
        mean, log_std = agent.policy(obs)
        raw = torch.tanh(mean + log_std.exp() * noise)
        density = torch.distributions.Normal(mean, log_std.exp()).log_prob(mean + log_std.exp() * noise)
        log_probability = (density - torch.log(1 - raw**2)).sum(-1)
        applied = 0.75 * raw + 0.25 * e.action
        values = agent.targets(obs, applied)
        value = torch.minimum(values[0], values[1]) - 0.1 * log_probability
        target = torch.stack([e.reward[i] + (0.0 if i == 1 else 0.9 * value[i]) for i in range(4)])
    q = agent.critics.online(seen_by_networks(e.state, e.last_action), e.action)
    loss = ((q[0] - target) ** 2).mean() + ((q[1] - target) ** 2).mean()
    gradients = torch.autograd.grad(loss, list(agent.critics.online.parameters()))
    old = [p.detach().clone() for p in agent.critics.online.parameters()]
    torch.set_rng_state(state)
    metrics = agent.update_critics(e)
    assert metrics["critic_loss"] == pytest.approx(loss.item() / 2, rel=1e-4)  # the mean of the two critics'
    assert metrics["q_mean"] == pytest.approx(q.mean().item(), rel=1e-4, abs=1e-6)
    for new, was, gradient in zip(agent.critics.online.parameters(), old, gradients, strict=True):
        step = settings.agent.learning_rate * gradient / (gradient.abs() + 1e-8)  # Adam's first step
        torch.testing.assert_close(new.detach(), was - step, rtol=0.0, atol=2e-5)
    for new, was, critic in zip(agent.targets.parameters(), before, agent.critics.online.parameters(), strict=True):
        torch.testing.assert_close(new, 0.99 * was + 0.01 * critic)


def test_policy_update_by_hand() -> None:
    settings = small_settings("mock_point", {"agent": {"smoothing": 0.25}})
    agent = make_agent(settings)
    e = batch_of(agent, [0.0] * 8)
    critics = [p.detach().clone() for p in agent.critics.online.parameters()]
    state, noise = torch.get_rng_state(), torch.randn(8, 2)
    obs = seen_by_networks(e.state, e.last_action)
    raw, log_probability = agent.policy.sample(obs, noise)
    q = agent.critics.online(obs, 0.75 * raw + 0.25 * e.last_action).min(0).values
    loss = (0.1 * log_probability - q).mean()
    gradients = torch.autograd.grad(loss, list(agent.policy.parameters()))
    old = [p.detach().clone() for p in agent.policy.parameters()]
    torch.set_rng_state(state)
    metrics = agent.update_policy(e)
    assert metrics["policy_loss"] == pytest.approx(loss.item(), rel=1e-4, abs=1e-6)
    for new, was, gradient in zip(agent.policy.parameters(), old, gradients, strict=True):
        step = settings.agent.learning_rate * gradient / (gradient.abs() + 1e-8)
        torch.testing.assert_close(new.detach(), was - step, rtol=0.0, atol=2e-5)
    assert all(torch.equal(p, was) for p, was in zip(agent.critics.online.parameters(), critics, strict=True))
    assert all(p.requires_grad for p in agent.critics.online.parameters())


@pytest.mark.parametrize(("target_entropy", "sign"), [(-100.0, -1), (100.0, 1)])
def test_entropy_coefficient_moves_towards_the_target(target_entropy: float, sign: int) -> None:
    agent = make_agent(small_settings("mock_point", {"agent": {"target_entropy": target_entropy}}))
    before = agent.soft.temperature.log_alpha.item()
    agent.update_policy(batch_of(agent, [0.0] * 8))
    assert np.sign(agent.soft.temperature.log_alpha.item() - before) == sign


def test_critic_learns_the_value_of_a_known_chain() -> None:
    """One state that pays 1 for ever: the value is 1 / (1 - gamma); one that ends: its reward."""
    overrides = {"agent": {"gamma": 0.5, "tau": 0.1, "learning_rate": 3e-3, "initial_alpha": 1e-6, "hidden": 32}}
    agent = make_agent(small_settings("mock_point", overrides))
    e = batch_of(agent, [0.0, 1.0] * 32)
    e.state[:] = e.next_state[:] = torch.tensor([0.5, -0.5, 0.0, 0.0])
    e.state[1::2] = torch.tensor([-1.0, 1.0, 0.0, 0.0])
    e.reward[:] = 1.0
    for _ in range(600):
        agent.update_critics(e)
    with torch.no_grad():
        values = agent.critics.online(seen_by_networks(e.state, e.last_action), e.action).mean(0)
    assert values[::2].mean().item() == pytest.approx(2.0, abs=0.15)
    assert values[1::2].mean().item() == pytest.approx(1.0, abs=0.15)


def drive(delay: int, steps: int = 40) -> tuple[MpcAgent, list[Transition], list[np.ndarray]]:
    """Random commands through the real driver; the actions that acted come from the backend itself."""
    settings = small_settings("mock_point", {"control": {"delay": delay}, "task": {"bound": 100.0}})
    spec, robot = spec_of(settings), settings.load_robot()
    backend, acted = make_backend(settings), []
    step = backend.step

    def watched(previous: np.ndarray, command: np.ndarray) -> object:
        acted.append(command / 1.5)
        return step(previous, command)

    backend.step = watched  # type: ignore[method-assign]
    driver = make_driver_loop(settings, robot, backend, auto_recover=True)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    rng, transitions = np.random.default_rng(0), []
    tick = driver.start()
    for _ in range(steps + 1):
        verdict, transition = builder.add(tick)
        assert verdict is Verdict.CONTINUE
        if transition is not None:
            transitions.append(transition)
        driver.accept(Command(tick.stamp, robot.command(rng.uniform(-1, 1, 2))))
        tick = driver.advance()
    return make_agent(settings), transitions, acted


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_experience_holds_the_action_that_acted(delay: int) -> None:
    agent, transitions, acted = drive(delay)
    replay = ReplayBuffer(100, agent.spec.size, 2)
    for transition in transitions:
        replay.add(transition)
    e = agent.experience(replay.at(np.arange(len(transitions))))
    np.testing.assert_allclose(e.action, acted[: len(transitions)], atol=1e-6)
    np.testing.assert_allclose(e.last_action[1:], acted[: len(transitions) - 1], atol=1e-6)
    assert (e.last_action[0] == 0).all()
    np.testing.assert_allclose(e.state[1:], e.next_state[:-1], atol=1e-6)
    decided = np.array([t.action for t in transitions])
    np.testing.assert_allclose(decided[: len(decided) - delay], np.array(acted)[delay : len(transitions)], atol=1e-6)
    # the mock robot's own dynamics and reward connect what was taken together
    target, decay = 1.5 * e.action.numpy(), np.exp(-0.2)
    np.testing.assert_allclose(e.next_state[:, 2:], target + (e.state[:, 2:].numpy() - target) * decay, atol=1e-5)
    reward = -(e.next_state[:, :2] ** 2).sum(-1) - 0.01 * (e.action**2).sum(-1)
    torch.testing.assert_close(e.reward, reward, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", ["mock_point", "xarm_reach", "a1_walk"])
def test_imagined_transitions_keep_to_the_task(task: str) -> None:
    agent = make_agent(small_settings(task, {"agent": {"model_fraction": 0.5, "model_start": 10}}))
    replay = filled(agent)
    start = agent.experience(replay.at(np.arange(30)))
    made = agent._imagine(start)
    assert torch.equal(made.state, start.state) and torch.equal(made.last_action, start.last_action)
    assert not torch.equal(made.action, start.action)
    smoothing = agent.settings.smoothing
    raw = (made.action - smoothing * made.last_action) / (1 - smoothing)
    assert raw.abs().max() <= 1.0 + 1e-5
    spec = agent.spec
    for row in range(30):  # judged one by one with numpy, as the collector does
        before, after = (
            spec.split(np.concatenate([x[row].numpy(), made.goal[row].numpy(), np.zeros(spec.action_size)]))
            for x in (made.state, made.next_state)
        )
        reward = agent.task.reward(before, made.last_action[row].numpy(), made.action[row].numpy(), after)
        assert made.reward[row].item() == pytest.approx(float(reward), rel=1e-4, abs=1e-4)
        assert made.terminated[row].item() == float(agent.task.terminated(after))


def test_imagined_states_come_from_every_member_in_turn() -> None:
    agent = make_agent(small_settings("mock_point"))
    start = agent.experience(filled(agent).at(np.arange(30)))
    with torch.no_grad():  # members that predict 100, 200 and 300, all but certainly
        agent.model.net.net[-1].weight.zero_()
        agent.model.net.net[-1].bias[..., 4:] = -1000.0
        agent.model.net.net[-1].bias[..., :4] = torch.tensor([100.0, 200.0, 300.0])[:, None, None]
    moved = (agent._imagine(start).next_state - start.state).mean(1)
    torch.testing.assert_close(moved, torch.tensor([100.0, 200.0, 300.0]).repeat_interleave(10), rtol=1e-3, atol=0.5)


@pytest.mark.parametrize(("per_step", "expected"), [(0.0, 0), (0.5, 5), (1.0, 10), (2.5, 25)])
def test_updates_per_step(per_step: float, expected: int) -> None:
    agent = make_agent(small_settings("mock_point", {"learner": {"updates_per_step": per_step}}))
    replay = filled(agent)
    for step in range(10):
        metrics = agent.train(replay, step)
        assert all(np.isfinite(value) for value in metrics.values())
    assert agent.updates == expected


def test_planner_takes_over_at_its_step() -> None:
    agent = make_agent(small_settings("mock_point", {"agent": {"planner_start": 5}}))
    replay = filled(agent)
    for step in (3, 4, 5, 6):
        agent.train(replay, step)
        assert agent.graph.use_planner.item() == float(step >= 5)


def test_goals_are_exchanged_with_the_reward_they_bring() -> None:
    agent = make_agent(small_settings("xarm_reach", {"agent": {"relabel_fraction": 0.5}}))
    batch = filled(agent).at(np.arange(40))
    e, new = agent.experience(batch), agent.experience(agent.relabel(batch))
    changed = (new.goal != e.goal).any(-1)
    assert 10 < changed.sum() <= 20
    tool = slice(agent.spec.slices["tool_position"].start, agent.spec.slices["tool_position"].stop)
    distance = ((new.next_state[:, tool] - new.goal) ** 2).sum(-1).sqrt()
    change = ((e.action - e.last_action) ** 2).mean(-1)
    task = agent.task
    expected = task.precision / (task.precision + distance) - distance - task.action_change_weight * change
    torch.testing.assert_close(new.reward[changed], expected[changed], rtol=1e-4, atol=1e-5)
    known = {tuple(goal) for goal in e.goal.tolist()}
    assert all(tuple(goal) in known for goal in new.goal.tolist())


def test_values_are_learned_from_images_and_other_goals_the_model_from_images_alone() -> None:
    agent = make_agent(small_settings("xarm_reach", {"agent": {"model_start": 10_000}}))
    replay, changes = filled(agent), []
    agent.mirror = lambda batch: changes.append("mirror") or batch
    agent.relabel = lambda batch: changes.append("relabel") or batch
    agent.update_model(replay, 1)  # its normalisers are fitted first
    assert changes == ["mirror", "mirror"]
    agent.replayed(replay, 4)
    assert changes == ["mirror", "mirror", "mirror", "relabel"]


@pytest.mark.parametrize(("steps", "target"), [(0, 0.3), (2000, 0.05), (9000, -0.7)])
def test_target_entropy_falls_on_the_way(steps: int, target: float) -> None:
    entropy = {"entropy_start": 0.3, "entropy_steps": 8000, "target_entropy": -0.7}
    agent = make_agent(small_settings("mock_point", {"agent": entropy}))
    agent.train(filled(agent), steps)
    assert agent.soft.temperature.target_entropy == pytest.approx(2 * target)  # of two actions
