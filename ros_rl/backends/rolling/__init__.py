# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A ball that rolls on two wheels between walls, seen from above: exact, and without a physics engine."""
