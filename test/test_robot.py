# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robot descriptions: those that ship make sense, and one that does not is refused with the reason."""

import copy

import numpy as np
import pytest
import yaml

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot, robot_names


@pytest.mark.parametrize("name", robot_names())
def test_a_robot_that_ships_makes_sense(name):
    robot = load_robot(name)
    assert robot.name == name
    assert len(set(robot.joints)) == robot.size == len(robot.home)
    for limit in (robot.limits.velocity, robot.limits.acceleration, robot.limits.effort, robot.safety.step):
        assert limit.shape == (robot.size,) and (limit > 0.0).all()
    assert np.isinf(robot.safety.tilt) or robot.floating_base


def test_position_commands_are_offsets_from_home_and_velocities_from_zero():
    a1, arm = load_robot("a1"), load_robot("xarm6")
    np.testing.assert_allclose(a1.command(np.ones(12)), a1.home + np.tile([0.2, 0.4, 0.4], 4))
    np.testing.assert_allclose(arm.command(np.full(6, 0.5)), np.full(6, 0.5))
    np.testing.assert_array_equal(a1.neutral_command, a1.home)
    np.testing.assert_array_equal(arm.neutral_command, np.zeros(6))


def test_a_command_outside_the_action_range_is_recorded_as_it_was():
    a1 = load_robot("a1")
    assert a1.action(a1.home + 1.0).max() == pytest.approx(5.0)


def test_an_unknown_robot_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="a1, cartpole, mock, xarm6"):
        load_robot("r2d2")


def test_a_passive_joint_has_no_place_in_actions_and_commands():
    cartpole = load_robot("cartpole")
    assert (cartpole.joints, cartpole.passive, cartpole.size) == (("cart_joint",), ("pole_joint",), 1)
    np.testing.assert_array_equal(cartpole.command(np.array([-0.25])), [-2.0])  # N
    np.testing.assert_array_equal(cartpole.neutral_command, [0.0])


class TestBrokenFiles:
    @pytest.fixture
    def data(self):
        return copy.deepcopy(yaml.safe_load(share_path("config", "robots", "xarm6.yaml").read_text()))

    def load(self, tmp_path, data):
        path = tmp_path / "robot.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return load_robot(str(path))

    def test_a_file_of_ones_own_loads(self, tmp_path, data):
        assert self.load(tmp_path, data).joints == load_robot("xarm6").joints

    @pytest.mark.parametrize("key", ["name", "joints", "command_interface", "safety", "base_frame", "floating_base"])
    def test_a_missing_key(self, tmp_path, data, key):
        del data[key]
        with pytest.raises(ConfigError, match=f"robot.yaml: missing key '{key}'"):
            self.load(tmp_path, data)

    @pytest.mark.parametrize("key", ["lower", "velocity", "home", "action_scale", "step"])
    def test_a_joint_without_a_number(self, tmp_path, data, key):
        del data["joints"]["joint3"][key]
        with pytest.raises(ConfigError, match=f"robot.yaml: missing key 'joints.joint3.{key}'"):
            self.load(tmp_path, data)
        data["joints"]["joint3"][key] = float("nan")
        with pytest.raises(ConfigError, match=f"robot.yaml: 'joints.joint3.{key}' is nan"):
            self.load(tmp_path, data)

    @pytest.mark.parametrize(
        ("joint", "words"),
        [
            ({"lower": 1.0, "upper": -1.0}, "lower 1.0 is not below upper -1.0"),
            ({"home": 7.0}, "home 7.0 is outside"),
            ({"action_scale": 4.0}, r"action range \[-4.000, 4.000\] leaves the limits \[-3.140, 3.140\]"),
        ],
    )
    def test_a_joint_that_makes_no_sense(self, tmp_path, data, joint, words):
        data["joints"]["joint3"].update(joint)
        with pytest.raises(ConfigError, match=f"joint3: {words}"):
            self.load(tmp_path, data)

    def test_choices_are_named(self, tmp_path, data):
        with pytest.raises(ConfigError, match="torque.*position, velocity, effort"):
            self.load(tmp_path, data | {"command_interface": "torque"})
        with pytest.raises(ConfigError, match="pray.*damp, hold, stop"):
            self.load(tmp_path, data | {"safety": data["safety"] | {"safe_action": "pray"}})
        with pytest.raises(ConfigError, match="'command_ramp' is 2.0, out of range"):
            self.load(tmp_path, data | {"command_ramp": 2.0})

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"passive_joints": {"joint3": {"home": 0.0}}}, "joint3 is a commanded joint, too"),
            (
                {"passive_joints": {"free": {"home": float("nan")}}},
                "'passive_joints.free.home' is nan, expected a finite number",
            ),
            ({"command_interface": "effort"}, "safe_action is 'stop', allowed with effort commands: damp, hold"),
        ],
    )
    def test_passive_joints_and_efforts_that_make_no_sense(self, tmp_path, data, changes, words):
        with pytest.raises(ConfigError, match=words):
            self.load(tmp_path, data | changes)

    def test_a_mirror_cannot_speak_for_passive_joints(self, tmp_path, data):
        images = {name: name for name in data["joints"]}
        with pytest.raises(ConfigError, match="mirror: not allowed together with passive_joints"):
            self.load(tmp_path, data | {"passive_joints": {"free": {"home": 0.0}}, "mirror": images})
