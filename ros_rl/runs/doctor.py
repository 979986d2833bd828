# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a machine brings for running a robot: packages, real-time hints, its clock. Read, never changed."""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import resource
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_NEEDED = ("numpy", "yaml", "onnxruntime", "mcap")
_OPTIONAL = {
    "rclpy": "the nodes: ROS 2, or ros_rl[ros]",
    "torch": "learning: ros_rl[learn]",
    "pybullet": "the simulator: ros_rl[sim]",
    "mujoco": "a second simulator: ros_rl[mujoco]",
}
_CPU = Path("/sys/devices/system/cpu")
_UNSYNCHRONISED = 0x40  # STA_UNSYNC of Linux' timex.h
_LOCKED_BYTES = 64 * 2**20  # what a motor loop's process keeps in memory, by far


@dataclass(frozen=True)
class Check:
    """Something that was looked at.

    Attributes:
        name: What.
        found: How it is.
        fix: What to do about it; empty where nothing is wrong.
        fatal: Whether a robot cannot run with it.
    """

    name: str
    found: str
    fix: str = ""
    fatal: bool = False


def installed(clients: Iterable[str] = ()) -> Iterator[Check]:
    """The packages that a robot's computer needs, and those that some commands need.

    Args:
        clients: Packages of the vendor's that the driver in question imports.
    """
    yield Check("python", f"{platform.python_version()} on {platform.machine()}")
    clients = tuple(clients)
    for name in (*_NEEDED, *(client for client in clients if client not in _OPTIONAL)):
        there = importlib.util.find_spec(name) is not None
        fix = "" if there else f"install {name}: pip install ros_rl, or the extra that the driver's page names"
        yield Check(name, _version(name) if there else "missing", fix, fatal=not there)
    for name, use in _OPTIONAL.items():
        there = importlib.util.find_spec(name) is not None
        asked = name in clients
        fix = f"install {name} for {use}" if asked and not there else ""
        yield Check(name, _version(name) if there else f"missing ({use})", fix, fatal=bool(fix))


def _version(module: str) -> str:
    for distribution in (*importlib.metadata.packages_distributions().get(module, ()), module):
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return str(getattr(sys.modules.get(module), "__version__", "there"))


def real_time() -> Iterator[Check]:
    """Hints on how punctual a control loop can be here; none of them keeps a robot from running."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    fix = f"end what else runs here: {load:.1f} processes want {cores} cores" if load > 0.8 * cores else ""
    yield Check("load", f"{load:.1f} of {cores} cores", fix)
    yield _governor()
    kernel = Path("/sys/kernel/realtime")
    preempt = "PREEMPT_RT" in platform.version() or (kernel.is_file() and kernel.read_text().strip() == "1")
    yield Check("kernel", f"{platform.release()}{', PREEMPT_RT' if preempt else ', without PREEMPT_RT'}")
    yield _priority()
    locked = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0]
    small = 0 <= locked < _LOCKED_BYTES
    shown = "unlimited" if locked < 0 else f"{locked / 2**20:.0f} MB"
    yield Check("locked memory", shown, "let memory be locked: '@realtime - memlock unlimited' in limits.conf" * small)


def _governor() -> Check:
    files = sorted(_CPU.glob("cpu[0-9]*/cpufreq/scaling_governor"))
    found = sorted({file.read_text().strip() for file in files})
    if not found:
        return Check("governor", "not to be seen here")
    slow = found != ["performance"]
    return Check("governor", ", ".join(found), "set it to performance: cpupower frequency-set -g performance" * slow)


def _priority() -> Check:
    """Whether this process may have a real-time priority; tried, and given back at once."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return Check(
            "priority",
            "no real-time priority",
            "allow it: '@realtime - rtprio 99' in /etc/security/limits.conf, and the user in the group realtime",
        )
    os.sched_setscheduler(0, *before)
    return Check("priority", "real-time priorities allowed")


def clock() -> Check:
    """Whether the system's clock follows others: stamps of several machines are compared."""
    words = (ctypes.c_long * 64)()  # struct timex; its modes are 0: only read. The status is its fifth long on 64 bits
    if ctypes.CDLL(None, use_errno=True).adjtimex(words) < 0:
        return Check("clock", "not to be read here")
    loose = bool(ctypes.cast(words, ctypes.POINTER(ctypes.c_int))[10] & _UNSYNCHRONISED)
    fix = "with several machines synchronise it: chrony or systemd-timesyncd" * loose
    return Check("clock", "follows no other clock" if loose else "synchronised", fix)
