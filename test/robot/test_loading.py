# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robot descriptions: those that ship make sense, and one that does not is refused with the reason."""

import copy
from importlib.metadata import EntryPoint, EntryPoints

import numpy as np
import pytest
import yaml
from robots import gripper_arm

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot, robot_names


@pytest.mark.parametrize("name", robot_names())
def test_a_robot_that_ships_makes_sense(name):
    robot = load_robot(name)
    assert robot.name == name
    assert len(set(robot.joints)) == robot.size == len(robot.home)
    for limit in (robot.limits.velocity, robot.limits.acceleration, robot.limits.effort, robot.limits.step):
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
    with pytest.raises(UnknownNameError, match=", ".join(robot_names())):
        load_robot("r2d2")


def test_a_passive_joint_has_no_place_in_actions_and_commands():
    cartpole = load_robot("cartpole")
    assert (cartpole.joints, cartpole.passive, cartpole.size) == (("cart_joint",), ("pole_joint",), 1)
    np.testing.assert_array_equal(cartpole.command(np.array([-0.25])), [-2.0])  # N
    np.testing.assert_array_equal(cartpole.neutral_command, [0.0])


class TestMixedInterfaces:
    """An arm with velocity commands and, in place of its last joint, a gripper with position commands."""

    def test_each_joint_has_its_own_action_map(self, tmp_path):
        robot = load_robot(gripper_arm(tmp_path))
        assert robot.interfaces == ("velocity",) * 5 + ("position",)
        np.testing.assert_allclose(robot.command(np.full(6, 0.5)), [0.5] * 5 + [0.3 + 0.5 * 0.3])
        np.testing.assert_array_equal(robot.neutral_command, [0.0] * 5 + [0.3])
        actions = np.linspace(-1.0, 1.0, 6)
        np.testing.assert_allclose(robot.action(robot.command(actions)), actions, atol=1e-15)
        low, high = robot.command_bounds()
        np.testing.assert_array_equal(high, [3.14] * 5 + [0.8])
        np.testing.assert_array_equal(low, [-3.14] * 5 + [0.0])

    def test_its_position_limits_bound_its_actions(self, tmp_path):
        with pytest.raises(
            ConfigError, match=r"joints.joint6: action range \[-0.200, 0.600\] leaves .* \[0.000, 0.800\]"
        ):
            load_robot(gripper_arm(tmp_path, action_scale=0.4, home=0.2))


