# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which cameras look: by the task, by the run, as either sets them; and what is refused, in a line each."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml

from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot, robot_names
from ros_rl.sensors.cameras import watched_topics
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import ALL_TASKS
from ros_rl.tasks.arm.pick_place import XarmPickPlace


class Seeing(XarmPickPlace):
    """A task that looks through the camera at the wrist."""

    name: ClassVar[str] = "xarm_seeing"
    cameras: ClassVar[tuple[str, ...]] = ("wrist",)


NOBODY = {"agent": {"name": "random"}}
"""An agent that needs to see nothing."""


def robot_of(task: str = "xarm_pick_place", driver: str = "pybullet", **cameras: Any) -> Any:
    over = {"cameras": cameras, "driver": {"backend": {"name": driver}}, **NOBODY}
    if driver not in ("pybullet", "rolling", "mujoco", "mock"):
        over["driver"]["mode"] = "real_time"
    return load_settings(task, overrides=[over]).load_robot()


def test_what_pixels_of_a_knocked_camera_are_now() -> None:
    with pytest.raises(ConfigError, match=r"frames.moved'; .*frames.shift \(m\) and turn \(rad\)"):
        load_settings("sphero_navigate", overrides=[{"driver": {"backend": {"frames": {"moved": [0, 0]}}}}])


def test_none_look_unless_asked() -> None:
    robot = robot_of()
    assert robot.cameras == {} and set(robot.optional_cameras) == {"wrist", "front"}


def test_as_the_robot_has_them() -> None:
    robot = robot_of(names=["front"])
    assert robot.cameras == {"front": robot.optional_cameras["front"]}
    assert robot.cameras["front"].size == (64, 64) and not robot.cameras["front"].depth


def test_as_the_run_sets_them() -> None:
    robot = robot_of(names=["front", "wrist"], width=96, height=32, depth=True)
    assert list(robot.cameras) == ["front", "wrist"]
    assert all(camera.size == (32, 96) and camera.depth for camera in robot.cameras.values())


def test_those_that_the_task_observes_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALL_TASKS, Seeing.name, Seeing)
    assert list(robot_of(Seeing.name, names=["front", "wrist"]).cameras) == ["wrist", "front"]
    settings = load_settings(Seeing.name, overrides=[NOBODY, {"cameras": {"names": ["front"]}}])
    assert list(settings.headless().load_robot().cameras) == ["wrist"]  # as evaluations want it


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"task": "a1_walk", "names": ["wrist"]}, "robot 'a1' has no camera 'wrist', which cameras.names asks for; "),
        ({"names": ["palm"]}, "'palm', which cameras.names asks for; it has: wrist, front"),
        (
            {"names": ["front"], "driver": "mock"},
            "no camera 'front' of robot 'xarm6_gripper', which cameras.names asks for: leave that out, or use a driver",
        ),
        ({"names": ["front"], "width": 256}, r"'cameras.width' is 256, out of range: .*\[px\] in \[32, 128\]"),
        ({"names": ["front"], "height": 16}, r"'cameras.height' is 16, out of range"),
        ({"names": ["front"], "height": 64.5}, r"'cameras.height' is 64.5, expected int"),
        ({"task": "sphero_navigate", "names": ["above"], "driver": "mock"}, "driver 'mock' draws no camera 'above'"),
        (
            {"task": "sphero_navigate", "driver": "rolling", "names": ["above"], "depth": True},
            r"'rolling' sees from straight above, without depth; camera 'above' .* to \[0.0, 0.0, 0.0\] with depth",
        ),
    ],
)
def test_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        robot_of(**arguments)


@pytest.mark.parametrize(
    ("task", "driver", "camera"), [("xarm_pick_place", "xarm", "wrist"), ("sphero_navigate", "sphero", "above")]
)
def test_a_driver_of_a_real_robot_leaves_its_cameras_to_nodes_of_somebodys(task: str, driver: str, camera: str) -> None:
    address = {"address": "192.168.1.203"} if driver == "xarm" else {}
    over = {"driver": {"backend": {"name": driver, **address}, "mode": "real_time"}, "cameras": {"names": [camera]}}
    settings = load_settings(task, overrides=[over, {"control": {"rate_hz": 2.0}}, NOBODY])
    robot = settings.load_robot()
    assert list(robot.cameras) == [camera]
    assert settings.driver.backend.own_part(robot).cameras == {}
    assert watched_topics(robot) == {f"image_{camera}": f"watched/{camera}/image_raw"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("image_wrist", "driver.camera_topics has 'image_wrist': expected NAME=TOPIC, each name once, such as image_"),
        ("image_wrist=/", "has 'image_wrist=/': expected NAME=TOPIC"),
        ("image_wrist=/a b", "'image_wrist=/a b', whose topic is no name that ROS"),
        ("depth_wrist=/depth", "names 'depth_wrist', which no camera gives; there is image_wrist"),
        ("image_wrist=/a, image_wrist=/b", "has 'image_wrist=/b': expected NAME=TOPIC, each name once"),
    ],
)
def test_topics_that_cannot_be(given: str, message: str) -> None:
    over = {"driver": {"backend": {"name": "xarm", "address": "192.168.1.203"}, "mode": "real_time"}}
    topics = f"driver.camera_topics=[{given}]"
    settings = load_settings("xarm_pick_place", overrides=[over, {"cameras": {"names": ["wrist"]}}, topics, NOBODY])
    with pytest.raises(ConfigError, match=message):
        settings.load_robot()


