# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Stands for a robot and its client: two joints that follow velocities, moved by a thread of their own at 500 Hz."""

import threading
import time

import numpy as np

from ros_rl.types import Measurement


class TwoJoints:
    """A target holds until it expires; then the joints come to rest by themselves, whatever became of the caller."""

    def __init__(self):
        self._position, self._velocity = np.array([0.3, -0.3]), np.zeros(2)
        self._order = (np.zeros(2), 0.0)
        threading.Thread(target=self._move, daemon=True).start()

    def write(self, target, until):
        self._order = (target, until)

    def stop(self):
        self._order = (np.zeros(2), 0.0)

    def read(self):
        effort = np.zeros(2)
        return Measurement(joint_position=self._position, joint_velocity=self._velocity, joint_effort=effort)

    def _move(self):
        before = time.monotonic()
        while True:
            time.sleep(0.002)
            now = time.monotonic()
            target, until = self._order
            step = now - before
            self._velocity = self._velocity + min(1.0, 20.0 * step) * (
                (target if now < until else 0.0) - self._velocity
            )
            self._position, before = self._position + step * self._velocity, now
