# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Unitree Go2 as a backend."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ros_rl.backends.backend import Scenario
from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.backends.motor_process import LeggedBackend, MotorProcess
from ros_rl.backends.unitree_go2.bus import Go2Bus, Go2Listener
from ros_rl.backends.unitree_go2.dds import LOW_STATE, Participant
from ros_rl.backends.unitree_go2.frames import is_sealed
from ros_rl.backends.unitree_go2.motion_service import MotionService
from ros_rl.errors import BackendError
from ros_rl.robot import Robot
from ros_rl.settings.hardware.unitree import JOINTS
from ros_rl.settings.hardware.unitree_go2 import UnitreeGo2Settings

_LOOKS = 0.005  # s
_FOLDED = -2.3
"""Position of the calves [rad] below which the robot lies; as the vendor's program leaves it they are at -2.65."""


class UnitreeGo2Backend(LeggedBackend):
    """A Go2 EDU whose motion service is released. Tried against its stand-in only; no robot yet.

    Args:
        robot: The robot.
        settings: DDS domain, network interface and limits.
        period: Control period [s].
        scenario: Of no meaning to a robot.
    """

    def __init__(self, robot: Robot, settings: UnitreeGo2Settings, period: float, scenario: Scenario) -> None:
        super().__init__(robot, Go2Bus, settings, period, LeggedOdometry)
        self._own = settings

    def connect(self) -> None:
        """See `Backend.connect`: the robot's motion service has to give the motors away first.

        Raises:
            BackendError: There is no robot, it does not release the motors, or it would fall if it did.
        """
        self._open(Go2Bus, MotionService.release)

    def listen(self) -> None:
        """See `Backend.listen`: the motion service keeps the motors, and nobody is told anything.

        Raises:
            BackendError: There is no robot, its motion service does not answer, or it would fall without.
        """
        self._open(Go2Listener, lambda _: None)

    def _open(self, bus: type[Go2Bus], take_over: Callable[[MotionService], None]) -> None:
        participant = Participant(self._own.domain, self._own.interface)
        try:
            positions = self._first_positions(participant)
            service = MotionService(participant, self._own.release_timeout)
            if name := service.name():
                _refuse_to_drop(positions, name)
                take_over(service)
        finally:
            participant.close()
        self._spec = replace(self._spec, bus=bus)
        self.motors = MotorProcess(self._spec)
        super().connect()

    def _first_positions(self, participant: Participant) -> np.ndarray:
        """Of the motors, in the robot's own order and directions, of its first state."""
        states, deadline = participant.reader(LOW_STATE), time.monotonic() + self._own.connect_timeout
        while time.monotonic() < deadline:
            for state in states.take():
                if is_sealed(state.record):
                    return np.asarray(state.record["motor_state"]["q"][: len(JOINTS)])
            time.sleep(_LOOKS)
        where = f"network interface '{self._own.interface}'" if self._own.interface else "any network interface"
        raise BackendError(
            f"no Go2 sends {LOW_STATE} in DDS domain {self._own.domain} over {where} within "
            f"{self._own.connect_timeout:g} s; is it on, the cable in, and this machine's address 192.168.123.x?"
        )


def _refuse_to_drop(positions: np.ndarray, service: str) -> None:
    calves = positions[[JOINTS.index(joint) for joint in JOINTS if "calf" in joint]]
    if not calves.max() < _FOLDED:
        raise BackendError(
            f"the robot stands, held by its motion service '{service}' (a calf is at {calves.max():.2f} rad, lying "
            f"below {_FOLDED:g} rad), and would fall without; let it lie down by the remote control first"
        )
