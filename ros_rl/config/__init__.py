# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Typed, documented and checked settings: frozen dataclasses, built from plain nested data."""

from ros_rl.config.building import build
from ros_rl.config.earlier import added, completed
from ros_rl.config.fields import SettingInfo, group, required, setting, variant
from ros_rl.config.mappings import expand, iterate, merge, nested, to_mapping, variant_name

__all__ = [
    "SettingInfo",
    "added",
    "build",
    "completed",
    "expand",
    "group",
    "iterate",
    "merge",
    "nested",
    "required",
    "setting",
    "to_mapping",
    "variant",
    "variant_name",
]
