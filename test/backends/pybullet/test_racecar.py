# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A car of pybullet_data: two hinges steered together by position, four wheels driven together by velocity."""

from pathlib import Path

import numpy as np
import pytest
import yaml

pytest.importorskip("pybullet")

from ros_rl.backends.backend import Scenario
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.robot import Robot, load_robot
from ros_rl.settings.simulators.pybullet import PyBulletSettings

RADIUS, WHEELBASE, PERIOD = 0.05, 0.325, 0.05
HINGES = [f"{side}_steering_hinge_joint" for side in ("left", "right")]
WHEELS = [f"{side}_{end}_wheel_joint" for end in ("front", "rear") for side in ("left", "right")]
STEER = {
    "command_interface": "position",
    **{"lower": -0.8, "upper": 0.8, "velocity": 10.0, "acceleration": 500.0, "effort": 10.0, "home": 0.0},
    **{"step": 0.5, "stiffness": 10.0, "damping": 0.2},
}
TURN = {"command_interface": "velocity", "velocity": 40.0, "acceleration": 500.0, "effort": 2.0, "step": 20.0}
CAR = {
    "name": "racecar",
    "command_interface": "velocity",
    "floating_base": True,
    "base_frame": "base_link",
    "sensors": ["joint_position", "joint_velocity", "joint_effort", "base_position", "base_orientation"],
    "joints": {**{name: STEER for name in HINGES}, **{name: TURN for name in WHEELS}},
    "actions": {
        "speed": {"unit": "m/s", "scale": 1.5, "joints": dict.fromkeys(WHEELS, 1 / RADIUS)},
        "steering": {"unit": "rad", "scale": 0.5, "joints": dict.fromkeys(HINGES, 1.0)},
    },
    "safety": {"tilt": 1.0, "joint_margin": 0.2, "joint_error": 1.0, "safe_action": "stop", "damping": 0.0},
    "simulation": {"urdf": "racecar/racecar.urdf", "spawn_height": 0.0},
}


@pytest.fixture
def car(tmp_path: Path) -> Robot:
    path = tmp_path / "racecar.yaml"
    path.write_text(yaml.safe_dump(CAR, sort_keys=False))
    return load_robot(str(path))


def driven(car: Robot, action: list[float], seconds: float = 2.0) -> tuple[float, float, np.ndarray]:
    """Drive, and give the speed [m/s], the turning rate [rad/s] and the hinges' angles [rad] once all is steady."""
    backend = PyBulletBackend(car, PyBulletSettings(), PERIOD, Scenario("plane"))
    backend.reset(np.random.default_rng(0))
    last, seen = car.neutral_command, []
    for _ in range(round(seconds / PERIOD)):
        command = car.command(np.array(action))
        measured = backend.step(last, command)
        seen.append(backend.truth())
        last = command
    backend.close()
    half = seen[len(seen) // 2 :]
    yaw = np.unwrap([truth.base_yaw for truth in half])
    way = np.linalg.norm(np.diff([truth.base_position[:2] for truth in half], axis=0), axis=1).sum()
    time = PERIOD * (len(half) - 1)
    return float(way / time), float((yaw[-1] - yaw[0]) / time), measured["joint_position"][:2]


def test_each_joint_has_its_own_interface_and_both_hinges_one_action(car):
    assert car.actions == ("speed", "steering") and car.size == 6
    np.testing.assert_allclose(car.command(np.array([0.5, -0.4])), [-0.2, -0.2, 15.0, 15.0, 15.0, 15.0])
    np.testing.assert_allclose(car.action(car.command(np.array([0.5, -0.4]))), [0.5, -0.4], atol=1e-14)


def test_it_drives_straight_as_fast_as_its_wheels_turn(car):
    speed, turning, _ = driven(car, [0.5, 0.0])
    assert speed == pytest.approx(0.75, rel=0.1)
    assert abs(turning) < 0.1


@pytest.mark.parametrize("steering", [0.6, -0.6])
def test_it_turns_as_the_angle_of_its_wheels_says(car, steering):
    """A car without slip turns by v tan(delta) / L."""
    speed, turning, hinges = driven(car, [0.4, steering])
    np.testing.assert_allclose(hinges, 0.5 * steering, atol=0.1)
    assert turning == pytest.approx(speed * np.tan(0.5 * steering) / WHEELBASE, rel=0.3)
