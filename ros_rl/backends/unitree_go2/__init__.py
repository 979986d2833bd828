# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Unitree Go2, and what else speaks the messages of `types` over DDS."""
