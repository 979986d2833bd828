# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots that ros2_control moves: all of the driver that needs no ROS; the rest is in `ros_rl.nodes.ros2_control`."""
