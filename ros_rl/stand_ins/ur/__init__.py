# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Universal Robots arm at its RTDE, dashboard and script ports."""

from __future__ import annotations

from ros_rl.stand_ins.ur.stand_in import UrStandIn

__all__ = ["UrStandIn"]
