# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What stands in the standard messages that a tick comes with, field by field: tools of others read them, too."""

import struct

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import UInt8MultiArray
from tick_parts import tick_parts

from ros_rl.errors import ConfigError, ContractError
from ros_rl.features import ObservationSpec
from ros_rl.nodes.messages import to_point
from ros_rl.nodes.packets import from_raw_blocks, from_vectors, to_blocks, to_raw_blocks, to_vectors
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.robot import Robot, load_robot
from ros_rl.types import Measurement, SafetyState, Tick
from ros_rl.wire import Header

pytestmark = pytest.mark.ros
A1, ARM = load_robot("a1"), load_robot("xarm6")
STAMP = 1_795_345_295_395_391_127  # [ns]
VALUES = {
    "joint_position": np.arange(12) / 10,
    "joint_velocity": 1.0 + np.arange(12),
    "joint_effort": -2.0 - np.arange(12),
    "imu_angular_velocity": np.array([0.1, 0.2, 0.3]),
    "imu_linear_acceleration": np.array([1.1, 1.2, 9.3]),
    "imu_orientation": np.array([0.1, 0.3, 0.5, np.sqrt(0.65)]),
    "base_linear_velocity": np.array([0.4, 0.5, 0.6]),
    "base_position": np.array([2.0, 3.0, 0.3]),
    "base_orientation": np.array([0.5, 0.1, 0.1, np.sqrt(0.73)]),
}


def tick_of(values: dict[str, np.ndarray], robot: Robot = A1) -> Tick:
    commands = 0.1 * np.arange(2 * robot.size).reshape(2, robot.size)
    inputs = {"goal_position": np.array([0.3, 0.4, 0.5])}
    origin, safety = np.array([1.0, 2.0, 0.5]), SafetyState.FAULT
    return Tick(STAMP, 17, 3, 4, safety, False, origin, commands[0], commands[1:], Measurement(values), inputs)


def xyz(field: object) -> list[float]:
    return [field.x, field.y, field.z]


def xyzw(field: object) -> list[float]:
    return [field.x, field.y, field.z, field.w]


def without(*names: str) -> dict[str, np.ndarray]:
    return {name: value for name, value in VALUES.items() if name not in names}


def test_every_message_bears_the_ticks_stamp() -> None:
    parts = tick_parts(tick_of(VALUES), A1)
    assert list(parts) == ["joint_states", "imu/data", "odom", "tick"]
    for name in ("joint_states", "imu/data", "odom"):
        assert (parts[name].header.stamp.sec, parts[name].header.stamp.nanosec) == (1_795_345_295, 395_391_127)


def test_joint_states_are_in_the_robots_order() -> None:
    joints = tick_parts(tick_of(VALUES), A1)["joint_states"]
    assert joints.name == list(A1.joints)
    for field, name in (("position", "joint_position"), ("velocity", "joint_velocity"), ("effort", "joint_effort")):
        assert list(getattr(joints, field)) == VALUES[name].tolist()


def test_the_imu_is_in_the_body_frame_and_says_what_it_measures() -> None:
    imu = tick_parts(tick_of(VALUES), A1)["imu/data"]
    assert imu.header.frame_id == A1.base_frame != ""
    assert xyzw(imu.orientation) == VALUES["imu_orientation"].tolist()
    assert xyz(imu.angular_velocity) == [0.1, 0.2, 0.3] and xyz(imu.linear_acceleration) == [1.1, 1.2, 9.3]
    for name in ("orientation", "angular_velocity", "linear_acceleration"):
        assert getattr(imu, f"{name}_covariance")[0] != -1.0


@pytest.mark.parametrize("name", ["orientation", "angular_velocity", "linear_acceleration"])
def test_what_the_imu_did_not_measure_is_marked_and_stays_unmeasured(name: str) -> None:
    """REP 145: the first covariance is -1. Read as a value it would be level, or at rest, for ever."""
    sent = tick_of(without(f"imu_{name}"))
    parts = tick_parts(sent, A1)
    others = {"orientation", "angular_velocity", "linear_acceleration"} - {name}
    assert getattr(parts["imu/data"], f"{name}_covariance")[0] == -1.0
    assert all(getattr(parts["imu/data"], f"{other}_covariance")[0] != -1.0 for other in others)
    assembler = TickAssembler(A1)
    *_, tick = [assembler.add(topic, *assembler.unpack(topic, message)) for topic, message in parts.items()]
    assert tick is not None and set(tick.measurement) == set(VALUES) - {f"imu_{name}"}


def test_a_tick_with_rates_and_no_orientation_is_no_observation() -> None:
    spec = ObservationSpec(A1, ("joint_position", "gravity"), 1)
    spec.observe(tick_of(VALUES))
    with pytest.raises(ConfigError, match="imu_orientation"):
        spec.observe(tick_of(without("imu_orientation")))


