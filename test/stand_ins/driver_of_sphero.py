# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's process that lets a Sphero roll until it is ended: ``driver_of_sphero.py TOY_PORT CAMERA_PORT``."""

from __future__ import annotations

import sys
import time

import numpy as np

from ros_rl.backends.sphero.backend import SpheroBackend
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.sphero import SpheroSettings

if __name__ == "__main__":
    toy, camera = sys.argv[1:]
    settings = SpheroSettings(bridge=f"127.0.0.1:{toy}", camera=f"tcp://127.0.0.1:{camera}")
    backend = SpheroBackend(load_robot("sphero"), settings, 0.5)
    backend.connect()
    backend.arm()
    while True:
        backend.write(np.array([6.0, 12.0]), time.monotonic() + 1.0)
        time.sleep(0.25)
