# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl validate``: two simulators on one screen, a verdict, and a log in place of one of them."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import run_cli
from graphs import constant_bytes

pytest.importorskip("pybullet")
pytest.importorskip("mujoco")

from ros_rl.analysis.behaviour import EFFORTS  # noqa: E402
from ros_rl.analysis.validation import from_log, in_simulator  # noqa: E402
from ros_rl.errors import ConfigError  # noqa: E402
from ros_rl.runs.run_folder import RunFolder  # noqa: E402
from ros_rl.settings.loading import load_settings, with_overrides  # noqa: E402
from ros_rl.settings.tree import Settings  # noqa: E402

CARTPOLE = load_settings("cartpole_swingup")


@pytest.fixture(scope="module")
def agent(tmp_path_factory) -> Path:
    """It pushes a little, and never swings anything up."""
    path = tmp_path_factory.mktemp("agent") / "agent.onnx"
    path.write_bytes(constant_bytes(CARTPOLE, [0.02]))
    return path


def test_two_simulators_and_a_verdict_with_an_exit_code(capsys, agent):
    few = ("--episodes", "2", "--seconds", "1")
    code, out, err = run_cli(capsys, "validate", str(agent), *few)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == f"cartpole_swingup: {agent} in pybullet and mujoco, episodes of 1 s: 2, seed 0"
    for text in ("pybullet", "success rate", "terminations", "command step [N m or N]", "differs most"):
        assert any(text in line for line in lines), text
    assert lines[-1] == "verdict: it does not hold in mujoco: success rate 0.00, at least 0.80 asked for"
    code, out, _ = run_cli(capsys, "validate", str(agent), *few, "--share", "0", "--json")
    found = json.loads(out)
    assert code == 0 and found["passed"] and set(found["sides"]) == {"pybullet", "mujoco"}
    # the same starts and pushes: two simulators of one pole are nearly one
    values = [found["sides"][name]["quantities"]["joint velocity"]["p95"] for name in ("pybullet", "mujoco")]
    assert values[0] == pytest.approx(values[1], rel=0.05)


def test_the_second_simulator_has_the_settings_that_both_have():
    other = in_simulator(load_settings("cartpole_swingup", overrides=["driver.backend.latency=0.01"]), "mujoco")
    backend = other.driver.backend
    assert (backend.latency, backend.reset_noise, backend.noise.joint_velocity) == (0.01, 0.1, 0.0)
    with pytest.raises(ConfigError, match="driver 'external' is no simulator"):
        in_simulator(CARTPOLE, "external")


def test_a_task_without_success_is_judged_by_its_milestone(capsys, tmp_path):
    """An arm that goes to and fro moves nothing, and no episode of it ends early."""
    path = tmp_path / "agent.onnx"
    path.write_bytes(constant_bytes(load_settings("xarm_pick_place"), [0.0]))
    code, out, err = run_cli(capsys, "validate", str(path), "--episodes", "1", "--seconds", "2")
    assert (code, err) == (1, "")
    words = "verdict: it does not hold in mujoco: objects per minute 0.00, at least 3 asked for"
    assert out.splitlines()[-1] == words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--driver", "pybullet"), "--driver pybullet is what it runs in already"),
        (("--driver", "mock"), "driver 'mock' measures commanded joints only"),
        (("--share", "2"), "2 is not a share in [0, 1]"),
        (("--log", "no/such/log"), "no/such/log holds no log"),
        (("--difference", "0.3"), "--difference 0.3 is for --log; two simulators are compared by --share"),
        (("--log", "some", "--share", "0.5"), "--share 0.5 is for two simulators; --log is compared by --difference"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(capsys, agent, arguments, words):
    code, _, err = run_cli(capsys, "validate", str(agent), *arguments)
    assert code in (1, 2) and words in err


def write_log(settings: Settings, folder: Path, ticks: int) -> None:
    """Of a simulated robot, as the collector writes it."""
    pytest.importorskip("rclpy")
    from rclpy.serialization import serialize_message
    from tick_parts import tick_parts

    from ros_rl.runs.mcap_log import McapLog
    from ros_rl.runtime.robot_world import RobotWorld

    world, log = RobotWorld(settings, 3), McapLog(folder)
    rng = np.random.default_rng(0)
    tick = world.begin_episode().tick
    for _ in range(ticks):
        for topic, message in tick_parts(tick, world.robot).items():
            log.write(f"/robot/{topic}", "a/msg/B", serialize_message(message), tick.stamp)
        tick = world.step(world.command(rng.uniform(-1.0, 1.0, world.robot.size))).tick
    log.close()
    world.close()


@pytest.mark.ros
def test_a_log_is_held_against_the_simulator(capsys, agent, tmp_path):
    write_log(CARTPOLE, tmp_path, 40)
    code, out, _ = run_cli(capsys, "validate", str(agent), "--log", str(tmp_path), "--seconds", "1")
    assert code == 1 and "in log and mujoco" in out
    assert "verdict: not alike: the largest difference is 0.62, allowed 0.50" in out
    code, out, _ = run_cli(
        capsys, "validate", str(agent), "--log", str(tmp_path), "--seconds", "1", "--difference", "1"
    )
    assert code == 0 and "verdict: alike" in out


@pytest.mark.ros
@pytest.mark.parametrize(
    ("task", "driver", "measures"), [("ur5_reach", "ur_rtde", False), ("xarm_reach", "xarm", True)]
)
def test_a_runs_folder_will_do_and_only_efforts_that_are_measured_count(tmp_path, task, driver, measures):
    """The controller of a UR tells its own model's."""
    settings = load_settings(task)
    write_log(settings, tmp_path / "log", 4)
    assert EFFORTS in from_log(tmp_path, settings).quantities  # nobody knows better
    real = {"mode": "real_time", "backend": {"name": driver, "address": "127.0.0.1"}}
    RunFolder(tmp_path).write_config(with_overrides(settings, driver=real))
    for path in (tmp_path, tmp_path / "log", next(tmp_path.glob("log/*.mcap"))):
        assert (EFFORTS in from_log(path, settings).quantities) is measures


@pytest.mark.ros
@pytest.mark.parametrize(
    "content", ["learning_rate: 0.1\n", "/**:\n  ros__parameters:\n    an_old_setting: 1\n", "{", ""]
)
def test_settings_that_cannot_be_read_are_told_and_leave_efforts_in(tmp_path, caplog, content):
    write_log(CARTPOLE, tmp_path / "log", 4)
    (tmp_path / "config.yaml").write_text(content)
    for path in (tmp_path / "log", next(tmp_path.glob("log/*.mcap"))):
        caplog.clear()
        assert EFFORTS in from_log(path, CARTPOLE).quantities
        (line,) = caplog.messages
        assert "config.yaml" in line and line.endswith("; efforts are held against each other as if they were measured")


@pytest.mark.ros
def test_the_settings_above_a_folder_of_another_name_are_not_its_runs(tmp_path):
    settings = load_settings("ur5_reach")
    write_log(settings, tmp_path / "copied", 4)
    real = {"mode": "real_time", "backend": {"name": "ur_rtde", "address": "127.0.0.1"}}
    RunFolder(tmp_path).write_config(with_overrides(settings, driver=real))
    for path in (tmp_path / "copied", next(tmp_path.glob("copied/*.mcap"))):
        assert EFFORTS in from_log(path, settings).quantities
