# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the control box does with what it is told: motors, modes, states, errors, and joint velocities that expire.

States: 1 moving, 2 ready, 3 paused, 4 stopped, 5 to be set anew after a change of the mode.
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_rl.stand_ins.xarm.frames import ERROR, INVALID, NOT_READY, SLOTS, WARNING, Report, Request, floats, pose
from ros_rl.types import Array

ACCELERATION = 20.0  # rad/s^2, the largest that the vendor's firmware accepts
VELOCITY_MODE = 4
READY, PAUSED, STOPPED, CHANGED = 2, 3, 4, 5
_JOINT_LIMIT, _SPEED_LIMIT = 23, 24  # error codes
_FASTEST = 3.15  # rad/s, a little above the limit of every joint
_BAUD = 11  # index of 2,000,000 baud, the gripper's
_AT_REST = 1e-3  # rad/s
_MOVING = 1


class Firmware:
    """Rules of the control box. Every method may be called from any thread.

    Args:
        version: Firmware, such as ``2.3.0``.
        lower: Joint limits [rad], shape (joints,).
        upper: Joint limits [rad], shape (joints,).
        clock: The steady clock [s].
    """

    def __init__(self, version: str, lower: Array, upper: Array, clock: Callable[[], float]) -> None:
        self._lower, self._upper, self._clock = lower, upper, clock
        self._lock = threading.RLock()
        self.install(version)
        self.enabled, self.mode, self.error, self.warning = False, 0, 0, 0
        self.held = 0
        """An error that lasts, whatever is cleared; 0 for none."""
        self._state = STOPPED
        self.speed = np.zeros(len(lower))
        """What the joints are driven with [rad/s], shape (joints,)."""
        self._target, self._until, self._together = np.zeros(len(lower)), math.inf, True

    def install(self, version: str) -> None:
        """Be another version, such as ``1.7.0``."""
        axes = len(self._lower)
        self.version = f"{axes},{axes},XI1303,AC1303,v{version}"
        """What function 1 answers."""
        self.timed = tuple(map(int, version.split(".")))[:2] >= (1, 8)
        """Whether it knows durations; an older one moves on for ever."""

    @property
    def state(self) -> int:
        """As reported: ready is moving while it moves."""
        moving = bool((np.abs(self.speed) > _AT_REST).any())
        return _MOVING if self._state == READY and moving else self._state

    def fail(self, code: int, motors_off: bool = False) -> None:
        """Stop with an error."""
        with self._lock:
            self.error, self._state, self.mode = code, STOPPED, 0
            self.enabled = self.enabled and not motors_off
            self._target = np.zeros_like(self._target)

    def interfere(self, mode: int, state: int) -> None:
        """What another client does."""
        with self._lock:
            self.mode, self._state = mode, state
            self._target = np.zeros_like(self._target)

    def step(self, position: Array, seconds: float) -> Array:
        """Let time pass, from where the joints are [rad]; gives what they are driven with [rad/s], shape (joints,)."""
        with self._lock:
            if self.held and self.error != self.held:
                self.fail(self.held)
            if not self.enabled:
                self.speed = np.zeros_like(self.speed)
                return self.speed
            if self._clock() >= self._until:
                self._target = np.zeros_like(self._target)
            change, most = self._target - self.speed, ACCELERATION * seconds
            if self._together:
                self.speed = self.speed + change * min(1.0, most / max(float(np.abs(change).max()), most))
            else:
                self.speed = self.speed + np.clip(change, -most, most)
            out = ((position > self._upper) & (self.speed > 0.0)) | ((position < self._lower) & (self.speed < 0.0))
            if out.any() and not self.error:
                self.fail(_JOINT_LIMIT)
            return self.speed

    def answer(self, request: Request, report: Callable[[], Report], velocity: Array) -> tuple[int, bytes]:
        """Do what a client asks for; gives flags and payload of the reply.

        Args:
            request: What the client sent.
            report: Gives how the arm is.
            velocity: Of the joints [rad/s], shape (joints,).
        """
        with self._lock:
            flags, payload = self._do(request, report, velocity)
            return flags | (ERROR if self.error else 0) | (WARNING if self.warning else 0), payload

    def _do(self, request: Request, report: Callable[[], Report], velocity: Array) -> tuple[int, bytes]:
        payload = request.payload
        if request.function in (11, 12, 19, 81):
            return self._command(request.function, payload), b""
        if request.function in (16, 17):
            self.error, self.warning = (self.held, self.warning) if request.function == 16 else (self.error, 0)
            return 0, b""
        if request.function == 45:
            asked = np.array(struct.unpack_from("<7f", payload))[: len(self._lower)]
            return 0, bytes((bool(((asked < self._lower) | (asked > self._upper)).any()),))
        if request.function == 41:
            return 0, pose(report())
        if request.function == 42:
            now = report()
            parts = (now.position, velocity, now.effort)[: max(1, min(3, payload[0] & 0x0F)) if payload else 1]
            return 0, b"".join(floats(part, SLOTS) for part in parts)
        answers: dict[int, bytes] = {
            1: self.version.encode()[:40].ljust(40, b"\0"),
            2: b"XI130306C03L12".ljust(40, b"\0"),
            13: bytes((self.state,)),
            14: b"\0\0",
            15: bytes((self.error, self.warning)),
            128: struct.pack(">i", _BAUD),
        }
        return (0, answers[request.function]) if request.function in answers else (INVALID, b"")

    def _command(self, function: int, payload: bytes) -> int:
        if function == 11:
            return self._enable(bool(payload[1]))
        if function == 19:
            changed = payload[0] != self.mode
            self.mode = payload[0]
            self._state = CHANGED if changed and self._state < STOPPED else self._state
            return 0
        if function == 12:
            return self._set_state(payload[0])
        return self._drive(payload)

    def _enable(self, on: bool) -> int:
        if on and self.error:
            return 0
        self.enabled = on
        if not on:
            self._state, self._target = STOPPED, np.zeros_like(self._target)
        return 0

    def _set_state(self, state: int) -> int:
        self._target = np.zeros_like(self._target)
        if state == 0 and (self.error or not self.enabled):
            return NOT_READY
        self._state = READY if state == 0 else state
        return 0

    def _drive(self, payload: bytes) -> int:
        if self.error or self._state != READY or self.mode != VELOCITY_MODE or not self.enabled:
            return NOT_READY
        speeds, together, duration = read_velocity(payload)
        wanted = np.array(speeds[: len(self.speed)])
        if not np.isfinite(wanted).all():
            return INVALID
        if (np.abs(wanted) > _FASTEST).any():
            self.fail(_SPEED_LIMIT)
            return 0
        self._target, self._together = wanted, together
        timed = self.timed and duration is not None and duration > 0.0
        self._until = self._clock() + duration if timed and duration is not None else math.inf
        return 0


def read_velocity(payload: bytes) -> tuple[tuple[float, ...], bool, float | None]:
    """Speeds [rad/s] of function 81, whether the joints change them together, and the duration [s] if it is there."""
    duration = struct.unpack_from("<f", payload, 29)[0] if len(payload) >= 33 else None
    return struct.unpack_from("<7f", payload), bool(payload[28]), duration


def describe_request(request: Request) -> tuple[str, Any]:
    """A client's request in words: its name, and what it asks for."""
    if request.function == 81:
        speeds, _, duration = read_velocity(request.payload)
        return "velocity", (speeds, duration)
    names = {1: "version", 11: "enable", 12: "state", 13: "read state", 15: "read error", 16: "clean error", 19: "mode"}
    names |= {17: "clean warning", 23: "move joint", 29: "servo joint", 45: "joint limit", 82: "cartesian velocity"}
    names |= {124: "gripper"}
    return names.get(request.function, f"function {request.function}"), tuple(request.payload)
