# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""For nodes whose main thread works: ROS spins in a thread of its own, and signals ask the work to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from ros_rl.errors import RosRlError
from ros_rl.nodes.running import end_with_parent, make_executor, spin


class Background:
    """Spins a node in a thread.

    Args:
        node: The node.
    """

    def __init__(self, node: Any) -> None:
        self._executor = make_executor()
        self._executor.add_node(node)
        self._node = node
        self._thread = threading.Thread(target=self._spin, daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        """A callback that fails ends the process, rather than leave it deaf."""
        try:
            spin(self._executor)
        except Exception:
            if rclpy.ok():
                traceback.print_exc()
                os.kill(os.getpid(), signal.SIGTERM)

    def close(self) -> None:
        """End the thread, then the node; the context is shut down by it."""
        rclpy.try_shutdown()
        self._thread.join(timeout=2.0)
        self._node.destroy_node()


def stop_on_signals() -> threading.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def run_working(make_node: Callable[[], Any], args: list[str] | None = None) -> int:
    """Run a node whose ``work(stop)`` takes the main thread, until it returns.

    Args:
        make_node: Builds the node.
        args: Command line; None for the process's own.

    Returns:
        Exit code: 0, or 1 with one line on standard error.
    """
    end_with_parent()
    stop = stop_on_signals()
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        node = make_node()
        background = Background(node)
        try:
            node.work(stop)
        finally:
            background.close()
    except RosRlError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return 1
    except rclpy_implementation.RCLError as error:
        print(f"error: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
        return 1
    finally:
        rclpy.try_shutdown()
    return 0
