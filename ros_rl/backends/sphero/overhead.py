# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Follows the ball in the camera's pictures, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from ros_rl.backends.sphero.camera import Camera
from ros_rl.backends.sphero.tracker import Floor, find
from ros_rl.errors import BackendError
from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.types import Array, Image

_AGAIN = 0.5  # s until a lost camera is opened again
_NOISE = 0.1  # m that a still ball may seem to move
_FORGET = 2.0  # s without it after which the ball may be anywhere; by then the driver knows that it was lost


class Overhead:
    """Where the ball is.

    Args:
        settings: What it looks like, and where the camera looks.
        open_camera: Opens the camera.
        clock: The steady clock [s].
    """

    def __init__(
        self, settings: SpheroSettings, open_camera: Callable[[], Camera], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._open, self._clock = settings, open_camera, clock
        self._floor = Floor(settings.arena, settings.corners or ())
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._place: Array | None = None
        self._picture: Image | None = None
        self._seen, self._count, self._why = 0.0, 0, "no picture has come"
        self._thread = threading.Thread(target=self._live, daemon=True, name="sphero camera")

    def start(self) -> None:
        """Look, until the ball is seen.

        Raises:
            BackendError: It is not.
        """
        self._thread.start()
        deadline = self._clock() + self._settings.connect_time
        while self._place is None:
            if self._clock() > deadline:
                raise BackendError(f"the camera does not see the ball: {self._why}")
            self._ended.wait(0.02)

    def newest(self) -> tuple[Array | None, float, int, str]:
        """Where it was last seen [m], shape (2,), how long ago [s], how often so far, and what is wrong."""
        with self._lock:
            age = self._clock() - self._seen
            lost = age > self._settings.lost_time
            return self._place, age, self._count, f"the camera does not see the ball: {self._why}" if lost else ""

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=3.0)

    def _live(self) -> None:
        while not self._ended.is_set():
            try:
                camera = self._open()
                try:
                    while not self._ended.is_set():
                        self.look(camera.read())
                finally:
                    camera.close()
            except Exception as error:  # cameras' libraries raise anything, and this thread must not end
                self._why = str(error) or type(error).__name__
            self._ended.wait(_AGAIN)

    def look(self, picture: Image) -> None:
        """Take a picture, RGB uint8 (height, width, 3)."""
        now, settings = self._clock(), self._settings
        pixel, why = find(picture, settings.colour, settings.tolerance, settings.smallest)
        same, self._picture = self._picture is not None and np.array_equal(picture, self._picture), picture
        if same:  # noise makes every picture another
            pixel, why = None, "the camera gives the same picture again and again"
        with self._lock:
            if pixel is None:
                self._why = why
                return
            place = self._floor.place(pixel, picture.shape)
            age = now - self._seen
            if self._place is not None and age <= settings.lost_time + _FORGET:
                jump = float(np.linalg.norm(place - self._place))
                if jump > _NOISE + settings.fastest * min(age, settings.lost_time):
                    self._why = f"it jumped by {jump:.2f} m"
                    return
            self._place, self._seen, self._why = place, now, "no picture has come since"
            self._count += 1
