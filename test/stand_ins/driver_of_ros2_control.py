# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's process that moves a robot behind ros2_control until it is ended; it tells its command node's number."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from ros2_control_robots import PERIOD, SETTINGS, driver

if __name__ == "__main__":
    with driver(replace(SETTINGS, stamp_limit=10.0)) as backend:  # a busy machine brings messages late
        backend.connect()
        backend.arm()
        print(backend.commands.pid, flush=True)
        while True:
            backend.write(np.array([0.4, 0.0, 0.0, 0.0, 0.0, 0.0]), time.monotonic() + 2.0 * PERIOD)
            time.sleep(PERIOD)
