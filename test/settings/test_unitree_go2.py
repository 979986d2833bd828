# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots that a Go2 cannot be are refused before anything is sent."""

from dataclasses import replace
from typing import Any

import pytest

from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint
from ros_rl.settings.hardware.unitree_go2 import UnitreeGo2Settings
from ros_rl.settings.loading import load_settings

GO2 = load_robot("go2")
REAL = ["driver.mode=real_time", "driver.backend.name=unitree_go2"]


def renamed(there: str) -> dict[str, Any]:
    return {"hardware": {"unitree_go2": Hardware(joints={"FR_hip_joint": HardwareJoint(name=there)})}}


def test_a_go2_is_accepted() -> None:
    UnitreeGo2Settings().check_robot(GO2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            renamed("FR_0"),
            "joint 'FR_hip_joint' of robot 'go2' is 'FR_0' to driver 'unitree_go2', which has FR_hip_joint",
        ),
        (renamed("FL_hip_joint"), "moves 12 joints, and robot 'go2' has 0 for 'FR_hip_joint'"),
        (
            {"contact_links": GO2.contact_links[::-1]},
            "contact_links of robot 'go2' are RL_foot, .*begin with FR, FL, RR, RL",
        ),
        ({"contact_links": ()}, "contact_links of robot 'go2' are none"),
        ({"interfaces": ("effort",) * 12}, "joint 'FR_hip_joint' of robot 'go2' takes no position commands"),
        ({"safety": replace(GO2.safety, safe_action="hold")}, "safety.safe_action of robot 'go2' is 'hold'"),
    ],
)
def test_another_robot_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        UnitreeGo2Settings().check_robot(replace(GO2, **changes))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("domain", "300", "'driver.backend.domain' is 300, out of range"),
        ("battery_limit", "-1", "'driver.backend.battery_limit' is -1"),
        ("address", "192.168.123.18", "unknown setting 'driver.backend.address'"),
    ],
)
def test_settings_out_of_range_are_refused(key: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        load_settings("go2_walk", overrides=[*REAL, f"driver.backend.{key}={value}"])


def test_a_real_robot_is_armed_by_a_person() -> None:
    driver = load_settings("go2_walk", overrides=REAL).driver
    assert not driver.arms_itself and not driver.recovers
