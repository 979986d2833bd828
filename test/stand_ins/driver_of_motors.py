# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver's process, to be stopped and killed by a test: it arms a robot and sends its home pose all the time."""

import os
import sys
import time

from file_bus import FileBus, FileBusSettings

from ros_rl.backends.motor_process import LeggedBackend
from ros_rl.robot import load_robot

PERIOD = 0.05  # s


def main() -> None:
    robot = load_robot("a1")
    backend = LeggedBackend(robot, FileBus, FileBusSettings(file=sys.argv[1]), PERIOD)
    backend.connect()
    backend.arm()
    print(os.getpid(), backend.motors.pid, flush=True)
    while True:
        backend.write(robot.home, time.monotonic() + 2 * PERIOD)
        time.sleep(PERIOD)


if __name__ == "__main__":
    main()
