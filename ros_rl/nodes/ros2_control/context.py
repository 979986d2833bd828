# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A ROS context of a link's or a stand-in's own: it is neither renamed nor ended with the process's other nodes."""

from __future__ import annotations

from typing import Any

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions


def make_context() -> Any:
    """A context that takes no arguments and no signals."""
    context = rclpy.Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    return context


def make_node(context: Any, name: str, namespace: str = "", **options: Any) -> Node:
    """A node in it.

    Args:
        context: Of `make_context`.
        name: Of the node.
        namespace: With or without slashes around it.
        options: Others of rclpy's node.
    """
    return Node(name, context=context, namespace=f"/{namespace.strip('/')}", use_global_arguments=False, **options)


def make_executor(context: Any) -> Any:
    """The events executor where this ROS distribution has it, else the single-threaded one."""
    try:
        from rclpy.experimental.events_executor import EventsExecutor
    except ImportError:
        return SingleThreadedExecutor(context=context)
    return EventsExecutor(context=context)
