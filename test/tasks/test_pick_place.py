# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Moving things from bin to bin: what is held, what it is worth, and what was really moved."""

from typing import Any

import numpy as np
import pytest

from ros_rl.commands.choice import ChoiceCommands
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.scenes import read_scene
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import make_task
from ros_rl.tasks.arm.bins import OBJECTS_PER_MINUTE, STALLED, TWO_BINS
from ros_rl.types import Measurement, Outcome, Pose, Truth

LEFT, RIGHT, BETWEEN = [0.42, 0.15, 0.1], [0.42, -0.15, 0.1], [0.42, 0.0, 0.1]
NAMES = ["ur5_pick_place", "xarm_pick_place"]


def fields(held: float, tool: list[float]) -> dict[str, Any]:
    return {"grasped_from": np.array([held]), "tool_position": np.array(tool)}


@pytest.mark.parametrize(
    ("before", "after", "tool", "reward"),
    [
        (0, 1, LEFT, 1.0),
        (0, -1, RIGHT, 1.0),
        (1, 1, LEFT, 0.0),
        (1, 1, RIGHT, 0.0),
        (0, 0, RIGHT, 0.0),
        (1, 0, LEFT, -1.0),
        (-1, 0, RIGHT, -1.0),
        (1, 0, RIGHT, 10.0),
        (-1, 0, LEFT, 10.0),
        (1, 0, BETWEEN, 0.0),
        (1, 0, [0.2, -0.15, 0.1], 0.0),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_rewards_as_published(name: str, before: float, after: float, tool: list[float], reward: float) -> None:
    task, none = make_task(name), np.zeros(7)
    assert task.reward(fields(before, BETWEEN), none, none, fields(after, tool)) == reward


def test_a_model_s_batches_in_torch() -> None:
    """Predicted numbers are near those that are measured."""
    torch = pytest.importorskip("torch")
    before = {"grasped_from": torch.tensor([[0.9], [0.1], [-1.1]]), "tool_position": torch.tensor([LEFT] * 3)}
    after = {"grasped_from": torch.tensor([[0.2], [0.8], [0.0]]), "tool_position": torch.tensor([RIGHT, LEFT, LEFT])}
    none = torch.zeros(3, 7)
    assert make_task("ur5_pick_place").reward(before, none, none, after).tolist() == pytest.approx([10.0, 1.0, 10.0])


def remembered(name: str, before: float, width: float, told: float, tool: list[float], closing: float = 0.0) -> float:
    """What is remembered of fingers that close with so many m/s."""
    task = make_task(name)
    robot = load_robot(task.robot)
    assert robot.gripper is not None
    joint = robot.joints.index("gripper")
    measured, command, velocity = robot.home.copy(), np.zeros(robot.size), np.zeros(robot.size)
    measured[joint], command[joint] = robot.gripper.position_at(width), robot.gripper.position_at(told)
    velocity[joint] = (robot.gripper.position_at(-closing) - robot.gripper.position_at(0.0)) / 1.0
    measurement = Measurement(joint_position=measured, joint_velocity=velocity, tool_position=np.array(tool))
    (value,) = task.remember({"grasp": np.array([before])}, measurement, command, robot).values()
    return float(value[0])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("before", "width", "told", "tool", "after"),
    [
        (0, 0.04, 0.02, LEFT, 1),  # fingers stay apart
        (0, 0.04, 0.02, RIGHT, -1),
        (0, 0.04, 0.02, BETWEEN, 0),  # of neither bin
        (0, 0.05, 0.042, LEFT, 0),  # they close, and are a little behind
        (0, 0.005, 0.0, LEFT, 0),  # they are closed
        (0, 0.014, 0.0, LEFT, 0),  # around a wall
        (1, 0.04, 0.0, RIGHT, 1),  # carried over
        (1, 0.04, 0.036, RIGHT, 1),  # no longer pressed so much
        (1, 0.04, 0.038, RIGHT, 0),  # let go
        (1, 0.0, 0.0, LEFT, 0),  # it slipped out
    ],
)
def test_what_it_remembers(name: str, before: float, width: float, told: float, tool: list[float], after: int) -> None:
    assert remembered(name, before, width, told, tool) == after


@pytest.mark.parametrize("name", NAMES)
def test_only_fingers_at_rest_begin_to_hold_something(name: str) -> None:
    assert remembered(name, 0, 0.04, 0.0, LEFT, closing=0.04) == 1.0, "they press, and it gives way"
    assert remembered(name, 0, 0.04, 0.0, LEFT, closing=0.06) == 0.0
    assert remembered(name, 1, 0.04, 0.0, LEFT, closing=0.06) == 1.0, "they hold it already"


@pytest.mark.parametrize("latency", [0.0, 0.06, 0.1])
@pytest.mark.parametrize("name", NAMES)
def test_closing_in_the_air_is_no_grasp(name: str, latency: float) -> None:
    """Fingers that act late are still on their way, high over the left bin, when the period ends."""
    pytest.importorskip("pybullet")
    world = RobotWorld(load_settings(name, overrides=[f"driver.backend.latency={latency}"]), seed=0)
    commands = world.spec.map
    assert isinstance(commands, ChoiceCommands)
    numbers = [list(commands.moves).index(move) for move in ["y_up"] * 4 + ["grip"] * 4]
    try:
        world.begin_episode()
        steps = [world.step(world.command(number)) for number in numbers]
    finally:
        world.close()
    assert TWO_BINS.side(steps[-1].tick.measurement["tool_position"]) == 1.0
    assert [step.reward for step in steps] == [0.0] * 8


def test_gaps_that_make_no_sense() -> None:
    with pytest.raises(ConfigError, match="task.slack_gap 0.02 is not below task.grip_gap 0.012"):
        make_task("ur5_pick_place", {"slack_gap": 0.02})


@pytest.mark.parametrize("name", ["two_bins", "two_bins_soft", "two_bins_hung"])
def test_the_bins_of_the_scene_are_those_of_the_task(name: str) -> None:
    """Things begin in the left one, and walls stand around both."""
    walls = [body for body in read_scene(name).bodies if body.box is not None and 0.03 == body.position[2]]
    inside = {"x": set(), "y": set()}  # type: ignore[var-annotated]
    for body in walls:
        axis = int(body.box[0] > body.box[1])  # type: ignore[index]
        for sign in (-1, 1):
            inside["xy"[axis]].add(round(body.position[axis] + sign * body.box[axis] / 2, 6))  # type: ignore[index]
    assert {TWO_BINS.near, TWO_BINS.far} <= inside["x"]
    assert {sign * y for sign in (-1, 1) for y in (TWO_BINS.inner, TWO_BINS.outer)} <= inside["y"]
    for body in read_scene(name).bodies:
        if body.name is not None:
            for corner in (-1, 1):
                place = np.array(body.position[:2]) + corner * np.array(body.spread[:2])
                assert TWO_BINS.side(place) == 1.0


def outcome(*ways: list[list[float]], seconds: float) -> Outcome:
    """Of things that were at these places, tick by tick."""
    truths = [
        Truth(
            np.zeros(3), 0.0, None, 0, 0.0, 0, 0.0,
            objects={str(name): Pose(np.array(place), np.array([0, 0, 0, 1.0])) for name, place in enumerate(places)},
        )
        for places in zip(*ways, strict=True)
    ]  # fmt: skip
    return Outcome(truths[0], truths[-1], {}, seconds, False, truths, [{}] * len(truths), period=1.0)


def test_what_was_really_moved() -> None:
    lies, other = [0.4, 0.1, 0.02], [0.4, -0.1, 0.02]
    held = [0.4, -0.1, 0.08]  # over the other bin, in the gripper
    aside = [0.7, 0.3, 0.02]
    assert OBJECTS_PER_MINUTE.of(outcome([lies, held, lies, lies], seconds=60.0)) == 0.0
    assert OBJECTS_PER_MINUTE.of(outcome([lies, held, other, other], seconds=60.0)) == 1.0
    assert OBJECTS_PER_MINUTE.of(outcome([lies, held, other, lies], seconds=30.0)) == 4.0
    assert OBJECTS_PER_MINUTE.of(outcome([lies, held, other, lies], [lies, lies, held, other], seconds=60.0)) == 3.0
    assert OBJECTS_PER_MINUTE.of(outcome([lies, aside, lies, aside], seconds=60.0)) == 0.0, "thrown out is not moved"


@pytest.mark.parametrize(
    ("moments", "stalled"), [([], 1.0), ([20], 1.0), ([20, 40], 0.0), ([21, 40], 1.0), ([39], 1.0)]
)
def test_it_stalled_where_nothing_moved_for_twenty_seconds(moments: list[int], stalled: float) -> None:
    lies, other = [0.4, 0.1, 0.02], [0.4, -0.1, 0.02]
    there = [sum(moment <= tick for moment in moments) % 2 for tick in range(61)]
    assert STALLED.of(outcome([other if side else lies for side in there], seconds=60.0)) == stalled


@pytest.mark.parametrize(
    ("task", "robot", "text"),
    [
        (
            "ur5_pick_place",
            "ur5e",
            "field 'gripper_width' is of a gripper, and the file of robot 'ur5e' has no 'gripper'",
        ),
        ("xarm_pick_place", "xarm6", "is of a gripper, and the file of robot 'xarm6' has no 'gripper'"),
    ],
)
def test_a_robot_without_a_gripper_is_refused(task: str, robot: str, text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        load_settings(task, overrides=[{"robot": robot}]).load_robot()
