# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""White noise on simulated sensors."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ros_rl.errors import ConfigError
from ros_rl.sensors.table import SENSORS
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.types import Array, Measurement


def is_silent(sensors: Iterable[str], noise: NoiseSettings) -> bool:
    """Whether `add_noise` changes nothing of what sensors measure."""
    settings: dict[str, float] = vars(noise)
    kinds = [SENSORS[name].noise for name in sensors if name in SENSORS]
    return all(kind is None or settings.get(kind.setting, kind.std) == 0.0 for kind in kinds)


def add_noise(measurement: Measurement, noise: NoiseSettings, rng: np.random.Generator) -> Measurement:
    """The measurement as noisy sensors would give it; drawn in the order of the table of sensors."""
    settings: dict[str, float] = vars(noise)
    noisy, errors = Measurement(measurement), dict[str, Array]()
    for name, sensor in SENSORS.items():
        if name not in measurement or sensor.noise is None:
            continue
        kind, value = sensor.noise, measurement[name]
        std = settings.get(kind.setting, kind.std)
        if std is None:
            raise ConfigError(
                f"noise of sensor '{name}' is set by '{kind.setting}', allowed: {', '.join(settings)}, "
                "or a name of its own with a std"
            )
        if std == 0.0:
            continue
        if kind.setting not in errors or not kind.shared:
            errors[kind.setting] = kind.draw(std, value.shape, rng)
        noisy[name] = kind.add(value, errors[kind.setting])
    return noisy
