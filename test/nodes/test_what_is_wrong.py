# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A run in which nothing can be learned says why on the terminal, where the person is, not in the nodes' logs alone."""

import json
import signal
from pathlib import Path

import pytest
import yaml

pytest.importorskip("rclpy")
pytest.importorskip("torch")

from live_processes import PATIENCE, command, family, installed, read_until

from ros_rl.resources import share_path

pytestmark = pytest.mark.ros
NULL_ROBOT = Path(__file__).parents[1] / "extending" / "null_robot.py"
POINTS = """
[ros_rl.backend_settings]
null = null_robot:NullSettings
[ros_rl.backends]
null = null_robot:NullRobot
"""


def test_a_measurement_that_is_never_there_is_said_while_it_is_missing(tmp_path: Path) -> None:
    """The robot's file promises where its tool is; its backend does not tell."""
    robot = yaml.safe_load(share_path("config", "robots", "mock.yaml").read_text())
    robot["sensors"].append("tool_position")
    robot["tool_frame"] = "tool"
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(robot))
    settings = ["--preset", "debug", "--driver", "null", "--set", "robot=own.yaml", "--set", "driver.silence_limit=3"]
    environment = installed(tmp_path, NULL_ROBOT, POINTS)
    arguments = ["train", "xarm_reach", "--out", "run", *settings, "--set", f"supervisor.start_timeout={PATIENCE}"]
    with command(*arguments, environment=environment, cwd=tmp_path) as process:
        printed = read_until(process, "driver: FAULT (collector has been silent for 3 s); nothing moves until: ros-rl")
        missing = "observation field 'tool_position' needs 'tool_position', which the tick does not hold"
        assert f"warning: collector: tick refused: {missing}" in printed
        assert printed.count("no command for tick") <= 1, "one line, not one a second"
        process.send_signal(signal.SIGTERM)
        read_until(process, "stopped")
        assert process.wait(timeout=PATIENCE) == 130
        assert not family(process.pid)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert (summary["finished"], summary["env_steps"], summary["transitions"]) == (False, 0, 0)
    assert (tmp_path / "run" / "agent.onnx").is_file(), "at random, as nothing was learned"
