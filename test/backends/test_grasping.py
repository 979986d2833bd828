# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Grippers hold things by friction and the force of their fingers, in both simulators."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_rl.backends.backend import Scenario
from ros_rl.robot import Robot, load_robot
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings

PERIOD = 0.05  # s
QUIET = NoiseSettings(**{item.name: 0.0 for item in fields(NoiseSettings)})
LIFTS = {"ur5e_gripper": "shoulder_lift_joint", "xarm6_gripper": "joint2"}
SCENE = """bodies:
  - {{box: [0.04, 0.04, 0.16], position: [0.42, 0.0, 0.1], friction: 0.5}}
  - {{name: thing, {shape}, mass: {mass}, position: [0.42, {beside}, 0.2], friction: {friction}}}
"""


class Bench:
    """An arm whose gripper is around a thing that stands on a pillar."""

    def __init__(self, folder: Path, name: str, driver: str, rate: float, **thing: Any) -> None:
        what = {"shape": "box: [0.04, 0.04, 0.04]", "mass": 0.1, "friction": 0.5, "beside": 0.005} | thing
        (folder / "pillar.yaml").write_text(SCENE.format(**what))
        self.robot: Robot = replace(
            load_robot(name), objects=("thing",), sensors=(*load_robot(name).sensors, "object_position")
        )
        scenario = Scenario(scene=str(folder / "pillar.yaml"))
        quiet: dict[str, Any] = {"physics_rate_hz": rate, "reset_noise": 0.0, "noise": QUIET}
        if driver == "pybullet":
            pytest.importorskip("pybullet")
            from ros_rl.backends.pybullet.backend import PyBulletBackend

            self.backend: Any = PyBulletBackend(self.robot, PyBulletSettings(**quiet), PERIOD, scenario)
        else:
            pytest.importorskip("mujoco")
            from ros_rl.backends.mujoco.backend import MujocoBackend

            self.backend = MujocoBackend(self.robot, MujocoSettings(**quiet), PERIOD, scenario)
        self.at = self.robot.joints.index("gripper")
        assert self.robot.gripper is not None
        self.gripper = self.robot.gripper
        opened = self.robot.home.copy()
        opened[self.at] = self.gripper.opened
        self.robot = replace(self.robot, home=opened)
        self.backend._robot = self.robot
        self.seen = self.backend.begin(np.random.default_rng(0))
        self.told = self.robot.neutral_command

    @property
    def width(self) -> float:
        return float(self.gripper.width_at(self.seen["joint_position"][self.at]))

    def held(self) -> np.ndarray:
        """Where the thing is, seen from the tool [m]."""
        return np.asarray(self.seen["object_position"] - self.seen["tool_position"])

    def go(self, seconds: float, width: float, **velocities: float) -> None:
        """Towards a width [m] at the gripper's speed, with velocities of the arm's joints [rad/s]."""
        most = self.robot.limits.velocity[self.at] * PERIOD
        for _ in range(round(seconds / PERIOD)):
            command = np.zeros(self.robot.size)
            for joint, velocity in velocities.items():
                command[self.robot.joints.index(joint)] = velocity
            change = self.gripper.position_at(width) - self.told[self.at]
            command[self.at] = self.told[self.at] + np.clip(change, -most, most)
            self.seen = self.backend.step(self.told, command)
            self.told = command


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
@pytest.mark.parametrize("rate", [240.0, 500.0])
@pytest.mark.parametrize("name", LIFTS)
def test_a_cube_that_is_lifted_does_not_slip(tmp_path: Path, name: str, rate: float, driver: str) -> None:
    bench = Bench(tmp_path, name, driver, rate)
    try:
        bench.go(1.5, 0.0)
        assert bench.width == pytest.approx(0.04, abs=0.005), "pads give way, in MuJoCo by 2 mm each"
        bench.go(1.0, 0.0, **{LIFTS[name]: -0.3})
        assert bench.seen["object_position"][2] > 0.25
        before = bench.held()
        bench.go(5.0, 0.0)
        np.testing.assert_allclose(bench.held(), before, atol=1e-3)
        bench.go(0.5, 0.085)
        assert bench.held()[2] < -0.1, "it falls when the gripper opens"
    finally:
        bench.backend.close()


@pytest.mark.parametrize("name", LIFTS)
def test_what_is_too_slippery_or_too_wide_is_not_lifted(tmp_path: Path, name: str) -> None:
    """No constraint holds it: 2 x mu x force has to bear the weight."""
    for thing in ({"friction": 0.005, "mass": 0.5}, {"shape": "box: [0.04, 0.1, 0.04]", "beside": 0.07}):
        bench = Bench(tmp_path, name, "pybullet", 500.0, **thing)
        try:
            bench.go(1.5, 0.0)
            bench.go(1.0, 0.0, **{LIFTS[name]: -0.3})
            assert bench.seen["object_position"][2] < 0.22
        finally:
            bench.backend.close()


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
@pytest.mark.parametrize(("name", "force"), [("ur5e_gripper", 30.0), ("xarm6_gripper", 30.0)])
def test_either_finger_presses_as_its_file_says(tmp_path: Path, name: str, force: float, driver: str) -> None:
    """Of 4 cm: what the joint's motor exerts, shared by what both fingers go for it."""
    bench = Bench(tmp_path, name, driver, 500.0)
    try:
        bench.go(1.5, 0.0)
        width_per_unit = abs(bench.gripper.width / (bench.gripper.opened - bench.gripper.closed))
        pressed = abs(bench.seen["joint_effort"][bench.at]) / width_per_unit
        assert pressed == pytest.approx(force, rel=0.15)
    finally:
        bench.backend.close()


def test_a_soft_thing_gives_way(tmp_path: Path) -> None:
    """30 N on four corners with springs of 2000 N/m each: 3.75 mm on either side of a 4 cm cube."""
    bench = Bench(tmp_path, "ur5e_gripper", "pybullet", 500.0, shape="box: [0.04, 0.04, 0.04], stiffness: 2000.0")
    try:
        bench.go(1.5, 0.0)
        assert bench.width == pytest.approx(0.0325, abs=0.001)
    finally:
        bench.backend.close()
