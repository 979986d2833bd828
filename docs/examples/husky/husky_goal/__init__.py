# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Husky that learns to drive to goals: robot, scene and task of a package beside ros_rl."""

from pathlib import Path

ROBOT = Path(__file__).with_name("husky.yaml")
SCENE = Path(__file__).with_name("arena.yaml")
