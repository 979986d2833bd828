# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A process that hangs or dies: a run's terminal, `ros-rl status` and `ros-rl stop` tell, and when it acts again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes
from live_processes import PATIENCE, PATIENT, command, pid_of, read_until
from recorded import Recorded

from ros_rl.nodes.transport_noise import without_noise
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros
HANGS = "it hangs, or its process has just begun or ended"


def started(*words: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "ros_rl.cli", *words, "--namespace", "mock"]
    return subprocess.Popen(line, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def said(process: subprocess.Popen[str]) -> list[str]:
    return process.communicate(timeout=PATIENCE)[0].splitlines()


@contextmanager
def hanging(*pids: int) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_process_that_hangs_is_told_of_by_everything_that_looks(tmp_path: Path) -> None:
    agent, recorded = tmp_path / "agent.onnx", Recorded(tmp_path)
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        recorded.wait()
        read_until(process, "robot 0.")
        with hanging(pid_of(process.pid, "driver"), pid_of(process.pid, "controller")):
            looks, stops = started("status"), started("stop")
            words = ": it hangs; ros-rl stop may not reach it, use the robot's own stop"
            assert words in read_until(process, "driver: silent for ").splitlines()[-1]
            screen = said(looks)
            assert looks.returncode == 0 and screen[0] == "/mock"
            assert f"  driver      SILENT {HANGS}" in screen and f"  controller  SILENT {HANGS}" in screen
            assert screen[-1].startswith("  safety state unknown, fault: unknown, robot minutes ")
            answer = said(stops)
            assert stops.returncode == 1
            assert answer[-1].startswith(
                "/mock: NO ANSWER: the driver hangs, or its process has just begun or ended; use the"
            )
        read_until(process, "driver: acts again")
        with hanging(process.pid, pid_of(process.pid, "driver")):  # the supervisor, too
            looks, stops = started("status"), started("stop")
            screen, answer = said(looks), said(stops)
            assert (looks.returncode, stops.returncode) == (0, 1)
            assert {f"  driver      SILENT {HANGS}", f"  supervisor  SILENT {HANGS}"} <= {*screen}
            assert answer[-1].startswith("/mock: NO ANSWER: the driver hangs, or its process has just begun or ended;")


def test_a_driver_at_rest_does_not_act_again_whatever_becomes_of_it(tmp_path: Path) -> None:
    """Hardware to its driver: armed it goes home and rests, and a new process is disarmed."""
    agent, recorded = tmp_path / "agent.onnx", Recorded(tmp_path, "real")
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    limits = {"mode": "real_time", "lost_time_limit": PATIENCE, "miss_limit": 1000, "miss_share": 1.0}
    options = [word for key, value in limits.items() for word in ("--set", f"driver.{key}={value}")]
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT, *options]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        read_until(process, "driver: DISARMED; nothing moves until: ros-rl arm")
        assert said(started("arm"))[-1] == "/mock: armed; going home"
        printed = read_until(process, "driver: READY; nothing moves until: ros-rl resume")
        os.kill(pid_of(process.pid, "driver"), signal.SIGKILL)
        printed += read_until(process, "driver: DISARMED")
        assert "driver ended with exit code -9; restarting it" in printed and "acts again" not in printed
        for order in ("arm", "resume"):
            said(started(order))
        read_until(process, "driver: acts again")
        assert recorded.acts


def test_shared_memory_of_others_is_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    with without_noise():
        os.write(2, b"[RTPS_TRANSPORT_SHM Error] Failed init_port fastdds_port7002\n")
        print("a word of rcl", file=sys.stderr)
    print("and another", file=sys.stderr)
    assert capfd.readouterr().err == "a word of rcl\nand another\n"
