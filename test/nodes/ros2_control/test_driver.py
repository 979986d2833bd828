# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of robots that ros2_control moves, against one that is played in this process."""

import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("pybullet")

from ros2_control_robots import (
    PERIOD,
    SETTINGS,
    Pilot,
    arm,
    driver,
    follows,
    moves_since,
    rests,
    robot_of,
    stand_in,
    told,
    wait_for,
)

from ros_rl.errors import BackendError
from ros_rl.nodes.ros2_control import link
from ros_rl.robot import load_robot
from ros_rl.robot.hardware import Hardware, HardwareJoint

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]  # real time, on a machine that has other work
TARGET = np.array([0.2, 0.0, 0.1, 0.0, 0.0, -0.3])


def test_targets_reach_the_joints_and_the_last_one_expires() -> None:
    with stand_in() as played, driver() as backend:
        backend.connect()
        assert not played.received, "nothing is sent before it is armed"
        first = backend.read().measurement["joint_position"]
        assert first == pytest.approx(load_robot("ur5e").home, abs=0.05)
        arm(backend)
        with Pilot(backend, TARGET) as pilot:
            wait_for(lambda: follows(played, TARGET), "the target to arrive")
            time.sleep(2 * PERIOD)
            reading = backend.read()
            assert reading.health == "" and reading.age < SETTINGS.silence_limit
            assert reading.measurement["joint_velocity"] == pytest.approx(TARGET, abs=0.05)
        wait_for(lambda: rests(played), "the stop")
        assert max(moves_since(played, pilot.last), default=0.0) < pilot.last + 3.0 * PERIOD
        wait_for(lambda: "expired" in backend.read().health, "the reason")
        backend.write(TARGET, time.monotonic() + 1.0)
        time.sleep(2 * PERIOD)
        assert rests(played), "an expired target is made good by arming alone"
        arm(backend)
        assert backend.read().health == ""
        backend.write(TARGET, time.monotonic() + 5.0)
        wait_for(lambda: follows(played, TARGET), "the target after a new arming")
        backend.safe()
        wait_for(lambda: rests(played), "the safe action")
        backend.disarm()
        wait_for(lambda: not played.since(time.monotonic() - 0.3), "silence after disarming")


def test_limits_are_those_of_the_description() -> None:
    robot = robot_of()
    with stand_in() as played, driver() as backend:
        backend.connect()
        own = backend.own_limits()
        assert own is not None and list(own.narrower_than(robot)) == []
        assert np.isfinite([own.lower, own.upper, own.velocity]).all()
        elbow = replace(robot.limits, upper=robot.limits.upper + 0.5 * (np.arange(6) == 2))
        told = list(own.narrower_than(replace(robot, limits=elbow)))
        assert told == ["upper of elbow_joint is 3.642 in its file and 3.142 by robot_description"]
        assert not played.received


@pytest.mark.parametrize(("description", "said"), [("", None), ("<robot", "cannot be read")])
def test_a_description_that_is_none_tells_no_limits(description: str, said: str | None, monkeypatch) -> None:
    monkeypatch.setattr(link, "_DESCRIBED_SECONDS", 0.5 if said is None else 10.0)
    with stand_in(description=description), driver() as backend:
        backend.connect()
        if said is None:
            assert backend.own_limits() is None
            return
        with pytest.raises(BackendError, match=said):
            backend.own_limits()


def test_positions_hold_where_they_are() -> None:
    robot = robot_of("position")
    with stand_in(interface="position") as played, driver(robot=robot) as backend:
        backend.connect()
        arm(backend)
        start = backend.read().measurement["joint_position"]
        assert wait_for(lambda: played.command is not None, "the present position")
        assert told(played) == pytest.approx(start, abs=0.01)
        aim = start + 0.1
        with Pilot(backend, aim):
            wait_for(lambda: follows(played, aim), "the target to arrive")
        time.sleep(3 * PERIOD)
        assert told(played) == pytest.approx(aim, abs=0.02)


def test_the_controllers_order_and_other_names_are_kept() -> None:
    robot = load_robot("ur5e")
    mixed = replace(
        robot,
        joints=("lift", *robot.joints[2:], "pan"),
        hardware={
            "ros2_control": Hardware(
                joints={
                    "lift": HardwareJoint(name="shoulder_lift_joint"),
                    "pan": HardwareJoint(name="shoulder_pan_joint", sign=-1.0),
                }
            )
        },
        sensors=("joint_position", "joint_velocity"),
    )
    with stand_in() as played, driver(robot=mixed) as backend:
        backend.connect()
        arm(backend)
        with Pilot(backend, np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])):
            aim = [-0.6, 0.1, 0.2, 0.3, 0.4, 0.5]
            wait_for(lambda: follows(played, aim), "the target to arrive in the controller's order")
            wait_for(
                lambda: np.allclose(backend.read().measurement["joint_velocity"], np.arange(1, 7) / 10.0, atol=0.05),
                "velocities in the robot's order",
            )


@pytest.mark.parametrize("bad", [np.full(6, np.nan), np.full(6, np.inf), np.zeros(5)])
def test_commands_that_are_none_are_refused(bad: np.ndarray) -> None:
    with driver() as backend, pytest.raises(BackendError, match="is not 6 finite numbers"):
        backend.write(bad, 0.0)
