# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An operator beside a run: stops, clears and looks by `ros-rl` alone; what is stopped or deactivated stays so."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

import rclpy
from graphs import constant_bytes
from live_processes import PATIENCE, PATIENT, command, family, pid_of, read_until, wait_for
from recorded import Recorded

from ros_rl.nodes.background import Background
from ros_rl.nodes.lifecycle import ACTIVE, INACTIVE, ManagedNode
from ros_rl.runs import bringup
from ros_rl.runs.processes import end_variables
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros
EARLY = "ros-rl: no driver found yet; use the robot's own stop if it has to stop now"


def ros_rl(*arguments: str, **variables: str) -> tuple[int, list[str]]:
    """Exit code and lines of a command, without the one that a busy machine may bring about."""
    code, lines = said(*arguments, **variables)
    return code, [line for line in lines if line != EARLY]


def said(*arguments: str, **variables: str) -> tuple[int, list[str]]:
    """Exit code and all lines of a command, those of errors last."""
    line = [sys.executable, "-m", "ros_rl.cli", *arguments]
    done = subprocess.run(line, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | variables)
    assert "Traceback" not in done.stderr
    return done.returncode, (done.stdout + done.stderr).splitlines()


@contextmanager
def lifecycle(name: str):
    """The lifecycle of a node, as `ros2 lifecycle` reaches it."""
    rclpy.init(args=[])
    node = rclpy.create_node("somebody", namespace="mock", use_global_arguments=False)
    background = Background(node)
    try:
        yield ManagedNode(node, name)
    finally:
        background.close()
        node.destroy_node()
        rclpy.try_shutdown()


@contextmanager
def another_driver(folder: Path):
    """A driver in a namespace of its own, as yet without a robot."""
    config = folder / "other.yaml"
    config.write_text("/**: {ros__parameters: {task: {name: mock_point}, driver: {backend: {name: mock}}}}\n")
    line = bringup.command(bringup.NodeSpec("driver", nice=0), "other", config)
    process = subprocess.Popen(line, env=bringup.environment() | end_variables(4.0))
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(timeout=PATIENCE) == 0


def test_without_a_driver_each_command_says_so() -> None:
    others = str(int(os.environ["ROS_DOMAIN_ID"]) + 100)  # nobody's
    commands = [("stop",), ("status", "--namespace", "a1")]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda words: said(*words, ROS_DOMAIN_ID=others), commands))
    wanted = ["no driver found", "no node in namespace /a1 found"]
    for (code, lines), words in zip(found, wanted, strict=True):
        assert code == 1 and lines[-1].startswith(f"ros-rl: error: {words} in ROS domain {others} ")
    (_, (early, error)), (_, lines) = found
    assert early == EARLY and len(lines) == 1
    assert error.endswith("; nothing was stopped: use the robot's own stop")


