# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Files and texts that come from elsewhere, read with care: arrays, JSON, YAML, parameters files of ROS."""
