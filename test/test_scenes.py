# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Scenes' files: what they may say, where the files that they name lie, and what is refused before anything starts."""

import shutil
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import yaml

from ros_rl import scenes
from ros_rl.cli.main import main
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.robot.model_files import model_path, placed
from ros_rl.scenes import check_scene, read_scene, scene_paths
from ros_rl.settings.loading import load_settings

CUBE = {"name": "cube", "box": [0.1, 0.1, 0.1], "mass": 0.2, "position": [0.5, 0.0, 0.05]}
BRICK = """<robot name="brick"><link name="brick"><inertial><mass value="1"/>
<inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>
<collision><geometry><box size="1 1 1"/></geometry></collision></link></robot>"""


def scene(folder: Path, *bodies: dict[str, Any]) -> str:
    path = folder / "room.yaml"
    path.write_text(yaml.safe_dump({"bodies": list(bodies)}))
    return str(path)


@pytest.mark.parametrize("name", sorted(scene_paths()))
def test_a_scene_that_ships_is_whole(name):
    check_scene(name, read_scene(name).objects)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"size": 1.0}, "unknown setting 'bodies[0].size'"),
        ({"box": [0.1, -0.1, 0.1]}, "'bodies[0].box[1]' is -0.1, out of range"),
        ({"box": [0.1, 0.1]}, "'bodies[0].box' is [0.1, 0.1], expected a list of 3"),
        ({"position": [0.0, float("nan"), 0.0]}, "'bodies[0].position[1]' is nan, expected a finite number"),
        ({"friction": -1.0}, "'bodies[0].friction' is -1.0, out of range"),
        ({"colour": [255, 0, 0, 1]}, "'bodies[0].colour[0]' is 255.0, out of range"),
        ({"spread": [0.1, 0.1, -0.1, 0.0]}, "'bodies[0].spread[2]' is -0.1"),
        ({"sphere": 0.1}, "it has box, sphere, expected exactly one of box, sphere, cylinder, mesh, urdf"),
        ({"box": None}, "it has no shape, expected exactly one of"),
        ({"mass": None}, "'mass' is missing: a body with a name moves"),
        ({"mass": 0.0}, "'bodies[0].mass' is 0.0, out of range"),
        ({"name": None}, "'mass': a body without a name stands still"),
        ({"name": None, "mass": None, "spread": [1, 0, 0, 0]}, "'spread': a body without a name stands still"),
        ({"name": None, "mass": None, "stiffness": 100.0}, "'stiffness': of a body with a mass only"),
        ({"name": " "}, "'name' is ' ', expected one that is not empty"),
        ({"box": None, "urdf": "cube_small.urdf"}, "'mass': a URDF says its own"),
        ({"string": 1.0}, "'anchor' is missing: a string has both"),
        ({"anchor": [0.5, 0.0, 0.6]}, "'string' is missing: a string has both"),
        (
            {"name": None, "mass": None, "anchor": [0.5, 0.0, 0.6], "string": 1.0},
            "'string': of a body with a mass only",
        ),
        (
            {"anchor": [0.5, 0.0, 0.65], "string": 0.6, "spread": [0.1, 0.0, 0.0, 0.0]},
            "'string' is 0.6 m long, and the body begins up to 0.608 m from its 'anchor'",
        ),
        ({"box": None, "mass": None, "urdf": "cube_small.urdf", "texture": "a.png"}, "'texture': a URDF says its own"),
    ],
)
def test_what_makes_no_sense_is_refused_with_file_and_key(tmp_path, change, words):
    path = scene(tmp_path, CUBE | change)
    with pytest.raises(ConfigError) as caught:
        read_scene(path)
    assert words in str(caught.value) and path in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_bodies_of_one_name(tmp_path):
    with pytest.raises(ConfigError, match="two bodies have the name 'cube'"):
        read_scene(scene(tmp_path, CUBE, CUBE))


def test_no_such_scene_and_no_such_object():
    with pytest.raises(UnknownNameError, match="plane, rail, table"):
        read_scene("moon")
    with pytest.raises(UnknownNameError, match="cube"):
        check_scene("table_cube", ["ball"])


