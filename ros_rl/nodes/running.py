# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a node's process lives: it starts, works until it is told to stop, and closes what it holds."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.clock import Clock, ClockType  # type: ignore[attr-defined]
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.timer import Timer

from ros_rl.errors import RosRlError
from ros_rl.runs.parent import end_with_parent
from ros_rl.runs.signals import stop_event

_WAIT_SECONDS = 0.1


def make_executor() -> Any:
    """The events executor where this ROS distribution has it (Jazzy and newer), else the single-threaded one."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor()
    return EventsExecutor()


def spin(executor: Any, stop: threading.Event | None = None) -> None:
    """Work until told to stop or until the context shuts down, by waits that end.

    The events executor of PyPI's wheels (rclpy 9.1.2) polls at full speed in an endless wait: its deadline overflows.

    Args:
        executor: Has the nodes.
        stop: Ends it; None leaves it to the context.
    """
    try:
        while rclpy.ok() and not (stop is not None and stop.is_set()):
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


def live(make_node: Callable[[], Any], work: Callable[[Any, threading.Event], int], args: list[str] | None) -> int:
    """A node's whole life. Signals and the parent's end only set an event; nothing interrupts the work or the closing.

    Args:
        make_node: Builds the node; its ``close``, if it has one, is called at the end, and its ``told_to_stop`` from a
            thread of its own as soon as the event is set, even if the work never looks.
        work: Works with the node until the event is set; gives the exit code.
        args: Command line; None for the process's own.

    Returns:
        Exit code: that of the work, or 1 with one line on standard error.
    """
    stop = stop_event()
    end_with_parent()
    node = None
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        node = make_node()
        if hasattr(node, "told_to_stop"):
            threading.Thread(target=_tell, args=(node, stop), name="told_to_stop", daemon=True).start()
        return work(node, stop)
    except RosRlError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except (rclpy_implementation.RCLError, InvalidParameterTypeException) as error:
        print(f"error: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        return 1
    finally:
        if node is not None:
            getattr(node, "close", lambda: None)()
            node.destroy_node()
        rclpy.try_shutdown()


def _tell(node: Any, stop: threading.Event) -> None:
    stop.wait()
    node.told_to_stop()


def run(make_node: Callable[[], Any], args: list[str] | None = None) -> int:
    """Run a node until it is told to stop; see `live`."""
    return live(make_node, _spin_node, args)


def _spin_node(node: Any, stop: threading.Event) -> int:
    rest_garbage()
    executor = make_executor()
    executor.add_node(node)
    spin(executor, stop)
    return 0
