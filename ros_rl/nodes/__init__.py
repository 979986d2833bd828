# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""ROS 2 nodes: thin shells that convert messages and call the runtime."""
