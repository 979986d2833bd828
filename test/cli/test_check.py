# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl check``: what it prints, what it draws, and its exit code; and that ``train`` refuses the same at once."""

import sys

import numpy as np
import pytest
from boxes import SAFETY, entry, joint, link, write_robot
from command_line import run_cli

ARM = (link("base", 3.0), joint("hip", "arm", xyz="0 0 0.5"), link("arm", 1.0, "0.3 0.1 0.1"))
JOINTS = {"hip": entry(velocity=3.0)}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_robot_that_works(capsys, tmp_path) -> None:
    pytest.importorskip("pybullet")
    code, printed, error = run_cli(capsys, "check", write_robot(tmp_path, *ARM, joints=JOINTS))
    lines = printed.splitlines()
    assert (code, error, lines[-1]) == (0, "", "it works")
    row = next(line for line in lines if line.startswith("  hip"))
    assert row.split("  ")[1:] and "[-1, 2]" in row and "3         4 *" in row and row.endswith("-1 to 1 rad/s")
    assert "  joint_velocity  1 x [rad/s or m/s]  of the commanded joints" in lines
    assert "mass: 1 kg" in lines and "warning" not in printed


def test_pictures_show_the_joint_where_its_row_says(capsys, tmp_path) -> None:
    pytest.importorskip("pybullet")
    image = pytest.importorskip("PIL.Image")
    code, printed, _ = run_cli(capsys, "check", write_robot(tmp_path, *ARM, joints=JOINTS), "--out", "pictures")
    assert code == 0 and "pictures: pictures/home.png, pictures/ranges.png" in printed
    assert image.open("pictures/home.png").size == (960, 720)
    sheet = np.asarray(image.open("pictures/ranges.png"), dtype=int)
    assert sheet.shape == (240 + 18, 3 * 320, 3)
    low, home, high = (sheet[18:, 320 * column : 320 * (column + 1)] for column in range(3))
    for one, other in ((low, home), (home, high), (low, high)):
        assert (np.abs(one - other).max(axis=2) > 30).mean() > 0.001


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"joints": {"hop": entry()}}, "box.urdf has no joint hop; it has hip"),
        ({"joints": {"hip": entry(home=9.0)}}, "box.yaml: joints.hip: home 9.0 is outside [-1.0, 2.0]"),
        ({"joints": {"hip": entry(lower=None, upper=None, home=None)}}, "joints.hip has no lower, but "),
        ({"sensors": ["joint_position", "smell"]}, "unknown sensor of robot 'box' 'smell'; valid: "),
        ({"simulation": {"feet": ["toe"]}}, "box.urdf has no link toe behind a joint; it has arm"),
        (
            {"simulation": {"urdf": "none.urdf"}},
            "simulation.urdf: there is no none.urdf beside the file of robot 'box'",
        ),
        ({"tool_frame": "tool"}, "simulation.tool_link is missing: no link of the URDF carries tool_frame 'tool'"),
        (
            {"sensors": ["joint_position", "tool_position"]},
            "sensors name tool_position, and no tool_frame says of what",
        ),
        (
            {"safety": {**SAFETY, "workspace": {"lower": [-1.0, -1.0, 0.6], "upper": [1.0, 1.0, 2.0]}}},
            "safety.workspace of robot 'box' leaves out a part of its home pose: arm at (0.000, 0.000, 0.500) m is "
            "0.100 m outside [-1.0, -1.0, 0.6] to [1.0, 1.0, 2.0] m; let the "
            "box hold [0.0, 0.0, 0.5] to [0.001, 0.001, 0.501] m, or change 'home'",
        ),
    ],
)
def test_one_that_does_not_is_an_error_in_one_line_and_no_process_starts(
    capsys, tmp_path, monkeypatch, changes, words
) -> None:
    pytest.importorskip("pybullet")
    path = write_robot(tmp_path, *ARM, **{"joints": JOINTS, **changes})
    code, printed, error = run_cli(capsys, "check", path)
    assert (code, error) == (1, "")
    said, verdict = printed.splitlines()
    assert said.startswith("ERROR: ") and words in said and verdict == "it does not work as it is"

    def start(*arguments: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr("subprocess.Popen.__init__", start)
    code, printed, error = run_cli(capsys, "train", "mock_point", "--driver", "pybullet", "--set", f"robot={path}")
    assert (code, printed, error.count("\n")) == (2, "", 1) and words in error
    assert not (tmp_path / "runs").exists()


def test_findings_in_the_simulator_count(capsys, tmp_path) -> None:
    pytest.importorskip("pybullet")
    path = write_robot(tmp_path, *ARM, joints=JOINTS, floating_base=True)
    code, printed, _ = run_cli(capsys, "check", path)
    assert code == 0 and "warning: home pose: the robot starts 0.45" in printed


def test_a_robot_without_a_model(capsys) -> None:
    code, printed, _ = run_cli(capsys, "check", "mock")
    assert code == 0 and "warning: there is no section 'simulation', so nothing simulates it" in printed


def test_what_there_is_without_pybullet(capsys, tmp_path, monkeypatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("pybullet", "ros_rl.backends.pybullet"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("pybullet", "pybullet_data"):
        monkeypatch.setitem(sys.modules, name, None)
    code, printed, _ = run_cli(capsys, "check", write_robot(tmp_path, *ARM, joints=JOINTS))
    assert code == 0 and "[-1, 2]  [-1, 2]" in printed and "warning: it is not simulated: pybullet is not" in printed
    code, printed, _ = run_cli(capsys, "check", "xarm6")
    assert code == 0 and "joint1" in printed and "warning: its URDF is not read: pybullet is not installed" in printed


def test_a_file_made_from_a_urdf_is_checked_at_once(capsys, tmp_path) -> None:
    write_robot(tmp_path, *ARM, joints=JOINTS)
    code, printed, _ = run_cli(capsys, "check", "box.urdf", "--write", "new.yaml")
    assert code == 0 and printed.startswith("new.yaml is made from box.urdf; look at what stands behind TODO\n")
    assert run_cli(capsys, "check", "new.yaml")[0] == 0
    assert "new.yaml is there already" in run_cli(capsys, "check", "box.urdf", "--write", "new.yaml")[2]
    assert "is a URDF; make a robot's file of it: --write" in run_cli(capsys, "check", "box.urdf")[2]
    assert run_cli(capsys, "check", "nobody")[0] == 2
