# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The motor process: ``<descriptor of the shared memory>``, and the pickled `MotorSpec` on standard input.

It outlives its driver, whatever ends that, until the robot is damped and at rest.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import time
from types import FrameType

from ros_rl.backends.motor_process.loop import MotorLoop
from ros_rl.backends.motor_process.priority import take_priority
from ros_rl.backends.motor_process.records import SharedMemory
from ros_rl.backends.motor_process.spec import MotorSpec
from ros_rl.errors import RosRlError


def main() -> int:
    """Run until the driver is done or gone, and the robot at rest."""
    driver, spec = pickle.load(sys.stdin.buffer)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ended = _Ended()
    signal.signal(signal.SIGTERM, ended.end)
    memory = SharedMemory(spec.robot.size, spec.feet, int(sys.argv[1]))
    bus = spec.bus(spec.settings, spec.robot)
    loop = MotorLoop(spec, bus, memory, lambda: os.getppid() == driver and not ended.asked)
    priority = take_priority(spec.priority)  # when all is made; threads that the bus starts have the same
    try:
        bus.open()
    except RosRlError as error:
        print(error, flush=True)
        return 1
    print("open", flush=True)
    loop.be_told(priority)
    gc.freeze()
    gc.disable()  # nothing here makes circles, and a collection takes longer than a cycle
    run(loop, spec)
    bus.close()
    print(loop.summary(), file=sys.stderr)
    return 0


class _Ended:
    """Whether the process was asked to end, by SIGTERM."""

    asked = False

    def end(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def run(loop: MotorLoop, spec: MotorSpec) -> None:
    """Step by the steady clock; a cycle that is missed is left out."""
    cycle = 1.0 / spec.rate_hz
    due = time.monotonic()
    while not loop.over:
        loop.step(time.monotonic())
        due += cycle
        wait = due - time.monotonic()
        if wait > 0.0:
            time.sleep(wait)
        elif wait < -cycle:
            due = time.monotonic()


if __name__ == "__main__":
    sys.exit(main())
