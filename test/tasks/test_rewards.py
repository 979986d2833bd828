# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every task's reward and end, computed by hand from plain numbers; numpy and torch give the same."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import torch

from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.tasks import TASKS, Task, make_task
from ros_rl.tasks.gym_task import GymTask
from ros_rl.tasks.quadruped.from_back import published_reward
from ros_rl.types import Truth

Values = Mapping[str, Sequence[float]]
KINDS = (lambda value: np.asarray(value, float), lambda value: torch.tensor(value, dtype=torch.float64))


def judged(task: Task, after: Values, last: Sequence[float], action: Sequence[float], before: Values | None = None):
    """Reward and end; the state before the step is no number, unless it is given: few rewards may read it."""
    found = []
    for kind in KINDS:
        known = before or {name: np.full(np.shape(value), np.nan) for name, value in after.items()}
        steps = [{name: kind(_stacked(value)) for name, value in fields.items()} for fields in (known, after)]
        actions = [kind(_stacked(u)) for u in (last, action)]
        reward, ended = task.reward(steps[0], *actions, steps[1]), task.terminated(steps[1])
        assert reward.shape == ended.shape == (3, 2)
        found.append((float(reward[1, 0]), bool(ended[1, 0])))
    assert found[0] == pytest.approx(found[1], rel=1e-9)
    return found[0]


def _stacked(value: Sequence[float]) -> np.ndarray:
    """As particles of candidates are, (3, 2, size), with other steps around, so that a reduction over them shows."""
    value = np.asarray(value, float)
    return np.stack([np.stack([share * value, np.full_like(value, 0.3)]) for share in (0.5, 1.0, 0.0)])


WALKING: Values = {
    "joint_position": [0.0] * 12,
    "joint_velocity": [0.0] * 12,
    "gravity": [0.3, 0.2, -0.9],
    "angular_velocity": [1.5, -2.5, 0.5],
    "base_velocity": [0.4, 0.2, 0.7],
    "heading": [0.6, 0.8],
    "height_over_feet": [0.3],
    "feet_lift": [0.025, 0.0, 0.0, 0.05],
    "gait_phase": [0.6, 0.8],
}
"""Half the target velocity, leaning, drifting to the left and turning; the first diagonal should be at 0.36 of 5 cm."""
OFF = (0.14 + 0.64) / 4
"""How far the feet are from that, in 5 cm."""
GAIT = 1.5 * OFF + 0.2 * 0.7 + 0.06 * 0.09
"""What that costs, with the vertical velocity and a change of the action."""
STILL, MOVED = [0.1] * 12, [0.7] * 3 + [0.1] * 9
"""The mean squared change between them is 3 x 0.36 / 12 = 0.09."""
REWARD = 0.5 * 0.9 + 0.3 * 0.9 - 0.1 * 0.2 - 0.1 * 0.5 - 0.3 * 0.6 - GAIT


