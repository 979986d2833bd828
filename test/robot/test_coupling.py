# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Actions that move several joints: their map by hand, its inverse, what is refused."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from robots import LEFT, RIGHT, ROVER, WHEEL, rover_file

from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec
from ros_rl.robot import Robot, load_robot

FINGER = {"lower": 0.0, "upper": 0.04, "velocity": 0.2, "acceleration": 5.0, "effort": 20.0, "home": 0.02, "step": 0.01}


def rover(folder: Path, **changes: Any) -> Robot:
    return load_robot(rover_file(folder, **changes))


def with_gripper(folder: Path, **changes: Any) -> Robot:
    """The same with an arm joint, and two fingers that one action opens to both sides."""
    fingers = {name: {**FINGER, "command_interface": "position"} for name in ("left_finger", "right_finger")}
    lift = {**FINGER, "command_interface": "position", "action_scale": 0.01}
    grip = {"unit": "m", "scale": 0.02, "joints": {"left_finger": 1.0, "right_finger": -0.5}}
    joints = {"lift": lift, **ROVER["joints"], **fingers}
    return rover(folder, **{"joints": joints, "actions": {**ROVER["actions"], "grip": grip}, "mirror": None} | changes)


class TestMap:
    """From actions to wheels and back."""

    @pytest.mark.parametrize(
        ("action", "left", "right"),
        [
            ((0.0, 0.0), 0.0, 0.0),
            ((1.0, 0.0), 4.0, 4.0),  # 0.8 m/s on wheels of 0.2 m
            ((0.0, 1.0), -5.0, 5.0),  # 2 rad/s, 0.5 m to each side: 1 m/s
            ((1.0, 1.0), -1.0, 9.0),
            ((-0.5, 0.2), -3.0, -1.0),
        ],
    )
    def test_four_wheels_as_v_and_omega(self, tmp_path, action, left, right):
        robot = rover(tmp_path)
        assert (robot.size, robot.action_size, robot.actions) == (4, 2, ("forward", "turn"))
        command = robot.command(np.array(action))
        np.testing.assert_allclose(command, [left, left, right, right], atol=1e-14)
        np.testing.assert_allclose(robot.action(command), action, atol=1e-14)

    def test_the_scale_of_a_joint_is_what_all_its_actions_make_together(self, tmp_path):
        np.testing.assert_allclose(rover(tmp_path).scale, np.full(4, 9.0))

    def test_joints_that_no_action_names_act_by_themselves_behind_those(self, tmp_path):
        robot = with_gripper(tmp_path)
        assert robot.actions == ("forward", "turn", "grip", "lift")
        command = robot.command(np.array([0.25, 0.0, 0.5, -1.0]))
        np.testing.assert_allclose(command, [0.01, 1.0, 1.0, 1.0, 1.0, 0.03, 0.015], atol=1e-15)
        np.testing.assert_allclose(robot.neutral_command, [0.02, 0, 0, 0, 0, 0.02, 0.02])

    def test_the_inverse_is_exact_for_many_at_once(self, tmp_path):
        robot, rng = with_gripper(tmp_path), np.random.default_rng(0)
        actions = rng.uniform(-1.5, 1.5, (3, 7, 4))
        commands = robot.command(actions)
        assert commands.shape == (3, 7, 7)
        np.testing.assert_allclose(robot.action(commands), actions, atol=1e-13)

    def test_a_command_that_no_action_makes_is_recorded_as_the_nearest(self, tmp_path):
        robot = rover(tmp_path)
        # the rear right wheel alone was held back by 2 rad/s; the mean of the wheels goes forward, half of what the
        # right side is faster than the left one turns
        found = robot.action(np.array([4.0, 4.0, 4.0, 2.0]))
        np.testing.assert_allclose(found, [3.5 / 4.0, -0.5 / 5.0], atol=1e-14)

        def error(action):
            return np.sum((robot.command(action) - [4.0, 4.0, 4.0, 2.0]) ** 2)

        assert all(error(found) < error(found + step) for step in 0.01 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]))

    def test_one_action_for_each_joint_stays_what_it_was_to_the_last_bit(self):
        robot, rng = load_robot("a1"), np.random.default_rng(0)
        actions = rng.uniform(-1.0, 1.0, (50, 12))
        np.testing.assert_array_equal(robot.command(actions), robot.home + actions * robot.scale)
        commands = rng.uniform(-2.0, 2.0, (50, 12))
        np.testing.assert_array_equal(robot.action(commands), (commands - robot.home) / robot.scale)
        assert robot.actions == robot.joints


