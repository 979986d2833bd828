# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot whose supervisor hangs: an operator's stops work without it, and the driver does not go on for good."""

import json
import signal
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes
from live_processes import PATIENCE, command, read_until, wait_for
from recorded import Recorded

from ros_rl.nodes import operator
from ros_rl.runtime.latch import FILE
from ros_rl.runtime.supervised import Supervised
from ros_rl.settings.loading import load_settings

LIMIT = 6.0  # s
_SET = {
    "driver.mode": "real_time",
    "driver.unsupervised_limit": LIMIT,
    "driver.lost_time_limit": 5.0,  # a busy machine is no fault
    "driver.miss_limit": 200,
    "driver.miss_share": 1.0,
    "driver.unjudged_limit": PATIENCE,
    "supervisor.start_timeout": PATIENCE,
}


def test_silence_counts_from_the_first_word_on() -> None:
    watched = Supervised(2.0)
    assert not watched.missing(1e6)
    watched.hear(10.0)
    assert not watched.missing(12.0)
    assert watched.missing(12.5) == "supervisor has been silent for 2.5 s"
    watched.hear(12.5)
    assert not watched.missing(14.0)


@pytest.mark.parametrize(
    ("overrides", "watched"),
    [
        (["driver.backend.name=external", "driver.mode=real_time"], True),
        (["driver.backend.name=external", "driver.mode=real_time", "driver.unsupervised_limit=0"], False),
        (["driver.backend.name=external"], False),
        (["driver.mode=real_time"], False),
    ],
)
def test_hardware_is_watched_by_default_and_simulators_are_not(overrides: list[str], watched: bool) -> None:
    assert load_settings("mock_point", overrides=overrides).driver.supervised is watched


def ask(node, service: str) -> None:
    answer = operator.call(node, service, "/mock", everywhere=False)["/mock"]
    assert answer is not None and answer[0], f"{service}: {answer}"


@pytest.mark.ros
@pytest.mark.flaky(reruns=2)  # it follows the wall clock
def test_a_stopped_supervisor_leaves_every_stop_and_then_stops_the_robot(tmp_path: Path) -> None:
    agent = tmp_path / "agent.onnx"
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    robot, run = Recorded(tmp_path, "real"), tmp_path / "run"
    options = [word for key, value in _SET.items() for word in ("--set", f"{key}={value}")]
    line = ["run", "mock_point", "--agent", str(agent), "--out", str(run), *robot.options, *options]

    def fault() -> str:
        return json.loads((run / FILE).read_text())["reason"] if (run / FILE).exists() else ""

    with command(*line, environment=robot.environment) as process, operator.joined() as node:
        read_until(process, "nothing moves until")
        for service in ("arm", "resume"):
            ask(node, service)
        robot.wait()
        process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic()
        ask(node, "pause")
        ask(node, "resume")
        wait_for(fault, "the fault")
        assert "supervisor has been silent" in fault()
        assert time.monotonic() - stopped > LIMIT - 1.0  # it was heard at least so lately
        assert robot.words[-1] == "safe"
        ask(node, "clear_fault")
        ask(node, "arm")
        wait_for(fault, "the fault again: nobody leads the run")
        ask(node, "emergency_stop")
        assert "emergency stop" in fault() and robot.words[-1] == "safe"
        process.send_signal(signal.SIGCONT)
        time.sleep(1.0)
        ask(node, "clear_fault")
        for service in ("arm", "resume"):
            ask(node, service)
        robot.wait()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 130
    assert robot.safe_at_last
