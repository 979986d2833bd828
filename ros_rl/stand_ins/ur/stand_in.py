# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One thread that serves all ports and lets the arm move, 500 times a second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ros_rl.backends.ur_rtde.urcap import PORT as GRIPPER_PORT
from ros_rl.errors import ConfigError
from ros_rl.stand_ins.stand_in import SECOND, StandIn, host_of
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.ur.arm import Arm
from ros_rl.stand_ins.ur.controller import Controller
from ros_rl.stand_ins.ur.faults import FAULTS, begin, end
from ros_rl.stand_ins.ur.ports import Ports
from ros_rl.stand_ins.ur.primary import robot_state
from ros_rl.types import Array, Pose

_GRIPS_LATE = 0.1  # s
_BEHIND = 0.1  # s; what the machine is late by more is left out
_KEPT = 60_000


class UrStandIn(StandIn):
    """A UR5e, or a UR5 of the series before.

    Args:
        address: Where its ports are; ur_rtde's are fixed, so that two stand-ins need two addresses, as 127.0.0.2.
        cb3: Whether it is of the series before the e-Series: 125 Hz, and no remote control.
        seed: Of the start.
        surroundings: Where it stands otherwise than on a bare table, and whether it has a gripper there.
        gripper_port: Of the gripper's server, where it has a gripper; 0 for any.
        gripper_latency: From a new position to the moment at which its fingers begin [s].
        narrow: Whether its controller tells limits of the elbow that are narrower than its file's.
    """

    robot: ClassVar[str] = "ur5e"
    faults = FAULTS
    options: ClassVar[Mapping[str, str]] = {
        "cb3": "a UR5 of the series before the e-Series: 125 Hz, no remote control",
        "late_gripper": f"fingers of a gripper, if the task has one, begin {_GRIPS_LATE:g} s after they are told",
        "narrow": "its controller tells limits of the elbow that are narrower than its file's; it moves as before",
        **SECOND,
    }

    def __init__(
        self,
        address: str = "127.0.0.1",
        cb3: bool = False,
        seed: int = 0,
        surroundings: Surroundings | None = None,
        gripper_port: int = GRIPPER_PORT,
        gripper_latency: float = 0.0,
        narrow: bool = False,
    ) -> None:
        super().__init__()
        self._address = address
        self.controller = Controller()
        """What it does."""
        around = surroundings or Surroundings("ur5" if cb3 else self.robot, "table")
        self.arm = Arm(around, self.controller, seed, gripper_latency)
        """Its body, and its gripper."""
        version, fastest = ((3, 15, 0, 0), 125.0) if cb3 else ((5, 11, 0, 0), 500.0)
        state = robot_state(narrow)
        self.ports = Ports(address, gripper_port, version, fastest, state, self.controller, self.arm, self.note)
        """What it is told, and what it tells."""
        self.moved: deque[tuple[float, Array]] = deque(maxlen=_KEPT)
        """Commanded speeds of the joints [rad/s] by the steady clock [s], each cycle."""

    @classmethod
    def with_options(cls, options: tuple[str, ...] = ()) -> UrStandIn:
        """See `StandIn.with_options`."""
        return cls(host_of(options), cb3="cb3" in options, narrow="narrow" in options)

    @classmethod
    def around(cls, surroundings: Surroundings, options: tuple[str, ...]) -> UrStandIn:
        """See `StandIn.around`."""
        if "cb3" in options:
            raise ConfigError(f"option 'cb3' is of another arm than the task's robot '{surroundings.robot}'")
        late = _GRIPS_LATE if "late_gripper" in options else 0.0
        narrow = "narrow" in options
        return cls(host_of(options), surroundings=surroundings, gripper_latency=late, narrow=narrow)

    @property
    def things(self) -> Mapping[str, Pose]:
        """See `StandIn.things`."""
        return self.arm.body.things

    @property
    def posture(self) -> Array:
        """See `StandIn.posture`."""
        return self.arm.body.measurement["joint_position"]

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return self._address

    def start(self) -> None:
        """See `StandIn.start`."""
        self.ports.open()
        self._begin(self._serve)

    def close(self) -> None:
        """See `StandIn.close`."""
        self._end()
        self.arm.body.close()
        self.ports.close()

    @property
    def gripper_port(self) -> int:
        """Of the gripper's server."""
        return self.ports.gripper_port

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return self.arm.body.measurement["tool_position"]

    @property
    def measured(self) -> Array:
        """Where the arm's joints are [rad], shape (6,)."""
        return self.arm.position

    def describe(self) -> str:
        """See `StandIn.describe`."""
        tool, gripper = self.arm.body.measurement["tool_position"], self.arm.gripper
        fastest = float(np.max(np.abs(self.controller.speed)))
        grip = "" if gripper is None else f", gripper {gripper.describe()}"
        return (
            f"{self.controller.mode.name}, program {self.controller.runtime.name}, joints at most {fastest:.2f} rad/s, "
            f"tool at {tool[0]:.3f} {tool[1]:.3f} {tool[2]:.3f} m{grip}"
        )

    def _serve(self) -> None:
        due = time.monotonic()
        while not self._ended.is_set():
            self.ports.hear(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if now < due:
                continue
            self._play()
            lost = now - _BEHIND - due
            if lost > 0.0:
                self.arm.skip(lost)
            due = max(due, now - _BEHIND) + self.controller.period
            self.moved.append((now, self.arm.step(now)))
            self.ports.tell(now)

    def _play(self) -> None:
        before, self.ports.faults = self.ports.faults, self._playing
        for fault in self.ports.faults - before:
            begin(self, fault)
        for fault in before - self.ports.faults:
            end(self, fault)
