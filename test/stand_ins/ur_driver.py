# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's process that turns one joint of a UR until it is ended: ``<address>``; it tells its arm process's id."""

import sys
import time

import numpy as np

from ros_rl.backends.ur_rtde import UrRtdeBackend
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.ur_rtde import UrRtdeSettings

PERIOD = 0.05

if __name__ == "__main__":
    backend = UrRtdeBackend(load_robot("ur5e"), UrRtdeSettings(address=sys.argv[1]), PERIOD)
    backend.connect()
    backend.arm()
    print(backend.arm_process.pid, flush=True)
    speed = np.array([0.2, 0.0, 0.0, 0.0, 0.0, 0.0])
    while True:
        backend.write(speed, time.monotonic() + 2.0 * PERIOD)
        time.sleep(PERIOD)
