# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Ticks and commands survive their way through messages bit for bit, in whatever order these arrive."""

import itertools
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import deserialize_message, serialize_message
from robots import gripper_arm
from sensor_msgs.msg import JointState
from tick_parts import tick_parts

from ros_rl.errors import CommandError, ContractError
from ros_rl.nodes import messages
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.packets import from_vectors, to_vectors
from ros_rl.nodes.sensor_messages import sensor_topics
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.robot import Robot, load_robot
from ros_rl.safety import CommandFilter
from ros_rl.sensors.table import SENSORS
from ros_rl.types import Measurement, SafetyState, Tick

pytestmark = pytest.mark.ros
ROBOT = load_robot("a1")


def tick(stamp: int = 1_795_345_295_395_391_127, missing: tuple[str, ...] = ()) -> Tick:
    rng = np.random.default_rng(stamp % 1000)
    values = {name: rng.normal(size=SENSORS[name].shape(ROBOT)) for name in ROBOT.sensors if name not in missing}
    origin, inputs = rng.normal(size=3), {"goal_position": rng.normal(size=3), "velocity_command": rng.normal(size=3)}
    line, measurement = rng.normal(size=(2, 12)), Measurement(values)
    return Tick(stamp, 7, 3, 4, SafetyState.RUNNING, False, origin, rng.normal(size=12), line, measurement, inputs, 3)


def parts_of(sent: Tick) -> dict[str, Any]:
    """A tick's messages after their way over the wire, by topic."""
    return {name: deserialize_message(serialize_message(m), type(m)) for name, m in tick_parts(sent, ROBOT).items()}


class Subscriber:
    """A node that only remembers its subscriptions."""

    def __init__(self) -> None:
        self.callbacks = {}

    def create_subscription(self, kind, topic, callback, qos, raw):
        self.callbacks[topic] = callback


@pytest.fixture
def join():
    node, ticks, refusals = Subscriber(), [], []
    made = TickJoin(Gate(node, None, refusals.append), ROBOT, ticks.append)
    return made, lambda part, message: node.callbacks[part](message), ticks, refusals


def assert_same(first: Tick, second: Tick) -> None:
    for item in fields(Tick):
        a, b = getattr(first, item.name), getattr(second, item.name)
        if isinstance(a, np.ndarray):
            assert a.shape == b.shape and a.tobytes() == b.tobytes(), item.name
        elif isinstance(a, dict):
            assert set(a) == set(b), item.name
            assert all(a[name].shape == b[name].shape and a[name].tobytes() == b[name].tobytes() for name in a)
        else:
            assert a == b, item.name


ODOMETRY = ("base_position", "base_orientation", "base_linear_velocity")


@pytest.mark.parametrize("missing", [(), ("imu_angular_velocity",), ODOMETRY, ROBOT.sensors[3:6]])
def test_a_tick_is_rebuilt_bit_for_bit_in_any_order(join, missing) -> None:
    made, receive, ticks, refusals = join
    for count, order in enumerate(itertools.permutations(parts_of(tick(1, missing)))):
        sent = tick(1000 + count, missing)
        parts = parts_of(sent)
        for name in order:
            receive(name, parts[name])
        assert len(ticks) == count + 1
        assert_same(ticks[-1], sent)
    assert not refusals and made.incomplete == 0


def test_a_tick_says_whose_command_answered_the_one_before(join) -> None:
    """By an empty field that ticks of agents, and those of old logs, lack."""
    made, receive, ticks, _ = join
    for sent in (tick(1), replace(tick(2), by_person=True)):
        for name, message in parts_of(sent).items():
            receive(name, message)
        assert_same(ticks[-1], sent)
    labels = [{d.label for d in parts_of(sent)["tick"].layout.dim} for sent in ticks]
    assert labels[1] - labels[0] == {"by_person"}


def test_a_topic_that_cannot_tell_what_is_missing_stays_silent() -> None:
    assert set(parts_of(tick(missing=("base_position",)))) == {"joint_states", "imu/data", "tick"}
    imu = parts_of(tick(missing=("imu_orientation",)))["imu/data"]
    assert imu.orientation_covariance[0] == -1.0 and imu.angular_velocity_covariance[0] == 0.0  # REP 145


