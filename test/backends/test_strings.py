# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Things on strings, in both simulators, against what physics says of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_rl.backends.backend import Scenario
from ros_rl.backends.world.strings import STIFFNESS, String
from ros_rl.robot import load_robot
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings

PERIOD, MASS, LENGTH, GRAVITY = 0.02, 0.03, 0.4, 9.81
ANCHOR = np.array([2.0, 0.0, 1.5])
SCENE = f"""bodies:
  - {{name: thing, sphere: 0.02, mass: {MASS}, position: [%s, 0.0, %s], anchor: [2.0, 0.0, 1.5], string: {LENGTH}}}
"""


@pytest.fixture(params=["pybullet", "mujoco"])
def driver(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param)
    return str(request.param)


def backend_in(driver: str, scene: Path | str, robot: str = "cartpole", **settings: Any) -> Any:
    if driver == "pybullet":
        from ros_rl.backends.pybullet.backend import PyBulletBackend

        return PyBulletBackend(load_robot(robot), PyBulletSettings(**settings), PERIOD, Scenario(scene=str(scene)))
    from ros_rl.backends.mujoco.backend import MujocoBackend

    return MujocoBackend(load_robot(robot), MujocoSettings(**settings), PERIOD, Scenario(scene=str(scene)))


def ways(driver: str, folder: Path, place: tuple[float, float], seconds: float, rate: float = 500.0) -> np.ndarray:
    """Where the thing is after each control period, seen from its anchor [m]; it begins at rest at x and z there."""
    path = folder / "string.yaml"
    path.write_text(SCENE % (2.0 + place[0], 1.5 + place[1]))
    backend = backend_in(driver, path, physics_rate_hz=rate)
    try:
        backend.begin(np.random.default_rng(0))
        seen = []
        for _ in range(round(seconds / PERIOD)):
            backend.step(np.zeros(1), np.zeros(1))
            seen.append(backend.truth().objects["thing"].position - ANCHOR)
        return np.array(seen)
    finally:
        backend.close()


@pytest.mark.parametrize("rate", [250.0, 1000.0])
def test_at_rest_it_hangs_below_its_anchor_and_stretches_the_string_by_its_weight(driver, tmp_path, rate):
    way = ways(driver, tmp_path, (0.0, -LENGTH), 3.0, rate)[-1]
    np.testing.assert_allclose(way, [0.0, 0.0, -LENGTH - MASS * GRAVITY / STIFFNESS], atol=1e-5)


def test_it_swings_as_a_pendulum(driver, tmp_path):
    """By 5 degrees, whose period is longer than 2 pi sqrt(L/g) by 0.05 %."""
    angle = np.radians(5.0)
    x = ways(driver, tmp_path, (LENGTH * np.sin(angle), -LENGTH * np.cos(angle)), 8.0)[:, 0]
    falling = np.flatnonzero((x[:-1] > 0.0) & (x[1:] <= 0.0))
    crossings = PERIOD * (falling + x[falling] / (x[falling] - x[falling + 1]))
    period = 2.0 * np.pi * np.sqrt(LENGTH / GRAVITY)
    np.testing.assert_allclose(np.diff(crossings), period, rtol=2e-3)
    assert np.abs(x[-80:]).max() > 0.7 * LENGTH * np.sin(angle), "what swings is hardly damped"


def test_a_slack_string_does_nothing_and_a_taut_one_ends_the_fall_without_a_bounce(driver, tmp_path):
    z = ways(driver, tmp_path, (0.0, -0.1), 1.0)[:, 2]
    times = PERIOD * np.arange(1, 11)
    np.testing.assert_allclose(z[:10], -0.1 - 0.5 * GRAVITY * times**2, atol=0.005)
    assert z.min() > -LENGTH - 0.02
    np.testing.assert_allclose(z[-10:], -LENGTH, atol=0.002)


