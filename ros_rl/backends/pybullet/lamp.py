# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The light in which PyBullet draws."""

from __future__ import annotations

from typing import Any

from ros_rl.settings.cameras import LampSettings


def lit_by(lamp: LampSettings) -> dict[str, Any]:
    """Arguments of PyBullet's `getCameraImage`; what is not set is left to its renderer."""
    given = {
        "lightDirection": lamp.direction,
        "lightAmbientCoeff": lamp.ambient,
        "lightDiffuseCoeff": lamp.diffuse,
    }
    return {name: value for name, value in given.items() if value is not None}
