# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Unitree A1 over UDP, in its low-level mode: pure Python, no file of the vendor's."""
