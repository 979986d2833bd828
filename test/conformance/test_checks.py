# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Each check notices what it is there for: a good task passes, and one with a single fault is told of that fault."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from ros_rl.config import setting
from ros_rl.conformance import check_task
from ros_rl.conformance.trial import STEPS
from ros_rl.errors import ConfigError, ConformanceError
from ros_rl.features import FEATURES, Feature, input_feature
from ros_rl.sensors.inputs import INPUTS, vector_input
from ros_rl.settings.registry import ALL_TASKS
from ros_rl.tasks import TASKS
from ros_rl.tasks.measures import Measure
from ros_rl.tasks.task import Task

MOCK = ["driver.backend.name=mock"]
PLACE = vector_input("place", "rad", 3)


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An input with its field, and no task that outlives its test."""
    monkeypatch.setitem(INPUTS, "place", PLACE)
    monkeypatch.setitem(FEATURES, "place", input_feature("place", PLACE))
    yield
    for table in (ALL_TASKS, TASKS):
        table.pop("go_there", None)


@dataclass(frozen=True)
class GoThere(Task):
    """Two axes go to a place on a plane whose third coordinate is always the same."""

    name: ClassVar[str] = "go_there"
    robot: ClassVar[str] = "mock"
    observation: ClassVar[tuple[str, ...]] = ("joint_position", "joint_velocity", "place")

    episode_seconds: float = setting(5.0, "time limit of an episode", unit="s", low=0.1)

    def reward(self, before: Any, last_action: Any, action: Any, after: Any) -> Any:
        return -((after["joint_position"] - after["place"][..., :2]) ** 2).sum(-1)

    def draw_inputs(self, rng: np.random.Generator) -> dict[str, Any]:
        return {"place": np.append(rng.uniform(-1.0, 1.0, 2), 0.5)}

    def metrics(self, observation: Any) -> dict[str, float]:
        return {"place": float(observation["place"][0])}


def complaint(**members: Any) -> str:
    """About the task with other methods or attributes."""
    with pytest.raises(ConformanceError, match="^task 'go_there': ") as told:
        check_task(type("Faulty", (GoThere,), members), MOCK)
    return str(told.value).removeprefix("task 'go_there': ")


def test_a_constant_element_of_a_goal_is_remarked_and_no_fault() -> None:
    assert check_task(GoThere, MOCK) == ["field 'place' does not change in elements 2"]
    assert check_task("go_there", MOCK)  # by its name, now that it is known


def test_two_tasks_of_one_name_are_refused() -> None:
    check_task(GoThere, MOCK)
    with pytest.raises(ConfigError, match="task 'go_there' is there already: "):
        check_task(type("Other", (GoThere,), {}), MOCK)


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        ({}, "draw_inputs gives nothing, expected place"),
        ({"place": np.zeros(2)}, r"draw_inputs gives place [0. 0.], expected finite values of (3,)"),
        ({"place": np.array([0.0, np.nan, 0.0])}, "draw_inputs gives place [ 0. nan  0.], expected finite values"),
        ({"place": np.zeros(3), "goal_position": np.zeros(3)}, "gives place, goal_position, expected place"),
    ],
)
def test_inputs_that_are_not_the_tasks(drawn: dict[str, Any], told: str) -> None:
    from ros_rl.conformance import Trial
    from ros_rl.conformance.checks import inputs_are_drawn
    from ros_rl.settings.loading import load_settings

    check_task(GoThere, MOCK)
    trial = Trial(load_settings("go_there", overrides=MOCK))
    trial.task = type("Faulty", (GoThere,), {"draw_inputs": lambda self, rng: drawn})()
    assert told in next(inputs_are_drawn(trial))
    trial.task = type("Faulty", (GoThere,), {"change_inputs": lambda self, inputs, step, period, rng: drawn})()
    assert told.replace("draw_", "change_") in next(inputs_are_drawn(trial))


def test_inputs_beyond_their_bounds() -> None:
    narrow = {"place": (np.full(3, -0.1), np.full(3, 0.5))}
    assert "beyond its input_bounds" in complaint(input_bounds=lambda self: narrow)


def test_chance_without_the_seed() -> None:
    rng = np.random.default_rng()
    told = complaint(draw_inputs=lambda self, _: {"place": rng.uniform(-1.0, 1.0, 3)})
    assert "two runs of one seed differ in their observations" in told and "in their rewards" in told


def test_a_start_that_ends_at_once() -> None:
    told = complaint(terminated=lambda self, after: after["joint_position"][..., 0] < 1e3)
    assert told == "episode 0 is terminated in its first state; episode 1 is terminated in its first state"


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (
            {"reward": lambda self, b, u, v, after: np.linalg.norm(after["joint_position"])},
            "reward has shape ()",
        ),
        (
            {"reward": lambda self, b, u, v, after: -np.linalg.norm(after["joint_position"], axis=-1)},
            "reward of torch tensors is ndarray: use what both share",
        ),
        (
            {"reward": lambda self, b, u, v, after: after["joint_position"].astype(float).sum(-1)},
            "reward, terminated or succeeded cannot be computed with torch",
        ),
        ({"terminated": lambda self, after: 0.0 * after["joint_position"][..., 0]}, "terminated gives float64"),
        (
            {"reward": lambda self, b, u, v, after: after["joint_position"].sum(-1) + after["joint_position"].size},
            "the reward of a batch is not that of its rows",
        ),
        (
            {"reward": lambda self, b, u, v, after: after["joint_position"][..., 0] * np.nan},
            "reward is not finite",
        ),
        (
            {"measures": (Measure("depth", "m", lambda outcome: float("nan"), ("mean",)),)},
            "measure 'depth' gives no number",
        ),
        ({"measures": (Measure("one", "m", lambda outcome: 1.0, ("mean",)),) * 2}, "measure 'one' is there twice"),
        (
            {"succeeded": lambda self, after: after["joint_position"].sum(-1)},
            "succeeded gives float64 (30,), expected bool",
        ),
        (
            {"succeeded": lambda self, after: abs(after["joint_position"]).max(-1) < 0.1},
            "reward, terminated or succeeded cannot be computed with torch",
        ),
        ({"metrics": lambda self, observation: {"far": float("inf")}}, "metric 'far' is inf"),
    ],
)
def test_rewards_measures_and_metrics(member: dict[str, Any], told: str) -> None:
    assert told in complaint(**member)


def test_a_goal_that_moves_with_the_robot_is_a_state(monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(tick: Any, robot: Any) -> Any:
        return tick.inputs["place"] - np.append(tick.measurement["joint_position"], 0.0)

    monkeypatch.setitem(FEATURES, "place", Feature("rad", 1.0, lambda robot: 3, seen, input="place"))
    assert "goal field 'place' changes while nothing else is asked for" in complaint()


def test_a_field_that_hands_out_what_the_driver_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = np.zeros(3)

    def seen(tick: Any, robot: Any) -> Any:
        kept[:] += tick.inputs["place"]
        return kept

    def draw(self: Any, rng: np.random.Generator) -> dict[str, Any]:
        return {"place": rng.uniform(-1.0, 1.0, 3)}

    monkeypatch.setitem(FEATURES, "place", Feature("rad", 1.0, lambda robot: 3, seen, input="place"))
    assert "two runs of one seed differ" in complaint(draw_inputs=draw)


def test_a_reward_that_prefers_one_side_is_not_symmetric() -> None:
    from ros_rl.tasks.quadruped.walk import A1Walk

    def reward(self: Any, before: Any, last_action: Any, action: Any, after: Any) -> Any:
        return after["angular_velocity"][..., 2]

    lopsided = type("Lopsided", (A1Walk,), {"name": "go_there", "reward": reward})
    with pytest.raises(ConformanceError, match="^task 'go_there': it is symmetric, but its reward differs"):
        check_task(lopsided)


def test_what_is_worth_a_look(monkeypatch: pytest.MonkeyPatch) -> None:
    field = Feature("rad", 1.0, lambda robot: 2, lambda tick, robot: np.array([3.0, 11.0]))
    monkeypatch.setitem(FEATURES, "odd", field)
    found = check_task(type("Odd", (GoThere,), {"observation": (*GoThere.observation, "odd")}), MOCK)
    assert "field 'odd' does not change in elements 0, 1" in found
    assert "field 'odd' reaches 11 with its scale, more than 10" in found
    assert STEPS > 10


def test_what_is_symmetric_and_has_no_mirror_image_is_worth_a_look() -> None:
    told = "it is symmetric, but robot 'mock', its actions or a field have no mirror image"
    assert told in check_task(type("Even", (GoThere,), {"symmetric": True}), MOCK)
