# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Universal Robots without ROS: ur_rtde moves the arm, RTDE tells where it is."""

from __future__ import annotations

from ros_rl.backends.ur_rtde.backend import UrRtdeBackend

__all__ = ["UrRtdeBackend"]
