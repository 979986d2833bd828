# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Contract 1's command maps: what an agent's action is, and the joint command that it makes, there and back; numpy."""

from ros_rl.commands.command_map import CommandMap, JointCommands

__all__ = ["CommandMap", "JointCommands"]
