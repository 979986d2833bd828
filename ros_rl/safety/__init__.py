# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The last hop before the joints: a filter for commands and guards on the state. Numpy only; time is passed in."""

from ros_rl.safety.filter import CommandFilter, Filtered, expected_position
from ros_rl.safety.guards import Guards
from ros_rl.safety.state import tripped_guard

__all__ = ["CommandFilter", "Filtered", "Guards", "expected_position", "tripped_guard"]
