# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every knob of a run, one file per group (numpy, no torch)."""
