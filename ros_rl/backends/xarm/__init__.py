# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""UFACTORY xArms: joint velocities that expire, through the vendor's client; reports at 100 Hz."""
