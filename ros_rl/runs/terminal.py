# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Chooses what shows a run: live on a terminal where `rich` is installed, plain lines else."""

from __future__ import annotations

import importlib.util
import os
import sys

from ros_rl.runs.course import Course
from ros_rl.runs.display import Display


def make_display(course: Course) -> Display:
    """What suits where the lines go; no control characters but for a terminal."""
    able = os.environ.get("TERM", "dumb") != "dumb" and importlib.util.find_spec("rich") is not None
    if not (able and sys.stdout.isatty()):
        return Display(course)
    from ros_rl.runs.live_display import LiveDisplay

    return LiveDisplay(course)