def test_odometry_is_between_its_two_frames() -> None:
    odom = tick_parts(tick_of(VALUES), A1)["odom"]
    assert (odom.header.frame_id, odom.child_frame_id) == ("odom", A1.base_frame)
    assert xyz(odom.pose.pose.position) == [2.0, 3.0, 0.3]
    assert xyzw(odom.pose.pose.orientation) == VALUES["base_orientation"].tolist()
    assert xyz(odom.twist.twist.linear) == [0.4, 0.5, 0.6]  # in the child's frame
    assert xyz(odom.twist.twist.angular) == [0.1, 0.2, 0.3]  # the gyro's, for displays


def test_odometry_without_a_gyro_does_not_turn() -> None:
    odom = tick_parts(tick_of(without("imu_angular_velocity")), A1)["odom"]
    assert xyz(odom.twist.twist.angular) == [0.0, 0.0, 0.0] and xyz(odom.twist.twist.linear) == [0.4, 0.5, 0.6]


def test_a_tool_is_in_the_base_frame() -> None:
    joints = {name: np.arange(6) / 10 for name in ("joint_position", "joint_velocity", "joint_effort")}
    tool = tick_parts(tick_of(joints | {"tool_position": np.array([0.3, 0.1, 0.2])}, ARM), ARM)["tool_pose"]
    assert tool.header.frame_id == ARM.base_frame and xyz(tool.pose.position) == [0.3, 0.1, 0.2]


def test_a_ticks_own_fields() -> None:
    header, found = from_vectors(tick_parts(tick_of(VALUES), A1)["tick"])
    assert (header.stamp, header.sequence) == (STAMP, 17)
    wanted = {"index": [17], "episode": [3], "step": [4], "safety": [3], "intact": [0], "parts": [1, 1, 1]}
    wanted |= {"origin": [1.0, 2.0, 0.5], "input.goal_position": [0.3, 0.4, 0.5]}
    wanted |= {"previous_command": 0.1 * np.arange(12), "pending_commands": 0.1 * np.arange(12, 24)}
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


@pytest.mark.parametrize(
    ("label", "good", "bad"),
    [
        ("episode", -1.0, -2.0),  # before the first
        ("safety", float(max(SafetyState)), float(max(SafetyState)) + 1.0),
        ("input.goal_position", [0.1, 0.2, 0.3], [0.1, 0.2]),
        ("input.unheard_of", [0.1, 0.2], [np.nan]),
    ],
)
def test_a_tick_is_refused_for_what_it_cannot_hold(label: str, good: object, bad: object) -> None:
    parts = tick_parts(tick_of(VALUES), A1)
    header, known = from_vectors(parts["tick"])

    def received(value: object) -> Tick | None:
        changed = parts | {"tick": to_vectors(header, known | {label: value})}
        assembler = TickAssembler(A1)
        *_, tick = [assembler.add(topic, *assembler.unpack(topic, message)) for topic, message in changed.items()]
        return tick

    assert received(good) is not None
    with pytest.raises(ContractError, match=label.removeprefix("input.")):
        received(bad)


def test_a_point() -> None:
    assert xyz(to_point(np.array([1.0, 2.0, 3.0]))) == [1.0, 2.0, 3.0]


def test_packets_are_laid_out_as_old_bags_have_them() -> None:
    message = to_vectors(Header(5_000_000_007, 3, 2), {"a": [0.5, -1.0], "b": 4.0})
    assert [(d.label, d.size) for d in message.layout.dim] == [
        ("stamp_sec", 1), ("stamp_nanosec", 1), ("sequence", 1), ("version", 1), ("a", 2), ("b", 1),
    ]  # fmt: skip
    assert list(message.data) == [5.0, 7.0, 3.0, 2.0, 0.5, -1.0, 4.0]
    assert serialize_message(message).endswith(struct.pack("<7d", 5.0, 7.0, 3.0, 2.0, 0.5, -1.0, 4.0))
    blocks = to_blocks(Header(5_000_000_007, 3, 2), {"model": b"abc"})
    assert [(d.label, d.size) for d in blocks.layout.dim] == [("header", 24), ("model", 3)]
    assert bytes(blocks.data) == b"\x07\xf2\x05\x2a\x01\0\0\0" + b"\x03" + b"\0" * 7 + b"\x02" + b"\0" * 7 + b"abc"


@pytest.mark.parametrize("name", ["model", "a", "ab", "abc", "é"])
def test_blocks_that_are_serialised_at_once_are_the_same_message(name: str) -> None:
    header, fields = Header(5_000_000_007, 3, 2), {name: b"abcde", "empty": b""}
    message = to_raw_blocks(header, fields)
    assert deserialize_message(message, UInt8MultiArray) == to_blocks(header, fields)
    assert from_raw_blocks(message) == (header, fields)
    with pytest.raises(ContractError, match="are no UInt8MultiArray"):
        from_raw_blocks(message[:20])
    with pytest.raises(ContractError, match="its layout names"):
        from_raw_blocks(message[:-1])
