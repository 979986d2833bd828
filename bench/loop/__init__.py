# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The parts of ``bench/closed_loop.py``: shipped agents at the stand-ins of their robots."""
