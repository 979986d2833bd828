# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An operator's commands, by name; known before anything is loaded."""

from __future__ import annotations

COMMANDS = {
    "stop": "emergency stop, in every state; without --namespace of all drivers there are",
    "clear": "unlatch a driver's fault or emergency stop",
    "arm": "switch a driver's motors on",
    "disarm": "switch a driver's motors off",
    "home": "let the robot go to its home pose and rest there, ready",
    "pause": "let the robot rest, ready",
    "resume": "let the robot go on",
    "status": "print how each node is",
}
"""Commands, and what they do."""
