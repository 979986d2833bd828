# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What travels over DDS between a Go2 and whoever drives it.

Field by field as the robot's own participants declare it (the vendor's published IDL), since DDS matches topics by
type: final structs whose members are numbered in order. Units are SI; quaternions here are wxyz.
"""

# no `from __future__ import annotations`: DDS types are read from the annotations as they stand
# mypy: disable-error-code="call-arg"

from dataclasses import dataclass

from ros_rl.backends.unitree_go2.frames import framed
from ros_rl.errors import MissingDependencyError

try:
    from cyclonedds.idl import IdlStruct
    from cyclonedds.idl.annotations import autoid, final
    from cyclonedds.idl.types import array, float32, int16, int32, int64, sequence, uint8, uint16, uint32
except ImportError as error:
    raise MissingDependencyError("cyclonedds", "go2") from error

MOTORS = 20
"""Records of motors in a message, of which the first 12 are there: FR, FL, RR, RL, each hip, thigh, calf."""
SERVO, OFF = 1, 0
"""Modes of a motor."""


@final
@autoid("sequential")
class MotorCmd(IdlStruct, typename="unitree_go.msg.dds_.MotorCmd_"):
    """tau + kp (q - measured) + kd (dq - measured); `mode` 1 servo, 0 off."""

    mode: uint8
    q: float32
    dq: float32
    tau: float32
    kp: float32
    kd: float32
    reserve: array[uint32, 3]


@final
@autoid("sequential")
class BmsCmd(IdlStruct, typename="unitree_go.msg.dds_.BmsCmd_"):
    """To the battery."""

    off: uint8
    reserve: array[uint8, 3]


@framed
@final
@autoid("sequential")
class LowCmd(IdlStruct, typename="unitree_go.msg.dds_.LowCmd_"):
    """What all motors are to do."""

    head: array[uint8, 2]
    level_flag: uint8
    frame_reserve: uint8
    sn: array[uint32, 2]
    version: array[uint32, 2]
    bandwidth: uint16
    motor_cmd: array[MotorCmd, MOTORS]
    bms_cmd: BmsCmd
    wireless_remote: array[uint8, 40]
    led: array[uint8, 12]
    fan: array[uint8, 2]
    gpio: uint8
    reserve: uint32
    crc: uint32


@final
@autoid("sequential")
class IMUState(IdlStruct, typename="unitree_go.msg.dds_.IMUState_"):
    """The IMU."""

    quaternion: array[float32, 4]
    gyroscope: array[float32, 3]
    accelerometer: array[float32, 3]
    rpy: array[float32, 3]
    temperature: uint8


@final
@autoid("sequential")
class MotorState(IdlStruct, typename="unitree_go.msg.dds_.MotorState_"):
    """A motor."""

    mode: uint8
    q: float32
    dq: float32
    ddq: float32
    tau_est: float32
    q_raw: float32
    dq_raw: float32
    ddq_raw: float32
    temperature: uint8
    lost: uint32
    reserve: array[uint32, 2]


@final
@autoid("sequential")
class BmsState(IdlStruct, typename="unitree_go.msg.dds_.BmsState_"):
    """The battery; `soc` in percent, `current` in mA."""

    version_high: uint8
    version_low: uint8
    status: uint8
    soc: uint8
    current: int32
    cycle: uint16
    bq_ntc: array[uint8, 2]
    mcu_ntc: array[uint8, 2]
    cell_vol: array[uint16, 15]


@framed
@final
@autoid("sequential")
class LowState(IdlStruct, typename="unitree_go.msg.dds_.LowState_"):
    """What all motors, the IMU and the battery measure; `tick` in ms."""

    head: array[uint8, 2]
    level_flag: uint8
    frame_reserve: uint8
    sn: array[uint32, 2]
    version: array[uint32, 2]
    bandwidth: uint16
    imu_state: IMUState
    motor_state: array[MotorState, MOTORS]
    bms_state: BmsState
    foot_force: array[int16, 4]
    foot_force_est: array[int16, 4]
    tick: uint32
    wireless_remote: array[uint8, 40]
    bit_flag: uint8
    adc_reel: float32
    temperature_ntc1: uint8
    temperature_ntc2: uint8
    power_v: float32
    power_a: float32
    fan_frequency: array[uint16, 4]
    reserve: uint32
    crc: uint32


@final
@autoid("sequential")
class TimeSpec(IdlStruct, typename="unitree_go.msg.dds_.TimeSpec_"):
    """A time."""

    sec: int32
    nanosec: uint32


@final
@autoid("sequential")
class PathPoint(IdlStruct, typename="unitree_go.msg.dds_.PathPoint_"):
    """Of a path that the motion service follows."""

    t_from_start: float32
    x: float32
    y: float32
    yaw: float32
    vx: float32
    vy: float32
    vyaw: float32


@framed
@final
@autoid("sequential")
class SportModeState(IdlStruct, typename="unitree_go.msg.dds_.SportModeState_"):
    """What the robot's own motion service tells; once it is released nobody does."""

    stamp: TimeSpec
    error_code: uint32
    imu_state: IMUState
    mode: uint8
    progress: float32
    gait_type: uint8
    foot_raise_height: float32
    position: array[float32, 3]
    body_height: float32
    velocity: array[float32, 3]
    yaw_speed: float32
    range_obstacle: array[float32, 4]
    foot_force: array[int16, 4]
    foot_position_body: array[float32, 12]
    foot_speed_body: array[float32, 12]
    path_point: array[PathPoint, 10]


@dataclass
@final
@autoid("sequential")
class RequestIdentity(IdlStruct, typename="unitree_api.msg.dds_.RequestIdentity_"):
    """Which request, and for what."""

    id: int64
    api_id: int64


@dataclass
@final
@autoid("sequential")
class RequestLease(IdlStruct, typename="unitree_api.msg.dds_.RequestLease_"):
    """Of a client that has a service to itself; 0 without."""

    id: int64


@dataclass
@final
@autoid("sequential")
class RequestPolicy(IdlStruct, typename="unitree_api.msg.dds_.RequestPolicy_"):
    """How it is to be answered."""

    priority: int32
    noreply: bool


@dataclass
@final
@autoid("sequential")
class RequestHeader(IdlStruct, typename="unitree_api.msg.dds_.RequestHeader_"):
    """Of a request."""

    identity: RequestIdentity
    lease: RequestLease
    policy: RequestPolicy


@dataclass
@final
@autoid("sequential")
class Request(IdlStruct, typename="unitree_api.msg.dds_.Request_"):
    """To one of the robot's services; `parameter` is JSON."""

    header: RequestHeader
    parameter: str
    binary: sequence[uint8]


@dataclass
@final
@autoid("sequential")
class ResponseStatus(IdlStruct, typename="unitree_api.msg.dds_.ResponseStatus_"):
    """0 if it went well."""

    code: int32


@dataclass
@final
@autoid("sequential")
class ResponseHeader(IdlStruct, typename="unitree_api.msg.dds_.ResponseHeader_"):
    """Of an answer; the identity is that of its request."""

    identity: RequestIdentity
    status: ResponseStatus


@dataclass
@final
@autoid("sequential")
class Response(IdlStruct, typename="unitree_api.msg.dds_.Response_"):
    """Of one of the robot's services; `data` is JSON."""

    header: ResponseHeader
    data: str
    binary: sequence[uint8]