def loaded_by(code: str) -> set[str]:
    """What of this package another process has loaded when it calls ``tell``."""
    tell = "import os, sys\ndef tell(*_): print(*(name for name in sys.modules if name.startswith('ros_rl.')))\n"
    done = subprocess.run([sys.executable, "-c", tell + code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_a_stop_asks_for_priority_before_it_loads_anything_and_loads_little() -> None:
    hurries = "def ask(_, policy, __): policy == os.SCHED_RR and tell(); sys.stdout.flush(); os._exit(0)\n"
    begins = "os.sched_setscheduler = ask\nfrom ros_rl.cli.start import main\nmain(['stop'])"
    assert loaded_by(hurries + begins) == {"ros_rl.cli", "ros_rl.cli.start", "ros_rl.cli.operators"}
    rooms = {name.split(".")[1] for name in loaded_by("import ros_rl.nodes.operator\ntell()")}
    assert rooms == {"errors", "nodes", "runs"}


def test_arming_a_robot_that_cannot_be_led_says_so(tmp_path) -> None:
    """It was armed, and that is a fault at the next tick: who looked away, or runs a script, would not know."""
    agent, recorded = tmp_path / "agent.onnx", Recorded(tmp_path, "real")
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    arguments += ["--set", "driver.mode=real_time"]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        read_until(process, "DISARMED")
        recorded.file.with_suffix(".ill").touch()
        code, lines = ros_rl("arm")
        assert code == 1 and lines[0] == "/mock: armed; going home"
        assert lines[1:] == ["/mock: FAULT: its motors are too hot; then: ros-rl clear, ros-rl arm"]
        assert recorded.words[-1] == "safe"
        recorded.file.with_suffix(".ill").unlink()
        assert ros_rl("clear")[0] == 0
        assert ros_rl("arm") == (0, ["/mock: armed; going home"])


def test_another_driver_is_not_taken_for_one_that_hangs(tmp_path) -> None:
    """Of two drivers one went quiet: that does not say that the other one is meant."""
    agent, recorded = tmp_path / "agent.onnx", Recorded(tmp_path)
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        recorded.wait()
        with another_driver(tmp_path):
            wait_for(lambda: ros_rl("clear")[0], "the other driver")
            driver = pid_of(process.pid, "driver")
            os.kill(driver, signal.SIGSTOP)
            words = "ros-rl: error: 2 drivers run: /mock, /other, and of these /mock hangs; choose one with --namespace"
            for order in ("resume", "arm"):
                assert ros_rl(order) == (1, [words])
            os.kill(process.pid, signal.SIGSTOP)  # its supervisor, which knows of it
            assert ros_rl("arm") == (1, [words])
            os.kill(process.pid, signal.SIGCONT)
            os.kill(driver, signal.SIGCONT)


def test_what_an_operator_does_stays_done(tmp_path) -> None:
    agent, recorded = tmp_path / "agent.onnx", Recorded(tmp_path)
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.1, -0.1]))
    arguments = ["run", "mock_point", "--agent", str(agent), "--out", str(tmp_path / "run"), *PATIENT]
    with command(*arguments, *recorded.options, environment=recorded.environment) as process:
        recorded.wait()

        # an emergency stop, which outlives the driver's process
        assert ros_rl("stop") == (0, ["/mock: stopped until clear_fault (ros-rl clear) is called"])
        assert not recorded.acts
        read_until(process, "driver: EMERGENCY_STOP (emergency stop was called); nothing moves until: ros-rl clear")
        os.kill(pid_of(process.pid, "driver"), signal.SIGKILL)
        read_until(process, "driver ended with exit code -9; restarting it")
        read_until(process, "driver is active again")
        code, lines = ros_rl("status", "--namespace", "mock")  # other tests may have left ghosts in the graph
        assert code == 0 and lines[0] == "/mock"
        assert "  driver      ERROR  emergency stop was called" in lines
        assert "  controller  OK     active" in lines
        state, _, minutes = lines[-1].partition(", robot minutes ")
        assert state == "  safety state EMERGENCY_STOP, fault: emergency stop was called" and float(minutes) > 0
        assert not recorded.acts

        # two drivers: only a stop may mean both
        with another_driver(tmp_path):
            code, lines = wait_for(lambda: (found := ros_rl("clear"))[0] and found, "the other driver")
            assert (code, len(lines)) == (1, 1)
            assert lines[0].startswith("ros-rl: error: 2 drivers run: /mock, /other; choose one with --namespace")
            code, lines = ros_rl("stop")
            assert code == 0 and lines[-1].startswith("2 drivers run, and all of them were told: ")
            assert sorted(line.partition(":")[0] for line in lines[:-1]) == ["/mock", "/other"]
            assert ros_rl("clear", "--namespace", "mock") == (0, ["/mock: cleared: emergency stop was called"])
        recorded.wait()

        # deactivated by hand, and restarted: it stays at rest until it is activated by hand
        with lifecycle("driver") as driver:
            driver.bring_to(INACTIVE, PATIENCE)
            assert not recorded.acts
            read_until(process, "driver was led out of its active state by somebody else, and is left so")
            os.kill(pid_of(process.pid, "driver"), signal.SIGKILL)
            read_until(process, "driver is inactive, as it was before")
            wait_for(lambda: driver.state() == INACTIVE, "an answer of the new driver, not of the dead one")
            assert not recorded.acts
            driver.bring_to(ACTIVE, PATIENCE)
            read_until(process, "driver was activated again, by somebody else")
        recorded.wait()

        process.send_signal(signal.SIGINT)
        read_until(process, "stopped")
        assert process.wait(timeout=PATIENCE) == 130
        assert not family(process.pid)
    assert recorded.safe_at_last
