# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How processes end: whatever the signal and whoever gets it, in order, with the robot safe, and all of them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes
from live_processes import (
    PATIENCE,
    PATIENT,
    ROOT,
    command,
    complaints,
    end,
    family,
    loads,
    log_is_whole,
    pid_of,
    read_until,
    stop_seconds,
    wait_for,
)
from recorded import Recorded

from ros_rl.runs import bringup
from ros_rl.runs.processes import end_variables
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros
LAUNCHER = ROOT / "test" / "helpers" / "launcher.py"
LIMIT = 6  # s
NODES = ("driver", "controller", "collector", "learner", "evaluator", "supervisor")


@pytest.fixture
def agent(tmp_path) -> Path:
    path = tmp_path / "agent.onnx"
    path.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    return path


@pytest.fixture
def recorded(tmp_path) -> Recorded:
    return Recorded(tmp_path)


@contextmanager
def launched(folder: Path, recorded: Recorded, agent: str) -> Iterator[subprocess.Popen[bytes]]:
    """The nodes of a run as launch starts them: in the group of their parent, which is not this process."""
    patient = [f"supervisor.start_timeout={PATIENCE}", f"driver.silence_limit={PATIENCE}", "agent.name=random"]
    patient.append(f"supervisor.stop_timeout={PATIENCE}")
    line = [sys.executable, str(LAUNCHER), str(folder), agent, *recorded.overrides, *patient]
    process = subprocess.Popen(line, env=recorded.environment, start_new_session=True)
    try:
        recorded.wait()
        yield process
    finally:
        children = family(process.pid)
        process.kill()
        process.wait()
        end(children)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_launch_and_the_terminal_both_signal(tmp_path, recorded, agent, number) -> None:
    """Ctrl-C at a terminal reaches the whole group, and launch signals again; also while all is closing."""
    train = number == signal.SIGINT
    with launched(tmp_path / "run", recorded, "" if train else str(agent)) as process:
        nodes = family(process.pid)
        assert set(nodes.values()) == (set(NODES) if train else set(NODES) - {"learner", "evaluator"})
        began = time.monotonic()
        os.killpg(process.pid, number)
        for _ in range(3):
            time.sleep(0.1)
            os.killpg(process.pid, number)
        assert process.wait(timeout=PATIENCE) == 0
        assert time.monotonic() - began < stop_seconds()
        assert json.loads((tmp_path / "run" / "codes.json").read_text()) == dict.fromkeys(nodes.values(), 0)
        assert not family(process.pid)
    assert recorded.safe_at_last
    assert log_is_whole(tmp_path / "run")
    assert not complaints(tmp_path / "run")


def test_nodes_end_with_a_killed_launch(tmp_path, recorded, agent) -> None:
    """Before that a driver that died is started again by launch, and activated again by the supervisor."""
    with launched(tmp_path / "run", recorded, str(agent)) as process:
        os.kill(pid_of(process.pid, "driver"), signal.SIGKILL)
        wait_for(lambda: recorded.words.count("connect") == 2 and recorded.acts, "the robot to act again")
        process.kill()
        process.wait()
        wait_for(lambda: not family(process.pid), "the nodes to end", stop_seconds())
    assert recorded.safe_at_last
    assert log_is_whole(tmp_path / "run")
    assert not complaints(tmp_path / "run")


def test_nodes_end_with_a_killed_supervisor(tmp_path, recorded, agent) -> None:
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        recorded.wait()
        assert set(family(process.pid).values()) == {"driver", "controller", "collector"}
        process.kill()
        process.wait()
        wait_for(lambda: not family(process.pid), "the nodes to end", stop_seconds())
    assert recorded.safe_at_last
    assert log_is_whole(tmp_path / "run")
    assert not complaints(tmp_path / "run")


@pytest.mark.flaky(reruns=2)
def test_ros_rl_ends_all_in_order(tmp_path, recorded, agent) -> None:
    """Its terminal is closed: it is told so twice, and nobody reads what it prints any more.

    Before that a single node is told to end, which it does in order, and is started again; the next time it hangs in
    its robot, which is safe all the same.
    """
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    arguments += ["--set", f"supervisor.stop_timeout={LIMIT}"]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        recorded.wait()
        for number in (signal.SIGHUP, signal.SIGHUP):
            os.kill(pid_of(process.pid, "driver"), number)
        read_until(process, "driver ended with exit code 0; restarting it")
        assert recorded.safe_at_first  # the next process may act already
        recorded.wait()
        hang = recorded.file.with_suffix(".hang")
        hang.touch()
        os.kill(pid_of(process.pid, "driver"), signal.SIGTERM)
        wait_for(lambda: recorded.words[-1] == "safe", "the safe action", stop_seconds())
        read_until(process, "driver ended with exit code 1; restarting it")
        hang.unlink()
        recorded.wait()
        process.stdout.close()
        began = time.monotonic()
        process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=PATIENCE) == 130
        assert time.monotonic() - began < stop_seconds()
        assert not family(process.pid)
    assert recorded.safe_at_last
    assert log_is_whole(tmp_path / "run")
    assert not complaints(tmp_path / "run")
    said = (tmp_path / "run" / "logs" / "driver.log").read_text()
    assert f"not closed {LIMIT} s after a signal: ended in the middle" in said


def test_a_node_that_is_still_loading_ends_at_once(tmp_path) -> None:
    """Each node with a signal of its own while it imports; the time is told by what it has loaded.

    They are started by their executables, as launch does it.
    """
    config = tmp_path / "config.yaml"
    config.write_text("/**: {ros__parameters: {task: {name: mock_point}}}\n")
    environment = bringup.environment() | end_variables(4.0)
    started = {}
    for node, number in zip(NODES, 2 * [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], strict=True):
        log = tmp_path / f"{node}.log"
        with log.open("wb") as output:
            executable = tmp_path / node
            executable.write_text("import sys\nfrom ros_rl.nodes.start import main\nsys.exit(main())\n")
            line = [sys.executable, str(executable), "--ros-args", "--params-file", str(config)]
            process = subprocess.Popen(line, env=environment, stdout=output, stderr=output)
        wait_for(lambda pid=process.pid: loads(pid, "numpy"), "the imports")
        process.send_signal(number)
        process.send_signal(number)
        started[node] = (process, log)
    ended = {node: (process.wait(timeout=PATIENCE), log.read_text()) for node, (process, log) in started.items()}
    assert ended == dict.fromkeys(NODES, (0, ""))


@pytest.mark.parametrize(("library", "number"), [("numpy", signal.SIGINT), ("torch", signal.SIGTERM)])
def test_ros_rl_that_is_still_loading_ends_at_once(tmp_path, library, number) -> None:
    if library == "torch":
        pytest.importorskip("torch")
    with command("train", "mock_point", "--out", str(tmp_path / "run")) as process:
        loading = pid_of(process.pid, "learner") if library == "torch" else process.pid
        wait_for(lambda: loads(loading, library), "the imports")
        process.send_signal(number)
        printed = process.communicate(timeout=PATIENCE)[0].decode()
        assert (process.returncode, printed) == (130, "ros-rl: interrupted\n")
        assert not family(process.pid)
