# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""SO-101 and other arms of Feetech STS3215 servos."""
