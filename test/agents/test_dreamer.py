# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Dreamer: torch against onnxruntime over an episode, what it starts to imagine from, resuming, and that it learns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from value_agents import agent_of, check_resume, plain_layout, settings_of

from ros_rl.agents.dreamer import DreamerAgent, acting, shifted
from ros_rl.agents.factory import make_agent
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.networks.freezing import frozen
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.types import Transition
from ros_rl.world_models.recurrent import Latent
from ros_rl.world_models.world_model import Seen

MODEL = {"memory": 12, "hidden": 10, "variables": 3, "classes": 4}
SMALL: dict[str, Any] = {"sequence": 6, "burn_in": 1, "horizon": 4, "imagined": 16, "model": MODEL}


def small(layout: Layout, **more: Any) -> DreamerAgent:
    agent = agent_of(layout, "dreamer", **SMALL | more)
    for module in (agent.actor, agent.critic, agent.world_model.reward):  # they begin near zero
        with torch.no_grad():
            module.net.out.weight.normal_(0.0, 1.0)
    return agent


def filled(layout: Layout, count: int = 60, length: int = 8) -> ReplayBuffer:
    replay, rng = ReplayBuffer(200, layout.size, layout.action_size), np.random.default_rng(0)
    for index in range(count):
        action = rng.integers(layout.choices, size=1) if layout.choices else rng.uniform(-1, 1, layout.action_size)
        before, after = rng.normal(size=(2, layout.size))
        ends = index % length == length - 1
        replay.add(Transition(index, index // length, before, action, float(rng.random()), after, ends, False))
    return replay


def follow_both(graph: ControlGraph, steps: int, explore: float) -> tuple[np.ndarray, np.ndarray]:
    """Actions and carries of torch and of onnxruntime, each with its own carry from step to step."""
    onnx = OnnxGraph(ExportedGraph(graph, "toy", 0.1).serialise({}))
    rng, found = np.random.default_rng(1), []
    carry, theirs = torch.tensor(graph.carry), onnx.initial_carry()
    for _ in range(steps):
        values = {f.name: rng.normal(size=f.shape).astype(np.float32) for f in graph.spec.fields if f.size}
        values |= {f.name: rng.integers(256, size=f.shape, dtype=np.uint8) for f in graph.spec.images}
        noise = rng.normal(size=graph.noise_shape).astype(np.float32)
        with torch.no_grad():
            seen = [torch.from_numpy(value) for value in values.values()]
            action, carry = graph(*seen, carry, torch.from_numpy(noise), torch.tensor([explore]))
        answer = onnx.run(values, theirs, noise, explore)
        theirs = answer.carry
        found.append((np.concatenate([action, carry]), np.concatenate([answer.action, theirs])))
    ours, others = (np.array(values) for values in zip(*found, strict=True))
    return ours, others


EYES = [Field("eye", (12, 20, 3), "1", 1.0, "image", "uint8"), Field("depth", (8, 8, 1), "1", 1.0, "image", "uint8")]
BLIND = [Field("observation", (0,), "1", 1.0, "state"), *plain_layout().fields[1:]]


def looking(choices: int = 0, blind: bool = False) -> Layout:
    """Two images of unlike sizes, beside an observation or without any."""
    plain = plain_layout(choices)
    return Layout("looks", plain.actions, [*(BLIND if blind else plain.fields), *EYES], 0, choices)


@pytest.mark.parametrize("explore", [0.0, 1.0])
@pytest.mark.parametrize("choices", [0, 3])
@pytest.mark.parametrize("layout_of", [plain_layout, looking, lambda choices: looking(choices, True)])
def test_torch_and_onnxruntime_agree_over_an_episode(layout_of: Any, choices: int, explore: float) -> None:
    layout = layout_of(choices)
    graph = small(layout, smoothing=0.0 if choices else 0.4).graph
    ours, theirs = follow_both(graph, 60, explore)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    actions = ours[:, : layout.action_size]
    assert (np.isin(actions, range(3)) if choices else np.abs(actions) <= 1.0).all() and np.ptp(actions) > 0.1
    assert len(graph.carry) == 12 + 3 * 4 + (choices or 2)


@pytest.mark.parametrize("choices", [0, 3])
def test_what_acts_follows_the_latents_that_were_learned(monkeypatch, choices: int) -> None:
    """The graph's carry is the model's latent of the same observations, decisions and random numbers."""
    layout = plain_layout(choices)
    agent = small(layout, smoothing=0.0)
    graph, g = agent.graph, torch.Generator().manual_seed(0)
    observed, noise = torch.randn(7, layout.size, generator=g), torch.randn(7, *graph.noise_shape, generator=g)
    carry, codes, carries = torch.tensor(graph.carry), [], []
    with torch.no_grad():
        for k in range(7):
            codes.append(carry[12 + 12 :])
            _, carry = graph.act(observed[k], carry, noise[k], torch.ones(1))
            carries.append(carry)
        normal = noise[:, None, :3]
        monkeypatch.setattr(torch, "rand", lambda *_, **__: 0.5 + 0.5 * torch.erf(normal * 0.5**0.5))
        first = torch.zeros(7, 1)
        first[0] = 1.0
        embedding = agent.world_model.embed(agent.world_model.vector(observed), {})[:, None]
        latent, _ = agent.world_model.recurrent.observe(embedding, torch.stack(codes)[:, None], first)
    torch.testing.assert_close(latent.features[:, 0], torch.stack(carries)[:, :24])


def test_evaluated_it_takes_the_policys_mean_at_every_latent() -> None:
    graph = small(plain_layout()).graph
    carry, noise = torch.tensor(graph.carry), torch.randn(graph.noise_shape)
    other = torch.cat([noise[:3], torch.randn(2)])
    for explore, same in ((0.0, True), (1.0, False)):
        first, second = (graph.act(torch.ones(3), carry, n, torch.tensor([explore]))[0] for n in (noise, other))
        assert torch.equal(first, second) == same


def test_actions_stay_within_their_limits_and_learn_beyond_them() -> None:
    code = torch.tensor([[2.0, -0.4]], requires_grad=True)
    acts = acting(code, torch.tensor([[0.0, 1.0]]), 0.25)
    torch.testing.assert_close(acts, torch.tensor([[0.75, 0.75 * -0.4 + 0.25]]))
    acts.sum().backward()
    torch.testing.assert_close(code.grad, torch.full((1, 2), 0.75))


def test_nothing_is_imagined_from_an_end_or_before_the_burn_in() -> None:
    agent = small(plain_layout(), burn_in=2, imagined=100)
    shape = (6, 4)
    number = torch.arange(24.0).reshape(*shape, 1)
    terminated = torch.zeros(shape)
    terminated[3, 1] = terminated[5, 2] = 1.0
    seen = Seen(number, number, number[..., 0], terminated, torch.zeros(shape), {})
    start, last = agent._starts(Latent(number, number), seen)
    assert sorted(start.memory[:, 0].tolist()) == [k for k in range(8, 24) if k not in (13, 22)]
    torch.testing.assert_close(last, start.memory)
    agent = small(plain_layout(), burn_in=20, imagined=2)  # the last one is always left
    assert sorted(agent._starts(Latent(number, number), seen)[0].memory[:, 0] >= 20) == [True, True]


def test_imagining_leaves_the_model_as_it_is() -> None:
    agent = small(plain_layout())
    seen = agent.seen(filled(agent.layout).streams(4, 6))
    latent, _ = agent._update_model(seen)
    before = {name: value.clone() for name, value in agent.world_model.state_dict().items()}
    for parameter in agent.world_model.parameters():
        parameter.grad = None
    agent._update_behaviour(*agent._starts(latent, seen))
    assert all(torch.equal(value, before[name]) for name, value in agent.world_model.state_dict().items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in agent.world_model.parameters())
    with pytest.raises(ZeroDivisionError), frozen(agent.actor):
        raise ZeroDivisionError
    assert all(parameter.requires_grad for parameter in agent.actor.parameters())


@pytest.mark.parametrize("choices", [0, 3])
@pytest.mark.parametrize("target", ["reconstruction", "embedding"])
def test_it_goes_on_as_if_there_had_been_no_break(tmp_path: Path, choices: int, target: str) -> None:
    layout = plain_layout(choices)
    check_resume(settings_of("dreamer", **SMALL | {"model": MODEL | {"target": target}}), layout, tmp_path)


@pytest.mark.parametrize("target", ["reconstruction", "embedding"])
@pytest.mark.parametrize("blind", [False, True])
def test_it_learns_from_images(target: str, blind: bool) -> None:
    layout, rng = looking(0, blind), np.random.default_rng(0)
    replay = ReplayBuffer(200, layout.size, 2, images=layout.images)
    for index in range(40):
        images = [{f.name: np.full(f.shape, 5 * (index + k), np.uint8) for f in layout.images} for k in range(2)]
        observed = np.ones((2, layout.size))
        moved = Transition(index, 0, observed[0], rng.uniform(-1, 1, 2), 0.0, observed[1], False, False, "", *images)
        replay.add(moved)
    agent = small(layout, model=MODEL | {"target": target, "learning_rate": 3e-3}, shift=False)
    told = [agent.train(replay, step) for step in range(100)]
    name = "image_loss" if target == "reconstruction" else "embedding_loss"
    losses = [step[name] for step in told]
    assert np.mean(losses[-20:]) < 0.8 * np.mean(losses[:10])
    assert ("reconstruction_loss" in told[0]) == (target == "reconstruction" and bool(layout.size))


def test_it_waits_for_a_whole_sequence() -> None:
    agent = small(plain_layout())
    assert agent.train(filled(agent.layout, 4), 4) == {}
    assert agent.updates == 0
    assert agent.train(filled(agent.layout, 5), 5).keys() >= {"reconstruction_loss", "critic_loss", "policy_loss"}


SLOPE = Layout(
    "slope",
    ["u"],
    [
        Field("place", (1,), "m", 1.0, "state"),
        Field(LAST_ACTION, (0,), "1", 1.0, "action"),
        Field(PENDING_ACTIONS, (0,), "1", 1.0, "action"),
    ],
)
AISLE = Layout("aisle", ["move"], SLOPE.fields, choices=3)


def moved(layout: Layout, place: Any, action: Any) -> Any:
    """At most 0.3 along the line, of which the ends are at -1 and 1."""
    return (place + 0.3 * (action - 1.0 if layout.choices else action)).clip(-1.0, 1.0)


def walk(layout: Layout, episodes: int = 40, length: int = 10) -> ReplayBuffer:
    """Random steps; the reward is high near 0.5."""
    replay, rng = ReplayBuffer(1000, 1, 1), np.random.default_rng(0)
    for index in range(episodes * length):
        if index % length == 0:
            place = rng.uniform(-1.0, 1.0, 1)
        action = rng.integers(3, size=1).astype(float) if layout.choices else rng.uniform(-1.0, 1.0, 1)
        after = moved(layout, place, action)
        reward = 1.0 - float(abs(after[0] - 0.5))
        replay.add(
            Transition(index, index // length, place, action, reward, after, False, index % length == length - 1)
        )
        place = after
    return replay


@pytest.mark.parametrize(("layout", "gradient"), [(SLOPE, "dynamics"), (SLOPE, "reinforce"), (AISLE, "auto")])
def test_it_learns_where_to_go_from_random_steps(layout: Layout, gradient: str) -> None:
    """From anywhere it goes to where the reward is, and stays there; chance leaves it 0.6 away."""
    model = {"memory": 32, "hidden": 32, "variables": 8, "classes": 8, "learning_rate": 3e-3, "deviation": 0.05}
    own = {"sequence": 8, "burn_in": 0, "horizon": 6, "imagined": 64, "gamma": 0.9, "learning_rate": 1e-3}
    torch.manual_seed(0)
    settings = settings_of("dreamer", {"batch_size": 128}, **own, gradient=gradient, model=model | {"largest": 3.0})
    agent = make_agent(layout, settings)
    replay = walk(layout)
    for step in range(400):
        agent.train(replay, step)
    distances, g = [], torch.Generator().manual_seed(1)
    for start in (-1.0, -0.3, 0.4, 1.0):
        place, carry = torch.tensor([start]), torch.tensor(agent.graph.carry)
        for _ in range(12):
            noise = torch.randn(agent.graph.noise_shape, generator=g)
            with torch.no_grad():
                action, carry = agent.graph.act(place, carry, noise, torch.zeros(1))
            place = moved(layout, place, action)
        distances.append(abs(float(place[0]) - 0.5))
    assert np.mean(distances) < 0.35, distances


def test_images_of_a_sequence_are_moved_alike() -> None:
    """By up to two pixels of 32, its edge repeated; each sequence by other ones."""
    image = torch.randint(256, (30, 5, 32, 48, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    torch.manual_seed(0)
    found, shifts = shifted({"eye": image})["eye"], set()
    assert found.shape == image.shape and found.dtype == torch.uint8
    for before, after in zip(image.numpy(), found.numpy(), strict=True):
        padded = np.pad(before, ((0, 0), (2, 2), (2, 2), (0, 0)), mode="edge")
        same = [(y, x) for y in range(5) for x in range(5) if np.array_equal(padded[:, y : y + 32, x : x + 48], after)]
        assert len(same) == 1
        shifts |= set(same)
    assert len(shifts) > 10, "of 25 that there are"


def test_images_of_one_size_are_moved_alike() -> None:
    """Colour and depth of a camera stay one above the other; another size is moved by itself."""
    image = torch.randint(256, (20, 4, 32, 48, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    other = torch.randint(256, (20, 4, 16, 16, 1), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    torch.manual_seed(0)
    found = shifted({"eye": image, "small": other, "depth": image[..., :1]})
    assert torch.equal(found["eye"][..., :1], found["depth"])
    assert not torch.equal(found["eye"], image)
    assert found["small"].shape == other.shape and not torch.equal(found["small"], other)