def test_covariances_are_those_of_the_known_noise() -> None:
    """By hand: variances on the diagonals, height as the one noisy coordinate, -1 where nothing was measured."""
    noise = {"orientation": 0.02, "angular_velocity": 0.1, "linear_velocity": 0.3, "height": 0.01}
    measured = tick(missing=("imu_linear_acceleration",)).measurement
    made = {topic.name: topic.to_message(7, measured) for topic in sensor_topics(ROBOT, noise)}
    imu, odom = made["imu/data"], made["odom"]
    np.testing.assert_allclose(imu.orientation_covariance, np.diag([4e-4] * 3).reshape(-1))
    np.testing.assert_allclose(imu.angular_velocity_covariance, np.diag([1e-2] * 3).reshape(-1))
    np.testing.assert_allclose(imu.linear_acceleration_covariance, [-1.0] + [0.0] * 8)
    np.testing.assert_allclose(odom.pose.covariance, np.diag([0, 0, 1e-4, 4e-4, 4e-4, 4e-4]).reshape(-1))
    np.testing.assert_allclose(odom.twist.covariance, np.diag([0.09] * 3 + [1e-2] * 3).reshape(-1))
    unknown = {topic.name: topic.to_message(7, measured) for topic in sensor_topics(ROBOT)}
    assert not unknown["odom"].pose.covariance.any() and not unknown["imu/data"].orientation_covariance.any()


def test_a_repeated_tick_is_delivered_once_per_repetition(join) -> None:
    _, receive, ticks, _ = join
    for _ in range(3):
        for name, message in parts_of(tick()).items():
            receive(name, message)
    assert len(ticks) == 3


def test_a_tick_that_lacks_a_part_is_given_up_and_counted(join) -> None:
    made, receive, ticks, _ = join
    for stamp in range(20):
        for name, message in parts_of(tick(stamp)).items():
            if name != "odom" or stamp == 19:
                receive(name, message)
    assert len(ticks) == 1 and made.incomplete == 12


def test_joints_are_names(join) -> None:
    _, receive, ticks, refusals = join
    sent = tick()
    parts = parts_of(sent)
    order = np.random.default_rng(0).permutation(12)
    shuffled = JointState(header=parts["joint_states"].header, name=[ROBOT.joints[i] for i in order])
    for name in ("position", "velocity", "effort"):
        setattr(shuffled, name, np.array(getattr(parts["joint_states"], name))[order].tolist())
    for name, message in (parts | {"joint_states": shuffled}).items():
        receive(name, message)
    assert_same(ticks[0], sent)
    shuffled.name[0] = "knee"
    for name, message in (parts | {"joint_states": shuffled}).items():
        receive(name, message)
    assert len(ticks) == 1 and "needs FR_hip_joint" in refusals[0]


def test_a_tick_for_another_robot_is_refused(join) -> None:
    _, receive, ticks, refusals = join
    parts = parts_of(replace(tick(), pending_commands=np.zeros((1, 5))))
    for name, message in parts.items():
        receive(name, message)
    assert not ticks and "tick does not fit a1" in refusals[0]


def test_commands() -> None:
    value = np.random.default_rng(2).normal(size=12)
    message = messages.to_command(5, ROBOT, value)
    found = messages.from_command(message, ROBOT)
    assert found.stamp == 5 and found.value.tobytes() == value.tobytes()
    assert not found.by_person and message.header.frame_id == ""
    assert messages.from_command(messages.to_command(5, ROBOT, value, by_person=True), ROBOT).by_person
    message.name.append("extra")
    with pytest.raises(CommandError, match="names the joints"):
        messages.from_command(message, ROBOT)
    message.name.pop()
    message.position.pop()
    with pytest.raises(CommandError, match="11 position values for 12 joints"):
        messages.from_command(message, ROBOT)


