# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's process that moves an xArm until it is ended: ``driver_of_xarm.py CONTROL_PORT REPORT_PORT``."""

from __future__ import annotations

import sys
import time

import numpy as np

from ros_rl.backends.xarm.backend import XarmBackend
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.xarm import XarmSettings

if __name__ == "__main__":
    control, report = map(int, sys.argv[1:])
    settings = XarmSettings(address="127.0.0.1", control_port=control, report_port=report)
    backend = XarmBackend(load_robot("xarm6"), settings, 0.05)
    backend.connect()
    backend.arm()
    while True:
        backend.write(np.array([0.4, 0.0, 0.0, 0.0, 0.0, 0.0]), time.monotonic() + 0.1)
        time.sleep(0.05)
