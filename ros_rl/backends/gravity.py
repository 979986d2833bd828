# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The gravity of simulated worlds, and the one that an estimator of a real robot's motion goes by."""

from __future__ import annotations

import numpy as np

GRAVITY = 9.81
"""Acceleration of what falls [m/s^2]."""
FORCE_AT_REST = np.array([0.0, 0.0, GRAVITY])
"""Specific force of what rests, as an accelerometer tells it, in the world [m/s^2], shape (3,)."""
FORCE_AT_REST.flags.writeable = False