def test_topics_that_are_named() -> None:
    robot = robot_of(names=["wrist"], depth=True)
    assert watched_topics(robot, ["depth_wrist=/camera/depth", "image_wrist=colour/"]) == {
        "image_wrist": "colour",
        "depth_wrist": "/camera/depth",
    }


def test_a_task_that_wants_what_the_robot_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ALL_TASKS, Seeing.name, Seeing)
    monkeypatch.setattr(Seeing, "cameras", ("palm",))
    with pytest.raises(ConfigError, match="no camera 'palm', which task 'xarm_seeing' observes; it has: wrist"):
        robot_of(Seeing.name)


def test_an_environment_has_no_robot() -> None:
    with pytest.raises(ConfigError, match=r"cameras.names is \['wrist'\], but only robots have cameras"):
        load_settings("gym", overrides=[{"task": {"env": "Pendulum-v1"}, "cameras": {"names": ["wrist"]}}])


def write(folder: Path, robot: str, **camera: Any) -> str:
    """A robot's file with one camera more, from one that fits."""
    file = yaml.safe_load((share_path("config", "robots") / f"{robot}.yaml").read_text())
    usual = {"position": [1.0, 0.0, 0.5], "target": [0.0, 0.0, 0.0], "field_of_view": 1.0}
    name = camera.pop("name", "more")
    file["cameras"] = {name: {key: value for key, value in (usual | camera).items() if value is not None}}
    path = folder / f"{robot}.yaml"
    path.write_text(yaml.safe_dump(file))
    return str(path)


@pytest.mark.parametrize(
    ("camera", "message"),
    [
        ({"target": [1.0, 0.0, 0.5]}, r"cameras.more looks from \[1.0, 0.0, 0.5\] to \[1.0, 0.0, 0.5\] with up"),
        ({"target": [1.0, 0.0, 0.0]}, r"with up \[0.0, 0.0, 1.0\]: expected two points, and an up that is not along"),
        ({"up": [0.0, 0.0, 0.0]}, r"with up \[0.0, 0.0, 0.0\]: expected"),
        ({"nearest": 0.5, "farthest": 0.5}, "cameras.more: nearest 0.5 is not below farthest 0.5"),
        ({"name": "Left-Eye"}, "cameras.Left-Eye: expected a name of small letters, digits and _"),
        ({"width": 31}, r"'cameras.more.width' is 31, out of range: of its picture \[px\] in \[32, 128\]"),
        ({"field_of_view": 3.2}, r"'cameras.more.field_of_view' is 3.2, out of range"),
        ({"field_of_view": None}, r"missing key 'cameras.more.field_of_view': from the top of its picture"),
        ({"lens": "wide"}, r"unknown setting 'cameras.more.lens'; valid in cameras.more: depth, farthest"),
        ({"position": [0.0, float("nan"), 1.0]}, r"cameras.more.position\[1\]' is nan"),
    ],
)
def test_a_file_that_makes_no_sense(tmp_path: Path, camera: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_robot(write(tmp_path, "xarm6_gripper", **camera))


def test_a_link_that_is_not_there(tmp_path: Path) -> None:
    file = write(tmp_path, "xarm6_gripper", link="palm")
    settings = load_settings("xarm_pick_place", overrides=[{"robot": file}])
    with pytest.raises(ConfigError, match=r"cameras.more.link: .*xarm6_gripper.urdf has no link 'palm'; it has link_"):
        settings.load_robot()
    with pytest.raises(ConfigError, match="cameras.more.link is 'shell', but the robot has no URDF: leave it out"):
        load_robot(write(tmp_path, "sphero", link="shell"))


@pytest.mark.parametrize("name", robot_names())
def test_cameras_that_ship_can_look(name: str) -> None:
    """Small enough for pictures to be cheap, and square, as encoders have them."""
    for camera in load_robot(name).optional_cameras.values():
        assert camera.size == (64, 64)


def test_who_sees_by_a_camera_that_is_not_drawn_is_named() -> None:
    settings = load_settings("sphero_navigate", overrides=["driver.backend.name=mock"], preset="sphero_pixels")
    with pytest.raises(ConfigError, match="no camera 'above' of robot 'sphero', which observation.cameras names: "):
        settings.load_robot()
