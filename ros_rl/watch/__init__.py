# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The watch on critics' values: it says when they begin to lie, and what helps (torch)."""