class TestA1Walk:
    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, REWARD),
            ({"base_velocity": [0.6, 0.2, 0.7]}, REWARD + 0.25 * 0.9),
            ({"base_velocity": [0.8, 0.2, 0.7]}, REWARD + 0.5 * 0.9),
            ({"base_velocity": [1.2, 0.2, 0.7]}, REWARD + 0.5 * 0.9 - 0.5),  # half the target above it
            ({"base_velocity": [3.0, 0.2, 0.7]}, REWARD + 0.5 * 0.9 - 1.0),
            ({"base_velocity": [0.4, 0.2, -0.2]}, REWARD + 0.2 * 0.5),  # up or down alike
            ({"base_velocity": [0.4, 0.2, 5.0]}, REWARD - 0.2 * 0.3),
            ({"feet_lift": [0.018, 0.0, 0.0, 0.018]}, REWARD + 1.5 * OFF),  # as the clock wants them
            (
                {"feet_lift": [0.0, 0.018, 0.018, 0.0], "gait_phase": [-0.6, -0.8]},
                REWARD + 1.5 * OFF,
            ),  # half a stride later
            ({"gait_phase": [-0.6, -0.8]}, REWARD + 1.5 * OFF - 1.5 * (0.5 + 0.36 + 0.36 + 1.0) / 4),
            ({"feet_lift": [0.9, 0.0, 0.0, 0.9]}, REWARD + 1.5 * OFF - 1.5 * (2.0 + 2.0) / 4),  # more is no worse
            ({"joint_velocity": [2.0] * 6 + [-4.0] * 6}, REWARD - 0.006 * 10.0),
            ({"joint_velocity": [90.0] * 12}, REWARD - 0.006 * 400.0),
            ({"base_velocity": [-0.4, 0.2, 0.7]}, REWARD - 2 * 0.5 * 0.9),  # backwards is punished
            ({"base_velocity": [-3.0, 0.2, 0.7]}, REWARD - 1.5 * 0.9),
            ({"base_velocity": [0.4, -0.2, 0.7]}, REWARD),  # to the right is as bad
            ({"base_velocity": [0.4, 0.7, 0.7]}, REWARD - 0.1 * 0.5),
            ({"base_velocity": [0.4, 9.0, 0.7]}, REWARD - 0.1 * 0.8),
            ({"angular_velocity": [0.0, 0.0, 0.5]}, REWARD),  # neither roll nor pitch
            ({"angular_velocity": [1.5, -2.5, -2.0]}, REWARD - 0.1 * 1.5),
            ({"angular_velocity": [1.5, -2.5, 9.0]}, REWARD - 0.1 * 2.5),
            ({"heading": [-0.6, 0.8]}, REWARD),
            ({"heading": [0.0, 1.0]}, REWARD + 0.3 * 0.6),
            ({"heading": [0.6, -0.8]}, REWARD - 0.3 * 0.8),  # past a quarter turn the cosine counts, too
            ({"heading": [1.2, 0.1]}, REWARD - 0.3 * 0.4),
            ({"heading": [0.6, -1.2]}, REWARD - 0.3 * 1.0),
            ({"gravity": [0.0, 0.0, -1.0]}, REWARD + 0.1 * (0.5 + 0.3)),
            ({"gravity": [0.0, 0.0, -1.2]}, REWARD + 0.1 * 0.5 + 0.3 * 0.3),  # the gate is 1 at most
            ({"gravity": [0.0, 0.0, 0.5]}, REWARD - 0.5 * 0.9 - 0.3 * 1.4),  # upside down nothing is walked
            ({"height_over_feet": [0.5]}, REWARD),
        ],
    )
    def test_reward(self, changes: Values, expected: float) -> None:
        task = make_task("a1_walk")
        assert judged(task, {**WALKING, **changes}, STILL, MOVED)[0] == pytest.approx(expected, abs=1e-6)

    def test_a_change_of_the_action_costs_either_way_and_its_size_nothing(self) -> None:
        task = make_task("a1_walk")
        for last, action in (
            (MOVED, STILL),
            (STILL, MOVED),
            ([-0.6] * 6 + [0.0] * 6, [-0.6] * 6 + [0.3] * 4 + [-0.6] * 2),
        ):
            mean = sum((a - b) ** 2 for a, b in zip(last, action, strict=True)) / 12
            assert mean == pytest.approx(0.09)
            assert judged(task, WALKING, last, action)[0] == pytest.approx(REWARD, abs=1e-6)
        assert judged(task, WALKING, MOVED, MOVED)[0] == pytest.approx(REWARD + 0.06 * 0.09, abs=1e-6)

    @pytest.mark.parametrize(
        ("changes", "ended"),
        [
            ({}, False),
            ({"gravity": [0.5, 0.3, -0.81]}, False),
            ({"gravity": [0.5, 0.3, -0.8]}, False),
            ({"gravity": [0.5, 0.3, -0.79]}, True),
            ({"gravity": [0.0, 0.0, 1.0]}, True),
            ({"height_over_feet": [0.131]}, False),
            ({"height_over_feet": [0.13]}, False),
            ({"height_over_feet": [0.129]}, True),
            ({"height_over_feet": [0.129], "gravity": [0.0, 0.0, 1.0]}, True),
        ],
    )
    def test_a_fall_ends_it(self, changes: Values, ended: bool) -> None:
        assert judged(make_task("a1_walk"), {**WALKING, **changes}, STILL, STILL)[1] is ended

    def test_settings_weigh_their_own_terms(self) -> None:
        terms = {
            "upright_weight": 0.9, "lateral_weight": -0.2, "yaw_rate_weight": -0.5, "heading_weight": -0.6,
            "action_change_weight": -0.09, "gait_weight": -OFF, "bounce_weight": -0.7,
        }  # fmt: skip
        usual = {"upright_weight": 0.3, "lateral_weight": 0.1, "yaw_rate_weight": 0.1, "heading_weight": 0.3,
                 "action_change_weight": 0.06, "gait_weight": 1.5, "bounce_weight": 0.2}  # fmt: skip
        for name, term in terms.items():
            task = make_task("a1_walk", {name: usual[name] + 1.0})
            assert judged(task, WALKING, STILL, MOVED)[0] == pytest.approx(REWARD + term, abs=1e-6), name
        slow = make_task("a1_walk", {"target_velocity": 0.5})
        assert judged(slow, WALKING, STILL, MOVED)[0] == pytest.approx(REWARD + 0.3 * 0.9, abs=1e-6)
        strict = make_task("a1_walk", {"fall_uprightness": 0.95})
        assert judged(strict, WALKING, STILL, MOVED)[1]
        assert judged(make_task("a1_walk", {"fall_height": 0.35}), WALKING, STILL, MOVED)[1]

    @pytest.mark.parametrize(("height", "ended"), [(0.141, False), (0.139, True)])
    def test_a_go2_is_judged_alike_and_falls_from_longer_legs(self, height: float, ended: bool) -> None:
        after = {**WALKING, "height_over_feet": [height]}
        reward = judged(make_task("a1_walk"), after, STILL, MOVED)[0]
        assert judged(make_task("go2_walk"), after, STILL, MOVED) == (reward, ended)

    @pytest.mark.parametrize(("height", "fallen"), [(0.131, ()), (0.129, ("a1",)), (0.139, ("go2",)), (0.141, ())])
    def test_rough_ground_is_judged_alike_by_legs_along_the_trunk(self, height: float, fallen: tuple[str, ...]) -> None:
        renamed = {
            "body_" + name if name in ("height_over_feet", "feet_lift") else name: WALKING[name] for name in WALKING
        }
        for robot in ("a1", "go2"):
            reward = judged(make_task(f"{robot}_walk"), WALKING, STILL, MOVED)[0]
            found = judged(make_task(f"{robot}_terrain"), {**renamed, "body_height_over_feet": [height]}, STILL, MOVED)
            assert found == (reward, robot in fallen or height < 0.139 and robot == "go2")

    def test_metrics(self) -> None:
        fields = {name: np.asarray(value) for name, value in WALKING.items()}
        assert make_task("a1_walk").metrics(fields) == {"forward_velocity": 0.4}
        assert make_task("a1_back").metrics(fields) == {"backward_velocity": -0.4}