class TestFiles:
    """One rule for what robots and scenes name."""

    def test_beside_the_yaml_file_and_not_in_the_working_directory(self, tmp_path, monkeypatch):
        beside, here = tmp_path / "package", tmp_path / "here"
        for folder in (beside / "models", here / "models"):
            folder.mkdir(parents=True)
            (folder / "brick.urdf").write_text(BRICK)
        monkeypatch.chdir(here)
        body = {"urdf": "models/brick.urdf", "position": [0, 0, 0]}
        found = read_scene(scene(beside, body)).bodies[0].urdf
        assert found == str(beside / "models" / "brick.urdf")
        monkeypatch.chdir(beside)
        path = Path(scene(beside, body)).relative_to(beside)
        assert read_scene(str(path)).bodies[0].urdf == found

    def test_beside_comes_before_sim_and_pybullet(self, tmp_path):
        own = next((share_path() / "sim").rglob("*.urdf"))
        name = str(own.relative_to(share_path() / "sim"))
        assert model_path(placed(name, tmp_path)) == own
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(own, tmp_path / name)
        assert model_path(placed(name, tmp_path)) == tmp_path / name
        assert model_path(placed("plane.urdf", tmp_path)).parent.name == "pybullet_data"

    def test_in_a_ros_package(self, tmp_path, monkeypatch):
        folder = tmp_path / "share" / "bricks" / "models"
        folder.mkdir(parents=True)
        (folder / "brick.urdf").write_text(BRICK)
        monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere:{tmp_path}")
        body = {"urdf": "package://bricks/models/brick.urdf", "position": [0, 0, 0]}
        assert read_scene(scene(tmp_path, body)).bodies[0].urdf == str(folder / "brick.urdf")

    def test_in_a_python_package(self, tmp_path, monkeypatch):
        folder = tmp_path / "some_bricks"
        folder.mkdir()
        (folder / "__init__.py").write_text("")
        (folder / "brick.urdf").write_text(BRICK)
        monkeypatch.syspath_prepend(str(tmp_path))
        assert placed("package://some_bricks/brick.urdf", Path("/")) == str(folder / "brick.urdf")
        with pytest.raises(ConfigError, match="'package://no_bricks/brick.urdf': no ROS package 'no_bricks' on AMENT"):
            placed("package://no_bricks/brick.urdf", tmp_path)

    def test_a_file_that_is_nowhere_is_refused_before_the_simulator_starts(self, tmp_path):
        pytest.importorskip("pybullet")
        path = scene(tmp_path, {"urdf": "brick.urdf", "position": [0, 0, 0]})
        with pytest.raises(ConfigError, match=r"room.yaml: 'urdf' is 'brick.urdf', which is not beside that file"):
            check_scene(path, ())
        with pytest.raises(ConfigError, match="'mesh' is 'stone.stl'"):
            check_scene(scene(tmp_path, {"mesh": "stone.stl", "position": [0, 0, 0]}), ())

    def test_a_robot_beside_its_urdf_in_another_folder(self, tmp_path, monkeypatch):
        data = yaml.safe_load(share_path("config", "robots", "cartpole.yaml").read_text())
        data["simulation"]["urdf"] = "models/own.urdf"
        (tmp_path / "models").mkdir()
        shutil.copy(share_path("sim", "cartpole", "cartpole.urdf"), tmp_path / "models" / "own.urdf")
        (tmp_path / "own.yaml").write_text(yaml.safe_dump(data))
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["ros-rl"])
        robot = load_robot("own.yaml")
        monkeypatch.chdir("/")
        assert robot.simulation.urdf == str(tmp_path / "models" / "own.urdf")
        load_settings("cartpole_swingup", overrides=[f"robot={tmp_path / 'own.yaml'}"]).load_robot()


def test_other_packages_add_theirs(tmp_path, monkeypatch, capsys):
    path = Path(scene(tmp_path, CUBE))
    path.write_text("# A room with a cube.\n" + path.read_text())
    (tmp_path / "rooms.py").write_text(f"ROOM = {str(path)!r}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("room", "rooms:ROOM", scenes.SCENES_GROUP)
    monkeypatch.setattr(scenes, "find_plugins", lambda group: {"room": point} if group == "ros_rl.scenes" else {})
    assert read_scene("room").objects == ("cube",)
    assert main(["list", "scenes"]) == 0
    assert "A room with a cube." in capsys.readouterr().out
