# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Sphero Ollie behind the TCP adapter of its client, and a camera above it."""
