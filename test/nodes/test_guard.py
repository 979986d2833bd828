# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The guard before a driver of somebody else's, which is a process with PyBullet behind it and no guards of its own."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import live_processes
import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("pybullet")

import rclpy
from ros_graph import NAMESPACE, activate, graph, wait_for
from sensor_msgs.msg import JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from ros_rl.nodes import messages, packets
from ros_rl.nodes.guard import GuardNode
from ros_rl.nodes.qos import NEWEST, STATE
from ros_rl.nodes.running import make_executor, spin
from ros_rl.runtime.latch import FILE
from ros_rl.settings.loading import load_settings
from ros_rl.types import SafetyState, Verdict

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]  # it follows the wall clock

EXTERNAL = Path(__file__).resolve().parents[1] / "helpers" / "external_driver.py"
_RUN = ("supervisor.start_timeout=120", "control.rate_hz=5", "driver.miss_limit=8", "driver.lost_time_limit=3")
PATIENT_RUN = [word for value in (*_RUN, "driver.unjudged_limit=20") for word in ("--set", value)]
SETTINGS = {"driver": {"backend": {"name": "external"}, "mode": "real_time"}, "control.rate_hz": 5.0}
PERIOD = 0.2  # s
PATIENT = {"driver": {"miss_limit": 8, "lost_time_limit": 3.0}}  # a busy machine is no fault
REST = 1e-6  # rad/s, told


@contextmanager
def external(task: str, space: str = NAMESPACE):
    """The other driver."""
    line = [sys.executable, str(EXTERNAL), task, "--ros-args", "-r", f"__ns:=/{space}/external"]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Bench:
    """The guard between a controller that asks for `wanted` and the other driver.

    Attributes:
        told: What arrived at the other driver, by the stamp that it answers.
        joints: What it measured since.
    """

    def __init__(self, peer, guard, process) -> None:
        self.peer, self.guard, self.process = peer, guard, process
        self.robot = peer.robot
        self.wanted = None
        self.told: dict[int, np.ndarray] = {}
        self.raw: list[JointState] = []
        node = peer.node
        self.fault = node.create_publisher(String, "external/fault", NEWEST)
        self.theirs: list[SafetyState] = []
        node.create_subscription(JointState, "external/joint_command", self.on_told, NEWEST)
        node.create_subscription(packets.Float64MultiArray, "external/tick", self.on_their_tick, STATE)
        peer.gate.subscribe(packets.Float64MultiArray, "tick", packets.from_vectors, self.answer, STATE)

    def on_told(self, message: JointState) -> None:
        self.raw.append(message)
        self.told[messages.from_time(message.header.stamp)] = messages.from_command(message, self.robot).value

    def on_their_tick(self, message) -> None:
        _, fields = packets.from_vectors(message)
        self.theirs.append(SafetyState(int(fields["safety"][0])))

    def answer(self, found) -> None:
        header, _ = found
        self.peer.verdict.publish(packets.to_verdict(header.stamp, Verdict.CONTINUE))
        if self.wanted is not None:
            self.peer.command.publish(messages.to_command(header.stamp, self.robot, np.array(self.wanted)))

    @property
    def state(self) -> SafetyState:
        return max(self.peer.ticks, key=lambda tick: tick.index).safety if self.peer.ticks else SafetyState.DISARMED

    def until(self, state: SafetyState) -> None:
        wait_for(lambda: self.state is state, f"{state.name}; it is {self.state.name}: {self.guard._latch.reason}")

    def run(self, wanted) -> None:
        self.wanted = wanted
        wait_for(lambda: self.guard._beyond.offers("resume") and self.peer.ticks, "the driver")
        for service in ("arm", "resume"):
            answer = self.peer.call(service)
            assert answer.success, answer.message
        self.until(SafetyState.RUNNING)

    def told_since(self, seconds: float) -> np.ndarray:
        before = set(self.told)
        time.sleep(seconds)
        return np.array([value for stamp, value in self.told.items() if stamp not in before])


