# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Models of the world in a learned latent state (torch)."""
