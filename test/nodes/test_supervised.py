# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot whose supervisor hangs: an operator's stops work without it, and the driver does not go on for good."""

import json
import signal
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")

import rclpy
from graphs import constant_bytes
from lifecycle_msgs.srv import ChangeState, GetState
from live_processes import PATIENCE, command, read_until, wait_for
from recorded import Recorded
from ros_graph import activate, graph
from std_msgs.msg import Empty

from ros_rl.errors import ConfigError
from ros_rl.nodes import operator
from ros_rl.nodes.background import Background
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.keeper import Keeper
from ros_rl.nodes.lifecycle import INACTIVE, UNCONFIGURED
from ros_rl.nodes.monitor import MonitorNode
from ros_rl.nodes.qos import STATE
from ros_rl.runs.bringup import BRING_UP
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
    watched.forget()
    assert not watched.missing(1e6)


@pytest.mark.parametrize("limit", [0.05, 0.99])
def test_a_limit_that_a_heartbeat_of_10_hz_cannot_keep_is_refused(limit: float) -> None:
    with pytest.raises(ConfigError, match=f"driver.unsupervised_limit is {limit} s, allowed: 0, or 1 s and more"):
        load_settings("mock_point", overrides=[f"driver.unsupervised_limit={limit}"])
    assert load_settings("mock_point", overrides=["driver.unsupervised_limit=1"]).driver.unsupervised_limit == 1.0


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


@pytest.mark.ros
def test_a_driver_that_outlived_its_supervisor_acts_for_whoever_activates_it(tmp_path: Path) -> None:
    """Its supervisor's last words may come after it was deactivated."""
    settings = load_settings("mock_point", overrides=["driver.auto_recover=false"])
    with graph(settings, tmp_path, DriverNode) as (_, driver):
        activate(driver)
        driver.trigger_deactivate()
        driver._supervised.hear(time.monotonic() - 3600.0)
        activate(driver)
        wait_for(lambda: driver._latch.armed or driver._latch.latched, "the arming")
        time.sleep(5 * settings.control.period)
        assert driver._latch.armed, driver._latch.reason


@pytest.fixture
def slow():
    """A monitor, and the times [s] of its heartbeats; to configure the controller beside it takes 2 s."""
    rclpy.init(args=[])
    monitor = MonitorNode(load_settings("mock_point"), BRING_UP, None, namespace="mock")
    controller, listener = (rclpy.create_node(name, namespace="mock") for name in ("controller", "listener"))
    states, heard = [UNCONFIGURED], []

    def tell(request, response):
        response.current_state.id = states[-1]
        return response

    def configure(request, response):
        time.sleep(2.0)
        states.append(INACTIVE)
        response.success = True
        return response

    controller.create_service(GetState, "controller/get_state", tell)
    controller.create_service(ChangeState, "controller/change_state", configure)
    listener.create_subscription(Empty, "supervisor_heartbeat", lambda message: heard.append(time.monotonic()), STATE)
    nodes = (monitor, controller, listener)
    spinning = [Background(node) for node in nodes]
    yield monitor, heard, states
    for each in spinning:
        each.close()
    for node in nodes:
        node.destroy_node()
    rclpy.try_shutdown()


@pytest.mark.ros
@pytest.mark.flaky(reruns=2)  # it follows the wall clock
def test_the_heart_beats_while_a_node_takes_its_time(slow) -> None:
    monitor, heard, states = slow
    keeper = Keeper(monitor, ["controller"], threading.Event(), print, lambda: None)
    wait_for(lambda: monitor.beat() or heard, "a heartbeat")  # who listens has been found
    begun = time.monotonic()
    wait_for(lambda: keeper.bring_up(ready=False) or states[-1] == INACTIVE, "it to be configured")
    ended = time.monotonic()
    assert ended - begun > 1.9
    times = [begun, *(at for at in heard if at > begun), ended]
    gaps = [after - before for before, after in zip(times, times[1:], strict=False)]
    assert max(gaps) < 0.9
    assert len(times) < 10.0 * (ended - begun) + 5  # and no more than 10 a second


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
