# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's services over real DDS: what is stopped stays stopped, and stopping waits for nothing."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

import rclpy
from graphs import constant_bytes
from rclpy.executors import SingleThreadedExecutor
from ros_graph import NAMESPACE, PATIENCE, activate, graph, wait_for
from slow_robot import SlowRobot
from std_msgs.msg import Float64MultiArray
from std_srvs.srv import Trigger

import ros_rl.nodes.driver
from ros_rl.backends.mock import MockBackend
from ros_rl.nodes import packets
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.qos import STATE
from ros_rl.runs.senders import StepCounter
from ros_rl.runtime.latch import Event
from ros_rl.settings.loading import load_settings
from ros_rl.types import SafetyState

pytestmark = pytest.mark.ros
SETTINGS = load_settings("mock_point", overrides=["driver.mode=real_time", "driver.lost_time_limit=5"])


@pytest.fixture
def world(tmp_path):
    with graph(SETTINGS, tmp_path, DriverNode, ControllerNode, CollectorNode) as nodes:
        peer, driver, controller, _ = nodes
        peer.give_graph(constant_bytes(SETTINGS, [0.3, 0.3]))
        activate(controller)
        yield peer, driver


def running(peer):
    wait_for(lambda: peer.ticks and peer.ticks[-1].safety is SafetyState.RUNNING and peer.ticks[-1].step > 1, "to run")


def stays_stopped(peer, driver):
    """No command acts in the next ten ticks."""
    index = peer.ticks[-1].index
    wait_for(lambda: peer.ticks[-1].index > index + 10, "ten ticks")
    after = [tick for tick in peer.ticks if tick.index > index + 2]
    assert after and {tick.safety for tick in after} == {SafetyState.EMERGENCY_STOP}
    assert driver._latch.state is SafetyState.EMERGENCY_STOP


def test_a_stop_before_activation_is_remembered(world) -> None:
    peer, driver = world
    assert peer.call("emergency_stop").success
    activate(driver)
    wait_for(lambda: peer.ticks, "a tick")
    stays_stopped(peer, driver)
    assert "emergency stop" in peer.call("clear_fault").message
    running(peer)


def test_a_stop_outlives_every_transition_and_the_process(world, tmp_path) -> None:
    peer, driver = world
    activate(driver)
    running(peer)
    assert peer.call("emergency_stop").success
    driver.trigger_deactivate()
    activate(driver)
    stays_stopped(peer, driver)
    driver.trigger_deactivate()
    driver.trigger_cleanup()
    driver.trigger_configure()
    activate(driver)
    stays_stopped(peer, driver)
    again = DriverNode()  # another process would read the same file
    try:
        assert again._latch.state is SafetyState.EMERGENCY_STOP and not again._latch.goes_on
    finally:
        again.close()
        again.destroy_node()


def test_a_driver_configured_anew_counts_its_steps_in_a_session_of_their_own(world) -> None:
    peer, driver = world
    sessions: dict[int, int] = {}
    counter = StepCounter()

    def note(message):
        session, steps = packets.steps_from(message)
        sessions[session] = max(steps, sessions.get(session, 0))
        counter.note("mock", session, steps)

    peer.node.create_subscription(Float64MultiArray, "tick", note, STATE)
    activate(driver)
    running(peer)
    driver.trigger_deactivate()
    driver.trigger_cleanup()
    driver.trigger_configure()
    activate(driver)
    wait_for(lambda: len(sessions) == 2 and min(sessions.values()) > 1, "two sessions")
    assert counter.total >= sum(sessions.values()) > max(sessions.values())


def call_from_outside(service: str):
    """Call from a node with an executor of its own; the peer shares one with the driver."""
    node = rclpy.create_node("operator", namespace=NAMESPACE, use_global_arguments=False)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        client = node.create_client(Trigger, service)
        assert client.wait_for_service(timeout_sec=PATIENCE)
        answer = client.call_async(Trigger.Request())
        executor.spin_until_future_complete(answer, timeout_sec=PATIENCE)
        return answer.result()
    finally:
        executor.shutdown()
        node.destroy_node()