class TestMixedCommands:
    """Five velocities and a gripper's position."""

    @pytest.fixture
    def robot(self, tmp_path):
        return load_robot(gripper_arm(tmp_path))

    def test_each_target_stands_in_the_field_of_its_interface(self, robot):
        value = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
        message = messages.to_command(5, robot, value)
        np.testing.assert_array_equal(message.velocity, [0.1, 0.2, 0.3, 0.4, 0.5, np.nan])
        np.testing.assert_array_equal(message.position, [np.nan] * 5 + [0.6])
        assert not message.effort
        sent = deserialize_message(serialize_message(message), JointState)
        np.testing.assert_array_equal(messages.from_command(sent, robot).value, value)

    def test_a_field_that_is_missing_is_named(self, robot):
        message = messages.to_command(5, robot, np.zeros(6))
        message.position = []
        with pytest.raises(CommandError, match="0 position values for 6 joints of xarm6"):
            messages.from_command(message, robot)

    def test_a_target_in_the_wrong_field_is_no_target(self, robot):
        message = messages.to_command(5, robot, np.zeros(6))
        message.position, message.velocity = [0.0] * 5 + [np.nan], [0.0] * 6
        value = messages.from_command(message, robot).value
        with pytest.raises(CommandError, match="not finite at joint6"):
            CommandFilter(robot, 0.05)(value)

    def test_one_interface_for_all_leaves_the_others_empty(self):
        message = messages.to_command(5, ROBOT, ROBOT.home)
        assert list(message.position) == ROBOT.home.tolist() and not message.velocity and not message.effort
        message.velocity = [float("nan")] * 12
        assert messages.from_command(message, ROBOT).value.tolist() == ROBOT.home.tolist()


class TestACartpole:
    robot = load_robot("cartpole")

    def test_efforts_travel_as_efforts(self) -> None:
        message = messages.to_command(5, self.robot, np.array([3.5]))
        assert list(message.effort) == [3.5] and not message.position and not message.velocity
        assert messages.from_command(message, self.robot).value.tolist() == [3.5]

    @pytest.mark.parametrize("order", [[0, 1], [1, 0]])
    def test_passive_joints_come_with_the_others_by_name(self, order) -> None:
        names = ("joint_position", "joint_velocity", "joint_effort", "passive_position", "passive_velocity")
        m = Measurement({name: np.array([0.1 * (i + 1)]) for i, name in enumerate(names)})
        sent = Tick(9, 0, 0, 0, SafetyState.RUNNING, True, np.zeros(3), np.zeros(1), np.zeros((0, 1)), m)
        parts = tick_parts(sent, self.robot)
        joints = parts["joint_states"]
        assert joints.name == ["cart_joint", "pole_joint"] and list(joints.effort) == [m["joint_effort"][0], 0.0]
        joints.name = [joints.name[i] for i in order]
        for name in ("position", "velocity", "effort"):
            setattr(joints, name, [getattr(joints, name)[i] for i in order])
        assert_same(assembled(parts, self.robot), sent)

    def test_a_missing_passive_joint_is_named(self) -> None:
        value = np.array([0.1])
        m = Measurement(dict.fromkeys(self.robot.sensors, value))
        sent = Tick(9, 0, 0, 0, SafetyState.RUNNING, True, np.zeros(3), value, np.zeros((0, 1)), m)
        parts = tick_parts(sent, self.robot)
        joints = parts["joint_states"]
        for name in ("name", "position", "velocity", "effort"):
            getattr(joints, name).pop()
        with pytest.raises(ContractError, match="needs cart_joint, pole_joint"):
            assembled(parts, self.robot)


class TestWhatATickComesWith:
    def test_a_tick_without_word_of_its_parts_has_all(self) -> None:
        sent = tick()
        header, known = from_vectors(parts_of(sent)["tick"])
        del known["parts"]
        assert_same(assembled(parts_of(sent) | {"tick": to_vectors(header, known)}, ROBOT), sent)

    def test_a_tick_of_another_number_of_topics_is_refused(self) -> None:
        header, known = from_vectors(parts_of(tick())["tick"])
        changed = to_vectors(header, known | {"parts": [1.0]})
        with pytest.raises(ContractError, match="1 topics of sensors, a1 has 3: joint_states, imu/data, odom"):
            assembled(parts_of(tick()) | {"tick": changed}, ROBOT)


def assembled(parts: dict[str, Any], robot: Robot) -> Tick:
    assembler = TickAssembler(robot)
    *_, whole = [assembler.add(name, *assembler.unpack(name, message)) for name, message in parts.items()]
    assert whole is not None
    return whole