@pytest.mark.parametrize(("velocity", "forward"), [(-0.2, 0.45), (0.2, -0.45), (-3.0, 0.9 - 1.0), (3.0, -0.9)])
def test_a1_back_rewards_the_way_back(velocity: float, forward: float) -> None:
    after = {**WALKING, "base_velocity": [velocity, 0.2, 0.7]}
    reward, ended = judged(make_task("a1_back"), after, STILL, MOVED)
    assert reward == pytest.approx(forward + REWARD - 0.45, abs=1e-6) and not ended
    assert judged(make_task("a1_back"), {**after, "height_over_feet": [0.1]}, STILL, MOVED)[1]


class TestXarmReach:
    AT: Values = {
        "joint_position": [0.0] * 6,
        "joint_velocity": [0.0] * 6,
        "tool_position": [0.3, 0.1, 0.2],
        "goal_position": [0.3, 0.4, 0.6],
    }

    @pytest.mark.parametrize(
        ("tool", "distance"), [([0.3, 0.1, 0.2], 0.5), ([0.3, 0.4, 0.55], 0.05), ([0.3, 0.4, 0.6], 0.0)]
    )
    def test_reward(self, tool: list[float], distance: float) -> None:
        last, action = [0.2] * 6, [0.2] * 4 + [-0.4] * 2  # mean squared change 2 x 0.36 / 6 = 0.12
        reward, ended = judged(make_task("xarm_reach"), {**self.AT, "tool_position": tool}, last, action)
        assert reward == pytest.approx(0.05 / (0.05 + distance) - distance - 0.05 * 0.12, abs=1e-4)
        assert not ended

    def test_it_never_ends(self) -> None:
        assert not judged(make_task("xarm_reach"), {**self.AT, "joint_position": [99.0] * 6}, [0.0] * 6, [0.0] * 6)[1]

    def test_settings(self) -> None:
        task = make_task("xarm_reach", {"precision": 0.1, "action_change_weight": 0.5})
        reward = judged(task, self.AT, [0.0] * 6, [0.6] * 6)[0]
        assert reward == pytest.approx(0.1 / 0.6 - 0.5 - 0.5 * 0.36, abs=1e-6)

    @pytest.mark.parametrize(("height", "there"), [(0.551, 1.0), (0.549, 0.0), (0.2, 0.0)])
    def test_a_sparse_reward_is_one_at_the_goal_alone(self, height: float, there: float) -> None:
        task = make_task("xarm_reach", {"sparse_within": 0.05, "action_change_weight": 0.5})
        reward = judged(task, {**self.AT, "tool_position": [0.3, 0.4, height]}, [0.0] * 6, [0.6] * 6)[0]
        assert reward == pytest.approx(there - 0.5 * 0.36, abs=1e-6)

    def test_metrics(self) -> None:
        fields = {name: np.asarray(value) for name, value in self.AT.items()}
        assert make_task("xarm_reach").metrics(fields)["distance"] == pytest.approx(0.5)

    def test_goals_are_uniform_in_their_sector(self) -> None:
        task, rng = make_task("xarm_reach", {"goal_sector": 0.5}), np.random.default_rng(0)
        goals = np.array([task.draw_inputs(rng)["goal_position"] for _ in range(4000)])
        radius, angle = np.hypot(goals[:, 0], goals[:, 1]), np.arctan2(goals[:, 1], goals[:, 0])
        shares = [(radius**2 - 0.25**2) / (0.5**2 - 0.25**2), (angle + 0.5) / 1.0, (goals[:, 2] - 0.1) / 0.35]
        for share in shares:  # uniform: moments of [0, 1], five standard errors
            assert -1e-9 <= share.min() < 0.01 and 0.99 < share.max() <= 1.0 + 1e-9
            assert share.mean() == pytest.approx(0.5, abs=0.023) and share.var() == pytest.approx(1 / 12, abs=0.006)
        correlation = np.corrcoef(shares)
        assert np.abs(correlation - np.eye(3)).max() < 0.08


