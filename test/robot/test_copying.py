# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's own file goes with the run, and is found again from wherever the run's settings are read."""

import shutil
from pathlib import Path

import pytest
import yaml

from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.robot.copying import portable
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run


def own_robot(folder: Path, urdf: str | None = None) -> Path:
    """A file like the mock robot's, with a comment of its own."""
    folder.mkdir(parents=True)
    text = share_path("config", "robots", "mock.yaml").read_text().replace("name: mock", "name: pointer")
    section = "" if urdf is None else f"simulation:\n  urdf: {urdf}  # drawn by hand\n"
    (folder / "own.yaml").write_text(text + section)
    return folder / "own.yaml"


def test_a_urdf_beside_the_file_is_named_by_its_whole_path(tmp_path: Path) -> None:
    path = own_robot(tmp_path / "my robots", "urdf/pointer.urdf")
    (path.parent / "urdf").mkdir()
    urdf = path.parent / "urdf" / "pointer.urdf"
    urdf.write_text("<robot name='pointer'/>")
    text = portable(path)
    was, now = yaml.safe_load(path.read_text()), yaml.safe_load(text)
    assert now.pop("simulation") == {"urdf": str(urdf)} and was.pop("simulation") and now == was
    assert "# drawn by hand" in text and "# Two axes for tests" in text


@pytest.mark.parametrize("urdf", [None, "a1/a1.urdf", "kuka_iiwa/model.urdf"])
def test_what_is_found_everywhere_stays_as_it_is(tmp_path: Path, urdf: str | None) -> None:
    path = own_robot(tmp_path / "robots", urdf)
    assert portable(path) == path.read_text()


def test_a_run_of_ones_own_robot_holds_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where its folder is moved, and once the robot's file is gone."""
    path = own_robot(tmp_path / "here" / "robots")
    monkeypatch.chdir(tmp_path / "here")
    settings = load_settings("mock_point", overrides=["robot=robots/own.yaml", "driver.backend.name=mock"])
    RunFolder(tmp_path / "here" / "run").write_config(settings)
    robot = load_robot(str(path))
    path.unlink()
    shutil.move(tmp_path / "here" / "run", tmp_path / "moved")
    monkeypatch.chdir("/")
    for found in (
        load_run(tmp_path / "moved" / "config.yaml"),
        load_settings(None, tmp_path / "moved" / "config.yaml"),
    ):
        assert found.load_robot().name == robot.name == "pointer"
        assert Path(found.robot) == tmp_path / "moved" / "robot.yaml"
    RunFolder(tmp_path / "moved").write_config(found)  # as a run does that goes on there
    RunFolder(tmp_path / "next").write_config(found)
    for folder in ("moved", "next"):
        assert load_run(tmp_path / folder / "config.yaml").robot == str(tmp_path / folder / "robot.yaml")


def test_a_parameters_file_names_a_robot_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_robot(tmp_path / "mine")
    (tmp_path / "mine" / "params.yaml").write_text("/**: {ros__parameters: {robot: own.yaml}}")
    monkeypatch.chdir("/")
    assert load_settings("mock_point", tmp_path / "mine" / "params.yaml").load_robot().name == "pointer"
    (tmp_path / "params.yaml").write_text("/**: {ros__parameters: {robot: mine/own.yaml}}")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    shutil.move(tmp_path / "params.yaml", tmp_path / "elsewhere")
    assert load_settings("mock_point", tmp_path / "elsewhere" / "params.yaml").robot == "mine/own.yaml"


def test_other_paths_are_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    RunFolder(tmp_path / "run").write_config(load_settings("mock_point", overrides=["agent={name: bc, log: old/run}"]))
    assert load_run(tmp_path / "run" / "config.yaml").agent.log == str(tmp_path / "old" / "run")
