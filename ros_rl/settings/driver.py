# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import setting, variant, variant_name
from ros_rl.errors import ConfigError
from ros_rl.settings.backends import BackendSettings
from ros_rl.settings.registry import BACKEND_SETTINGS, DEFAULT_BACKEND


@dataclass(frozen=True)
class DriverSettings:
    """The driver and what it moves."""

    backend: BackendSettings = variant(
        BACKEND_SETTINGS, DEFAULT_BACKEND, "what moves the robot; external: a driver started elsewhere"
    )
    mode: str = setting(
        "lock_step", "wait for every answer (simulator only), or tick by the clock", choices=("lock_step", "real_time")
    )
    auto_recover: bool | None = setting(
        None, "simulator only: a tripped guard clears itself and resets the episode; not set: it does in a simulator"
    )
    commanders: tuple[str, ...] = setting(
        ("controller",),
        "nodes whose joint_command counts, such as a teleoperator beside the controller; of another namespace with /",
    )
    nodes: tuple[str, ...] | None = setting(
        None,
        "nodes whose ticks and sensors count; not set: driver or, where it is external, the first that is heard",
    )
    silence_limit: float = setting(20.0, "lock-step: fault when a node is silent for this long", unit="s", low=0.5)
    miss_limit: int = setting(2, "real time: consecutive deadline misses before the safe state", low=1)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.auto_recover and not self.backend.simulated:
            raise ConfigError(
                f"driver.auto_recover is True, but driver.backend '{self.backend_name}' is no simulator: "
                "there a person clears a fault; use False"
            )
        if self.mode == "lock_step" and self.backend.starts_driver and not self.backend.simulated:
            raise ConfigError(
                f"driver.mode is 'lock_step', but driver.backend '{self.backend_name}' is no simulator: "
                "its world waits for nobody; use real_time"
            )

    @property
    def backend_name(self) -> str:
        """The name that the backend is chosen by."""
        return variant_name(BACKEND_SETTINGS, self.backend)

    @property
    def recovers(self) -> bool:
        """Whether a tripped guard clears itself and resets the episode."""
        return self.backend.simulated if self.auto_recover is None else self.auto_recover

    @property
    def speakers(self) -> tuple[str, ...] | None:
        """Nodes whose ticks and sensors count; None: the first that is heard."""
        return ("driver",) if self.nodes is None and self.backend.starts_driver else self.nodes
