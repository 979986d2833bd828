# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task with several inputs of its own sizes, some constant and one that changes: trained, judged, exported."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from ros_rl.config import setting
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import CommandError, ContractError
from ros_rl.features import FEATURES, input_feature
from ros_rl.replay.goals import GoalRelabeller
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.sensors.inputs import INPUTS, vector_input
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import ALL_TASKS, register_task
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS
from ros_rl.tasks.task import Task
from ros_rl.training.local import train_locally

PLACE = vector_input("place", "rad", 3)
GAIN = vector_input("gain", "1", 1, neutral=(1.0,), holds=2.0)


@dataclass(frozen=True)
class Follow(Task):
    """Go to a place whose third coordinate is always 0.5, as fast as is asked for, as much as the gain says."""

    name: ClassVar[str] = "follow_several"
    robot: ClassVar[str] = "mock"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "place", "joint_velocity", "velocity_command", "gain")

    episode_seconds: float = setting(1.0, "time limit of an episode", unit="s", low=0.1)

    def reward(self, before: Any, last_action: Any, action: Any, after: Any) -> Any:
        away = ((after["joint_position"] - after["place"][..., :2]) ** 2).sum(-1)
        late = ((after["joint_velocity"] - after["velocity_command"][..., :2]) ** 2).sum(-1)
        return -after["gain"][..., 0] * (away + 0.1 * late)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Any]:
        place, command = np.append(rng.uniform(-1.0, 1.0, 2), 0.5), np.append(rng.uniform(-1.0, 1.0, 2), 0.0)
        return {"place": place, "velocity_command": command, "gain": np.ones(1)}

    def change_inputs(
        self, inputs: dict[str, Any], step: int, period: float, rng: np.random.Generator
    ) -> dict[str, Any]:
        return inputs if step % 7 else {**inputs, "velocity_command": self.draw_inputs(rng)["velocity_command"]}


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, item in (("place", PLACE), ("gain", GAIN)):
        monkeypatch.setitem(INPUTS, name, item)
        monkeypatch.setitem(FEATURES, name, input_feature(name, item))
    register_task(Follow)
    yield
    for table in (ALL_TASKS, TASKS):
        del table[Follow.name]


SMALL_PLANNER = (
    "agent.planner.elites=2",  # these three in the order that is valid after each
    "agent.planner.proposals=4",
    "agent.planner.samples=8",
    "agent.planner.horizon=3",
    "agent.planner_start=80",
    "agent.model_start=60",
    "agent.model.hidden=16",
)


def settings_of(agent: str) -> Settings:
    tiny = ["driver.backend.name=mock", f"agent.name={agent}", "learner.robot_minutes=0.12", "learner.warmup_steps=40"]
    return load_settings(
        "follow_several", overrides=[*tiny, "agent.hidden=16", *(SMALL_PLANNER if agent == "mpc" else ())]
    )


@pytest.mark.parametrize("agent", ["sac", "mpc"])
def test_it_is_trained_exported_and_run(agent: str, tmp_path: Path) -> None:
    settings = settings_of(agent)
    *_, last = train_locally(settings)
    layout = last.training.spec
    assert last.training.updates > 0 and layout.goal_size == 7
    assert [item.name for item in layout.fields if item.kind == "goal"] == ["place", "velocity_command", "gain"]
    batch = last.training.replay.ordered()
    seen = layout.split(batch.observation)
    assert (seen["place"][:, 2] == 0.5).all() and (seen["gain"] == 1.0).all()
    assert len(np.unique(seen["velocity_command"], axis=0)) > len(np.unique(seen["place"], axis=0))
    file = tmp_path / "agent.onnx"
    file.write_bytes(last.training.graph())
    graph = OnnxGraph(file.read_bytes())
    world = RobotWorld(settings, seed=3)
    control = world.control_loop(explore=0.0)
    control.use(graph)
    moves = [control.step(step.tick).command.value for step in [world.begin_episode()] for _ in range(2)]
    assert np.isfinite(moves).all()
    names = [item["name"] for item in graph.contract.fields]
    assert {"place", "velocity_command", "gain"} <= set(names)
    other = load_settings("mock_point", overrides=["driver.backend.name=mock"])
    with pytest.raises(ContractError, match="control graph is for "):
        graph.contract.check(other.observation_spec(), other.task.name, other.control.period)
    world.close()


def test_replayed_transitions_get_all_goals_of_one_other_at_once() -> None:
    """Half of one task and half of another would be a task that nobody is asked for."""
    settings = settings_of("sac")
    *_, last = train_locally(settings)
    layout, batch = last.training.spec, last.training.replay.ordered()
    new = GoalRelabeller(layout, settings.task, 0.5)(batch)
    changed = (new.observation[:, layout.goal] != batch.observation[:, layout.goal]).any(1)
    assert changed.sum() > 20
    whole = {goal.tobytes() for goal in batch.observation[:, layout.goal]}
    assert all(goal.tobytes() in whole for goal in new.observation[:, layout.goal])
    np.testing.assert_array_equal(
        new.next_observation[changed][:, layout.goal], new.observation[changed][:, layout.goal]
    )
    after = layout.split(new.next_observation[changed])
    away = ((after["joint_position"] - after["place"][:, :2]) ** 2).sum(1)
    late = ((after["joint_velocity"] - after["velocity_command"][:, :2]) ** 2).sum(1)
    np.testing.assert_allclose(new.reward[changed], -(away + 0.1 * late), rtol=1e-4, atol=1e-5)


def test_each_is_asked_for_by_its_name() -> None:
    world = RobotWorld(settings_of("sac"), seed=0)
    first = world.begin_episode().tick
    driver = world._driver
    driver.give("place", np.array([0.1, 0.2, 0.9]))
    with pytest.raises(CommandError, match=r"gain has shape \(2,\), expected \(1,\)"):
        driver.give("gain", np.zeros(2))
    with pytest.raises(CommandError, match="it has: place, velocity_command, gain"):
        driver.give("goal_position", np.zeros(3))
    tick = driver.advance()
    assert tick.inputs["place"].tolist() == [0.1, 0.2, 0.9]
    np.testing.assert_array_equal(tick.inputs["velocity_command"], first.inputs["velocity_command"])
    world.close()
