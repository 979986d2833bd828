# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Steps down a loss against torch's own Adam, and the critics that a policy looks through."""

import os
import subprocess
import sys

import pytest
import torch
from value_agents import agent_of, plain_layout, random_samples

from ros_rl.networks.critics import CriticEnsemble
from ros_rl.networks.optimisers import Adam, AdamW, step

LAYOUT = plain_layout()


def loss_of(network: CriticEnsemble, seed: int) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    return (network(torch.randn(5, 3, generator=g), torch.randn(5, 2, generator=g)) ** 2).sum()


def test_adam_is_torchs_also_after_a_resume_at_other_rates() -> None:
    torch.manual_seed(0)
    own, theirs = CriticEnsemble(2, 5, 4), CriticEnsemble(2, 5, 4)
    theirs.load_state_dict(own.state_dict())
    quick, plain = Adam(own.parameters(), 1e-2, 0.8), torch.optim.Adam(theirs.parameters(), 1e-2, betas=(0.8, 0.999))
    for seed in range(6):
        if seed == 3:
            state, quick = quick.state_dict(), Adam(own.parameters(), 3e-2, 0.6)
            quick.load_state_dict(state)
            plain.param_groups[0].update(lr=3e-2, betas=(0.6, 0.999))
        expected = loss_of(theirs, seed)
        assert step(quick, loss_of(own, seed)) == pytest.approx(float(expected.detach()), rel=1e-5)
        plain.zero_grad()
        expected.backward()
        plain.step()
        for a, b in zip(own.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(a, b)


def test_adam_leaves_alone_what_has_no_gradient() -> None:
    moved, still = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    adam = Adam([moved, still], 0.1)
    for _ in range(2):
        step(adam, moved.sum())
    torch.testing.assert_close(moved.detach(), torch.full((2,), 0.8))
    assert still.tolist() == [1.0, 1.0]


def test_adam_counts_steps_for_each_parameter_once_their_numbers_differ() -> None:
    """With one count for all while they are equal: torch's own steps between, and a checkpoint, see no difference."""
    a, b = (torch.nn.ParameterList([torch.ones(2), torch.ones(3)]) for _ in range(2))
    quick, plain = Adam(a, 0.1), torch.optim.Adam(b, 0.1)
    for both in (True, True, False, True, True):
        for parameters, optimiser in ((a, quick), (b, plain)):
            loss = (parameters[0] ** 2).sum() + ((parameters[1] ** 3).sum() if both else 0.0)
            if optimiser is quick:
                step(optimiser, loss)
            else:
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
    quick.step()
    plain.step()
    for own, theirs in zip(a, b, strict=True):
        torch.testing.assert_close(own, theirs)
    counts = [[float(each["step"]) for each in of.state_dict()["state"].values()] for of in (quick, plain)]
    assert counts[0] == counts[1] == [6.0, 5.0]


def test_adamw_is_torchs_also_after_a_resume() -> None:
    torch.manual_seed(0)
    own, theirs = CriticEnsemble(2, 5, 4), CriticEnsemble(2, 5, 4)
    theirs.load_state_dict(own.state_dict())
    quick = AdamW(own.parameters(), 1e-2, weight_decay=0.1)
    plain = torch.optim.AdamW(theirs.parameters(), 1e-2, weight_decay=0.1)
    for seed in range(4):
        if seed == 2:
            state, quick = quick.state_dict(), AdamW(own.parameters(), 1e-2, weight_decay=0.1)
            quick.load_state_dict(state)
        for network, optimiser in ((own, quick), (theirs, plain)):
            step(optimiser, loss_of(network, seed))
        for a, b in zip(own.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0.0, atol=0.0)


def test_learning_loads_no_compiler() -> None:
    """It would take longer than all else that a training loads."""
    program = """
import sys
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop
settings = load_settings("mock_point", overrides=["learner.warmup_steps=8", "agent.model_start=8"])
training = TrainingLoop(settings)
from learners import random_transition
import numpy as np
rng = np.random.default_rng(0)
for index in range(40):
    training.add(random_transition(training.spec, rng, index))
metrics = training.train()
training.agent.load_state_dict(training.agent.state_dict())
assert any("model" in name for name in metrics), metrics
assert "torch._dynamo" not in sys.modules
"""
    path = os.pathsep.join(sys.path)
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONPATH": path})


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"normalisation": "layer"},
        {"normalisation": "batch", "targets": "none"},
        {"normalisation": "unit", "loss": "categorical"},
    ],
)
def test_a_policy_sees_the_newest_critics_and_moves_none(options: dict[str, str]) -> None:
    agent, samples = agent_of(LAYOUT, "sac", critics=3, **options), random_samples(LAYOUT)
    agent.update_critics(samples)
    critics = agent.critics
    for parameter in critics.online.parameters():
        parameter.grad = None
    action = samples.action.clone().requires_grad_()
    q = critics.frozen()(samples.obs, action)
    (gradient,) = torch.autograd.grad(q[0].sum(), action, retain_graph=True)
    q.sum().backward()
    assert all(parameter.grad is None for parameter in critics.online.parameters())
    critics.online.train(options.get("normalisation") not in ("batch", "unit"))
    wanted = critics.online(samples.obs, action)
    torch.testing.assert_close(q, wanted)
    first = critics.frozen(1)(samples.obs, action)
    torch.testing.assert_close(first, wanted[:1])
    torch.testing.assert_close(torch.autograd.grad(first.sum(), action)[0], gradient)


@pytest.mark.parametrize(
    ("name", "every", "expected"), [("ddpg", 3, [3, 6]), ("td3", 4, [4]), ("ddpg", 1, range(1, 7))]
)
def test_target_policy_moves_when_the_target_critics_do(name: str, every: int, expected: list[int]) -> None:
    agent, samples = agent_of(LAYOUT, name, tau=0.5, polyak_every=every), random_samples(LAYOUT)
    moved: dict[int, list[int]] = {0: [], 1: []}
    for update in range(1, 7):
        networks = (agent.critics.target, agent.target_policy)
        before = [[p.clone() for p in network.parameters()] for network in networks]
        agent.update_critics(samples)
        agent.updates += 1
        agent.improve(samples)
        for index, network in enumerate(networks):
            if any(not torch.equal(a, b) for a, b in zip(network.parameters(), before[index], strict=True)):
                moved[index].append(update)
    assert moved == {0: list(expected), 1: list(expected)}


def test_targets_of_td3_move_together_with_its_policy() -> None:
    agent, samples = agent_of(LAYOUT, "td3", tau=0.5), random_samples(LAYOUT)
    networks = {"critics": agent.critics.target, "policy": agent.target_policy, "own policy": agent.policy}
    last = {name: [p.clone() for p in network.parameters()] for name, network in networks.items()}
    moved: dict[str, list[bool]] = {name: [] for name in networks}
    for _ in range(4):
        agent.update_critics(samples)
        agent.updates += 1
        agent.improve(samples)
        for name, network in networks.items():
            moved[name].append(
                any(not torch.equal(a, b) for a, b in zip(network.parameters(), last[name], strict=True))
            )
            last[name] = [p.clone() for p in network.parameters()]
    assert set(map(tuple, moved.values())) == {(False, True, False, True)}
