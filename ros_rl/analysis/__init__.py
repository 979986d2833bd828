# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a learned model knows and why a plan went as it did: numbers and plots of a run (torch, matplotlib)."""