class Listener:
    """Hears a run of other processes."""

    def __init__(self, space: str) -> None:
        self.node = rclpy.create_node("listener", namespace=space, use_global_arguments=False)
        self.applied: list[np.ndarray] = []
        self.safety = SafetyState.DISARMED
        self.node.create_subscription(JointState, "external/applied_command", self.on_applied, STATE)
        self.node.create_subscription(packets.Float64MultiArray, "external/tick", self.on_tick, STATE)
        self.clients = {name: self.node.create_client(Trigger, name) for name in ("arm", "resume", "pause")}

    def on_applied(self, message) -> None:
        self.applied.append(np.array(message.velocity))

    def on_tick(self, message) -> None:
        self.safety = SafetyState(int(packets.from_vectors(message)[1]["safety"][0]))

    def moves(self) -> bool:
        """Arm it, as often as it is not; a guard that is not active yet refuses."""
        if self.call("resume") is False:
            self.call("arm")
        return any(np.abs(value).max() > 0.1 for value in self.applied)

    def call(self, service: str) -> bool | None:
        """Whether it was done; None for no answer."""
        client = self.clients[service]
        if not client.service_is_ready():
            return None
        future = client.call_async(Trigger.Request())
        end = time.monotonic() + 3.0
        while not future.done() and time.monotonic() < end:
            time.sleep(0.01)
        return bool(future.result().success) if future.done() else None


@contextmanager
def listener(space: str):
    rclpy.init(args=[])
    heard = Listener(space)
    executor = make_executor()
    executor.add_node(heard.node)
    thread = threading.Thread(target=spin, args=(executor,), daemon=True)
    thread.start()
    try:
        yield heard
    finally:
        rclpy.try_shutdown()
        thread.join(timeout=10)
        heard.node.destroy_node()


@contextmanager
def bench(task: str, folder: Path):
    settings = load_settings(task, overrides=[SETTINGS, PATIENT])
    with external(task) as process, graph(settings, folder, GuardNode) as (peer, guard):
        activate(guard)
        yield Bench(peer, guard, process)


def test_commands_arrive_filtered_and_wrong_ones_not_at_all(tmp_path) -> None:
    """A joint's velocity may change by acceleration times ramp a period, and not exceed its limit."""
    with bench("xarm_reach", tmp_path) as it:
        robot = it.robot
        step = np.minimum(robot.limits.acceleration * PERIOD * (robot.command_ramp or 1.0), robot.limits.step)
        it.run([9.0, 0.0, 0.0, 0.0, 0.0, 0.0])
        wait_for(lambda: len(it.told) > 10, "commands")
        stamps, values = np.array(list(it.told)), np.array(list(it.told.values()))
        assert values[:, 0].max() > 0.1 and (np.abs(values) <= robot.limits.velocity + 1e-9).all()
        in_row = np.diff(stamps) < 1.5e9 * PERIOD
        assert in_row.any() and (np.abs(np.diff(values, axis=0)[in_row]) <= step + 1e-9).all()
        it.wanted = [np.nan] * 6
        it.until(SafetyState.FAULT)
        assert "missed" in it.guard._latch.reason
        assert it.peer.refusal("driver", "joint_command", "command is not finite at joint1")
        assert all(np.isfinite(message.velocity).all() for message in it.raw)


def test_nothing_is_armed_that_is_not_watched(tmp_path) -> None:
    """Neither by a guard that is not active, nor by one that hears no driver; that driver stays as it is."""
    settings = load_settings("xarm_reach", overrides=[SETTINGS, PATIENT])
    with graph(settings, tmp_path, GuardNode) as (peer, guard):
        assert "the driver is not active" in peer.call("arm").message
        activate(guard)
        refused = peer.call("arm")
        assert not refused.success and f"no driver is heard on /{NAMESPACE}/external/tick" in refused.message
        with external("xarm_reach") as process:
            wait_for(lambda: peer.ticks, "a tick")
            assert peer.call("arm").success and peer.call("disarm").success
            os.kill(process.pid, signal.SIGSTOP)
            time.sleep(PATIENT["driver"]["lost_time_limit"] + 2 * PERIOD)
            assert "no driver is heard" in peer.call("arm").message
            os.kill(process.pid, signal.SIGCONT)


