# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What robots measure and what tasks are asked for: one row each, which all others read."""