class TestCartpole:
    @pytest.mark.parametrize(
        ("position", "direction", "squared"),
        [
            (0.0, [0.0, -1.0], 0.0),  # upright in the middle
            (0.0, [0.0, 1.0], 4.0),  # hanging
            (0.6, [0.0, -1.0], 1.0),  # one pole's length aside
            (-0.6, [0.0, -1.0], 1.0),
            (0.3, [0.6, -0.8], 1.1**2 + 0.2**2),
            (-0.36, [0.6, -0.8], 0.2**2),  # the cart under a pole that leans the other way
        ],
    )
    def test_reward(self, position: float, direction: list[float], squared: float) -> None:
        after = {"joint_position": [position], "joint_velocity": [3.0], "passive_direction": direction,
                 "passive_velocity": [2.0]}  # fmt: skip
        reward, ended = judged(make_task("cartpole_swingup"), after, [0.9], [-0.5])
        assert reward == pytest.approx(math.exp(-squared) - 0.01 * 0.25, abs=1e-9) and not ended
        fields = {name: np.asarray(value) for name, value in after.items()}
        assert make_task("cartpole_swingup").metrics(fields) == {"tip_height": -direction[1]}

    def test_settings(self) -> None:
        task = make_task("cartpole_swingup", {"pole_length": 0.3, "action_weight": 2.0})
        after = {"joint_position": [0.3], "passive_direction": [0.0, -1.0]}
        assert judged(task, after, [0.0], [0.5])[0] == pytest.approx(math.exp(-1.0) - 0.5)


def test_sphero_navigate() -> None:
    """0.5 m away, in an arena of 1.6 m, or of 2 m."""
    after = {"base_position": [0.3, -0.2], "goal_planar": [0.0, 0.2], "heading_estimate": [0.6, 0.8]}
    expected = pytest.approx((-0.5 / 1.6, False))
    assert judged(make_task("sphero_navigate"), after, [1.0, 1.0], [0.5, -0.2]) == expected
    wide = make_task("sphero_navigate", {"arena": [2.0, 1.0]})
    assert judged(wide, after, [1.0, 1.0], [0.5, -0.2]) == pytest.approx((-0.25, False))


@pytest.mark.parametrize(
    ("position", "ended"), [([0.3, -0.4], False), ([1.2, -1.59], False), ([2.0, 0.0], False), ([-1.2, 1.61], True)]
)
def test_mock_point(position: list[float], ended: bool) -> None:
    after = {"joint_position": position, "joint_velocity": [5.0, 5.0]}
    expected = -(position[0] ** 2 + position[1] ** 2) - 0.01 * (0.25 + 0.04)
    assert judged(make_task("mock_point"), after, [1.0, 1.0], [0.5, -0.2]) == pytest.approx((expected, ended))
    other = make_task("mock_point", {"action_weight": 1.0, "bound": 0.4})
    assert judged(other, after, [1.0, 1.0], [0.5, -0.2]) == pytest.approx((expected - 0.99 * 0.29, True))


