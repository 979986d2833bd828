# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Unitree Go2 at its DDS topics: low-level commands and states, its motion service, and the RPC that releases it."""

from __future__ import annotations

import json
from collections import deque
from typing import Any, ClassVar

import numpy as np

from ros_rl.backends.unitree import KEYS, NO_POSITION, NO_VELOCITY
from ros_rl.backends.unitree_go2.dds import LOW_COMMAND, LOW_STATE, SPORT_STATE, Participant
from ros_rl.backends.unitree_go2.frames import is_sealed, seal
from ros_rl.backends.unitree_go2.motion_service import CHECK, RELEASE, REQUESTS, RESPONSES, SELECT
from ros_rl.backends.unitree_go2.types import (
    OFF,
    SERVO,
    LowCmd,
    LowState,
    Response,
    ResponseHeader,
    ResponseStatus,
    SportModeState,
)
from ros_rl.stand_ins.quadruped import RESCUE, STATE_FAULTS, Quadruped, Seen, Told
from ros_rl.types import Array

LYING = np.tile([0.0, 1.36, -2.65], 4)
"""Joint positions as the vendor's own program leaves it when it lies down [rad]."""
_LYING_HEIGHT = 0.13  # m
_JOINTS = 12
_HELD = Told(LYING, np.zeros(12), np.zeros(12), np.full(12, 40.0), np.full(12, 2.0))
_DELAYED = 50  # states, 100 ms
_SPORT_EVERY = 10  # states
_UNKNOWN_API = 3203
_SECOND_DOMAIN = 97
_SERVICE = "mcf"


