# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures from above: of a camera of this machine, or raw over TCP, as the stand-in gives them."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any, Protocol

import numpy as np

from ros_rl.errors import BackendError, MissingDependencyError, one_line
from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.types import Image

_SIZE = struct.Struct(">HH")
_LARGEST = 4096 * 4096
_TIMEOUT = 1.0  # s


class Camera(Protocol):
    """Gives pictures; a test may bring its own."""

    def read(self) -> Image:
        """The next picture, RGB; waits for it, 1 s at most.

        Raises:
            OSError: There is none.
        """

    def close(self) -> None:
        """Release it."""


def open_camera(settings: SpheroSettings) -> Camera:
    """The camera that the settings name.

    Raises:
        MissingDependencyError: It needs OpenCV.
        OSError: It is not there.
    """
    where = settings.camera_at()
    return Webcam(where) if isinstance(where, int) else RawPictures(*where)


class Webcam:
    """A camera of this machine."""

    def __init__(self, number: int) -> None:
        try:
            import cv2
        except ImportError:
            raise MissingDependencyError("opencv-python-headless", "sphero") from None
        self._device: Any = cv2.VideoCapture(number)
        if not self._device.isOpened():
            raise OSError(f"camera {number} cannot be opened")

    def read(self) -> Image:
        """See `Camera.read`."""
        there, picture = self._device.read()
        if not there:
            raise OSError("the camera gives no picture")
        return np.ascontiguousarray(picture[:, :, ::-1])

    def close(self) -> None:
        """See `Camera.close`."""
        self._device.release()


class RawPictures:
    """Width and height, u16 big endian each, then RGB bytes, again and again."""

    def __init__(self, host: str, port: int) -> None:
        try:
            self._socket = socket.create_connection((host, port), _TIMEOUT)
        except OSError as error:
            raise OSError(f"there is none at tcp://{host}:{port} ({error.strerror or one_line(error)})") from None
        self._socket.settimeout(_TIMEOUT)

    def read(self) -> Image:
        """See `Camera.read`."""
        width, height = _SIZE.unpack(self._take(_SIZE.size))
        if not 0 < width * height <= _LARGEST:
            raise BackendError(f"the camera gives pictures of {width}x{height}")
        return np.frombuffer(self._take(width * height * 3), np.uint8).reshape(height, width, 3)

    def close(self) -> None:
        """See `Camera.close`."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _take(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = self._socket.recv(size - len(data))
            if not chunk:
                raise OSError("the camera's connection is closed")
            data += chunk
        return bytes(data)