def test_known_rewards_of_gymnasium() -> None:
    row = np.arange(30.0) / 10
    fields, action = {"observation": row}, [0.5, -1.0]
    task = GymTask(env="Reacher-v5")  # fingertip to target: 0.8 and 0.9 aside
    assert judged(task, fields, [9.0, 9.0], action) == pytest.approx((-math.hypot(0.8, 0.9) - 1.25, False))
    task = GymTask(env="Pusher-v5")  # tip 1.4.., object 1.7.., goal 2.0..: 0.3 apart on each axis
    apart = math.sqrt(3 * 0.09)
    assert judged(task, fields, [9.0, 9.0], action)[0] == pytest.approx(-1.5 * apart - 0.1 * 4 * 1.25)
    task = GymTask(env="HalfCheetah-v5")
    before = {"observation": row + 1.2}
    assert judged(task, fields, [9.0, 9.0], action, before)[0] == pytest.approx(0.5 * (2.0 + 0.8) - 0.125)
    at_target = judged(GymTask(env="Reacher-v5"), {"observation": np.zeros(11)}, [9.0, 9.0], action)[0]
    assert at_target == pytest.approx(-1.25, abs=1e-5)  # and a gradient has no pole there


def test_settings_are_named_by_their_path() -> None:
    with pytest.raises(ConfigError, match="unknown setting 'task.width'"):
        make_task("mock_point", {"width": 1.0})


def test_every_task_has_its_numbers_here() -> None:
    assert set(TASKS) == {
        "a1_walk",
        "a1_back",
        "a1_track",
        "a1_terrain",
        "a1_get_up",
        "a1_from_back",
        "go2_walk",
        "go2_track",
        "go2_terrain",
        "go2_get_up",
        "xarm_reach",
        "ur5_reach",
        "so101_reach",
        "ur5_push",
        "xarm_push",
        "so101_push",
        "ur5_pick_place",
        "xarm_pick_place",
        "cartpole_swingup",
        "sphero_navigate",
        "mock_point",
    }


POSE = [0.0, 0.869, -1.628] * 4
LYING: Values = {
    "joint_position": [0.5] * 12,
    "joint_velocity": [2.0] * 12,
    "gravity": [0.8, 0.0, -0.6],
    "angular_velocity": [1.0, 2.0, 3.0],
    "height_over_feet": [0.13],
}
"""On its nose: 0.8 of the way up, at half the A1's height, half way from the home pose by its scale."""


STANDING: Values = {
    "joint_position": [0.0] * 12,
    "joint_velocity": [0.0] * 12,
    "gravity": [0.0, 0.0, -1.0],
    "angular_velocity": [0.0, 0.0, 0.4],
    "height_over_feet": [0.26],
    "body_velocity": [0.2, 0.1, 0.0],
}


