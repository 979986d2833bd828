# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run leaves and is led by: folders, processes, progress, summaries, logs. No ROS, no torch."""
