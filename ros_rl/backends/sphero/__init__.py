# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Sphero's rolling robots: raw motors through the vendor-neutral client, their place by a camera above."""
