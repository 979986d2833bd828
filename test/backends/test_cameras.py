# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots' cameras in the simulators: what is in the world is in the pixel where a pinhole has it."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends import make_backend
from ros_rl.errors import BackendError
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings

SETTINGS = {"width": 128, "height": 96, "depth": True}


@pytest.fixture
def make() -> Iterator[Any]:
    """Makes a task's backend with cameras, reset with seed 3, and its robot; closes all in the end."""
    made = []

    def make(task: str, driver: str, names: list[str], cameras: dict | None = None, **backend: Any) -> Any:
        pytest.importorskip(driver if driver != "rolling" else "numpy")
        over = {"cameras": {"names": names} | (SETTINGS if cameras is None else cameras)}
        settings = load_settings(task, overrides=[over | {"driver": {"backend": {"name": driver} | backend}}])
        try:
            made.append(make_backend(settings, 0))
        except BackendError as error:
            pytest.skip(str(error))  # no EGL here
        reading = made[-1].reset(np.random.default_rng(3))
        return made[-1], settings.load_robot(), reading.measurement

    yield make
    for backend in made:
        backend.close()


def rays(camera: Any, axes: np.ndarray) -> np.ndarray:
    """Through the middle of each pixel, 1 m along the way that the camera looks, in the world: (height, width, 3).

    Args:
        camera: Whose field of view alone says it.
        axes: Right, down and ahead in the world, as rows.
    """
    half = np.tan(camera.field_of_view / 2) * np.array([camera.width / camera.height, 1.0])
    across = (np.arange(camera.width) + 0.5) / camera.width * 2 - 1  # from -1 at the left edge to 1
    down = (np.arange(camera.height) + 0.5) / camera.height * 2 - 1
    right, below = np.meshgrid(half[0] * across, half[1] * down)
    return np.stack([right, below, np.ones_like(right)], axis=-1) @ axes


