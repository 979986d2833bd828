# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the A1's driver refuses before anything is sent."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.backends.unitree_a1 import wire
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings

A1 = load_robot("a1")
SETTINGS = UnitreeA1Settings()
SECOND = np.arange(12) == 1


def test_the_a1_is_taken():
    SETTINGS.check_robot(A1)


def test_what_the_settings_know_of_the_datagrams_is_so():
    steps = {"stiffness": wire.STIFFNESS_STEP, "damping": wire.DAMPING_STEP, "effort": wire.EFFORT_STEP}
    most = {"stiffness": wire.MOST_STIFFNESS, "damping": wire.MOST_DAMPING, "effort": wire.MOST_EFFORT}
    for kind, (least, largest) in SETTINGS.ranges.items():
        assert largest == most[kind] - steps[kind]
        assert least == (0.0 if kind == "effort" else steps[kind])
        assert wire.to_fixed(np.array([largest]), steps[kind])[0] == 2**15 - 1


def named(**names: str):
    return {"unitree_a1": Hardware(joints={joint: HardwareJoint(name=there) for joint, there in names.items()})}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"stiffness": np.where(SECOND, 1024.0, 80.0)}, "stiffness of joint 'FR_thigh_joint' is 1024; driver"),
        ({"damping": np.where(SECOND, 0.03, 2.0)}, "damping of joint 'FR_thigh_joint' is 0.03; driver"),
        ({"limits": replace(A1.limits, effort=np.full(12, 130.0))}, "effort of joint 'FR_hip_joint' is 130"),
        ({"safety": replace(A1.safety, damping=0.01)}, "safety.damping is 0.01"),
        ({"safety": replace(A1.safety, safe_action="hold")}, "safe_action of robot 'a1' is 'hold'"),
        ({"interfaces": ("effort",) * 12}, "'FR_hip_joint' of robot 'a1' takes no position commands"),
        ({"contact_links": A1.contact_links[::-1]}, "contact_links of robot 'a1' are RL_toe, RR_toe"),
        ({"legs": {}}, "legs of robot 'a1' are none"),
        ({"hardware": named(FR_hip_joint="hip")}, "'FR_hip_joint' of robot 'a1' is 'hip' to driver 'unitree_a1'"),
        ({"hardware": named(FR_hip_joint="FL_hip_joint")}, "robot 'a1' has 0 for 'FR_hip_joint'"),
    ],
)
def test_another_robot_is_refused(change, told):
    with pytest.raises(ConfigError) as error:
        SETTINGS.check_robot(replace(A1, **change))
    assert told in str(error.value)


def test_what_is_no_address_is_refused():
    with pytest.raises(ConfigError, match="driver.backend.address is 'a1.local', expected an IPv4 address"):
        UnitreeA1Settings(address="a1.local")
    with pytest.raises(ConfigError, match="driver.backend.local_address is '1.2.3'"):
        UnitreeA1Settings(local_address="1.2.3")
