# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The parts of the campaign of faults against drivers of robots, at their stand-ins."""
