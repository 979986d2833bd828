# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What holds for every test: its own corner of the network, and ROS tests only where there is ROS."""

import ctypes
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Iterator

import pytest
from ros_domain import reserve_domain

from ros_rl.backends.display import draw_without_display
from ros_rl.errors import MissingDependencyError

draw_without_display()  # before any test imports MuJoCo

# Set before any test imports rclpy; the processes that tests start inherit it. Two runs on a machine don't meet, and
# nothing leaves the machine. Who exports a domain keeps it.
_LOCK = reserve_domain()  # held as long as this process lives
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_LOCALHOST_ONLY"] = "1"  # the same for Humble


def _do_without_real_time() -> None:
    """Let no process that tests start go before others, as for an ordinary user.

    Two tests run side by side, and the stand-in of one robot starved where the motor loop and the stand-in of another
    took both processors at real-time priority.
    """
    resource.setrlimit(resource.RLIMIT_RTPRIO, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, _CAP_SYS_NICE, 0, 0, 0)  # denied, with no harm, to all but root


def _be_interruptible() -> None:
    """Let Ctrl-C and a hang-up end what tests start, also where a shell in the background or nohup ignores them."""
    for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


_PR_CAPBSET_DROP, _CAP_SYS_NICE = 24, 23  # linux/prctl.h, linux/capability.h
_do_without_real_time()
_be_interruptible()

_WITHOUT_PYBULLET = importlib.util.find_spec("pybullet") is None


def pytest_report_header() -> str:
    """Tell which simulator the tests have."""
    return "pybullet is not installed: MuJoCo takes its place, tests that need it are skipped" * _WITHOUT_PYBULLET


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """Skip a module that cannot be imported without it."""
    outcome = yield
    report = outcome.get_result()
    if _WITHOUT_PYBULLET and report.failed and "MissingDependencyError: pybullet" in str(report.longrepr):
        report.outcome, report.longrepr = "skipped", (str(collector.path), 0, "Skipped: pybullet is not installed")


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call() -> Iterator[None]:
    """Skip a test that turns out to need PyBullet, or a model that it brings, where there is none."""
    outcome = yield
    found = outcome.excinfo[1] if outcome.excinfo is not None else None
    if _WITHOUT_PYBULLET and isinstance(found, MissingDependencyError) and "pybullet" in str(found):
        outcome.force_exception(pytest.skip.Exception(str(found)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked ``ros`` on a machine without rclpy; in CI they run, and fail there."""
    if importlib.util.find_spec("rclpy") is not None or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("ros"):
            item.add_marker(pytest.mark.skip(reason="rclpy is not installed: pip install -e '.[ros]'"))


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """A command that is tried in this process may take real-time priority, which is not for the tests that follow."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) in (os.SCHED_FIFO, os.SCHED_RR):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def seeded() -> None:
    """The same random numbers of torch in every run of a test."""
    import torch

    torch.manual_seed(0)