class TestLayout:
    """What agents see of it."""

    def test_actions_have_the_size_and_the_names_of_actions_and_joints_those_of_joints(self, tmp_path):
        spec = ObservationSpec(rover(tmp_path), ("joint_velocity",), 2)
        assert (spec.actions, spec.action_size) == (("forward", "turn"), 2)
        assert {name: part.stop - part.start for name, part in spec.slices.items()} == {
            "joint_velocity": 4,
            "last_action": 2,
            "pending_actions": 4,
        }
        assert spec.coupling["turn"] == {**dict.fromkeys(LEFT, -5.0), **dict.fromkeys(RIGHT, 5.0)}

    def test_in_the_mirror_it_drives_forward_and_turns_the_other_way(self, tmp_path):
        robot = rover(tmp_path)
        spec = ObservationSpec(robot, ("joint_velocity", "angular_velocity"), 1)
        mirror = spec.mirror()
        assert mirror is not None
        index, sign = mirror
        seen = np.array([1.0, 2.0, 3.0, 4.0, 0.1, 0.2, 0.3, 0.5, -0.6, 0.7, 0.8])
        np.testing.assert_allclose(
            seen[index] * sign, [3.0, 4.0, 1.0, 2.0, -0.1, 0.2, -0.3, 0.5, 0.6, 0.7, -0.8], atol=1e-15
        )
        # what the mirrored action does is the mirror image of what the action does
        joints, signs = robot.mirror
        action = np.array([0.5, -0.6])
        mirrored = action[index[7:9] - np.array(7)] * sign[7:9]
        np.testing.assert_allclose(robot.command(mirrored), robot.command(action)[list(joints)] * signs, atol=1e-14)


class TestRefusals:
    """Each with the key and what is wrong."""

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (
                {"joints": {"wheel": 1.0}},
                r"'actions.turn.joints.wheel': the robot has no such joint; it has front_left",
            ),
            ({"joints": {}}, "'actions.turn.joints': there is none"),
            ({"joints": {"front_left": 0.0}}, "'actions.turn.joints.front_left' is 0"),
            ({"joints": {"front_left": float("nan")}}, "'actions.turn.joints.front_left' is nan"),
            ({"scale": 0.0}, "'actions.turn.scale' is 0.0, out of range"),
            ({"unit": " "}, "'actions.turn.unit' is ' '"),
            ({"joints": dict.fromkeys((*LEFT, *RIGHT), 1.0)}, "forward, turn cannot be told apart"),
            ({"scale": 3.0}, r"joints.front_left: action range \[-11.500, 11.500\] leaves the limits"),
            ({"joints": {"front_left": -2.5}}, "mirror: the mirror image of action 'turn' is none of the actions"),
            ({"factor": 2.0}, "unknown setting 'actions.turn.factor'"),
        ],
    )
    def test_an_action_that_cannot_be(self, tmp_path, change, message):
        actions: Any = ROVER["actions"]
        with pytest.raises(ConfigError, match=message):
            rover(tmp_path, actions={**actions, "turn": {**actions["turn"], **change}})

    def test_a_joint_says_its_scale_or_an_action_does_and_never_both(self, tmp_path):
        joints: Any = ROVER["joints"]
        both = {**joints, "rear_left": {**WHEEL, "action_scale": 1.0}}
        with pytest.raises(
            ConfigError, match=r"'joints.rear_left.action_scale' is not allowed beside actions that move"
        ):
            rover(tmp_path, joints=both)
        with pytest.raises(ConfigError, match=r"missing key 'joints.front_left.action_scale': none of actions"):
            rover(tmp_path, actions={})

    def test_an_action_and_a_joint_of_one_name(self, tmp_path):
        actions: Any = ROVER["actions"]
        with pytest.raises(ConfigError, match="'lift' is the name of a joint that acts by itself, too"):
            with_gripper(
                tmp_path,
                actions={
                    **actions,
                    "lift": {"unit": "m", "scale": 0.01, "joints": {"left_finger": 1.0, "right_finger": 1.0}},
                },
            )


@pytest.mark.parametrize("make", [rover, with_gripper])
def test_bounds_of_actions_are_reached_at_corners_of_the_commands_and_left_nowhere(tmp_path, make) -> None:
    robot = make(tmp_path)
    low, high = robot.action_bounds()
    corners = np.array(list(itertools.product(*zip(*robot.command_bounds(), strict=True))))
    actions = robot.action(corners)
    assert actions.shape[-1] == len(robot.actions)
    np.testing.assert_allclose(low, actions.min(0), atol=1e-9)
    np.testing.assert_allclose(high, actions.max(0), atol=1e-9)
