# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whatever messages hold: only the project's own errors come out of their readers, and only finite numbers."""

from array import array
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from fuzzing import BREAKS, NUMBERS, VECTORS, broken, fuzz, taken
from geometry_msgs.msg import PoseStamped, Twist
from hypothesis import given
from hypothesis import strategies as st
from mock_logs import ROBOT, mock_ticks, write
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, UInt8MultiArray
from tick_parts import tick_parts

from ros_rl.errors import RosRlError
from ros_rl.layout import LARGEST_VALUE
from ros_rl.nodes import messages, packets
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.nodes.sensor_messages import camera_topics, sensor_topics
from ros_rl.nodes.tick_assembler import TickAssembler
from ros_rl.robot import Camera, load_robot
from ros_rl.sensors.inputs import INPUTS, check_input
from ros_rl.sensors.table import SENSORS
from ros_rl.types import Measurement, Verdict
from ros_rl.wire import Header

pytestmark = pytest.mark.ros
HEADER = ("stamp_sec", "stamp_nanosec", "sequence", "version")
A1, ARM = load_robot("a1"), load_robot("xarm6")
TICK = mock_ticks(1)[0]
NAMES = st.lists(st.sampled_from([*ROBOT.joints, "knee", ""]), max_size=4)
WORDS = st.sampled_from(
    ["verdict", "steps", "done", "env_steps", "transitions", "robot_minutes", "loss.x", "index", ""]
)


def vectors(fields: list[tuple[str, list[float]]]) -> Float64MultiArray:
    message = Float64MultiArray(data=array("d", [number for _, value in fields for number in value]))
    message.layout.dim = [MultiArrayDimension(label=name, size=len(value)) for name, value in fields]
    return message


@fuzz(200)
@given(
    header=st.one_of(st.just([1.0, 2.0, 3.0, 4.0]), st.lists(NUMBERS, min_size=4, max_size=4)),
    fields=st.lists(st.tuples(WORDS, VECTORS), max_size=4),
    size=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
)
def test_small_messages(header, fields, size) -> None:
    message = vectors([(name, [value]) for name, value in zip(HEADER, header, strict=True)] + fields)
    if size is not None:
        message.layout.dim[-1].size = size
    verdict = taken(lambda: packets.from_verdict(message))
    assert verdict is None or (verdict[0] >= 0 and verdict[1] in Verdict)
    allowance = taken(lambda: packets.from_allowance(message))
    assert allowance is None or 0 <= allowance <= 2**53
    steps = taken(lambda: packets.steps_from(message))
    assert steps is None or min(steps) >= 0
    progress = taken(lambda: packets.from_progress(message))
    assert progress is None or np.isfinite(list(progress.values())).all()


@fuzz(100)
@given(
    labels=st.lists(st.tuples(st.sampled_from(["header", "model", "request", "x"]), st.integers(0, 30)), max_size=4),
    data=st.binary(max_size=80),
    exact=st.booleans(),
)
def test_blocks(labels, data, exact) -> None:
    if exact:
        labels = [("header", 24), *labels]
        data = bytes(24) + b"".join(bytes(size) for _, size in labels[1:])
    message = UInt8MultiArray(data=array("B", data))
    message.layout.dim = [MultiArrayDimension(label=name, size=size) for name, size in labels]
    taken(lambda: packets.from_request(message))
    blocks, graph = taken(lambda: packets.from_blocks(message)), None
    if blocks is not None and "model" in blocks[1]:
        graph = blocks[0].version, blocks[1]["model"]
    assert taken(lambda: packets.from_raw_graph(serialize_message(message))) == graph


@fuzz(200)
@given(data=st.binary(max_size=120), cut=st.integers(0, 120), place=st.integers(0, 119), value=st.integers(0, 255))
def test_serialised_blocks(data, cut, place, value) -> None:
    taken(lambda: packets.from_raw_graph(data))
    message = bytearray(packets.to_raw_blocks(Header(1), {"model": b"abc"}))
    taken(lambda: packets.from_raw_graph(bytes(message[:cut])))
    message[place % len(message)] = value
    taken(lambda: packets.from_raw_graph(bytes(message)))


TICK_FIELDS = list(packets.from_vectors(tick_parts(TICK, ROBOT)["tick"])[1])


