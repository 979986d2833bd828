# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Environments that show pictures: what agents see of them, store, learn, export, and go on with."""

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import gym_pictures
import numpy as np
import pytest
from command_line import run_cli
from gymnasium import spaces
from square import PUSH, SIDE

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, SimulationError
from ros_rl.gym.actor import OnnxActor
from ros_rl.gym.cost import measure
from ros_rl.gym.environment import Environment
from ros_rl.gym.graph_actor import GraphActor
from ros_rl.gym.observations import ObservationSpace
from ros_rl.gym.training import GymTraining
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings

SEEING: dict[str, Any] = {"channels": 8, "embedding": 16, "hidden": 32, "gamma": 0.9}
PLANNER = {"iterations": 1, "samples": 16, "proposals": 4, "elites": 4}
AGENTS: dict[str, tuple[int, dict[str, Any]]] = {
    "drq_sac": (0, SEEING | {"frames": 2}),
    "drq_dqn": (3, SEEING | {"frames": 1, "targets": "polyak", "tau": 0.02}),
    "latent_mpc": (0, SEEING | {"frames": 2, "latent": 32, "planner": PLANNER}),
    "dreamer": (0, {"hidden": 32, "sequence": 8, "horizon": 3, "model": {"memory": 32, "hidden": 32}}),
}
"""Choices and settings of each."""


def settings_of(agent: str, env: str = "Square", **learner: Any) -> Settings:
    choices, own = AGENTS[agent]
    args = {"choices": choices} if choices else {}
    return load_settings(
        "gym",
        overrides=[
            {"task": {"env": f"test/{env}-v0", "env_args": args}, "agent": {"name": agent, **own}},
            {"learner": {"steps": 60, "warmup_steps": 40, "batch_size": 8, "replay_capacity": 2000, **learner}},
            {"evaluator": {"every": 0, "final_episodes": 2, "video": False}},
        ],
    )


def train(folder: Path, settings: Settings) -> GymTraining:
    RunFolder(folder).write_config(settings)
    run = GymTraining(settings, lambda line: None)
    assert run.run(RunFolder(folder), threading.Event())
    return run


def test_pictures_stand_beside_the_numbers_and_are_copies() -> None:
    environment = Environment("test/SquareInDict-v0", sees_images=True)
    layout = environment.layout
    assert [(item.name, item.shape, item.unit) for item in layout.images] == [
        ("arm_0", (16, 20, 3), "rgb8"),
        ("front", (SIDE, SIDE, 1), "mono8"),
    ]
    first = environment.reset(seed=3)
    place = float(first.flat[2])
    np.testing.assert_allclose(first.flat, [7.0, 8.0, place, -place])
    assert layout.size == 4 and (first.images["arm_0"] == round(255 * place)).all()
    kept = first.images["front"].copy()
    second, *_ = environment.step(np.ones(1, np.float32))
    np.testing.assert_array_equal(first.images["front"], kept)
    assert (second.images["front"] != kept).any()


def test_agents_that_see_no_images_are_given_numbers_as_before() -> None:
    environment = Environment("test/SquareInDict-v0")
    assert environment.layout.images == () and environment.layout.size == 4 + 16 * 20 * 3 + SIDE * SIDE
    seen = environment.reset(seed=3)
    assert seen.images == {} and seen.flat.shape == (environment.layout.size,) and seen.flat.max() == 220.0


@pytest.mark.parametrize(
    ("keys", "name"),
    [((), "image"), (("above",), "above"), (("a b", 1), "a_b_1"), (("observation",), "image_observation")],
)
def test_pictures_are_named_by_their_keys(keys: tuple[Any, ...], name: str) -> None:
    space: Any = gym_pictures.PICTURE
    for key in reversed(keys):
        space = spaces.Tuple([spaces.Discrete(2), space]) if key == 1 else spaces.Dict({key: space})
    assert [item.name for item in ObservationSpace("x", space, True).images] == [name]


