# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The learner's side: transitions in, control graphs out, checkpoints (torch)."""
