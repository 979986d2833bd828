# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Scenes in PyBullet: bodies have the size, mass and place that their file says, and move as bodies do."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip("pybullet")

from ros_rl.backends.backend import Scenario
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.backends.pybullet.client import connect, pybullet
from ros_rl.backends.pybullet.scene import load_scene, paint
from ros_rl.robot import load_robot
from ros_rl.settings.simulators.pybullet import PyBulletSettings

FLOOR = {"box": [10.0, 10.0, 0.2], "position": [0.0, 0.0, -0.1], "friction": 0.8}
BODIES: dict[str, dict[str, Any]] = {
    "cube": {"box": [0.1, 0.2, 0.3], "mass": 0.4, "position": [2.0, 0.0, 0.15], "spread": [0.2, 0.1, 0.0, 0.5]},
    "ball": {"sphere": 0.1, "mass": 0.3, "position": [0.0, 2.0, 0.6]},
    "can": {"cylinder": [0.05, 0.2], "mass": 0.5, "position": [-2.0, 0.0, 0.1], "yaw": 1.0},
    "brick": {"urdf": "cube_small.urdf", "position": [0.0, -2.0, 0.025]},
    "duck": {"mesh": "duck.obj", "mass": 0.2, "position": [3.0, 3.0, 0.5]},
}


def scene(folder: Path, **changes: dict[str, Any]) -> str:
    bodies = [FLOOR, *({"name": name, **body, **changes.get(name, {})} for name, body in BODIES.items())]
    path = folder / "room.yaml"
    path.write_text(yaml.safe_dump({"bodies": bodies}))
    return str(path)


@pytest.fixture
def client():
    client = connect(PyBulletSettings())
    yield client
    client.disconnect()


def backend_in(path: str, seed: int = 0) -> PyBulletBackend:
    return PyBulletBackend(load_robot("cartpole"), PyBulletSettings(), 0.05, Scenario(path, seed))


def poses(backend: PyBulletBackend) -> dict[str, np.ndarray]:
    return {name: np.concatenate(pose) for name, pose in backend.truth().objects.items()}


def test_bodies_are_as_large_and_as_heavy_as_their_file_says(tmp_path, client):
    loaded = load_scene(client, scene(tmp_path))
    assert list(loaded.objects) == list(BODIES) and len(loaded.world) == 1
    extents = {"cube": (0.1, 0.2, 0.3), "ball": (0.2, 0.2, 0.2), "can": (0.1, 0.1, 0.2), "brick": (0.05, 0.05, 0.05)}
    for name, size in extents.items():
        low, high = client.getAABB(loaded.objects[name].index)
        turned = 0.0 if name != "can" else 0.05  # the box around a turned one is larger
        np.testing.assert_allclose(np.subtract(high, low), size, atol=0.005 + turned)
        assert (np.subtract(high, low) > np.array(size) - 1e-3).all()
    masses = {name: client.getDynamicsInfo(item.index, -1)[0] for name, item in loaded.objects.items()}
    assert masses == pytest.approx({"cube": 0.4, "ball": 0.3, "can": 0.5, "brick": 0.1, "duck": 0.2})
    assert client.getDynamicsInfo(loaded.world[0], -1)[:2] == pytest.approx((0.0, 0.8))


