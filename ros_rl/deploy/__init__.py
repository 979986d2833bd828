# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The control graph: its contract, its export (torch) and its execution (onnxruntime)."""