class TestFromBack:
    @pytest.mark.parametrize(
        ("changes", "walking"),
        [
            ({}, 3.0 * 0.4 - 0.04),
            ({"body_velocity": [0.5, 0.0, 0.0]}, 3.0 - 0.04),
            ({"body_velocity": [0.7, 0.0, 0.0]}, 3.0 * 0.6 - 0.04),
            ({"body_velocity": [2.0, 0.0, 0.0]}, -3.0 - 0.04),
            ({"body_velocity": [-0.2, 0.0, 0.0]}, -3.0 * 0.4 - 0.04),
            ({"angular_velocity": [1.0, -2.0, 0.4]}, 3.0 * 0.4 - 0.04 - 0.25),
            ({"angular_velocity": [3.0, 3.0, -5.0]}, 3.0 * 0.4 - 0.3 - 0.45),
            ({"joint_velocity": [5.0] * 12}, 3.0 * 0.4 - 0.04 - 0.05),
            ({"joint_position": [0.5] * 12}, 0.25 * 3.0 * 0.4 - 0.04 - 0.5),  # each leg half as near; the pose too
            ({"joint_position": [0.0] * 3 + [1.0] * 3 + [0.0] * 6}, 0.04 * 3.0 * 0.4 - 0.04 - 0.5),  # one leg, a fifth
        ],
    )
    def test_what_stands_is_paid_for_walking(self, changes: Values, walking: float) -> None:
        reward, ended = judged(make_task("a1_from_back"), {**STANDING, **changes}, STILL, MOVED)
        assert (reward, ended) == (pytest.approx(1.0 + 1.0 + 1.0 + walking - 0.009), False)

    def test_what_rears_is_paid_for_little(self) -> None:
        rearing = {**STANDING, "gravity": [0.8, 0.0, -0.6]}  # 0.8 of the way up, 53 degrees off level
        risen, walking = 0.8 + 2.0 * 0.64, 0.64 * 0.6**4 * (3.0 * 0.4 - 0.04 - 0.009)
        assert judged(make_task("a1_from_back"), rearing, STILL, MOVED)[0] == pytest.approx(risen + walking)

    def test_who_lies_on_its_back_may_try_at_no_cost(self) -> None:
        lying = {**STANDING, "gravity": [0.0, 0.0, 1.0], "joint_velocity": [9.0] * 12}
        assert judged(make_task("a1_from_back"), lying, STILL, MOVED)[0] == 0.0

    @pytest.mark.parametrize(
        ("joints", "tilt", "velocity", "reward"),
        [
            (POSE, 0.0, [0.0, 0.0], 4.0 + 5.0),  # stands: 9
            (POSE, 0.0, [0.3, 0.0], 14.0),
            (POSE, 0.0, [0.9, 0.0], 14.0),
            (POSE, 0.0, [0.15, 0.0], 9.0 + 2.5),
            (POSE, 0.0, [0.15, 0.15], 9.0 + 2.5 * 0.5**0.5),  # of that speed cos 45 deg is forward
            (POSE, 0.0, [-0.3, 0.0], 9.0),
            (POSE, np.pi, [0.3, 0.0], 5.0),  # on its back nothing else counts
            (POSE, np.pi / 2, [0.3, 0.0], 5.5),
            (
                [0.787 / 2, 0.869, -1.628] * 4,
                0.0,
                [0.3, 0.0],
                1.0 + 0.5 + 5.0,
            ),  # hips close the rest
            ([0.0, 0.869 + 2.796, -1.628] * 4, 0.0, [0.3, 0.0], 2.0 + 5.0),
            ([0.0, 0.869, -1.628 - 1.051] * 4, 0.0, [0.3, 0.0], 3.0 + 5.0),
        ],
    )
    def test_the_published_reward(self, joints, tilt: float, velocity, reward: float) -> None:
        turned = np.array([np.sin(tilt / 2), 0.0, 0.0, np.cos(tilt / 2)])
        truth = Truth(
            np.zeros(3), 0.0, None, 0, 0.0, 4, 0.0, turned, np.array([*velocity, 0.0]), joint_position=np.array(joints)
        )
        assert published_reward(truth) == pytest.approx(reward)


class TestGetUp:
    STANDING = 0.8**2 * 0.5
    REWARD = 0.8 + STANDING + STANDING / 2 - 0.02 * 0.09 - 0.002 * STANDING * 4.0

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({}, REWARD),
            ({"angular_velocity": [0.0] * 3}, REWARD),
            ({"joint_position": [0.0] * 12}, REWARD + STANDING / 2),
            ({"joint_position": [-0.5] * 12}, REWARD),
            ({"joint_velocity": [0.0] * 12}, REWARD + 0.008 * STANDING),
            ({"height_over_feet": [-0.1]}, 0.8 - 0.0018),
            ({"height_over_feet": [0.6]}, 2 * (REWARD - 0.8 + 0.0018) + 0.8 - 0.0018),  # no higher than it stands
            ({"gravity": [0.0, 0.0, 1.0]}, -0.0018),  # on its back height is worth nothing
            ({"gravity": [0.0, 0.0, 1.2]}, -0.0018),
        ],
    )
    def test_by_hand(self, changes: Values, expected: float) -> None:
        reward, ended = judged(make_task("a1_get_up"), {**LYING, **changes}, STILL, MOVED)
        assert (reward, ended) == (pytest.approx(expected, abs=1e-9), False)

    @pytest.mark.parametrize("name", ["a1", "go2"])
    def test_actions_reach_nearly_as_far_as_joints_and_no_further(self, name: str) -> None:
        """Hips of an A1 go 0.802 to either side, of which 0.95 are 0.762; every action is a command within limits."""
        plain, robot = load_robot(name), make_task(f"{name}_get_up").fitted(load_robot(name))
        if name == "a1":
            np.testing.assert_allclose(robot.scale[:3], 0.95 * np.array([0.802, 1.95, 0.884]))
        for action in (np.ones(12), -np.ones(12)):
            command = robot.command(action)
            assert (robot.limits.lower < command).all() and (command < robot.limits.upper).all()
            np.testing.assert_allclose(robot.action(command), action)
        assert (robot.scale > 1.9 * plain.scale).all()
        assert (robot.command_ramp, plain.command_ramp) == (0.5, 1.0)
        assert (robot.safety.tilt, robot.safety.joint_error) == (math.inf, math.inf)
        assert (robot.safety.temperature, robot.safety.velocity) == (plain.safety.temperature, plain.safety.velocity)


