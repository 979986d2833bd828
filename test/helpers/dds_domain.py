# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A DDS domain for the robots of a test process: beside that of its ROS nodes, which no other process has."""

import os

ROBOT_DOMAIN = 100 + int(os.environ["ROS_DOMAIN_ID"])
