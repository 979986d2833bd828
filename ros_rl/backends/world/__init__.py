# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a simulated world is like, drawn per episode; the same in every physics engine."""
