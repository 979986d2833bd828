# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a node's process starts, spins and ends."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.timer import Timer

from ros_rl.errors import RosRlError
from ros_rl.runs.processes import PARENT_VARIABLE

_PR_SET_PDEATHSIG = 1
_WAIT_SECONDS = 1.0


def make_executor() -> Any:
    """The events executor where this ROS distribution has it (Jazzy and newer), else the single-threaded one."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor()
    return EventsExecutor()


def spin(executor: Any) -> None:
    """Work until the context shuts down, by waits that end.

    The events executor of PyPI's wheels (rclpy 9.1.2) polls at full speed in an endless wait: its deadline overflows.
    """
    try:
        while rclpy.ok():
            executor.spin_once(timeout_sec=_WAIT_SECONDS)
    except ExternalShutdownException:
        pass


def rest_garbage() -> None:
    """Spare the collector of garbage the objects that stay: looking at them takes longer than answering a tick may."""
    gc.collect()
    gc.freeze()


def create_timer(node: Node, seconds: float, callback: Callable[[], None]) -> Timer:
    """A timer on the steady clock: never on simulated time."""
    return node.create_timer(seconds, callback, clock=Clock(clock_type=ClockType.STEADY_TIME))


def end_with_parent() -> None:
    """Let this process end when the one that started it does, if that one asked for it."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    threading.Thread(target=_watch_parent, args=(int(parent),), daemon=True).start()


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(3.0)
    os._exit(1)


def run(make_node: Callable[[], Any], args: list[str] | None = None) -> int:
    """Run a node until it is told to stop.

    Args:
        make_node: Builds the node; its ``close``, if it has one, is called at the end.
        args: Command line; None for the process's own.

    Returns:
        Exit code: 0, or 1 with one line on standard error.
    """
    end_with_parent()
    node = None
    try:
        rclpy.init(args=args)
        node = make_node()
        rest_garbage()
        executor = make_executor()
        executor.add_node(node)
        spin(executor)
    except KeyboardInterrupt:
        pass
    except RosRlError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except (rclpy_implementation.RCLError, InvalidParameterTypeException) as error:
        if node is not None and not rclpy.ok():
            return 0  # the end came while a callback was publishing
        print(f"error: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        return 1
    finally:
        if node is not None:
            getattr(node, "close", lambda: None)()
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