def test_a_ball_falls_as_gravity_says_and_comes_to_rest_on_the_floor(tmp_path):
    backend = backend_in(scene(tmp_path))
    backend.reset(np.random.default_rng(0))
    rest = backend.truth().objects["ball"].position[2]
    np.testing.assert_allclose(rest, 0.6)
    for _ in range(4):  # 0.2 s
        backend.step(np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(backend.truth().objects["ball"].position[2], 0.6 - 0.5 * 9.81 * 0.2**2, atol=0.005)
    for _ in range(40):
        backend.step(np.zeros(1), np.zeros(1))
    np.testing.assert_allclose(backend.truth().objects["ball"].position[2], 0.1, atol=0.005)
    backend.close()


def test_each_episode_puts_them_back_within_their_spread_by_the_seed(tmp_path):
    path = scene(tmp_path)
    backends, draws = [backend_in(path) for _ in range(2)], [np.random.default_rng(4) for _ in range(2)]
    seen = []
    for _ in range(20):
        for backend, rng in zip(backends, draws, strict=True):
            backend.reset(rng)
        seen.append(poses(backends[0]))
        for backend in backends:
            for _ in range(3):
                backend.step(np.zeros(1), np.array([5.0]))
        moved, same = map(poses, backends)
        for name in moved:
            np.testing.assert_array_equal(moved[name], same[name])
        assert moved["ball"][2] < 0.55
    cubes = np.array([item["cube"] for item in seen])
    away = np.abs(cubes[:, :2] - [2.0, 0.0])
    assert (away <= [0.2 + 1e-9, 0.1 + 1e-9]).all() and (away.max(0) > [0.1, 0.05]).all()
    yaw = 2 * np.arctan2(cubes[:, 5], cubes[:, 6])
    assert np.abs(yaw).max() <= 0.5 + 1e-9 and np.ptp(yaw) > 0.5
    for name in ("ball", "can", "brick"):
        place = np.array([item[name][:3] for item in seen])
        np.testing.assert_allclose(place, np.tile(BODIES[name]["position"], (20, 1)), atol=1e-9)
    np.testing.assert_allclose(2 * np.arctan2(seen[0]["can"][5], seen[0]["can"][6]), 1.0)
    for backend in backends:
        backend.close()


def test_friction_decides_whether_a_body_slides(tmp_path):
    """On a floor of 0.8, pushed at 1 m/s: v^2 / (2 mu g), with PyBullet's product of both frictions as mu."""
    client = connect(PyBulletSettings())
    slid = []
    for friction in (0.25, 1.0):
        loaded = load_scene(client, scene(tmp_path, cube={"friction": friction, "box": [0.2, 0.2, 0.1]}))
        cube = loaded.objects["cube"]
        client.resetBasePositionAndOrientation(cube.index, [2.0, 0.0, 0.05], [0.0, 0.0, 0.0, 1.0])
        client.resetBaseVelocity(cube.index, [1.0, 0.0, 0.0])
        for _ in range(500):
            client.stepSimulation()
        slid.append(cube.pose(client).position[0] - 2.0)
        client.resetSimulation()
        client.setGravity(0.0, 0.0, -9.81)
    np.testing.assert_allclose(slid, [1 / (2 * 0.8 * friction * 9.81) for friction in (0.25, 1.0)], rtol=0.1)
    client.disconnect()


def test_each_shape_is_painted_in_its_own_colour(tmp_path, client):
    """Boxes of 1 m side by side, two of each link, seen from the front."""
    inertial = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
    colours = np.array([[1.0, 0.4, 0.4], [0.4, 1.0, 0.4], [0.4, 0.4, 1.0], [0.8, 0.8, 0.4]])
    boxes = [
        f'<visual><origin xyz="{x} 0 0"/><geometry><box size="1 1 1"/></geometry>'
        f'<material name="m{x}"><color rgba="{red} {green} {blue} 1"/></material></visual>'
        for x, (red, green, blue) in enumerate(colours)
    ]
    links = [f'<link name="l{i}">{inertial}{"".join(boxes[2 * i : 2 * i + 2])}</link>' for i in (0, 1)]
    joint = '<joint name="j" type="fixed"><parent link="l0"/><child link="l1"/></joint>'
    path = tmp_path / "boxes.urdf"
    path.write_text(f'<robot name="boxes">{"".join(links)}{joint}</robot>')
    body = client.loadURDF(str(path))

    def seen() -> np.ndarray:
        view = client.computeViewMatrix([1.5, -5.0, 0.0], [1.5, 0.0, 0.0], [0.0, 0.0, 1.0])
        lens = client.computeProjectionMatrixFOV(55.0, 1.0, 0.1, 10.0)
        image = client.getCameraImage(64, 64, view, lens, renderer=pybullet.ER_TINY_RENDERER)[2]
        return np.reshape(image, (64, 64, 4))[32, [11, 25, 38, 52], :3].astype(float)

    share = np.array([0.5, 1.0, 0.25])
    before = seen()
    np.testing.assert_allclose(before / before.max(), colours, atol=0.02)
    paint(client, [body], share)
    np.testing.assert_allclose(seen() / before.max(), colours * share, atol=0.02)


def test_nothing_is_printed(tmp_path, capfd):
    backend_in(scene(tmp_path)).close()
    assert capfd.readouterr() == ("", "")
