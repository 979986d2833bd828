# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person who drives a robot: keys and sticks, what they mean, and the commands that follow. No ROS."""