def test_a_robot_of_another_package(monkeypatch, tmp_path):
    (tmp_path / "my_robots.py").write_text("from pathlib import Path\nARM = Path(__file__).with_name('robot.yaml')\n")
    gripper_arm(tmp_path)
    point = EntryPoint("gripper_arm", "my_robots:ARM", "ros_rl.robots")
    monkeypatch.setattr("ros_rl.plugins.entry_points", lambda: EntryPoints([point]))
    monkeypatch.syspath_prepend(tmp_path)
    assert load_robot("gripper_arm").interfaces[-1] == "position"
    assert "gripper_arm" in robot_names()


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

    @pytest.mark.parametrize(
        "key", ["name", "joints", "sensors", "command_interface", "safety", "base_frame", "floating_base"]
    )
    def test_a_missing_key(self, tmp_path, data, key):
        del data[key]
        with pytest.raises(ConfigError, match=f"robot.yaml: missing key '{key}'"):
            self.load(tmp_path, data)

    @pytest.mark.parametrize("key", ["velocity", "action_scale", "step"])
    def test_a_joint_without_a_number(self, tmp_path, data, key):
        del data["joints"]["joint3"][key]
        with pytest.raises(ConfigError, match=f"robot.yaml: missing key 'joints.joint3.{key}'"):
            self.load(tmp_path, data)
        data["joints"]["joint3"][key] = float("nan")
        with pytest.raises(ConfigError, match=f"robot.yaml: 'joints.joint3.{key}' is nan"):
            self.load(tmp_path, data)

    @pytest.mark.parametrize("gone", [("lower",), ("upper", "home"), ("lower", "upper"), ("home",)])
    def test_some_of_limits_and_home_left_out(self, tmp_path, data, gone):
        for key in gone:
            del data["joints"]["joint3"][key]
        words = f"missing key 'joints.joint3.{gone[0]}': only a wheel has none of lower, upper and home"
        with pytest.raises(ConfigError, match=words):
            self.load(tmp_path, data)

    def test_all_of_them_left_out_is_a_wheel_and_no_joint_with_positions(self, tmp_path, data):
        for key in ("lower", "upper", "home"):
            del data["joints"]["joint3"][key]
        robot = self.load(tmp_path, data)
        assert robot.endless == ("joint3",)
        assert (robot.limits.lower[2], robot.limits.upper[2], robot.home[2]) == (-np.inf, np.inf, 0.0)
        data["joints"]["joint3"]["command_interface"] = "position"
        with pytest.raises(ConfigError, match="missing key 'joints.joint3.lower': a joint with position commands"):
            self.load(tmp_path, data)

    def test_gains_may_be_left_out_where_nothing_needs_them(self, tmp_path, data):
        del data["joints"]["joint3"]["stiffness"], data["joints"]["joint3"]["damping"]
        assert self.load(tmp_path, data).stiffness[2] == 0.0
        data["joints"]["joint3"] |= {"command_interface": "position", "action_scale": 0.1}
        with pytest.raises(ConfigError, match="joints.joint3: stiffness is missing or 0, so that position commands"):
            self.load(tmp_path, data)

    def test_a_tool_position_needs_a_tool(self, tmp_path, data):
        del data["tool_frame"]
        with pytest.raises(ConfigError, match="sensors name tool_position, and no tool_frame says of what"):
            self.load(tmp_path, data)

    def test_a_urdf_beside_the_file_is_meant_before_others(self, tmp_path, data):
        (tmp_path / "xarm").mkdir()
        beside = tmp_path / data["simulation"]["urdf"]
        assert self.load(tmp_path, data).simulation.urdf == data["simulation"]["urdf"]
        beside.touch()
        assert self.load(tmp_path, data).simulation.urdf == str(beside)

    @pytest.mark.parametrize("name", ["nope.yaml", "nope.yml"])
    def test_a_file_that_is_not_there(self, tmp_path, name):
        with pytest.raises(ConfigError, match=f"{name}: No such file or directory"):
            load_robot(str(tmp_path / name))

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
            (
                {
                    "command_interface": "position",
                    "safety": {
                        "tilt": float("inf"),
                        "joint_error": 1.0,
                        "joint_margin": 0.1,
                        "safe_action": "damp",
                        "damping": 0,
                    },
                },
                "safety.damping is 0.0, which with safe_action 'damp' lets the joints fall",
            ),
            ({"passive_joints": {3: {"home": 0.0}}}, "'passive_joints' has the name 3, expected str; put it in quotes"),
            ({"joints": {False: {}}}, "'joints' has the name False, expected str; put it in quotes"),
            ({"joints": {None: {}}}, "'joints' has the name None, expected str; put it in quotes"),
            ({7: 1}, "unknown setting '7'; valid: actions, base_frame,"),
            ({"command_interface": "effort"}, "safe_action is 'stop', allowed with effort commands: damp, hold"),
        ],
    )
    def test_passive_joints_and_efforts_that_make_no_sense(self, tmp_path, data, changes, words):
        with pytest.raises(ConfigError, match=words):
            self.load(tmp_path, data | changes)

    @pytest.mark.parametrize(
        ("path", "value", "words"),
        [
            (
                "joints.joint3.damping",
                -1.0,
                "'joints.joint3.damping' is -1.0, out of range: derivative gain",
            ),
            ("joints.joint3.step", -1.0, "'joints.joint3.step' is -1.0, out of range"),
            ("joints.joint3.effort", 0.0, "'joints.joint3.effort' is 0.0, out of range"),
            ("joints.joint3.velocity", -3.0, "'joints.joint3.velocity' is -3.0, out of range"),
            ("joints.joint3.velocity", float("inf"), "'joints.joint3.velocity' is inf, expected a finite number"),
            ("joints.joint3.action_scale", 0.0, "'joints.joint3.action_scale' is 0.0, out of range"),
            ("joints.joint3.lower", "low", "'joints.joint3.lower' is 'low', expected float"),
            (
                "joints.joint3.speed",
                1.0,
                "unknown setting 'joints.joint3.speed'; valid in joints.joint3: acceleration,",
            ),
            (
                "joints.joint3.command_interface",
                "torque",
                "'joints.joint3.command_interface' is 'torque', not a choice",
            ),
            ("joints", {}, "joints: there is none"),
            ("floating_base", "false", "'floating_base' is 'false', expected bool"),
            ("name", 6, "'name' is 6, expected str"),
            ("safety.tilt", float("nan"), "'safety.tilt' is nan, expected a number"),
            ("safety.joint_margin", float("inf"), "'safety.joint_margin' is inf, expected a finite number"),
            ("safety.damping", -1.0, "'safety.damping' is -1.0, out of range"),
            ("sensors", "joint_position", "'sensors' is 'joint_position', expected a list"),
            ("simulation.urfd", "x", "unknown setting 'simulation.urfd'; valid in simulation: feet,"),
            ("simulation.self_collision", 1, "'simulation.self_collision' is 1, expected bool"),
            ("simulation.tool_offset", [0.0, 0.1], "'simulation.tool_offset' is [0.0, 0.1], expected a list of 3"),
            ("simulation.tool_link", None, "simulation.tool_link is missing: no link of the URDF carries tool_frame"),
            ("simulation.joints", {"joint9": "x"}, "simulation.joints: the robot has no joint joint9"),
            (
                "simulation.joints",
                {"joint2": "x", "joint5": "x"},
                "simulation.joints: joint2 and joint5 are both joint 'x' of the URDF",
            ),
            ("simulation.joints", {"joint2": "joint5"}, "simulation.joints: joint2 and joint5 are both joint 'joint5'"),
            ("simulation.joints", {"joint1": False}, "'simulation.joints.joint1' is False, expected str"),
            ("simulation.feet", ["a", "b", "a"], "'simulation.feet' names a twice"),
            (
                "mirror",
                {"joint1": "joint9"},
                "mirror: unknown joint joint9; there are joint1, joint2, joint3, joint4, joint5, joint6: add it",
            ),
            ("mirror", {"joint1": "joint2", "joint3": "joint2"}, "mirror: joint2 has two images, joint1 and joint3"),
            (
                "mirror",
                {"joint1": "joint2", "joint2": "-joint1"},
                "mirror: joint2 has two images, joint1 and joint1, or",
            ),
            ("mirror", {"joint1": "--joint2"}, "mirror: unknown joint -joint2"),
            ("mirror", {"joint1": True}, "'mirror.joint1' is True, expected str"),
            ("sensors", ["joint_position", "joint_effort", "joint_position"], "'sensors' names joint_position twice"),
            ("sensors", ["joint_position", 7], "'sensors[1]' is 7, expected str"),
            ("name", "", "'name' is '', expected one that is not empty"),
            ("name", False, "'name' is False, expected str: the robot's name"),
            ("base_frame", "  ", "'base_frame' is '  ', expected one that is not empty"),
            ("floating_base", 0, "'floating_base' is 0, expected bool"),
            ("floating_base", None, "'floating_base' is None, expected bool"),
            ("command_ramp", True, "'command_ramp' is True, expected float"),
            ("command_ramp", "0.5", "'command_ramp' is '0.5', expected float"),
            ("joints.joint3.lower", float("nan"), "'joints.joint3.lower' is nan, expected a number"),
            ("joints.joint3.home", float("inf"), "'joints.joint3.home' is inf, expected a finite number"),
            ("joints.joint3.step", 0.0, "'joints.joint3.step' is 0.0, out of range"),
            ("joints.joint3.stiffness", -1.0, "'joints.joint3.stiffness' is -1.0, out of range"),
            ("joints.joint3.acceleration", 10**400, "'joints.joint3.acceleration' is inf, expected a finite number"),
            ("joints.joint3.effort", [32.0], "'joints.joint3.effort' is [32.0], expected float"),
            ("joints.joint3", None, "'joints.joint3' is None, expected a group of settings"),
            ("joints.no", {}, "missing key 'joints.no.velocity'"),
            ("safety.tilt", 1.3, "safety.tilt is 1.3, and no sensor tells it: add imu_orientation"),
            ("safety.tilt", 0.0, "'safety.tilt' is 0.0, out of range"),
            (
                "safety.tlit",
                1.0,
                "unknown setting 'safety.tlit'; valid in safety: damping, effort, effort_error, frozen,",
            ),
            ("safety.velocity", 0.0, "'safety.velocity' is 0.0, out of range"),
            (
                "safety.velocity_of",
                {"joint9": 3.0},
                "safety.velocity_of names joint9, which is no joint",
            ),
            ("safety.velocity_of", {"joint3": 0.0}, "'safety.velocity_of.joint3' is 0.0, out of range"),
            ("safety.velocity_error", float("nan"), "'safety.velocity_error' is nan, expected a number"),
            ("safety.tracking_time", float("inf"), "'safety.tracking_time' is inf, expected a finite number"),
            ("safety.tracking_time", -0.1, "'safety.tracking_time' is -0.1, out of range"),
            ("safety.stale", 0.0, "'safety.stale' is 0.0, out of range"),
            ("safety.orientation_norm", 2.0, "'safety.orientation_norm' is 2.0, out of range"),
        ],
    )
    def test_what_is_wrong_is_named_with_file_and_key(self, tmp_path, data, path, value, words):
        *groups, key = path.split(".")
        place = data
        for group in groups:
            place = place[group]
        place[key] = value
        with pytest.raises(ConfigError) as caught:
            self.load(tmp_path, data)
        assert str(caught.value).startswith(f"{tmp_path / 'robot.yaml'}: {words}")
        assert "\n" not in str(caught.value)

    def test_a_mirror_cannot_change_the_command_interface(self, tmp_path, data):
        data["joints"]["joint1"]["command_interface"] = "effort"
        data["safety"]["safe_action"] = "hold"
        data["mirror"] = {"joint1": "joint2"} | {name: name for name in ("joint3", "joint4", "joint5", "joint6")}
        with pytest.raises(
            ConfigError, match="mirror: joint1 takes effort commands, its image joint2 velocity commands"
        ):
            self.load(tmp_path, data)

    def test_a_file_that_holds_no_mapping(self, tmp_path):
        path = tmp_path / "robot.yaml"
        path.write_text("just text")
        with pytest.raises(ConfigError, match="robot.yaml: this is 'just text', expected a group of settings"):
            load_robot(str(path))

    def test_a_mirror_cannot_speak_for_passive_joints(self, tmp_path, data):
        images = {name: name for name in data["joints"]}
        with pytest.raises(ConfigError, match="mirror: not allowed together with passive_joints"):
            self.load(tmp_path, data | {"passive_joints": {"free": {"home": 0.0}}, "mirror": images})