UPRIGHT: Values = {"joint_position": [0.0], "passive_direction": [0.0, -1.0]}
LEANING: Values = {"passive_direction": [math.sin(0.2), -math.cos(0.2)]}
"""By 0.2 rad the tip of 0.6 m is 0.12 m from its goal."""


@pytest.mark.parametrize(
    ("name", "after", "succeeds"),
    [
        ("a1_walk", {**WALKING, "base_velocity": [0.41, 0.2, 0.7]}, True),
        ("a1_walk", {**WALKING, "base_velocity": [0.39, 0.2, 0.7]}, False),
        ("a1_walk", {**WALKING, "base_velocity": [2.0, 0.0, 0.0], "height_over_feet": [0.1]}, False),  # a fall
        ("a1_back", {**WALKING, "base_velocity": [-0.21, 0.2, 0.7]}, True),
        ("a1_back", {**WALKING, "base_velocity": [0.21, 0.2, 0.7]}, False),
        ("a1_get_up", {**LYING, "gravity": [0.4, 0.1, -0.91], "height_over_feet": [0.196]}, True),
        ("a1_get_up", {**LYING, "gravity": [0.4, 0.1, -0.89], "height_over_feet": [0.196]}, False),
        ("a1_get_up", {**LYING, "gravity": [0.4, 0.1, -0.91], "height_over_feet": [0.194]}, False),
        ("a1_from_back", {**STANDING, "body_velocity": [0.31, 0.0, 0.0]}, True),
        ("a1_from_back", {**STANDING, "body_velocity": [0.29, 0.0, 0.0]}, False),
        ("a1_from_back", {**STANDING, "body_velocity": [0.5, 0.0, 0.0], "height_over_feet": [0.1]}, False),
        ("go2_get_up", {**LYING, "gravity": [0.0, 0.0, -1.0], "height_over_feet": [0.211]}, True),
        ("go2_get_up", {**LYING, "gravity": [0.0, 0.0, -1.0], "height_over_feet": [0.209]}, False),
        ("xarm_reach", {**TestXarmReach.AT, "tool_position": [0.3, 0.4, 0.619]}, True),
        ("xarm_reach", {**TestXarmReach.AT, "tool_position": [0.3, 0.4, 0.621]}, False),
        ("ur5_reach", {**TestXarmReach.AT, "tool_position": [0.3, 0.4, 0.619]}, True),
        ("so101_reach", {**TestXarmReach.AT, "tool_position": [0.3, 0.4, 0.621]}, False),
        ("cartpole_swingup", UPRIGHT, True),
        ("cartpole_swingup", {**UPRIGHT, "joint_position": [0.16]}, False),  # up, but not in the middle
        ("cartpole_swingup", {**UPRIGHT, **LEANING}, True),
        ("cartpole_swingup", {**UPRIGHT, **LEANING, "joint_position": [0.1]}, False),
        ("cartpole_swingup", {**UPRIGHT, "passive_direction": [0.0, 1.0]}, False),
        ("sphero_navigate", {"base_position": [0.3, -0.2], "goal_planar": [0.3, -0.05]}, True),  # 0.094 of 1.6 m away
        ("sphero_navigate", {"base_position": [0.3, -0.2], "goal_planar": [0.3, -0.03]}, False),
        ("mock_point", {"joint_position": [0.06, -0.07]}, True),
        ("mock_point", {"joint_position": [0.08, -0.07]}, False),
    ],
)
def test_success(name: str, after: Values, succeeds: bool) -> None:
    for kind in KINDS:
        found = make_task(name).succeeded({field: kind(_stacked(value)) for field, value in after.items()})
        assert found.shape == (3, 2) and bool(found[1, 0]) is succeeds


def test_a_task_may_know_of_no_success() -> None:
    assert GymTask().succeeded({}) is None


