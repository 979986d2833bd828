# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The process that moves the arm: ``<descriptor of the shared memory>``, and the pickled `ArmSpec` on standard input.

Why a process, and a new one for each arming: ur_rtde's client (1.6.5) holds the interpreter while a robot is silent,
and where the connection is lost it either aborts its process, or connects anew inside a call, starts the program
again, this time without a watchdog, and sends the last speed.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import time
from typing import cast

from ros_rl.backends.motor_process.priority import take_priority
from ros_rl.backends.ur_rtde.loop import ArmLoop, Control
from ros_rl.backends.ur_rtde.records import ArmSpec, SharedMemory


def main() -> None:
    """Run until the driver is done or gone and the arm at rest, or anything fails."""
    spec: ArmSpec = pickle.load(sys.stdin.buffer)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    memory = SharedMemory(spec.joints, int(sys.argv[1]))
    loop = ArmLoop(spec, memory, lambda: os.getppid() == spec.driver and not ended, time.monotonic)
    loop.arm(lambda: take_control(spec))
    refuse_new_connections()
    run(loop, 1.0 / spec.settings.rate_hz)
    os._exit(0)  # the client's own end takes half a second, and may hang


def take_control(spec: ArmSpec) -> Control:
    """Start ur_rtde's program on the robot."""
    from rtde_control import RTDEControlInterface

    take_priority(spec.settings.priority)  # when all is imported; threads that the client starts have the same
    flags = RTDEControlInterface.FLAG_UPLOAD_SCRIPT
    if not spec.settings.remote_control:
        flags |= RTDEControlInterface.FLAG_DISABLE_REMOTE_CONTROL_CHECK
    return cast(Control, RTDEControlInterface(spec.settings.address, spec.settings.rate_hz, flags))


def refuse_new_connections() -> None:
    """No file may be opened any more, so that the client cannot connect anew behind our back; see above."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def run(loop: ArmLoop, cycle: float) -> None:
    """Step by the steady clock; a cycle that is missed is left out."""
    due = time.monotonic()
    while not loop.over:
        loop.step()
        due = max(due + cycle, time.monotonic() - cycle)
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main()
