# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields: what each is, how big, in which unit, and how a tick gives it.

An observation is the task's state fields, then its goal fields, then the last action and the pending actions.
"""

from ros_rl.features.feature import Bounds, Feature
from ros_rl.features.goals import input_feature, planar_feature
from ros_rl.features.observation import ObservationSpec, check_robot, equipped
from ros_rl.features.pictures import Pictures
from ros_rl.features.table import FEATURES

__all__ = [
    "FEATURES",
    "Bounds",
    "Feature",
    "ObservationSpec",
    "Pictures",
    "check_robot",
    "equipped",
    "input_feature",
    "planar_feature",
]
