# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What all cameras are, whoever gives their pictures: where they look, what is in which pixel, and when it comes."""