@pytest.mark.parametrize("shape", [(84, 84), (4, 84, 84), (84, 84, 4), (15, 84, 3), (84, 257, 3)])
def test_pictures_that_agents_cannot_see_are_refused_with_what_would_be_right(shape: tuple[int, ...]) -> None:
    with pytest.raises(
        ConfigError, match=r"^observations of 'test/Flat-v0' are uint8 \(.*take \(height, width, 1 or 3\)"
    ):
        Environment("test/Flat-v0", arguments={"shape": shape}, sees_images=True)
    assert Environment("test/Flat-v0", arguments={"shape": shape}).layout.size == np.prod(shape)


def test_bytes_in_a_row_are_numbers_and_two_pictures_of_one_name_are_refused() -> None:
    assert Environment("test/Flat-v0", arguments={"shape": (128,)}, sees_images=True).layout.size == 128
    twice = spaces.Dict({"a_0": gym_pictures.PICTURE, "a": spaces.Tuple([gym_pictures.PICTURE])})
    with pytest.raises(ConfigError, match="pictures of 'x' are a_0, a_0, allowed: each name once"):
        ObservationSpace("x", twice, True)


def test_a_picture_of_other_numbers_than_declared_ends_the_run() -> None:
    environment = Environment("test/Wrong-v0", sees_images=True)
    environment.reset(seed=0)
    with pytest.raises(SimulationError, match=r"it declares uint8 \(32, 32, 1\) in step 1 of episode 0"):
        environment.step(np.zeros(1, np.float32))


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_acts_before_its_export_as_after_it_and_goes_on(capsys, tmp_path, agent: str) -> None:
    """By what is printed of its folder and of its file, and decision by decision."""
    settings = settings_of(agent)
    run = train(tmp_path, settings)
    returns = run.state.final_evaluation["returns"]
    for path in (tmp_path, tmp_path / "agent.onnx"):
        arguments = ["--env", "gym:test/Square-v0", "--agent", str(path), "--episodes", "2", "--json"]
        code, printed, error = run_cli(capsys, "eval", *arguments)
        assert (code, error) == (0, "")
        np.testing.assert_allclose(json.loads(printed)["returns"], returns, rtol=1e-3)
    graph, environment = OnnxGraph.load(tmp_path / "agent.onnx"), Environment.of(settings)
    shown = [item for item in graph.contract.fields if item["dtype"] == "uint8"]
    assert shown == [{"name": "image", "shape": [SIDE, SIDE, 1], "dtype": "uint8", "unit": "mono8"}]
    actors = OnnxActor(graph, environment.layout, 1.0, 5), GraphActor(run.training.agent.graph, 1.0, 5)
    seen = environment.reset(seed=1)
    for tick in range(5):
        actions = [actor.act(seen, tick) for actor in actors]
        np.testing.assert_allclose(*actions, atol=1e-3)
        seen, *_ = environment.step(actions[0])
    again = GymTraining(settings_of(agent, steps=70), lambda line: None)
    again.resume(tmp_path / "checkpoint")
    assert again.run(RunFolder(tmp_path / "again"), threading.Event())
    held, kept = (each.training.replay.at(np.arange(60)) for each in (again, run))
    np.testing.assert_array_equal(held.images["image"], kept.images["image"])
    np.testing.assert_array_equal(held.next_images["image"][:-1], kept.next_images["image"][:-1])


def test_what_is_stored_is_what_was_seen(tmp_path) -> None:
    """The square's left edge, in the pictures alone, moves as the actions say."""
    run = train(tmp_path, settings_of("drq_sac"))
    batch = run.training.replay.at(np.arange(60))

    def place(images: Any) -> Any:
        return (images[..., 16, :, 0] > 128).argmax(-1) / (SIDE - 8)

    expected = np.clip(place(batch.images["image"][:, -1]) + PUSH * batch.action[:, 0], 0.0, 1.0)
    assert np.abs(place(batch.next_images["image"][:, -1]) - expected).max() < 1.5 / (SIDE - 8)


