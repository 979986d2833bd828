# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the drivers of real robots refuse in their settings, before anything is started or sent."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.errors import ConfigError, TimingError
from ros_rl.robot import load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint
from ros_rl.settings.driver import check_driver
from ros_rl.settings.hardware import HARDWARE_SETTINGS
from ros_rl.settings.hardware.checks import check_host, endpoint
from ros_rl.settings.hardware.ros2_control import Ros2ControlSettings
from ros_rl.settings.hardware.so101 import So101Settings
from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings
from ros_rl.settings.hardware.unitree_go2 import UnitreeGo2Settings
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings
from ros_rl.settings.hardware.xarm import XarmSettings
from ros_rl.settings.loading import load_settings
from ros_rl.settings.nodes import ControlSettings

NO_HOST = ["", " ", "192.168.0", "192.168.0.256", "192.168.0.10:30004", "http://robot", "my robot", "-robot", "a..b"]


@pytest.mark.parametrize("address", ["192.168.0.10", "robot", "ur-5.lab.example", "robot_1", "10.0.0.1"])
def test_addresses_and_names_of_machines(address: str) -> None:
    check_host("address", address, "192.168.0.10")


@pytest.mark.parametrize("address", NO_HOST)
def test_what_is_no_machine_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^driver\.backend\.address is .*such as 192\.168\.0\.10"):
        UrRtdeSettings(address=address)


@pytest.mark.parametrize("kind", [UnitreeA1Settings, XarmSettings])
@pytest.mark.parametrize("address", ["255.255.255.255", "224.0.0.1", "0.0.0.0"])
def test_nothing_is_sent_to_all_machines(kind: type, address: str) -> None:
    with pytest.raises(ConfigError, match=f"'{address}', which is no single machine"):
        kind(address=address)


def test_an_xarm_has_no_serial_port() -> None:
    for address in ("COM3", "/dev/ttyUSB0", "xarm.local"):  # the vendor's client takes each for a serial port
        with pytest.raises(ConfigError, match="expected an IPv4 address such as 192.168.1.203"):
            XarmSettings(address=address)
    with pytest.raises(ConfigError, match="port is empty; give the adapter's device"):
        So101Settings(port=" ")


