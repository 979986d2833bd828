# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The parts of the campaign of faults; the tests' helpers are at hand."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "test" / "helpers"))
