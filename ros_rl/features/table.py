# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The observation fields that there are, by name."""

from __future__ import annotations

from ros_rl.features.base import BASE
from ros_rl.features.feature import Feature
from ros_rl.features.goals import GOALS
from ros_rl.features.gripper import GRIPPER
from ros_rl.features.joints import JOINTS
from ros_rl.features.legs import LEGS
from ros_rl.features.objects import OBJECTS
from ros_rl.features.tool import TOOL
from ros_rl.plugins import FEATURES_GROUP, Table

FEATURES: Table[Feature] = Table(FEATURES_GROUP, {**JOINTS, **BASE, **LEGS, **TOOL, **GRIPPER, **OBJECTS, **GOALS})
"""States, then goals; other packages add theirs by the entry point group ``ros_rl.features``."""
