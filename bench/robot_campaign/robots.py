# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The robots of the campaign: their stand-ins, how to reach them, and what "driven" means for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robot_campaign import received
from robot_campaign.received import Orders

SAFE, GOES_ON, TOLD, REFUSED = "safe", "goes on", "told", "refused"
"""What a fault may call for: the robot may not be driven any more; nothing may stop it; nobody can reach the robot, so
that the driver can but say so and ask for no motion; nothing may begin."""
_STILL = 0.02  # rad/s or rad, of an arm's joints
_NAMESPACE = "fault_campaign"  # where no real arm listens
_UR_ADDRESS = "127.0.72.2"

Driven = Callable[[], bool]


@dataclass(frozen=True)
class Subject:
    """A robot with its driver and its stand-in."""

    robot: str
    driver: str
    stand_in: Callable[[], Any]
    settings: Callable[[Any], dict[str, Any]]
    """Of the driver's backend, once the stand-in is there."""
    driven: Callable[[Any], Driven]
    """Gives what says whether, at this moment, its motors follow a command."""
    orders: Orders
    """What it received from a moment on."""
    expected: Mapping[str, str] = field(default_factory=dict)
    """What its faults call for where that is not the usual, by their names."""
    start_only: frozenset[str] = frozenset()
    """Faults of the stand-in's that tell at a connection alone."""
    processes: bool = True
    """Whether its driver has processes of its own."""
    rate: float = 20.0
    """[Hz]"""


def _a1() -> Any:
    from ros_rl.stand_ins.unitree_a1 import A1StandIn

    return A1StandIn(port=0, start="standing")


def _go2() -> Any:
    from ros_rl.stand_ins.unitree_go2 import Go2StandIn

    return Go2StandIn(domain=93)


def _xarm() -> Any:
    from ros_rl.stand_ins.xarm.stand_in import XarmStandIn

    return XarmStandIn(control_port=0, report_ports=(0, 0, 0))


def _ur() -> Any:
    from ros_rl.stand_ins.ur import UrStandIn

    return UrStandIn(_UR_ADDRESS)


def _ur_gripper() -> Any:
    from ros_rl.stand_ins.surroundings import Surroundings
    from ros_rl.stand_ins.ur import UrStandIn

    return UrStandIn(_UR_ADDRESS, surroundings=Surroundings("ur5e_gripper", "table"), gripper_port=0)


def _ros2_control() -> Any:
    from ros_rl.stand_ins.ros2_control import Ros2ControlStandIn

    return Ros2ControlStandIn(namespace=_NAMESPACE)


def _so101() -> Any:
    from ros_rl.stand_ins.so101 import So101StandIn

    return So101StandIn()


def _sphero() -> Any:
    from ros_rl.stand_ins.sphero.stand_in import SpheroStandIn

    return SpheroStandIn(toy_port=0, camera_port=0)


def _legs_driven(stand_in: Any) -> Driven:
    return lambda: bool(stand_in.told.follows)


def _xarm_driven(stand_in: Any) -> Driven:
    return lambda: float(stand_in.speed) > _STILL


def _ur_driven(stand_in: Any) -> Driven:
    return lambda: float(np.abs(stand_in.controller.speed).max()) > _STILL


def _ros2_control_driven(stand_in: Any) -> Driven:
    def driven() -> bool:
        command = stand_in.command
        return stand_in.running and command is not None and float(np.abs(command).max()) > _STILL

    return driven


def _so101_driven(stand_in: Any) -> Driven:
    """Servos hold the goal that they have; they are driven when one gets another that lies away from where it is."""
    other, away = 2, 10  # counts
    seen: dict[int, int] = {}

    def driven() -> bool:
        changed = False
        for number, servo in stand_in.servos.items():
            if abs(servo.goal - seen.setdefault(number, servo.goal)) > other:
                seen[number] = servo.goal
                changed = changed or abs(servo.goal - servo.position) > away
        return changed and any(stand_in.torque)

    return driven