def distances(box: Any, side: float, place: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Along the way that a camera looks [m], where its rays meet a cube; nan where they do not: (height, width).

    Args:
        box: Pose of the cube.
        side: Its length [m].
        place: Of the lens.
        ways: As `rays` gives them.
    """
    turned = quaternion_to_matrix(box.orientation)
    start, ways = (place - box.position) @ turned, ways @ turned
    ends = [(sign * side / 2 - start) / ways for sign in (-1, 1)]
    enters, leaves = np.minimum(*ends).max(axis=-1), np.maximum(*ends).min(axis=-1)
    return np.where(enters <= leaves, enters, np.nan)


def yellow(image: np.ndarray) -> np.ndarray:
    """Where the sponge is, in the light and in its own shade: bool, shape (height, width)."""
    red, _, blue = image.astype(int).transpose(2, 0, 1)
    return (red > 60) & (blue < 0.45 * red)


def middle(mask: np.ndarray) -> np.ndarray:
    """Row and column."""
    return np.mean(np.nonzero(mask), axis=1)


@pytest.mark.parametrize("samples", [2, 3])
def test_a_pixel_may_be_the_mean_of_several(make, samples):
    """As if a picture of that many times the size were made smaller; what is not on an edge stays as it was."""
    small = {"width": 32, "height": 40, "depth": True}
    large = {"width": 32 * samples, "height": 40 * samples, "depth": True}
    _, _, found = make("xarm_pick_place", "pybullet", ["front"], small, samples=samples)
    _, _, fine = make("xarm_pick_place", "pybullet", ["front"], large)
    blocks = fine["image_front"].reshape(40, samples, 32, samples, 3).astype(float)
    assert np.array_equal(found["image_front"], np.rint(blocks.mean(axis=(1, 3))))
    depths = fine["depth_front"].reshape(40, samples, 32, samples)
    assert np.array_equal(found["depth_front"], depths[:, samples // 2, :, samples // 2])


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
class TestArms:
    def test_a_thing_is_where_the_fixed_camera_has_it(self, make, driver):
        backend, robot, measured = make("xarm_pick_place", driver, ["front"])
        camera = robot.cameras["front"]
        ahead = np.subtract(camera.target, camera.position)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.array([0.0, 1.0, 0.0])  # it looks at the robot along -x
        axes = np.stack([right, np.cross(ahead, right), ahead])
        self.check(backend, camera, axes, np.array(camera.position), measured, "front")

    def test_a_thing_is_where_the_wrist_camera_has_it(self, make, driver):
        backend, robot, measured = make("xarm_pick_place", driver, ["wrist"])
        camera, truth = robot.cameras["wrist"], backend.truth()
        hand = quaternion_to_matrix(truth.tool_orientation)  # the base frame is the world
        origin = truth.tool_position - hand @ robot.simulation.tool_offset
        ahead = np.subtract(camera.target, camera.position)
        right = np.cross(ahead, camera.up)
        axes = np.stack([side / np.linalg.norm(side) for side in (right, np.cross(ahead, right), ahead)]) @ hand.T
        self.check(backend, camera, axes, origin + hand @ camera.position, measured, "wrist")

    def test_a_thing_is_where_a_knocked_camera_has_it(self, make, driver):
        """Put aside, up and ahead, and turned by 15 degrees about the way that it looks, clockwise."""
        shift, turn = (0.06, -0.02, 0.1), (0.0, 0.0, np.pi / 12)
        backend, robot, measured = make("xarm_pick_place", driver, ["front"], frames={"shift": shift, "turn": turn})
        camera = robot.cameras["front"]
        ahead = np.subtract(camera.target, camera.position)
        ahead = ahead / np.linalg.norm(ahead)
        right = np.array([0.0, 1.0, 0.0])
        down = np.cross(ahead, right)
        place = camera.position + shift[0] * right + shift[1] * down + shift[2] * ahead
        across, along = np.cos(np.pi / 12), np.sin(np.pi / 12)
        axes = np.stack([across * right + along * down, across * down - along * right, ahead])
        self.check(backend, camera, axes, place, measured, "front")

    def check(self, backend, camera, axes, place, measured, name):
        """The sponge is a cube of 5 cm."""
        far = distances(backend.truth().objects["sponge"], 0.05, place, rays(camera, axes))
        there, seen = np.isfinite(far), yellow(measured[f"image_{name}"])
        assert there.sum() > 80
        assert (there & seen).sum() > 0.9 * (there | seen).sum()
        assert middle(seen) == pytest.approx(middle(there), abs=0.2)  # half a pixel off is a wrong K
        depth = measured[f"depth_{name}"]
        assert depth.dtype == np.uint16 and depth.shape == camera.size
        assert np.abs(depth / 1000.0 - far)[there & seen].max() < 0.003

    def test_what_is_beyond_the_farthest_has_no_depth(self, make, driver):
        _, robot, measured = make("xarm_pick_place", driver, ["front"])
        sky = measured["depth_front"][0] == 0  # above the table's edge it sees far
        assert sky.any() or (measured["depth_front"] < 10_000).all()
        assert (measured["depth_front"] <= 1000 * robot.cameras["front"].farthest).all()

    def test_the_gripper_is_seen_at_the_wrist(self, make, driver):
        """Its black fingers, left and right of the middle."""
        _, _, measured = make("xarm_pick_place", driver, ["wrist"])
        image = measured["image_wrist"]
        dark = image.max(axis=-1) < 45
        assert dark[:, :64].sum() > 100 and dark[:, 64:].sum() > 100

    def test_looking_moves_nothing(self, make, driver):
        plain, _, _ = make("xarm_pick_place", driver, [])
        looking, robot, _ = make("xarm_pick_place", driver, ["wrist", "front"])
        for _ in range(3):
            found = []
            for backend in (plain, looking):
                backend.write(0.5 * robot.scale, 0.0)
                found.append(backend.read().measurement)
            for name in robot.sensors:
                assert np.array_equal(found[0][name], found[1][name]), name
        assert set(found[1]) - set(found[0]) == {"image_wrist", "depth_wrist", "image_front", "depth_front"}

    def test_pictures_are_late(self, make, driver):
        backend, robot, first = make("xarm_pick_place", driver, ["front"], frames={"late": [2, 2]})
        seen = [first["image_front"]]
        for _ in range(4):
            backend.write(robot.scale, 0.0)
            seen.append(backend.read().measurement["image_front"])
        still = [np.array_equal(seen[0], image) for image in seen]
        assert still == [True, True, True, False, False]


def test_who_evaluates_sees_what_the_agent_sees_and_no_more():
    over = {"cameras": {"names": ["front"]}, "observation": {"cameras": ["wrist"]}, "agent": {"name": "drq_dqn"}}
    settings = load_settings("xarm_pick_place", overrides=[over])
    world = RobotWorld(settings.headless(), 0)
    try:
        first = world.begin_episode().tick
        after = world.step(world.command(world.spec.map.random(np.random.default_rng(0)))).tick
    finally:
        world.close()
    for tick in (first, after):
        assert {name for name in tick.measurement if "image" in name} == {"image_wrist"}
    assert not np.array_equal(first.measurement["image_wrist"], after.measurement["image_wrist"])


@pytest.mark.parametrize("driver", ["pybullet", "mujoco", "rolling"])
def test_what_is_late_and_lost_follows_from_the_seed(make, driver):
    task, camera = ("sphero_navigate", "above") if driver == "rolling" else ("xarm_pick_place", "wrist")
    seen = []
    for _ in range(2):
        backend, robot, first = make(task, driver, [camera], {}, frames={"late": [0, 3], "dropped": 0.3})
        backend.write(robot.command(np.ones(robot.action_size)), 0.0)
        seen.append([first, *(backend.read().measurement for _ in range(12))])
    pictures = [[measured[f"image_{camera}"] for measured in run] for run in seen]
    assert all(np.array_equal(*pair) for pair in zip(*pictures, strict=True))
    assert any(np.array_equal(*pair) for pair in itertools.pairwise(pictures[0]))  # one that stays


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
def test_a_camera_on_a_base_that_moves_goes_with_it(make, driver, tmp_path):
    """One that looks down from a walking robot's trunk sees its legs; one that stands in the world sees it go."""
    import yaml

    from ros_rl.resources import share_path

    file = yaml.safe_load((share_path("config", "robots") / "go2.yaml").read_text())
    file["cameras"] = {
        "belly": {
            "link": "base_link",
            "position": [0, 0, 0.5],
            "target": [0, 0, 0],
            "up": [1, 0, 0],
            "field_of_view": 1.2,
        },
        "room": {"position": [1.5, 0, 0.3], "target": [0, 0, 0.3], "field_of_view": 0.8},
    }
    path = tmp_path / "go2.yaml"
    path.write_text(yaml.safe_dump(file))
    over = {"robot": str(path), "cameras": {"names": ["belly", "room"]}, "driver": {"backend": {"name": driver}}}
    settings = load_settings("go2_walk", overrides=[over])
    backend = make_backend(settings, 0)
    try:
        before = backend.reset(np.random.default_rng(0)).measurement
        backend.push(np.array([0.0, 0.8, 0.0]))
        for _ in range(4):
            backend.write(settings.load_robot().neutral_command, 0.0)
            after = backend.read().measurement
        assert backend.truth().base_position[1] > 0.05
        trunk = np.abs(before["image_belly"].astype(int) - after["image_belly"])[16:48, 30:34]
        assert trunk.max() < 60  # it stays in the middle, however it leans
        columns = [middle(seen["image_room"].max(axis=-1) < 50)[1] for seen in (before, after)]
        assert columns[1] > columns[0] + 3  # the black head goes to its left, the camera's right
    finally:
        backend.close()


def test_nothing_to_draw_with_is_told_before_anything_starts(monkeypatch):
    mujoco = pytest.importorskip("mujoco")

    def refuse(*_: Any) -> None:
        raise RuntimeError("no EGL here")

    monkeypatch.setattr(mujoco, "Renderer", refuse)
    over = {"cameras": {"names": ["front"]}, "driver": {"backend": {"name": "mujoco"}}}
    settings = load_settings("xarm_pick_place", overrides=[over])
    with pytest.raises(BackendError, match="MuJoCo cannot draw here: no EGL here; install libegl1, or set MUJOCO_GL"):
        make_backend(settings, 0)


class TestBall:
    def test_it_is_where_a_pinhole_has_it(self, make):
        backend, robot, measured = make("sphero_navigate", "rolling", ["above"], {"width": 128, "height": 128})
        camera, truth = robot.cameras["above"], backend.truth()
        axes = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])  # y is up in the picture
        ways = rays(camera, axes) * (2.0 - 0.04)  # to the height of its middle
        away = np.linalg.norm(np.array(camera.position) + ways - truth.base_position, axis=-1)
        blue = measured["image_above"][..., 2].astype(float) - 104  # above the floor's
        share = np.clip(blue / (240 - 104), 0.0, 1.0)
        assert [(share * grid).sum() / share.sum() for grid in np.mgrid[:128, :128]] == pytest.approx(
            middle(away < 0.04), abs=0.3
        )
        assert share.sum() == pytest.approx(np.pi * (0.04 / np.linalg.norm(ways[0, 0] - ways[0, 1])) ** 2, rel=0.05)

    def test_it_is_where_a_knocked_pinhole_has_it(self, make):
        """Turned clockwise by a quarter about the way down: its right is what was down in the picture, -y."""
        frames, size = {"shift": [0.2, 0.1, 0.5], "turn": [0.0, 0.0, np.pi / 2]}, {"width": 96, "height": 96}
        backend, robot, measured = make("sphero_navigate", "rolling", ["above"], size, frames=frames)
        axes, place = np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]), np.array([0.2, -0.1, 1.5])
        ways = rays(robot.cameras["above"], axes) * (1.5 - 0.04)
        away = np.linalg.norm(place + ways - backend.truth().base_position, axis=-1)
        assert (away < 0.04).any(), "it is out of the picture"
        share = np.clip((measured["image_above"][..., 2].astype(float) - 104) / (240 - 104), 0.0, 1.0)
        found = [(share * grid).sum() / share.sum() for grid in np.mgrid[:96, :96]]
        assert found == pytest.approx(middle(away < 0.04), abs=0.3)

    def test_which_way_it_looks_is_not_seen(self, make):
        backend, _, measured = make("sphero_navigate", "rolling", ["above"], {})
        backend._ball.heading += 1.0
        assert np.array_equal(backend.look("above").colour, measured["image_above"])

    def test_pictures_change_nothing(self, make):
        plain, _, first = make("sphero_navigate", "rolling", [], {})
        _, _, second = make("sphero_navigate", "rolling", ["above"], {}, frames={"dropped": 0.5, "late": [0, 3]})
        assert np.array_equal(first["base_position"], second["base_position"])