def test_what_it_pulls_by_hand():
    string = String(np.array([0.0, 0.0, 1.0]), 0.5, 0.1)
    assert not string.pull(np.array([0.2, 0.0, 0.6]), np.zeros(3), 1e-3).any()
    assert not string.pull(string.anchor, np.ones(3), 1e-3).any()
    # 1 cm too far, at rest, in steps that are short: spring alone, towards the anchor
    np.testing.assert_allclose(
        string.pull(np.array([0.51, 0.0, 1.0]), np.zeros(3), 1e-9), [-0.01 * STIFFNESS, 0, 0], rtol=1e-5
    )
    # one that flies to its anchor faster than spring and damper would bring it there is not pushed away
    assert not string.pull(np.array([0.51, 0.0, 1.0]), np.array([-2.0, 0.0, 0.0]), 1e-3).any()


def test_a_gripper_cannot_take_the_thing_out_of_reach_of_its_string(driver, tmp_path):
    """The tool rises with a cube whose string is taut after 5 cm. Fingers that press with 30 N each let it slip, or a
    joint of the arm gives way that exerts all it can: in MuJoCo the pads' friction counts, and not the thing's.
    """
    path = tmp_path / "tied.yaml"
    path.write_text(
        "bodies:\n  - {box: [0.04, 0.04, 0.16], position: [0.42, 0.0, 0.1], friction: 0.5}\n"
        "  - {name: thing, box: [0.04, 0.04, 0.04], mass: 0.1, position: [0.42, 0.005, 0.2], friction: 0.5, "
        "anchor: [0.42, 0.0, 0.0], string: 0.25}\n"
    )
    robot = load_robot("xarm6_gripper")
    at = robot.joints.index("gripper")
    backend = backend_in(driver, path, "xarm6_gripper", reset_noise=0.0)
    assert robot.gripper is not None
    try:
        opened = robot.home.copy()
        opened[at] = robot.gripper.opened
        backend._robot = replace(robot, home=opened)
        backend.begin(np.random.default_rng(0))
        told, most = robot.neutral_command, 0.0
        for number in range(150):
            command = np.zeros(robot.size)
            command[robot.joints.index("joint2")] = -0.3 * (number >= 75)
            command[at] = min(told[at] + 1.7 * PERIOD, robot.gripper.closed)
            effort = np.abs(backend.step(told, command)["joint_effort"])
            told = command
            truth = backend.truth()
            away = np.linalg.norm(truth.objects["thing"].position - [0.42, 0.0, 0.0])
            most = max(most, float(away))
        assert most < 0.25 + 2.0 * 60.0 / STIFFNESS
        assert truth.tool_position is not None
        slipped = truth.tool_position[2] > 0.35 and away < 0.251
        gives_way = bool((effort >= 0.999 * robot.limits.effort)[: robot.size - 1].any())
        assert slipped != (gives_way and truth.tool_position[2] < 0.3)
        assert slipped or driver == "mujoco"
    finally:
        backend.close()


def test_it_is_drawn(driver, tmp_path):
    path = tmp_path / "drawn.yaml"
    path.write_text(
        "bodies:\n  - {name: thing, sphere: 0.02, mass: 0.1, position: [0.4, 0.0, 0.2], "
        "anchor: [0.4, 0.0, 0.6], string: 0.4, colour: [1.0, 1.0, 1.0, 1.0]}\n"
    )
    plain = tmp_path / "plain.yaml"
    plain.write_text(path.read_text().replace("anchor: [0.4, 0.0, 0.6], string: 0.4, ", ""))
    pictures = []
    for scene in (path, plain):
        backend = backend_in(driver, scene, "xarm6", reset_noise=0.0)
        backend.begin(np.random.default_rng(0))
        try:
            pictures.append(backend.render(320, 240).astype(int))
        finally:
            backend.close()
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 60
    rows, columns = np.nonzero(changed)
    assert np.ptp(rows) > 5 * max(1, np.ptp(columns)), "a thin upright line"