class Go2StandIn(Quadruped):
    """A Go2 that lies on the ground, held there by its motion service until that is released.

    Args:
        domain: Of DDS; the robot's own is 0.
        interface: Name of the network interface.
        lying: Where it begins; False for its home pose, already released.
        rescue: A person picks it up when it has fallen, and lowers it when its motors hold.
    """

    robot: ClassVar[str] = "go2"
    faults: ClassVar[dict[str, str]] = {
        **STATE_FAULTS,
        "motor_off": "one motor is off, and says so",
        "remote_stop": "L2 and B are pressed on the remote control",
        "battery_low": "5 % of charge are left",
        "tenfold": "each state comes ten times: 5,000 messages a second",
        "no_answer": "the motion switcher does not answer",
        "keeps_service": "the motion service is not released although asked to",
        "second_writer": "the motion service commands the motors on rt/lowcmd again",
        "vanish": "its participant leaves the domain",
    }

    options: ClassVar[dict[str, str]] = {
        **RESCUE,
        "second": f"in DDS domain {_SECOND_DOMAIN}, beside another robot's stand-in in domain 0",
    }

    def __init__(self, domain: int = 0, interface: str = "lo", lying: bool = True, rescue: bool = False) -> None:
        super().__init__((LYING, _LYING_HEIGHT) if lying else None, rescue=rescue)
        self._domain, self._interface = domain, interface
        self.service = _SERVICE if lying else ""
        """Name of the motion service that has the motors; empty when it is released."""
        self.told = _HELD if lying else self.told
        self.refused = 0
        """Commands with a wrong checksum."""
        self._participant: Participant | None = None
        self._state = LowState()
        self._late: deque[bytes] = deque()
        self._count, self._rebooting = 0, False

    @classmethod
    def with_options(cls, options: tuple[str, ...]) -> Go2StandIn:
        """See `StandIn.with_options`."""
        return cls(_SECOND_DOMAIN if "second" in options else 0, rescue="rescue" in options)

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return f"domain {self._domain}, interface {self._interface}"

    def open(self) -> None:
        """See `Quadruped.open`."""
        self._participant = member = Participant(self._domain, self._interface)
        self._commands, self._requests = member.reader(LOW_COMMAND, own=False), member.reader(REQUESTS)
        self._states, self._answers = member.writer(LOW_STATE), member.writer(RESPONSES)
        self._sport, self._rival = member.writer(SPORT_STATE), member.writer(LOW_COMMAND)

    def hang_up(self) -> None:
        """See `Quadruped.hang_up`."""
        if self._participant is not None:
            self._participant.close()
            self._participant = None

    def exchange(self) -> None:
        """See `Quadruped.exchange`."""
        if self.plays("vanish"):
            self.hang_up()
            return
        if self._participant is None:
            self.open()
        for command in self._commands.take():
            self._obey(command)
        for request in self._requests.take():
            self._answer(request)
        if self.plays("second_writer"):
            self._compete()
        self._send_states()

    def _obey(self, command: Any) -> None:
        if not is_sealed(command.record):
            self.refused += 1
            return
        told = told_by(command.record)
        self.note(told)
        if not self.service:
            self.told = told

    def _answer(self, request: Any) -> None:
        what = request.header.identity.api_id
        self.note({CHECK: "check", SELECT: "select", RELEASE: "release"}.get(what, f"request {what}"))
        if self.plays("no_answer"):
            return
        code, content = 0, {}
        if what == CHECK:
            content = {"form": "0", "name": self.service}
        elif what == SELECT:
            self.service = str(json.loads(request.parameter or "{}").get("name", _SERVICE))
        elif what == RELEASE and not self.plays("keeps_service"):
            self.service, self.told = "", Told.nothing(_JOINTS)
        elif what != RELEASE:
            code = _UNKNOWN_API
        header = ResponseHeader(request.header.identity, ResponseStatus(code))
        self._answers.write(Response(header, json.dumps(content), []))

    def _compete(self) -> None:
        command = LowCmd()
        motors = command.record["motor_cmd"]
        motors["mode"][:_JOINTS], motors["q"][:_JOINTS] = SERVO, _HELD.position
        motors["kp"][:_JOINTS], motors["kd"][:_JOINTS] = _HELD.stiffness, _HELD.damping
        seal(command.record)
        self._rival.write(command)
        if self._count % 2:
            self.told = _HELD

    def _send_states(self) -> None:
        self._count += 1
        if self.plays("silent") or self.plays("reboot"):
            self._rebooting = self.plays("reboot")
            return
        if self._rebooting:
            self._rebooting = False
            self.begin_anew()
        if self.plays("lost") and self._count % 2:
            return
        seen = self.see()
        self._fill(seen)
        for _ in range(10 if self.plays("tenfold") else 1):
            self._send()
        if self.service and self._count % _SPORT_EVERY == 0:
            self._sport.write(self._sport_state())

    def _send(self) -> None:
        seal(self._state.record)
        if self.plays("wrong_crc"):
            self._state.record["crc"] ^= 1
        newest = self._state.record.tobytes()
        self._late.append(newest)
        if self.plays("late"):
            waiting = [self._late.popleft()] if len(self._late) > _DELAYED else []
        elif self.plays("reordered"):
            waiting = [self._late.pop() for _ in range(2)] if len(self._late) > 1 else []
        else:
            self._late.clear()
            waiting = [newest, newest] if self.plays("duplicated") else [newest]
        for state in waiting:
            self._states.write(LowState(np.frombuffer(state, LowState.codec.layout).reshape(())))

    def _fill(self, seen: Seen) -> None:
        record = self._state.record
        record["head"], record["level_flag"], record["tick"] = (0xFE, 0xEF), 0xFF, seen.tick
        imu, motors, battery = record["imu_state"], record["motor_state"], record["bms_state"]
        imu["quaternion"], imu["gyroscope"] = seen.orientation[[3, 0, 1, 2]], seen.angular_velocity
        imu["accelerometer"] = seen.linear_acceleration
        motors["mode"][:_JOINTS] = SERVO
        motors["q"][:_JOINTS], motors["dq"][:_JOINTS] = seen.position, seen.velocity
        motors["tau_est"][:_JOINTS], motors["temperature"][:_JOINTS] = seen.effort, seen.temperature
        if self.plays("motor_off"):
            motors["mode"][0] = OFF
        battery["soc"] = 5 if self.plays("battery_low") else 80
        record["power_v"] = 28.8
        record["foot_force"] = seen.foot_force
        keys = KEYS["L2"] | KEYS["B"] if self.plays("remote_stop") else 0
        record["wireless_remote"][2:4] = keys & 0xFF, keys >> 8

    def _sport_state(self) -> Any:
        state, truth = SportModeState(), self.body.truth()
        state.record["position"] = truth.base_position
        state.record["body_height"] = truth.base_position[2]
        state.record["velocity"] = self.body.measurement["base_linear_velocity"]
        return state

    def describe(self) -> str:
        """See `StandIn.describe`."""
        service = f"motion service '{self.service}' has the motors" if self.service else "motion service released"
        return f"{super().describe()}; {service}; {self.refused} refused"


def told_by(record: np.ndarray) -> Told:
    """What a command tells the motors; what is not to be controlled has no gain."""
    motors = record["motor_cmd"][:_JOINTS]
    values: dict[str, Array] = {name: motors[name].astype(np.float64) for name in ("q", "dq", "tau", "kp", "kd")}
    on = motors["mode"] == SERVO
    stiffness = np.where(on & (np.abs(values["q"]) < NO_POSITION / 2), values["kp"], 0.0)
    damping = np.where(on & (np.abs(values["dq"]) < NO_VELOCITY / 2), values["kd"], 0.0)
    return Told(values["q"], values["dq"], np.where(on, values["tau"], 0.0), stiffness, damping)
