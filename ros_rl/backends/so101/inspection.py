# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is refused when the driver connects, before anything but questions is sent."""

from __future__ import annotations

import numpy as np

from ros_rl.backends.so101.calibration import Scale, check_calibrated, check_file
from ros_rl.backends.so101.registers import (
    FIRMWARE_MAJOR,
    FIRMWARE_MINOR,
    MODEL,
    OPERATING_MODE,
    PRESENT_POSITION,
    PRESENT_TEMPERATURE,
    STATUS,
    TORQUE_ENABLE,
)
from ros_rl.backends.so101.servos import Servos, complaint_of
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.so101 import So101Settings


def inspect(servos: Servos, robot: Robot, settings: So101Settings) -> None:
    """Refuse an arm that is not the one to be driven, or not fit to be.

    Raises:
        BackendError: Naming the servo, what it says, and what to do.
    """
    if servos.echoes():
        raise BackendError(
            f"the adapter at {settings.port} echoes what is sent; set its jumper to B (USB), or take one that does not"
        )
    _check_identity(servos, settings.port)
    check_calibrated(robot, servos)
    if settings.calibration is not None:
        check_file(settings.calibration, servos)
    _check_health(servos, settings)
    _check_position(servos, robot)
    if not settings.take_over:
        _check_free(servos)


def _check_identity(servos: Servos, port: str) -> None:
    models = {servo: servos.model(servo) for servo in servos.ids}
    missing = [servos.called(servo) for servo, model in models.items() if model is None]
    if missing:
        raise BackendError(
            f"{', '.join(missing)} of {len(models)} servos at {port} gives no answer: look at its cable, "
            "at the power supply, and at its id"
        )
    for servo, model in models.items():
        if model != MODEL:
            raise BackendError(f"{servos.called(servo)} is of model {model}, expected {MODEL} (STS3215)")
        mode = servos.read(servo, OPERATING_MODE)
        if mode:
            raise BackendError(f"{servos.called(servo)} is in operating mode {mode}, expected 0 (position)")
    versions = {
        servo: f"{servos.read(servo, FIRMWARE_MAJOR)}.{servos.read(servo, FIRMWARE_MINOR)}" for servo in servos.ids
    }
    first = next(iter(versions))
    for servo, version in versions.items():
        if version != versions[first]:
            raise BackendError(
                f"{servos.called(servo)} has firmware {version}, {servos.called(first)} has {versions[first]}: "
                "bring all to the same with the vendor's program FD"
            )


def _check_health(servos: Servos, settings: So101Settings) -> None:
    for servo in servos.ids:
        complaint = complaint_of(servos, servo, servos.read(servo, STATUS))
        if complaint:
            raise BackendError(f"{complaint}; switch its power off, and look for the cause")
        temperature = servos.read(servo, PRESENT_TEMPERATURE)
        if temperature > settings.temperature_limit:
            raise BackendError(
                f"{servos.called(servo)} is at {temperature} C, limit {settings.temperature_limit:g} C; let it cool"
            )


def _check_position(servos: Servos, robot: Robot) -> None:
    counts = np.array([servos.read(servo, PRESENT_POSITION) for servo in servos.ids], dtype=np.float64)
    positions, limits = Scale.of(robot, servos).position(counts), robot.limits
    margin = robot.safety.joint_margin
    for position, low, high, servo in zip(positions, limits.lower, limits.upper, servos.ids, strict=True):
        if not low - margin <= position <= high + margin:
            raise BackendError(
                f"{servos.called(servo)} stands at {position:.2f} rad, limits {low:.2f} to {high:.2f}: move it by hand "
                "into its range, or calibrate the arm anew"
            )


def _check_free(servos: Servos) -> None:
    held = [servos.called(servo) for servo in servos.ids if servos.read(servo, TORQUE_ENABLE)]
    if held:
        raise BackendError(
            f"the torque of {', '.join(held)} is on already: another program moves it, or ended without letting go; "
            "end it, then switch the arm's power off and on, or set driver.backend.take_over to true"
        )
