# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a robot's cameras measure: rows as those of `ros_rl.sensors.table`, made of the cameras that look.

Topics and frames are named as image_pipeline and REP 103 have them, encodings as REP 118: depth is along the optical
axis in mm (16UC1), 0 where nothing was measured. Stamps are the tick's, as of every sensor.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ros_rl.errors import ConfigError, ContractError
from ros_rl.robot import Camera, Robot
from ros_rl.ros_names import check_namespace
from ros_rl.sensors.sensor import Sensor, Topic
from ros_rl.types import Measurement

IMAGE = "sensor_msgs/msg/Image"
INFO = "sensor_msgs/msg/CameraInfo"
WATCHED = "watched"
"""Namespace, below the run's, in which camera nodes of somebody's publish, unless the settings name other topics."""
_IMAGE, _DEPTH = "image_", "depth_"


class Encoding(NamedTuple):
    """How a picture's pixels stand in a message.

    Attributes:
        name: As ``sensor_msgs/image_encodings`` has it.
        dtype: Of a value, little-endian.
        channels: Values of a pixel.
    """

    name: str
    dtype: str
    channels: int

    def shape(self, camera: Camera) -> tuple[int, ...]:
        """Of a picture as an array, rows from the top."""
        return (*camera.size, self.channels) if self.channels > 1 else camera.size

    def row(self, width: int) -> int:
        """Bytes of a row of pixels."""
        return width * self.channels * np.dtype(self.dtype).itemsize


RGB, DEPTH = Encoding("rgb8", "uint8", 3), Encoding("16UC1", "<u2", 1)


def image_of(camera: str) -> str:
    """The name of a camera's pictures among what is measured: uint8, shape (height, width, 3)."""
    return f"{_IMAGE}{camera}"


def depth_of(camera: str) -> str:
    """The name of a camera's depth among what is measured: uint16 [mm], shape (height, width)."""
    return f"{_DEPTH}{camera}"


def optical_frame(camera: str) -> str:
    """The frame in which a camera looks along z, with x to the right and y down (REP 103)."""
    return f"{camera}_optical_frame"


def camera_sensors(robot: Robot) -> dict[str, Sensor]:
    """What the robot's cameras that look measure, by name: colour, and depth of those that measure it."""
    found = {}
    for name, camera in robot.cameras.items():
        found[image_of(name)] = _sensor(name, camera, RGB, f"camera/{name}/image_raw", "1", "red, green and blue")
        if camera.depth:
            found[depth_of(name)] = _sensor(
                name, camera, DEPTH, f"camera/{name}/depth/image_raw", "mm", "distance along the optical axis"
            )
    return found


def info_topics(robot: Robot) -> list[tuple[str, str]]:
    """Each camera's name with the topics on which it is told what it is, one beside each of its pictures'."""
    colour = [(name, f"camera/{name}/camera_info") for name in robot.cameras]
    return colour + [(name, f"camera/{name}/depth/camera_info") for name, item in robot.cameras.items() if item.depth]


def watched_topics(robot: Robot, given: Sequence[str] = ()) -> dict[str, str]:
    """On which topics a camera node of somebody's publishes pictures for a robot without its own, by what they measure.

    Args:
        robot: Whose cameras look.
        given: Those that are elsewhere than in the namespace `WATCHED`; see `named_topics`.

    Raises:
        ConfigError: One cannot be, or nothing of that name is measured.
    """
    topics = {
        name: f"{WATCHED}/{sensor.topic.name.removeprefix('camera/')}" for name, sensor in camera_sensors(robot).items()
    }
    named = named_topics(given)
    for name in named:
        if name not in topics:
            looks = ", ".join(topics) or "nothing that looks"
            raise ConfigError(f"driver.camera_topics names '{name}', which no camera gives; there is {looks}")
    return topics | named


def named_topics(given: Sequence[str]) -> dict[str, str]:
    """What is to be heard on which topic, by what it measures.

    Args:
        given: ``NAME=TOPIC``, as ``driver.camera_topics`` has them.

    Raises:
        ConfigError: One is written otherwise, or its topic is no name.
    """
    found = {}
    for item in given:
        name, _, topic = item.partition("=")
        if not topic.strip("/") or name in found:
            raise ConfigError(
                f"driver.camera_topics has '{item}': expected NAME=TOPIC, each name once, such as "
                "image_wrist=/camera/color/image_raw"
            )
        try:
            found[name] = f"{'/' * topic.startswith('/')}{check_namespace(topic)}"
        except ConfigError:
            raise ConfigError(
                f"driver.camera_topics has '{item}', whose topic is no name that ROS allows: letters, digits and _, "
                "with single slashes between them"
            ) from None
    return found


def _sensor(name: str, camera: Camera, encoding: Encoding, topic: str, unit: str, meaning: str) -> Sensor:
    def prepare(message: Any, robot: Robot, m: Measurement) -> None:
        message.header.frame_id = optical_frame(name)
        message.height, message.width = camera.size
        message.encoding, message.is_bigendian, message.step = encoding.name, 0, encoding.row(camera.width)

    def write(message: Any, value: NDArray[Any], robot: Robot) -> None:
        message.data = array("B", np.ascontiguousarray(value, encoding.dtype).tobytes())

    def read(message: Any, robot: Robot) -> NDArray[Any]:
        return _pixels(name, camera, encoding, message)

    shape = encoding.shape(camera)
    return Sensor(
        unit,
        lambda robot: shape,
        Topic(topic, IMAGE, prepare),
        write,
        read,
        dtype=np.dtype(encoding.dtype).name,
        meaning=f"of camera '{name}': {meaning}",
        frame=optical_frame(name),
    )


def _pixels(name: str, camera: Camera, encoding: Encoding, message: Any) -> NDArray[Any]:
    """A message's picture as an array, shape (height, width) or (height, width, channels)."""
    found = (message.width, message.height, message.encoding)
    wanted = (camera.width, camera.height, encoding.name)
    if found != wanted:
        raise ContractError(
            f"picture of camera '{name}' is {found[0]}x{found[1]} {found[2][:20]}, expected "
            f"{wanted[0]}x{wanted[1]} {wanted[2]}"
        )
    return pixels_of(message, encoding, f"picture of camera '{name}'")


def pixels_of(message: Any, encoding: Encoding, who: str = "it") -> NDArray[Any]:
    """A message's picture as an array of its own size, whatever stands between its rows.

    Args:
        message: ``sensor_msgs/Image``.
        encoding: Its own.
        who: Has it, for messages.

    Raises:
        ContractError: It has fewer bytes than its size and encoding want.
    """
    height, row, step = message.height, encoding.row(message.width), message.step
    data = np.frombuffer(message.data, np.uint8)
    if step < row or data.size < step * height:
        raise ContractError(f"{who} has {data.size} bytes in rows of {step}, expected {height} rows of {row}")
    rows = np.ascontiguousarray(data[: step * height].reshape(height, step)[:, :row])
    kind = np.dtype(encoding.dtype).newbyteorder(">" if message.is_bigendian else "<")
    shape = (height, message.width, encoding.channels)
    picture = rows.view(kind).reshape(shape if encoding.channels > 1 else shape[:2])
    return picture.astype(np.dtype(encoding.dtype).name, copy=False)
