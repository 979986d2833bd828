# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Controllers that do not fit a robot or its settings are refused before anything is sent."""

from dataclasses import replace

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("pybullet")

from ros2_control_robots import SETTINGS, arm, driver, rests, robot_of, stand_in, wait_for

from ros_rl.errors import BackendError

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]  # real time, on a machine that has other work
REFUSALS = [
    ({}, {"controller": "forward_effort_controller"}, "nobody listens on /forward_effort_controller/commands"),
    ({}, {"joint_states": "other_states"}, "no joint states of the robot's joints come on /other_states"),
    ({}, {"program_running": "nowhere"}, "nothing comes on /nowhere, and driver.backend.status is 'required'"),
    ({"tells_joints": False}, {}, "give them in its order as driver.backend.joints"),
    ({}, {"joints": tuple(reversed(robot_of().joints))}, "the controller's joints are shoulder_pan_joint, "),
    ({}, {"namespace": "left"}, "nobody listens on /left/forward_velocity_controller/commands"),
]


@pytest.mark.parametrize(("played_as", "changes", "complaint"), REFUSALS)
def test_what_does_not_fit_is_refused_before_anything_is_sent(played_as: dict, changes: dict, complaint: str) -> None:
    settings = replace(SETTINGS, connect_timeout=30.0 if "give them" in complaint or "joints" in changes else 2.0)
    with stand_in(**played_as) as played, driver(replace(settings, **changes)) as backend:
        with pytest.raises(BackendError, match="^.*$") as refused:
            backend.connect()
        assert complaint in str(refused.value)
        assert not played.received


def test_a_namespace_and_given_joints_are_enough() -> None:
    settings = replace(SETTINGS, namespace="left", joints=robot_of().joints)
    with stand_in(namespace="left", tells_joints=False) as played, driver(settings) as backend:
        backend.connect()
        arm(backend)
        wait_for(lambda: rests(played), "the stop")
