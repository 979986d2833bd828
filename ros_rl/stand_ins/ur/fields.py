# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The fields of RTDE that the stand-in knows, with their types; an unknown name is answered ``NOT_FOUND``.

A type must be found by the exact name: one wrong width shifts all fields behind it.
"""

from __future__ import annotations

import re

_OUTPUTS = {
    "timestamp": "DOUBLE",
    "target_q": "VECTOR6D",
    "target_qd": "VECTOR6D",
    "target_qdd": "VECTOR6D",
    "target_current": "VECTOR6D",
    "target_moment": "VECTOR6D",
    "actual_q": "VECTOR6D",
    "actual_qd": "VECTOR6D",
    "actual_current": "VECTOR6D",
    "joint_control_output": "VECTOR6D",
    "actual_TCP_pose": "VECTOR6D",
    "actual_TCP_speed": "VECTOR6D",
    "actual_TCP_force": "VECTOR6D",
    "target_TCP_pose": "VECTOR6D",
    "target_TCP_speed": "VECTOR6D",
    "actual_digital_input_bits": "UINT64",
    "joint_temperatures": "VECTOR6D",
    "actual_execution_time": "DOUBLE",
    "robot_mode": "INT32",
    "joint_mode": "VECTOR6INT32",
    "safety_mode": "INT32",
    "actual_tool_accelerometer": "VECTOR3D",
    "speed_scaling": "DOUBLE",
    "target_speed_fraction": "DOUBLE",
    "actual_momentum": "DOUBLE",
    "actual_main_voltage": "DOUBLE",
    "actual_robot_voltage": "DOUBLE",
    "actual_robot_current": "DOUBLE",
    "actual_joint_voltage": "VECTOR6D",
    "actual_digital_output_bits": "UINT64",
    "runtime_state": "UINT32",
    "standard_analog_input0": "DOUBLE",
    "standard_analog_input1": "DOUBLE",
    "standard_analog_output0": "DOUBLE",
    "standard_analog_output1": "DOUBLE",
    "robot_status_bits": "UINT32",
    "safety_status_bits": "UINT32",
    "ft_raw_wrench": "VECTOR6D",
    "payload": "DOUBLE",
    "payload_cog": "VECTOR3D",
    "payload_inertia": "VECTOR6D",
}
_INPUTS = {"external_force_torque": "VECTOR6D"}
_REGISTER = re.compile(r"(input|output)_(int|double)_register_(\d{1,2})")
SIZES = {"VECTOR3D": 3, "VECTOR6D": 6, "VECTOR6INT32": 6}
"""Numbers of a type; the others have one."""


def type_of(name: str, direction: str) -> str:
    """Type of a field.

    Args:
        name: Of the field.
        direction: ``output`` of the robot, or ``input``.
    """
    register = _REGISTER.fullmatch(name)
    if register is not None and register[1] == direction and int(register[3]) < 48:
        return "INT32" if register[2] == "int" else "DOUBLE"
    return (_OUTPUTS if direction == "output" else _INPUTS).get(name, "NOT_FOUND")


def register_of(name: str) -> tuple[str, int] | None:
    """Kind, ``int`` or ``double``, and number of a register; None for what is none."""
    register = _REGISTER.fullmatch(name)
    return None if register is None else (register[2], int(register[3]))
