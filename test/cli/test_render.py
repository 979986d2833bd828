# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl render``: what is written, and what the recording holds against what is known of a robot that stands."""

import numpy as np
import pytest
from command_line import run_cli
from graphs import constant_bytes, constant_graph

image = pytest.importorskip("PIL.Image")
pytest.importorskip("pybullet")

from ros_rl.deploy.export import with_provenance  # noqa: E402
from ros_rl.runtime.recording import record  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402

WALK = load_settings("a1_walk")


def test_a_robot_that_stands_stands_on_four_feet():
    found = record(constant_graph(WALK, np.zeros(12)), WALK, 1.0)
    assert (found.seconds, found.fell, len(found.frames)) == (1.0, "", 10)
    assert found.touching[4:].all() and found.touching.shape == (20, 4)
    assert np.abs(found.velocity[4:]).max() < 0.1 and found.asked is None


def test_a_fall_ends_it_and_is_told():
    found = record(constant_graph(WALK, [1.0, -1.0, 1.0, -1.0, -1.0, -1.0] * 2), WALK, 5.0)
    assert found.seconds < 5.0 and found.fell


def test_what_was_asked_for_stands_beside_what_came_of_it():
    track = load_settings("a1_track")
    found = record(constant_graph(track, np.zeros(12)), track, 0.5)
    assert found.asked is not None and found.asked.shape == found.velocity.shape == (10, 3)
    low, high = track.task.input_bounds()["velocity_command"]
    assert ((low <= found.asked) & (found.asked <= high)).all() and np.ptp(found.asked, axis=0).max() == 0.0


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
def test_the_shipped_agent_is_drawn_without_being_named(capsys, tmp_path, monkeypatch, driver):
    pytest.importorskip(driver)
    monkeypatch.chdir(tmp_path)
    code, out, err = run_cli(capsys, "render", "a1_walk", "--driver", driver, "--seconds", "1")
    assert (code, err) == (0, "")
    first, film, sheet = out.splitlines()
    assert first.startswith(f"a1_walk in {driver}, seed 0: 1.00 s, mean forward velocity ")
    assert film.startswith("a1_walk.gif (") and sheet.startswith("a1_walk.png (")
    assert image.open("a1_walk.gif").n_frames == 10 and image.open("a1_walk.png").size[0] == 1280


def test_an_arm_has_its_reward_and_no_feet(capsys, tmp_path):
    agent, film = tmp_path / "agent.onnx", tmp_path / "arm.gif"
    agent.write_bytes(constant_bytes(load_settings("xarm_reach"), [0.1] * 6))
    code, out, _ = run_cli(capsys, "render", "xarm_reach", "--agent", str(agent), "--seconds", "1", "--out", str(film))
    assert code == 0 and "velocity" not in out
    assert film.is_file() and film.with_suffix(".png").is_file()


def test_feet_are_those_of_legs_and_no_gripper_s(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr("ros_rl.runtime.recording.write_sheet", lambda *given: drawn.append(given[3]))
    for task, feet in (("so101_reach", 0), ("a1_walk", 4)):
        settings = load_settings(task)
        robot = settings.load_robot()
        assert robot.contact_links  # an SO-101's jaw feels, too
        still = constant_graph(settings, np.zeros(robot.action_size))
        record(still, settings, 0.2).write(tmp_path / "film.gif", tmp_path / "sheet.png", robot)
        assert len(drawn.pop()) == feet


def test_settings_that_ask_for_more_than_the_agent_learned_are_told_in_a_line(capsys, tmp_path):
    arguments = ("render", "a1_track", "--seconds", "0.2", "--out", str(tmp_path / "track.gif"))
    assert run_cli(capsys, *arguments, "--set", "task.forward=0.4")[2] == ""
    code, _, told = run_cli(capsys, *arguments, "--set", "task.forward=2")
    assert (
        code == 0
        and told.count("\n") == 1
        and told.endswith(
            "models/a1_track/agent.onnx learned with velocity_command from [-0.5 -0.3 -0.7] to [0.5 0.3 0.7]; "
            "these settings ask for [-2.  -0.3 -0.7] to [2.  0.3 0.7]\n"
        )
    )


@pytest.mark.parametrize("config", [None, "a1_track", {"task": []}, {"task": {"name": ["a1_track"]}}])
def test_an_agent_that_tells_nothing_of_its_training_is_drawn_without_a_word(capsys, tmp_path, config):
    agent, film = tmp_path / "agent.onnx", str(tmp_path / "film.gif")
    still = constant_bytes(load_settings("xarm_reach"), [0.0] * 6)
    agent.write_bytes(with_provenance(still, {"config": config}))
    code, _, told = run_cli(capsys, "render", "xarm_reach", "--agent", str(agent), "--seconds", "0.2", "--out", film)
    assert (code, told) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("cartpole_swingup",), "no agent ships for task 'cartpole_swingup': --agent FILE; there is one for a1_"),
        (("a1_wlak",), "unknown task 'a1_wlak'; valid: a1_back, "),
        (("a1_walk", "--out", "film.avi"), "ends with '.avi'; allowed: .gif, .mp4"),
        (("a1_walk", "--driver", "mock"), "cannot be robot 'a1'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_line(capsys, arguments, words):
    code, out, err = run_cli(capsys, "render", *arguments)
    assert (code, out) == (2, "") and words in err and err.count("\n") == 1