def test_host_and_port() -> None:
    assert endpoint("bridge", "127.0.0.1:50004") == ("127.0.0.1", 50004)
    for text in ("127.0.0.1", ":1", "a:", "a:0", "a:65536", "a:x", "a:-1"):
        with pytest.raises(ConfigError, match="bridge is '.*', expected HOST:PORT"):
            endpoint("bridge", text)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"bridge": "127.0.0.1"}, "driver.backend.bridge is '127.0.0.1', expected HOST:PORT"),
        ({"camera": "usb"}, "driver.backend.camera is 'usb', expected a camera's number, or tcp://HOST:PORT"),
        ({"camera": "tcp://127.0.0.1"}, "driver.backend.camera is '127.0.0.1', expected HOST:PORT"),
    ],
)
def test_where_a_toy_and_its_camera_are(settings: dict, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        SpheroSettings(**settings)


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("namespace", "left arm", "'left arm' is no name that ROS allows.*'left_arm' is one"),
        ("controller", "2nd", "'2nd' is no name that ROS allows"),
        ("joint_states", "", "driver.backend.joint_states is empty, expected a name"),
        ("program_running", "a//b", "driver.backend.program_running: 'a//b' is no name"),
        ("lowest_speed", 0.99, "lowest_speed is 0.99 %, at which .* per cent are meant, such as 99, or 0 for no limit"),
    ],
)
def test_names_and_shares_that_cannot_be(name: str, value: object, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Ros2ControlSettings(**{name: value})
    assert Ros2ControlSettings(namespace="/left/arm", joint_states="/left/joint_states").controller == ""


def test_a_controller_of_no_joints() -> None:
    with pytest.raises(ConfigError, match="driver.backend.joints is empty; robot 'ur5e' has shoulder_pan_joint"):
        Ros2ControlSettings(joints=()).check_robot(load_robot("ur5e"))


def test_a_gripper_behind_ros2_control() -> None:
    with pytest.raises(ConfigError, match="'gripper' of robot 'ur5e_gripper' has one of its own.*use driver 'ur_rtde'"):
        Ros2ControlSettings().check_robot(load_robot("ur5e_gripper"))


def test_servos_with_one_number_written_twice() -> None:
    robot = load_robot("so101")
    joints = {**robot.hardware["so101"].joints}
    joints["gripper"] = replace(joints["gripper"], name="01")
    with pytest.raises(ConfigError, match="is '1', expected the id of a servo, 1 to 252, each once"):
        So101Settings().check_robot(replace(robot, hardware={"so101": Hardware(joints=joints)}))


@pytest.mark.parametrize(
    ("settings", "rate_hz", "complaint"),
    [
        (UnitreeA1Settings(rate_hz=100.0), 60.0, "driver.backend.rate_hz 100 is not at least twice control.rate_hz 60"),
        (UnitreeGo2Settings(rate_hz=100.0), 60.0, "not at least twice control.rate_hz 60"),
        (So101Settings(), 60.0, "driver.backend.rate_hz 100 is not at least twice control.rate_hz 60"),
        (UrRtdeSettings(), 80.0, "driver.backend.rate_hz 125 is not at least twice control.rate_hz 80"),
        (XarmSettings(), 120.0, "control.rate_hz is 120, but an xArm reports 100 times a second"),
    ],
)
def test_robots_that_are_too_slow_for_the_control_rate(settings, rate_hz: float, complaint: str) -> None:
    settings.check_timing(ControlSettings(rate_hz=20.0))
    with pytest.raises(TimingError, match=complaint):
        settings.check_timing(ControlSettings(rate_hz=rate_hz))


@pytest.mark.parametrize(("name", "kind"), [("go2", "stiffness"), ("go2", "damping"), ("so101", "stiffness")])
def test_joints_without_gains(name: str, kind: str) -> None:
    robot = load_robot(name)
    settings = HARDWARE_SETTINGS[next(iter(robot.hardware))]()
    gains = getattr(robot, kind).copy()
    gains[1] = 0.0
    complaint = f"^{kind} of joint '{robot.joints[1]}' of robot '{name}' is 0, needed: more than 0$"
    with pytest.raises(ConfigError, match=complaint):
        settings.check_robot(replace(robot, **{kind: gains}))


@pytest.mark.parametrize("name", ["a1", "go2"])
def test_gains_and_torques_that_no_motor_takes(name: str) -> None:
    robot = load_robot(name)
    settings = HARDWARE_SETTINGS[f"unitree_{name}"]()
    settings.check_robot(robot)
    for kind, most in (("stiffness", 20000.0), ("damping", 3000.0)):
        gains = getattr(robot, kind).copy()
        gains[4] = most
        with pytest.raises(ConfigError, match=f"{kind} of joint 'FL_thigh_joint' is {most:g}; driver 'unitree_{name}'"):
            settings.check_robot(replace(robot, **{kind: gains}))
    with pytest.raises(ConfigError, match="effort of joint 'FR_hip_joint' is 150"):
        settings.check_robot(replace(robot, limits=replace(robot.limits, effort=np.full(12, 150.0))))
    with pytest.raises(ConfigError, match="safety.damping is 1e.06"):
        settings.check_robot(replace(robot, safety=replace(robot.safety, damping=1e6)))


@pytest.mark.parametrize(("name", "vendors"), [("a1", "-0.802 to 0.802"), ("go2", "-1.0472 to 1.0472")])
def test_legs_that_may_go_farther_than_the_vendor_lets_them(name: str, vendors: str) -> None:
    robot, hip = load_robot(name), np.arange(12) == 3
    settings = HARDWARE_SETTINGS[f"unitree_{name}"]()
    for change in ({"lower": -30.0}, {"upper": 30.0}, {"upper": np.inf}, {"upper": robot.limits.upper[3] + 0.01}):
        limits = {key: np.where(hip, value, getattr(robot.limits, key)) for key, value in change.items()}
        with pytest.raises(ConfigError, match=f"'FL_hip_joint' of robot '{name}' may .*; the vendor's .* {vendors}$"):
            settings.check_robot(replace(robot, limits=replace(robot.limits, **limits)))
    nearer = replace(robot.limits, lower=0.9 * robot.limits.lower + 0.1 * robot.home)
    settings.check_robot(replace(robot, limits=nearer))


def test_a_leg_that_turns_the_other_way_has_the_vendors_limits_turned() -> None:
    robot, calf = load_robot("go2"), np.arange(12) == 2
    turned = Hardware(joints={"FR_calf_joint": HardwareJoint(sign=-1.0, zero=0.1)})
    lower = np.where(calf, 0.1 + 0.83776, robot.limits.lower)
    upper = np.where(calf, 0.1 + 2.7227, robot.limits.upper)
    settings = UnitreeGo2Settings()
    settings.check_robot(
        replace(robot, limits=replace(robot.limits, lower=lower, upper=upper), hardware={"unitree_go2": turned})
    )
    with pytest.raises(ConfigError, match="'FR_calf_joint' .* the vendor's limits are 0.93776 to 2.8227"):
        settings.check_robot(replace(robot, hardware={"unitree_go2": turned}))


def test_an_arm_that_is_faster_than_any_of_its_kind() -> None:
    robot = load_robot("ur5e")
    with pytest.raises(ConfigError, match="'shoulder_pan_joint' of robot 'ur5e' has velocity 7 rad/s; a UR's joints"):
        UrRtdeSettings().check_robot(replace(robot, limits=replace(robot.limits, velocity=np.full(6, 7.0))))


@pytest.mark.parametrize(
    ("task", "driver"),
    [
        ("a1_walk", "unitree_go2"),
        ("go2_walk", "unitree_a1"),
        ("ur5_reach", "xarm"),
        ("xarm_reach", "ur_rtde"),
        ("so101_reach", "ros2_control"),
    ],
)
def test_a_driver_of_another_robot_with_the_same_joints_is_refused(task: str, driver: str) -> None:
    settings = load_settings(task, overrides=[{"driver.backend.name": driver, "driver.mode": "real_time"}])
    with pytest.raises(ConfigError, match=f"^driver '{driver}' is not for robot '.*', whose file has hardware for "):
        settings.load_robot()


def test_a_robot_whose_file_names_no_driver_takes_any_that_can_move_it() -> None:
    robot = replace(load_robot("ur5e"), hardware={})
    check_driver("ur_rtde", UrRtdeSettings(), robot)
    check_driver("xarm", XarmSettings(address="192.168.1.203"), robot)


def test_shipped_robots_name_drivers_that_there_are() -> None:
    for name in ("a1", "go2", "ur5e", "xarm6", "so101", "sphero"):
        assert set(HARDWARE_SETTINGS) >= set(load_robot(name).hardware) > set()