class TestTrack:
    """Of the same pose as above: upright 0.9, moving by (0.4, 0.2), turning by 0.5."""

    AFTER: Values = {
        **{name: value for name, value in WALKING.items() if name not in ("base_velocity", "heading")},
        "body_velocity": [0.4, 0.2, 0.7],
        "velocity_command": [0.4, 0.2, 0.5],
    }
    MET = 1.0 + 0.5
    """At no error."""
    LEANS = 2.0 * (0.3**2 + 0.2**2)

    @pytest.mark.parametrize("name", ["a1_track", "go2_track"])
    @pytest.mark.parametrize(
        ("command", "moving", "turning"),
        [
            ([0.4, 0.2, 0.5], MET, MET),
            ([0.1, 0.2, 0.5], 1 - 0.6 + 0.5 * 0.15 / 0.75, MET),  # 0.3 m/s away, in units of 0.5
            ([0.4, 0.6, 0.5], 1 - 0.8 + 0.5 * 0.15 / 0.95, MET),
            ([0.4, 0.2, -0.5], MET, 1 - 1.0 + 0.5 * 0.15 / 1.15),
            ([9.4, 0.2, 9.5], -1 + 0.5 * 0.15 / 18.15, -1 + 0.5 * 0.15 / 9.15),  # falls to -1, and nearly no further
        ],
    )
    def test_by_hand(self, name: str, command: Sequence[float], moving: float, turning: float) -> None:
        reward, ended = judged(make_task(name), {**self.AFTER, "velocity_command": command}, STILL, MOVED)
        expected = 0.9 * (moving + 0.5 * turning) + 0.3 * 0.9 - GAIT - self.LEANS
        assert (reward, ended) == (pytest.approx(expected, abs=2e-5), False)  # the distance is never quite zero

    @pytest.mark.parametrize(
        ("command", "walks"), [([0.0, 0.0, 0.0], 0.0), ([0.03, 0.04, 0.0], 0.5), ([0.0, 0.0, 0.1], 0.5)]
    )
    def test_who_is_asked_to_stand_is_to_stand_on_all_feet(self, command: Sequence[float], walks: float) -> None:
        """0.1 m/s and 0.2 rad/s are the least that it is to trot for; half of that is half a trot."""
        after = {**self.AFTER, "velocity_command": command}
        standing, gait = (
            judged(make_task("a1_track", {"gait_weight": weight}), after, STILL, STILL)[0] for weight in (0.0, 1.0)
        )
        off = (abs(0.5 - 0.36 * walks) + abs(1.0 - 0.36 * walks)) / 4
        assert standing - gait == pytest.approx(off, abs=1e-5)

    @pytest.mark.parametrize(("name", "stands"), [("a1_track", 0.25), ("go2_track", 0.265)])
    def test_crouching_costs_its_share_of_the_height(self, name: str, stands: float) -> None:
        lowest, highest = (
            judged(make_task(name), {**self.AFTER, "height_over_feet": [height]}, STILL, STILL)[0]
            for height in (0.8 * stands, stands)
        )
        assert highest - lowest == pytest.approx(2.0 * 0.2)
        assert judged(make_task(name), {**self.AFTER, "height_over_feet": [0.5]}, STILL, STILL)[0] == highest

    def test_falls(self) -> None:
        task = make_task("a1_track")
        assert judged(task, {**self.AFTER, "height_over_feet": [0.12]}, STILL, MOVED)[1]
        assert judged(task, {**self.AFTER, "gravity": [0.0, 0.7, -0.7]}, STILL, MOVED)[1]

    def test_commands_are_drawn_within_bounds_and_hold_for_a_while(self) -> None:
        task, rng = make_task("a1_track", {"hold_seconds": 0.5}), np.random.default_rng(0)
        low, high = task.input_bounds()["velocity_command"]
        np.testing.assert_array_equal(high, [0.5, 0.3, 0.7])
        inputs, seen = task.draw_inputs(rng), []
        for step in range(1, 400):
            inputs = task.change_inputs(inputs, step, 0.05, rng)
            seen.append(inputs["velocity_command"])
        commands = np.unique(seen, axis=0)
        assert len(commands) == 40
        assert (commands >= low).all() and (commands <= high).all()
        assert (commands.min(0) < 0.7 * low).all() and (commands.max(0) > 0.7 * high).all()

    @pytest.mark.parametrize(("period", "ticks"), [(0.05, 80), (0.02, 200), (0.1, 40)])
    def test_a_command_holds_as_long_whatever_the_control_rate(self, period: float, ticks: int) -> None:
        task, rng = make_task("a1_track"), np.random.default_rng(0)
        asked = {"velocity_command": np.zeros(3)}
        changed = [step for step in range(1, 401) if task.change_inputs(asked, step, period, rng) is not asked]
        assert changed == list(range(ticks, 401, ticks))

    def test_the_setting_that_counted_ticks_is_told_of(self) -> None:
        with pytest.raises(ConfigError, match="there is no setting 'task.hold_ticks'; it is hold_seconds now"):
            make_task("a1_track", {"hold_ticks": 80})

    @pytest.mark.parametrize("name", ["a1_track", "ur5_reach"])
    def test_resets_are_of_the_driver_whatever_the_task(self, name: str) -> None:
        with pytest.raises(ConfigError, match="there is no setting 'task.resets'; it is driver.resets"):
            make_task(name, {"resets": "never"})
