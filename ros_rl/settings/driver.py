# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the driver and of the world that it simulates."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError

BACKENDS = ("pybullet", "mock", "external")


@dataclass(frozen=True)
class NoiseSettings:
    """Standard deviation of white noise that the simulator adds to its sensors at every tick."""

    joint_position: float = setting(0.01, "joint position noise", unit="rad", low=0.0)
    joint_velocity: float = setting(0.5, "joint velocity noise", unit="rad/s", low=0.0)
    orientation: float = setting(0.02, "orientation noise, each axis", unit="rad", low=0.0)
    angular_velocity: float = setting(0.1, "gyro noise", unit="rad/s", low=0.0)
    linear_velocity: float = setting(0.1, "odometry velocity noise", unit="m/s", low=0.0)
    height: float = setting(0.01, "odometry height noise", unit="m", low=0.0)
    tool_position: float = setting(0.001, "tool position noise, each axis", unit="m", low=0.0)


@dataclass(frozen=True)
class DriverSettings:
    """The driver and, in simulation, its world."""

    backend: str = setting("pybullet", "what moves the robot; external: a driver started elsewhere", choices=BACKENDS)
    mode: str = setting(
        "lock_step", "wait for every answer (simulator only), or tick by the clock", choices=("lock_step", "real_time")
    )
    physics_rate_hz: float = setting(500.0, "simulation steps per second", unit="Hz", low=50.0, high=5000.0)
    solver_iterations: int = setting(20, "contact solver iterations per simulation step", low=1, high=500)
    friction_low: float = setting(0.5, "lowest foot friction, drawn per episode", low=0.05, high=3.0)
    friction_high: float = setting(1.25, "highest foot friction, drawn per episode", low=0.05, high=3.0)
    reset_noise: float = setting(0.05, "joint positions at reset: home +- this", unit="rad", low=0.0, high=1.0)
    latency: float = setting(0.0, "actuation latency inside the period, besides the delay", unit="s", low=0.0, high=0.2)
    noise: NoiseSettings = group(NoiseSettings, "sensor noise")
    gui: bool = setting(False, "open the simulator's window")
    auto_recover: bool = setting(True, "simulator only: a tripped guard clears itself and resets the episode")
    silence_limit: float = setting(20.0, "lock-step: fault when a node is silent for this long", unit="s", low=0.5)
    miss_limit: int = setting(2, "real time: consecutive deadline misses before the safe state", low=1)

    def __post_init__(self) -> None:
        """Check what spans two settings."""
        if self.friction_low > self.friction_high:
            raise ConfigError(
                f"driver.friction_low {self.friction_low} is above driver.friction_high {self.friction_high}"
            )
