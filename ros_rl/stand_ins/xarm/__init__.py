# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A UFACTORY xArm6 with its control box: its control and report ports, its firmware's rules, a gripper."""