def _sphero_driven(stand_in: Any) -> Driven:
    return lambda: stand_in.ball.duty != (0, 0)


_LEGS = {
    "robot: lost": GOES_ON,
    "robot: duplicated": GOES_ON,
    "robot: reordered": GOES_ON,
    "operator: pause": GOES_ON,  # its motors hold it
    "controller: huge commands": SAFE,  # legs fall by them
}

_UR_AT_START = frozenset({"local", "script_refused", "in_use"})
_OF_GRIPPER = [f"gripper_{name}" for name in ("inactive", "fault", "off", "silent", "slow", "garbage", "closed")]

SUBJECTS: dict[str, Subject] = {
    "a1": Subject(
        "a1",
        "unitree_a1",
        _a1,
        lambda one: {"address": "127.0.0.1", "port": one.port, "local_port": 0},
        _legs_driven,
        received.of_legs,
        {**_LEGS, "robot: tick_back": GOES_ON, "robot: deaf": TOLD},
    ),
    "go2": Subject(
        "go2",
        "unitree_go2",
        _go2,
        lambda one: {"domain": 93, "interface": "lo"},
        _legs_driven,
        received.of_legs,
        {**_LEGS, "robot: tenfold": GOES_ON, "robot: vanish": TOLD, "robot: second_writer": TOLD},
        start_only=frozenset({"no_answer", "keeps_service"}),
    ),
    "xarm": Subject(
        "xarm6",
        "xarm",
        _xarm,
        lambda one: {"address": "127.0.0.1", "control_port": one.control_port, "report_port": one.report_port},
        _xarm_driven,
        received.of_xarm,
        {"robot: warning": GOES_ON, "robot: gripper_timeout": GOES_ON},
        start_only=frozenset({"stays_off", "old_firmware", "unreadable_firmware", "long_serial", "seven_axes"}),
        processes=False,
    ),
    "ur": Subject(
        "ur5e",
        "ur_rtde",
        _ur,
        lambda one: {"address": one.address},
        _ur_driven,
        received.of_ur,
        {"robot: other_recipes": GOES_ON} | {f"robot: {fault}": GOES_ON for fault in _OF_GRIPPER},  # it has none
        start_only=_UR_AT_START,
    ),
    "ur_gripper": Subject(
        "ur5e_gripper",
        "ur_rtde",
        _ur_gripper,
        lambda one: {"address": one.address, "gripper": {"port": one.gripper_port}},
        _ur_driven,
        received.of_ur_gripper,
        {"robot: other_recipes": GOES_ON},
        start_only=_UR_AT_START,
    ),
    "ros2_control": Subject(
        "ur5e",
        "ros2_control",
        _ros2_control,
        lambda one: {"namespace": _NAMESPACE, "status": "required"},
        _ros2_control_driven,
        received.of_ros2_control,
        {"robot: flood": GOES_ON, "robot: controller_gone": TOLD, "robot: second_publisher": TOLD},
    ),
    "so101": Subject(
        "so101",
        "so101",
        _so101,
        lambda one: {"port": one.address},
        _so101_driven,
        received.of_so101,
        {"robot: noise": GOES_ON, "robot: torn": GOES_ON, "robot: echo": GOES_ON},
        start_only=frozenset({"other_firmware", "other_model", "held"}),
    ),
    "sphero": Subject(
        "sphero",
        "sphero",
        _sphero,
        lambda one: {
            "bridge": f"{one.host}:{one.toy_port}",
            "camera": f"tcp://{one.host}:{one.camera_port}",
            "reply_time": 0.3,
        },
        _sphero_driven,
        received.of_sphero,
        {
            "robot: old_sequence": GOES_ON,
            "robot: one_motor": GOES_ON,
            "robot: stuck": GOES_ON,  # nobody measures its wheels
            "robot: disconnected": TOLD,
            "robot: refused": TOLD,
            "robot: low_battery": TOLD,
            "robot: going_to_sleep": TOLD,
        },
        start_only=frozenset({"not_found"}),
        rate=5.0,
    ),
}
"""By the names of their stand-ins."""