def test_what_it_costs_is_measured_with_pictures() -> None:
    settings = settings_of("drq_sac", steps=600)
    cost = measure(settings, Environment.of(settings))
    assert cost is not None and 0.0 < cost.decision < 1.0 and cost.updates > 0.0


def test_an_agent_learns_from_pictures_alone(tmp_path) -> None:
    """From anywhere it ends beside the goal; who does not move ends 0.22 from it on average."""
    settings = settings_of("drq_dqn", steps=700, warmup_steps=300, batch_size=32)
    train(tmp_path, settings)
    graph, environment = OnnxGraph.load(tmp_path / "agent.onnx"), Environment.of(settings)
    distances = []
    for seed in range(10):
        actor, seen = OnnxActor(graph, environment.layout, 0.0, seed), environment.reset(seed=100 + seed)
        for tick in range(gym_pictures.LIMIT):
            seen, reward, *_ = environment.step(actor.act(seen, tick))
        distances.append(-reward)
    assert np.mean(distances) < 0.1, distances


@pytest.mark.parametrize("agent", ["drq_sac", "latent_mpc"])
def test_numbers_and_pictures_are_seen_together(tmp_path, agent: str) -> None:
    """Each of both changes what a graph decides, before its export as after it."""
    settings = settings_of(agent, "SquareInDict")
    run, environment = train(tmp_path, settings), Environment.of(settings)
    held = run.training.replay.at(np.arange(60))
    assert held.observation.shape[-1] == 4 and set(held.images) == {"arm_0", "front"}
    exported = OnnxActor(OnnxGraph.load(tmp_path / "agent.onnx"), environment.layout, 0.0, 5)
    seen = environment.reset(seed=1)
    others = [replace(seen, flat=-seen.flat)]
    others += [replace(seen, images={**seen.images, name: 255 - seen.images[name]}) for name in seen.images]
    decided = []
    for each in (seen, *others):
        actors = exported, GraphActor(run.training.agent.graph, 0.0, 5)
        exported.begin()
        one, other = (actor.act(each, 0) for actor in actors)
        np.testing.assert_allclose(one, other, atol=1e-3)
        decided.append(float(one[0]))
    assert len(set(decided)) == 4


@pytest.mark.parametrize(
    ("env", "complaint"),
    [
        ("Point", "the control graph sees image (mono8, [32, 32, 1]), 'test/Point-v0' shows no pictures"),
        ("SquareInDict", "shows arm_0 (rgb8, [16, 20, 3]), front (mono8, [32, 32, 1])"),
    ],
)
def test_a_graph_for_other_pictures_is_refused(capsys, tmp_path, env: str, complaint: str) -> None:
    import gym_points  # noqa: F401

    train(tmp_path, settings_of("drq_sac"))
    arguments = ["--env", f"gym:test/{env}-v0", "--agent", str(tmp_path / "agent.onnx")]
    code, printed, error = run_cli(capsys, "eval", *arguments)
    assert (code, printed, error.count("\n")) == (1, "", 1) and complaint in error


def test_a_run_that_was_killed_goes_on_with_the_pictures_that_it_wrote_down(tmp_path, monkeypatch) -> None:
    """There is no checkpoint of them, only what was written down of each step."""
    killed = GymTraining(settings_of("drq_sac"), lambda line: None)
    step, left = killed._environment.step, iter(range(50))

    def kill(action: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return step(action)

    monkeypatch.setattr(killed._environment, "step", kill)
    with pytest.raises(KeyboardInterrupt):
        killed.run(RunFolder(tmp_path), threading.Event())
    again = GymTraining(settings_of("drq_sac"), lambda line: None)
    again.resume(tmp_path / "checkpoint")
    assert again.training.env_steps == 0
    assert again.run(RunFolder(tmp_path), threading.Event()) and len(again.training.replay) == 60
    held, seen = (each.training.replay.at(np.arange(50)) for each in (again, killed))
    for one, other in ((held.images, seen.images), (held.next_images, seen.next_images)):
        np.testing.assert_array_equal(one["image"][:49], other["image"][:49])