@pytest.mark.parametrize("call", ["begin", "step"])
def test_stopping_waits_for_no_backend(world, monkeypatch, call) -> None:
    peer, driver = world
    activate(driver)
    running(peer)
    blocked, release, original = threading.Event(), threading.Event(), getattr(MockBackend, call)

    def block(self, *arguments):
        blocked.set()
        release.wait(PATIENCE)
        return original(self, *arguments)

    monkeypatch.setattr(MockBackend, call, block)
    if call == "begin":
        driver._latch.fire(Event.HOME)
    assert blocked.wait(PATIENCE)
    try:
        assert call_from_outside("emergency_stop").success
        assert driver._latch.state is SafetyState.EMERGENCY_STOP
        assert not release.is_set(), "the backend is still blocked"
    finally:
        release.set()
    stays_stopped(peer, driver)


def test_a_backend_that_raises_ends_no_process_and_is_told(world, monkeypatch) -> None:
    peer, driver = world
    activate(driver)
    running(peer)

    def fail(self, *_):
        raise RuntimeError("motor controller lost")

    original = MockBackend.step
    monkeypatch.setattr(MockBackend, "step", fail)
    assert "motor controller lost" in peer.complaint("driver", "motor controller lost")
    monkeypatch.setattr(MockBackend, "step", original)
    index = peer.ticks[-1].index
    wait_for(lambda: peer.ticks[-1].index > index + 5, "ticks to go on")
    assert peer.ticks[-1].safety is SafetyState.FAULT
    assert peer.call("clear_fault").success
    running(peer)


def test_a_robot_is_armed_paused_resumed_and_disarmed_by_its_services(tmp_path, monkeypatch) -> None:
    made: list[SlowRobot] = []

    def make(settings, seed):
        made.append(SlowRobot(settings.load_robot()))
        return made[-1]

    settings = load_settings(
        "mock_point",
        overrides=[
            "driver.mode=real_time",
            "driver.auto_arm=false",
            "driver.auto_recover=false",
            "driver.lost_time_limit=30",  # a busy machine is not what is tested
            "driver.miss_limit=1000",
            "driver.miss_share=1",
            "driver.command_holds=10",
            "driver.homing_speed=0.5",
        ],
    )
    monkeypatch.setattr(ros_rl.nodes.driver, "make_backend", make)
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, driver, controller, _):
        peer.give_graph(constant_bytes(settings, [0.0, 0.0]))
        activate(controller)
        activate(driver)
        wait_for(lambda: len(peer.ticks) > 5, "ticks")
        robot = made[0]

        def state(wanted: SafetyState) -> None:
            wait_for(lambda: peer.ticks[-1].safety is wanted, wanted.name)

        assert {tick.safety for tick in peer.ticks} == {SafetyState.DISARMED}
        assert not peer.call("resume").success and "call arm (ros-rl arm) first" in peer.call("pause").message
        assert not peer.call("reset").success
        assert peer.call("arm").success
        driver.trigger_deactivate()
        refused = peer.call("arm")
        assert not refused.success and "the driver is not active" in refused.message
        activate(driver)
        index = peer.ticks[-1].index
        wait_for(lambda: peer.ticks[-1].index > index + 5, "ticks after activation")
        assert peer.ticks[-1].safety is SafetyState.DISARMED
        assert peer.call("arm").success
        state(SafetyState.READY)
        np.testing.assert_allclose(robot.position, robot.robot.home, atol=0.06)
        assert peer.call("resume").success
        running(peer)
        assert peer.call("pause").success
        state(SafetyState.READY)
        assert peer.call("resume").success
        running(peer)
        assert peer.call("disarm").success
        state(SafetyState.DISARMED)
        assert robot.calls[0] == "connect" and robot.calls[-2:] == ["arm", "disarm"]
        time.sleep(0.05)
        assert robot.done[-1].target is None
    assert robot.calls[-1] == "close"
