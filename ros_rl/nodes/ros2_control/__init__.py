# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The ROS side of the driver of robots that ros2_control moves; the rest is in `ros_rl.backends.ros2_control`."""
