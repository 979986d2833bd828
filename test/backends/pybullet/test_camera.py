# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures show the robot that is there, whole and not from afar: judged by the pixels that go when the robot does."""

import numpy as np
import pytest
import yaml

pytest.importorskip("pybullet")

from ros_rl.backends.backend import Scenario
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.backends.pybullet.framing import home_box
from ros_rl.robot.loading import load_robot
from ros_rl.settings.simulators.pybullet import PyBulletSettings

WIDTH, HEIGHT = 320, 240
SCENES = {"xarm6": "table", "cartpole": "rail"}
OTHERS = {  # of pybullet_data: URDF, whether it moves through the world, height of its base, some of its joints
    "husky": ("husky/husky.urdf", True, 0.15, ["front_left_wheel", "front_right_wheel"]),
    "r2d2": ("r2d2.urdf", True, 0.5, ["right_front_wheel_joint", "left_front_wheel_joint"]),
    "kuka": ("kuka_iiwa/model.urdf", False, 0.0, [f"lbr_iiwa_joint_{i}" for i in range(1, 8)]),
}


@pytest.fixture
def make(tmp_path):
    """Makes a robot's backend by the robot's name, and closes all in the end."""
    made = []

    def make(name: str) -> PyBulletBackend:
        robot = load_robot(_file(tmp_path, name) if name in OTHERS else name)
        made.append(PyBulletBackend(robot, PyBulletSettings(), 0.05, Scenario(SCENES.get(name, "plane"))))
        made[-1].reset(np.random.default_rng(0))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


def _file(folder, name: str) -> str:
    urdf, floating, height, joints = OTHERS[name]
    limits = dict(lower=-2.5, upper=2.5, velocity=5.0, acceleration=50.0, effort=50.0)
    joint = limits | dict(home=0.0, action_scale=0.5, step=0.5, stiffness=20.0, damping=1.0)
    safety = dict(tilt=np.inf, joint_error=np.inf, joint_margin=9.0, safe_action="damp", damping=1.0)
    robot = {"name": name, "command_interface": "position", "floating_base": floating, "base_frame": "base"}
    robot |= {"sensors": ["joint_position"], "joints": dict.fromkeys(joints, joint), "safety": safety}
    robot["simulation"] = {"urdf": urdf, "spawn_height": height}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(robot))
    return str(folder / f"{name}.yaml")


def pixels_of(backend: PyBulletBackend, base: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the picture in which the robot is seen: what changes when it is taken out of the world."""
    with_it = backend._camera.picture(base, WIDTH, HEIGHT).astype(int)
    backend._client.removeBody(backend._body.index)
    seen = np.abs(with_it - backend._camera.picture(base, WIDTH, HEIGHT)).sum(-1) > 30
    return np.flatnonzero(seen.any(1)), np.flatnonzero(seen.any(0))


@pytest.mark.parametrize("name", ["a1", "xarm6", "cartpole", *OTHERS])
def test_the_whole_robot_is_seen_and_not_from_afar(make, name):
    backend = make(name)
    rows, columns = pixels_of(backend, backend.truth().base_position)
    assert rows[0] > 0 and rows[-1] < HEIGHT - 1 and columns[0] > 0 and columns[-1] < WIDTH - 1
    assert max((rows[-1] - rows[0]) / HEIGHT, (columns[-1] - columns[0]) / WIDTH) > 0.4


@pytest.mark.parametrize("where", [(40.0, -7.0, 0.0), (0.0, 0.0, 30.0)])
def test_a_robot_that_moves_is_followed(make, where):
    backend = make("husky")
    there = np.array(where)
    start, turned = backend._client.getBasePositionAndOrientation(backend._body.index)
    base = backend.truth().base_position
    backend._client.resetBasePositionAndOrientation(backend._body.index, start + there, turned)
    rows, columns = pixels_of(backend, base + there)
    assert rows[0] > 0 and rows[-1] < HEIGHT - 1 and columns[0] > 0 and columns[-1] < WIDTH - 1
    assert columns[-1] - columns[0] > 0.4 * WIDTH


def test_a_gait_does_not_shake_the_camera(make):
    camera = make("a1")._camera
    assert camera._target(np.array([2.0, 1.0, 0.25])) == camera._target(np.array([2.0, 1.0, 0.35]))


def test_the_box_of_what_collides_with_nothing_is_that_of_what_is_drawn():
    box = home_box(load_robot("cartpole"))  # sim/cartpole/cartpole.urdf: a rail of 4.4 m, a pole of 0.6 m that turns
    assert (box.low[0], box.high[0]) == pytest.approx((-2.2, 2.2), abs=0.01)
    assert box.low[2] == pytest.approx(-0.6, abs=0.02)
    assert box.high[2] == pytest.approx(0.6, abs=0.02)


def test_measuring_leaves_the_world_as_it_was(make):
    measured = []
    for looks in (False, True):
        backend = make("xarm6")
        if looks:
            backend.render(WIDTH, HEIGHT)
        backend.write(0.3 * backend._robot.scale, 0.0)
        measured.append(backend.read().measurement["joint_position"])
    assert np.array_equal(*measured)