def test_a_tilt_stops_it_for_good(tmp_path) -> None:
    with bench("a1_walk", tmp_path) as it:
        it.run(it.robot.home)
        it.fault.publish(String(data="tilt"))
        it.until(SafetyState.FAULT)
        assert "tilt 1.50 rad" in it.guard._latch.reason
        wait_for(lambda: it.theirs[-1] is SafetyState.EMERGENCY_STOP, "the driver to stop itself")
        assert json.loads((tmp_path / FILE).read_text())["state"] == "FAULT"
        it.fault.publish(String(data=""))
        assert not it.peer.call("arm").success
        cleared = it.peer.call("clear_fault")
        assert cleared.success and "tilt" in cleared.message
        wait_for(lambda: it.theirs[-1] is SafetyState.DISARMED, "the driver to be cleared, too")
        it.until(SafetyState.DISARMED)


def test_a_driver_that_was_stalled_does_not_go_on(tmp_path) -> None:
    with bench("xarm_reach", tmp_path) as it:
        it.run([0.5, 0.0, 0.0, 0.0, 0.0, 0.0])
        os.kill(it.process.pid, signal.SIGSTOP)
        wait_for(lambda: it.guard._latch.state is SafetyState.FAULT, "the fault")
        assert "silent" in it.guard._latch.reason
        os.kill(it.process.pid, signal.SIGCONT)
        wait_for(lambda: it.theirs[-1] is SafetyState.EMERGENCY_STOP, "the driver to stop itself")
        it.until(SafetyState.FAULT)
        told = it.told_since(1.0)
        assert not len(told) or np.abs(told).max() < REST


def test_a_driver_that_acts_by_itself_is_disarmed(tmp_path) -> None:
    """Its own latch says that it runs; here nobody armed."""
    with bench("xarm_reach", tmp_path) as it:
        it.wanted = [0.5, 0.0, 0.0, 0.0, 0.0, 0.0]
        wait_for(lambda: it.peer.ticks, "a tick")
        it.fault.publish(String(data="armed"))
        wait_for(lambda: SafetyState.RUNNING in it.theirs, "the driver to act")
        wait_for(lambda: it.theirs[-1] is SafetyState.DISARMED, "the driver to be disarmed")
        assert all(tick.safety is SafetyState.DISARMED for tick in it.peer.ticks)
        assert all(np.abs(value).max() < REST for value in it.told.values())


@pytest.mark.timeout(300)
def test_a_killed_guard_moves_nothing_and_comes_back_disarmed(tmp_path) -> None:
    """A whole training: the driver rests from the guard's end on, and the next guard lets nothing act."""
    space = f"guard_{os.getpid()}"
    train = ["train", "xarm_reach", "--driver", "external", "--mode", "real_time", "--namespace", space]
    train += ["--out", str(tmp_path / "run"), *PATIENT_RUN]
    with live_processes.command(*train) as process, listener(space) as heard, external("xarm_reach", space):
        live_processes.wait_for(heard.moves, "motion")
        paused = [sys.executable, "-m", "ros_rl.cli", "pause"]
        said = subprocess.run(paused, capture_output=True, text=True, timeout=live_processes.PATIENCE)
        rests = "at rest until resume (ros-rl resume) is called"
        expected = f"/{space}: {rests}; the driver: {rests}"
        assert said.stdout.strip() == expected, said.stderr
        heard.applied.clear()
        live_processes.wait_for(heard.moves, "motion again")
        os.kill(live_processes.pid_of(process.pid, "guard"), signal.SIGKILL)
        wait_for(lambda: heard.safety in (SafetyState.FAULT, SafetyState.DISARMED), "the driver to be stopped")
        time.sleep(2 * PERIOD)
        heard.applied.clear()
        wait_for(lambda: heard.call("pause") is not None, "another guard")
        time.sleep(2.0)
        assert heard.safety is not SafetyState.RUNNING
        assert all(np.abs(value).max() < REST for value in heard.applied)
        assert heard.call("resume") is False, "nobody armed it"
