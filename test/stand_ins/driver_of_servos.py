# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's process, to be stopped and killed by a test: it arms an SO-101 and turns its base all the time."""

import os
import sys
import time

from ros_rl.backends.so101.backend import So101Backend
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.so101 import So101Settings

PERIOD = 0.1  # s


def main() -> None:
    robot = load_robot("so101")
    backend = So101Backend(robot, So101Settings(port=sys.argv[1], silence_limit=1.0), PERIOD)
    backend.connect()
    backend.arm()
    print(os.getpid(), backend.motors.pid, flush=True)
    target = backend.read().measurement["joint_position"]
    while True:
        target[0] = (target[0] + 0.02 + 1.5) % 3.0 - 1.5
        backend.write(target, time.monotonic() + 3 * PERIOD)
        time.sleep(PERIOD)


if __name__ == "__main__":
    main()