@fuzz(250)
@given(
    changes=st.dictionaries(st.sampled_from([*TICK_FIELDS, "input.goal_position", "input.x"]), VECTORS, max_size=2),
    missing=st.sets(st.sampled_from(TICK_FIELDS), max_size=1),
    joints=st.one_of(st.none(), st.tuples(NAMES, VECTORS, VECTORS, VECTORS)),
)
def test_ticks(changes, missing, joints) -> None:
    parts = tick_parts(TICK, ROBOT)
    header, fields = packets.from_vectors(parts["tick"])
    fields |= {name: np.array(value) for name, value in changes.items()}
    parts["tick"] = packets.to_vectors(header, {name: v for name, v in fields.items() if name not in missing})
    if joints is not None:
        header_of = parts["joint_states"].header
        names, position, velocity, effort = joints
        parts["joint_states"] = JointState(
            header=header_of, name=names, position=position, velocity=velocity, effort=effort
        )

    def read() -> Any:
        assembler = TickAssembler(ROBOT)
        return [assembler.add(name, *assembler.unpack(name, message)) for name, message in parts.items()][-1]

    tick = taken(read)
    if tick is None:
        return
    assert min(tick.stamp, tick.index, tick.episode, tick.step, tick.env_steps) >= 0
    values = [tick.origin, tick.previous_command, tick.pending_commands, *tick.inputs.values()]
    assert all(np.isfinite(value).all() for value in values)
    assert tick.origin.shape == (3,) and tick.previous_command.shape == (ROBOT.size,)
    assert tick.pending_commands.shape[1:] == (ROBOT.size,)
    for value in tick.measurement.values():
        assert value.shape == (ROBOT.size,) and (np.abs(value) <= LARGEST_VALUE).all()


@fuzz(60)
@given(which=st.integers(0, 2), flips=BREAKS[0], cut=BREAKS[1])
def test_serialised_sensor_messages(which, flips, cut) -> None:
    """What the middleware reads of broken bytes; what it does not, raises what it likes, which the gate takes."""
    topic = sensor_topics(A1)[which]
    measured = Measurement({name: np.zeros(SENSORS[name].shape(A1)) for name in A1.sensors})
    sent = serialize_message(topic.to_message(5, measured))
    try:
        message = deserialize_message(broken(sent, flips, cut), topic.kind)
    except Exception:
        return
    found = taken(lambda: topic.values(topic.unpack(message)[1]))
    for value in (found or {}).values():
        assert (np.abs(value) <= LARGEST_VALUE).all()


WATCHED = replace(ROBOT, cameras={"eye": Camera(position=(0, 0, 1), target=(0, 1, 0), field_of_view=1.0, depth=True)})
LENGTHS = st.integers(0, 2**32 - 1)


@fuzz(100)
@given(
    name=st.sampled_from(["image_eye", "depth_eye"]),
    changes=st.dictionaries(st.sampled_from(["width", "height", "step"]), LENGTHS | st.integers(0, 400)),
    encoding=st.sampled_from(["", "rgb8", "16UC1", "bgr8", "rgb8\x00"]) | st.none(),
    size=st.integers(0, 13_000) | st.none(),
)
def test_pictures(name, changes, encoding, size) -> None:
    topic = camera_topics(WATCHED)[name]
    seen = {"image_eye": np.zeros((64, 64, 3), np.uint8), "depth_eye": np.zeros((64, 64), np.uint16)}
    message = topic.to_message(5, Measurement(seen))
    if size is not None:
        message.data = array("B", bytes(size))
    for field, value in (changes | ({} if encoding is None else {"encoding": encoding})).items():
        setattr(message, field, value)
    found = taken(lambda: topic.values(topic.unpack(message)[1]))
    assert found is None or (found[name].shape, found[name].dtype) == (seen[name].shape, seen[name].dtype)


@fuzz(200)
@given(names=NAMES, position=VECTORS, velocity=VECTORS, own=st.booleans(), sec=st.integers(-(2**31), 2**31 - 1))
def test_commands(names, position, velocity, own, sec) -> None:
    message = JointState(name=list(ROBOT.joints) if own else names, position=position, velocity=velocity)
    message.header.stamp.sec = sec
    command = taken(lambda: messages.from_command(message, ROBOT))
    assert command is None or (command.value.shape == (ROBOT.size,) and command.stamp >= 0)


@fuzz(100)
@given(numbers=st.lists(NUMBERS, min_size=3, max_size=3), frame=st.sampled_from([ARM.base_frame, "map", ""]))
def test_what_a_task_is_asked_for(numbers, frame) -> None:
    goal, twist = PoseStamped(), Twist()
    goal.header.frame_id = frame
    goal.pose.position.x, goal.pose.position.y, goal.pose.position.z = numbers
    twist.linear.x, twist.linear.y, twist.angular.z = numbers
    for name, message in (("goal_position", goal), ("velocity_command", twist)):

        def read(name: str = name, message: Any = message) -> Any:
            value = INPUTS[name].read(message, ARM)
            check_input(name, value, ("goal_position", "velocity_command"), ARM)
            return value

        found = taken(read)
        assert found is None or (found.tolist() == numbers and (np.abs(found) <= LARGEST_VALUE).all())


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> bytes:
    folder = write(tmp_path_factory.mktemp("log"), mock_ticks(20))
    (file,) = folder.glob("*.mcap")
    return file.read_bytes()


@fuzz(120)
@given(flips=BREAKS[0], cut=BREAKS[1])
def test_logs(log, tmp_path_factory, flips, cut) -> None:
    path = tmp_path_factory.getbasetemp() / "broken.mcap"
    path.write_bytes(broken(log, flips, cut))
    try:
        for tick in read_ticks(path, ROBOT):
            assert np.isfinite(tick.previous_command).all()
    except RosRlError as error:
        assert "\n" not in str(error)
