# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Quality of service by purpose."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(
    depth: int,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
    reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE,
) -> QoSProfile:
    return QoSProfile(history=HistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability)


STATE = _profile(10)
"""Sensor topics and ticks: every one counts for a transition, old ones do not."""
NEWEST = _profile(1)
"""Streams of which only the newest matters: commands, telemetry, what is only watched."""
UNRELIABLE = _profile(1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""The newest, where who publishes repeats nothing that is lost, as some cameras do not."""
LATCHED = _profile(1, DurabilityPolicy.TRANSIENT_LOCAL)
"""A value that holds until the next: the control graph, the step allowance. Late joiners get it."""
HISTORY = _profile(20, DurabilityPolicy.TRANSIENT_LOCAL)
"""Few and precious: evaluations."""
EXPERIENCE = _profile(2000, DurabilityPolicy.TRANSIENT_LOCAL)
"""Transitions: none may be lost to a slow or late learner."""
