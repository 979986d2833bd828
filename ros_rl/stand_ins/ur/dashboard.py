# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The dashboard server: lines of text about modes and programs."""

from __future__ import annotations

from ros_rl.backends.ur_rtde.protocol import RobotMode
from ros_rl.stand_ins.ur.controller import Controller

GREETING = "Connected: Universal Robots Dashboard Server"
_SAFETY = {2: "PROTECTIVE_STOP", 4: "SAFEGUARD_STOP", 6: "ROBOT_EMERGENCY_STOP", 8: "VIOLATION"}


def answer(controller: Controller, line: str, version: tuple[int, int], now: float) -> str:
    """What it answers to a line, and does.

    Args:
        controller: The robot's.
        line: Without its end.
        version: Of PolyScope, major and minor.
        now: Steady clock [s].
    """
    told = {
        "PolyscopeVersion": f"URSoftware {version[0]}.{version[1]}.0.0 (Feb 01 2021)",
        "get serial number": "20225500001",
        "get robot model": "UR5",
        "is in remote control": str(controller.remote).lower(),
        "robotmode": f"Robotmode: {controller.mode.name}",
        "safetystatus": f"Safetystatus: {_safety(controller)}",
        "safetymode": f"Safetymode: {_safety(controller)}",
        "running": f"Program running: {str(controller.playing).lower()}",
        "programState": f"{'PLAYING' if controller.playing else 'STOPPED'} rtde_control",
    }
    if line in told:
        if line == "is in remote control" and version[0] < 5:
            return f"could not understand: '{line}'"
        return told[line]
    return _do(controller, line, now)


def _safety(controller: Controller) -> str:
    return next((_SAFETY.get(bit, "FAULT") for bit in sorted(controller.safety)), "NORMAL")


def _do(controller: Controller, line: str, now: float) -> str:
    if line == "stop":
        controller.end_program()
        return "Stopped"
    if line == "pause":
        controller.pause()
        return "Pausing program"
    if line == "play":
        controller.resume(now)
        return "Starting program"
    if line == "unlock protective stop":
        controller.safety.discard(2)
        return "Protective stop releasing"
    if line == "power on":
        controller.mode = RobotMode.IDLE
        return "Powering on"
    if line == "brake release":
        controller.mode = RobotMode.RUNNING
        return "Brake releasing"
    if line == "power off":
        controller.power_off()
        return "Powering off"
    if line in ("close popup", "close safety popup") or line.startswith("popup"):
        return "showing popup" if line.startswith("popup") else "closing popup"
    return f"could not understand: '{line}'"
