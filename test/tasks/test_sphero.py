# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The Sphero's goals can be reached, its distances are those of the truth, and a script that knows geometry does it."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from ros_rl.cli.main import main
from ros_rl.errors import ConfigError
from ros_rl.floor_plan import FloorPlan
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import make_task
from ros_rl.tasks.sphero import DISTANCE, HELD
from ros_rl.types import Array, Outcome, Truth


def truth(x: float, y: float, touches: int = 0) -> Truth:
    return Truth(np.array([x, y, 0.04]), 0.0, None, touches, 0.0, 0, 0.0)


def test_goals_are_all_over_the_floor_and_clear_of_what_stands_there() -> None:
    task, rng = make_task("sphero_navigate", {"scene": "arena_obstacles"}), np.random.default_rng(0)
    goals = np.array([task.draw_inputs(rng)["goal_planar"] for _ in range(2000)])
    low, high = task.input_bounds()["goal_planar"]
    assert (goals >= low).all() and (goals <= high).all()
    assert (FloorPlan("arena_obstacles", 0.08).clearance(goals) >= 0.0).all()
    np.testing.assert_allclose(np.abs(goals).max(0), [0.8 - 0.08, 0.6 - 0.08], atol=0.02)
    assert (np.histogram2d(*goals.T, bins=(4, 3), range=((-0.72, 0.72), (-0.52, 0.52)))[0] > 50).all()


def test_goals_that_cannot_be_reached_are_refused_in_one_line(tmp_path: Path) -> None:
    """A ring of walls around the start, and no goal within it by the clearance that is asked for."""
    walls = [
        {"box": [0.3 + 0.7 * abs(x), 0.3 + 0.7 * abs(y), 0.1], "position": [0.3 * x, 0.3 * y, 0.05]}
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    path = tmp_path / "walled_in.yaml"
    path.write_text(yaml.safe_dump({"bodies": walls}))
    words = r"no goal within 0.8 m and 0.6 m of the middle of scene '.*walled_in.yaml' can be reached from there"
    with pytest.raises(ConfigError, match=words) as refused:
        make_task("sphero_navigate", {"scene": str(path)}).draw_inputs(np.random.default_rng(0))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            "task.goal=[0.79, 0.0]",
            r"task.goal \[0.79, 0.0\] cannot be reached in scene 'arena' with task.clearance",
        ),
        ("task.clearance=0.7", "no goal within 0.8 m and 0.6 m of the middle of scene 'arena' .* task.clearance 0.7 m"),
    ],
)
def test_a_training_towards_nowhere_is_refused_before_it_leaves_a_folder(
    change: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    assert main(["train", "sphero_navigate", "--set", change, "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert re.search(words, printed.err) and printed.err.count("\n") == 1 and not printed.out
    assert not out.exists()


def test_the_few_goals_that_there_are_are_found(tmp_path: Path) -> None:
    """Within walls that leave a square of 4 cm, of 1.9 m^2: a thousand draws find none of it in four of ten tries."""
    walls = [
        {"box": [0.3 + 0.7 * abs(y), 0.3 + 0.7 * abs(x), 0.1], "position": [0.25 * x, 0.25 * y, 0.05]}
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    path = tmp_path / "cell.yaml"
    path.write_text(yaml.safe_dump({"bodies": walls}))
    task, rng = make_task("sphero_navigate", {"scene": str(path)}), np.random.default_rng(0)
    goals = np.array([task.draw_inputs(rng)["goal_planar"] for _ in range(30)])
    assert (np.abs(goals) <= 0.1 - 0.08 + 1e-9).all() and len(np.unique(goals, axis=0)) > 1


def test_a_goal_behind_a_wall_is_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "halved.yaml"
    wall = {"box": [0.1, 20.0, 0.1], "position": [0.3, 0.0, 0.05]}
    path.write_text(yaml.safe_dump({"bodies": [wall]}))
    task, rng = make_task("sphero_navigate", {"scene": str(path)}), np.random.default_rng(0)
    assert max(task.draw_inputs(rng)["goal_planar"][0] for _ in range(300)) < 0.25 - 0.08


def test_measures_are_means_over_the_episode() -> None:
    truths = [truth(0.3, 0.4), truth(0.0, 0.1, touches=3), truth(0.0, 0.0)]
    goal = {"goal_planar": np.zeros(2)}
    outcome = Outcome(truths[0], truths[-1], goal, 1.0, False, truths, [goal] * 3, period=0.5)
    assert DISTANCE.of(outcome) == pytest.approx((0.5 + 0.1 + 0.0) / 3)
    assert HELD.of(outcome) == pytest.approx(1 / 3)


def steered(fields: dict[str, Array]) -> Array:
    """Turn towards the goal, backwards where that is nearer, and go there."""
    way = fields["goal_planar"] - fields["base_position"]
    sine, cosine = fields["heading_estimate"]
    ahead, left = cosine * way[0] + sine * way[1], cosine * way[1] - sine * way[0]
    off = np.arctan2(left, ahead) if ahead >= 0.0 else np.arctan2(-left, -ahead)
    return np.clip([1.5 * ahead, 0.6 * off if np.hypot(*way) > 0.05 else 0.0], -1.0, 1.0)


@pytest.mark.parametrize("scene", ["arena", "arena_obstacles"])
def test_what_is_observed_is_enough_to_go_there(scene: str) -> None:
    world = RobotWorld(load_settings("sphero_navigate", overrides=[f"task.scene={scene}"]), 0)
    ends = []
    for _ in range(10):
        *_, step = world.episode(lambda tick: world.command(steered(world.spec.split(world.spec.observe(tick)))))
        ends.append(np.hypot(*(world.truth().base_position[:2] - step.tick.inputs["goal_planar"])))
    world.close()
    assert np.median(ends) < 0.08


def test_a_fixed_goal_is_the_goal_of_every_episode() -> None:
    task = make_task("sphero_navigate", {"goal": [0.5, 0.3]})
    rng = np.random.default_rng(0)
    assert {tuple(task.draw_inputs(rng)["goal_planar"]) for _ in range(5)} == {(0.5, 0.3)}
    with pytest.raises(ConfigError, match=r"task.goal \[3.0, 3.0\] lies outside task.arena, \[1.6, 1.2\] m around"):
        make_task("sphero_navigate", {"goal": [3.0, 3.0]})
    blocked = make_task("sphero_navigate", {"goal": [0.79, 0.0]})
    with pytest.raises(ConfigError, match=r"task.goal \[0.79, 0.0\] cannot be reached in scene 'arena'"):
        blocked.draw_inputs(rng)
