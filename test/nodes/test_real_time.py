# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The nodes in real time, and what happens when one of them fails."""

import threading
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes, contract_of, serialise
from onnx import helper
from ros_graph import activate, graph, vectors, wait_for
from std_msgs.msg import Float64MultiArray

from ros_rl.backends import make_backend
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.messages import from_time
from ros_rl.nodes.qos import STATE
from ros_rl.nodes.tick_publisher import TickPublisher
from ros_rl.runtime.control_loop import Decision
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.types import SafetyState, Tick, Transition

# they follow the wall clock, and a machine may have other work at the wrong moment
pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]
PERIOD = 0.1  # s; long enough for a busy machine


@pytest.fixture
def running(tmp_path):
    settings = load_settings("mock_point", overrides=["driver.mode=real_time", f"control.rate_hz={1 / PERIOD}"])
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as nodes:
        peer, driver, controller, _ = nodes
        peer.give_graph(constant_bytes(settings, [0.1, 0.1]))
        activate(controller)
        activate(driver)
        wait_for(lambda: any(tick.step >= 3 for tick in peer.ticks), "the first steps")
        yield settings, *nodes


def test_real_time_needs_no_learner_and_keeps_the_clock(running) -> None:
    _, peer, driver, *_ = running
    start, began = peer.ticks[-1], time.monotonic()
    wait_for(lambda: peer.ticks[-1].index >= start.index + 10, "ten ticks")
    assert (time.monotonic() - began) / 10 == pytest.approx(PERIOD, rel=0.3)
    assert abs(peer.ticks[-1].stamp / 1e9 - time.time()) < 1.0
    assert peer.transitions


def test_a_controller_that_stops_leads_to_the_safe_state_and_back(running) -> None:
    settings, peer, driver, controller, collector = running
    limit = settings.driver.miss_limit
    assert str(controller.trigger_deactivate()).endswith("SUCCESS")
    last = max((t for t in peer.ticks), key=lambda tick: tick.index).index
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.FAULT, "the safe state")
    fault = next(tick for tick in peer.ticks if tick.safety is SafetyState.FAULT)
    assert fault.index - last <= limit + 2, "the last tick may have been answered"
    assert "controller missed" in peer.complaint("driver", "missed")
    faulty = {tick.index for tick in peer.ticks if tick.safety is SafetyState.FAULT}
    activate(controller)
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.RUNNING and peer.ticks[-1].step > 2, "recovery")
    assert peer.ticks[-1].episode > fault.episode
    # the topic is latched: an earlier test's collector may still be heard
    own = [fields for header, fields in peer.transitions if header.version == collector._session]
    assert own and not faulty & {int(fields["tick"][0]) for fields in own}
    wait_for(lambda: peer.figure("driver", "deadline misses") >= limit, "the misses to be counted")


def test_a_graph_that_fails_while_acting_leads_to_the_safe_state_until_a_better_one_comes(running) -> None:
    """sqrt(-x^2) is a number at the zeros of the trial run, and none anywhere else."""
    settings, peer, driver, controller, _ = running
    nodes = [
        helper.make_node("Mul", ["joint_position", "joint_position"], ["square"]),
        helper.make_node("Neg", ["square"], ["negative"]),
        helper.make_node("Sqrt", ["negative"], ["action"]),
    ]
    peer.give_graph(serialise(settings, nodes, [], contract_of(settings)), version=5)
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.FAULT, "the safe state")
    assert "non-finite" in peer.complaint("controller", "no command for tick")
    peer.give_graph(constant_bytes(settings, [0.1, 0.1]), version=6)
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.RUNNING and peer.ticks[-1].step > 2, "recovery")
    assert controller._version == 6


def test_emergency_stop_acts_at_once(running) -> None:
    _, peer, driver, *_ = running
    assert peer.call("emergency_stop").success
    assert driver._loop.safety is SafetyState.EMERGENCY_STOP
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.EMERGENCY_STOP, "the stop to be seen")
    time.sleep(3 * PERIOD)
    assert peer.ticks[-1].safety is SafetyState.EMERGENCY_STOP, "no answer ends it"


def test_a_tick_says_how_soon_the_one_before_was_answered(running) -> None:
    _, peer, *_ = running
    heard: list[dict] = []
    peer.node.create_subscription(Float64MultiArray, "tick", lambda m: heard.append(vectors(m)[1]), STATE)
    wait_for(lambda: len(heard) >= 10, "ten ticks")
    intact = [fields for fields in heard if fields["intact"][0] and fields["step"][0] > 0]
    assert intact and all(0.0 < fields["response"][0] < PERIOD for fields in intact)
    wait_for(lambda: "tick to command p99 [ms]" in peer.diagnostics["driver"][2], "the driver's figures")


def test_a_controller_that_fell_behind_goes_on_with_the_newest_tick(tmp_path, monkeypatch) -> None:
    settings = load_settings("mock_point", overrides=["driver.mode=real_time"])
    driver = make_driver_loop(settings, settings.load_robot(), make_backend(settings), auto_recover=True)
    with graph(settings, tmp_path, ControllerNode) as (peer, controller):
        peer.give_graph(constant_bytes(settings, [0.1, 0.1]))
        activate(controller)
        publisher = TickPublisher(peer.play("driver"), peer.robot, settings.task.inputs, simulated_time=False)
        step, begun, go = controller._loop.step, threading.Event(), threading.Event()
        decided: list[int] = []

        def slow(tick: Tick) -> Decision:
            decided.append(tick.index)
            begun.set()
            assert go.wait(10.0)
            return step(tick)

        monkeypatch.setattr(controller._loop, "step", slow)
        ticks = [driver.start(), *(driver.advance() for _ in range(4))]
        wait_for(lambda: publisher._tick.get_subscription_count() >= 2, "the subscriptions")
        publisher.publish(ticks[0])
        assert begun.wait(10.0)
        for tick in ticks[1:]:
            publisher.publish(tick)
        time.sleep(0.2)
        go.set()
        wait_for(lambda: peer.commands and from_time(peer.commands[-1].header.stamp) == ticks[-1].stamp, "the answer")
        assert decided == [0, 4], "the ticks between are left out"


def test_robot_time_ends_a_training_that_nobody_waits_for() -> None:
    pytest.importorskip("torch")
    from ros_rl.training.training_loop import TrainingLoop

    for mode, done in (("real_time", True), ("lock_step", False)):
        settings = load_settings(
            "mock_point",
            overrides=[f"driver.mode={mode}", "learner.robot_minutes=0.1", "learner.warmup_steps=10"],
        )
        training = TrainingLoop(settings)
        observation = np.zeros(training.spec.size)
        for index in range(20):
            training.add(Transition(index, 0, observation, np.zeros(2), 0.0, observation, False, False))
        training.note_steps(training.total_steps + 7)
        assert training.train_due and training.done is done
        training.rounds = training.total_steps - training.warmup
        assert training.done and not training.train_due, "what the robot did after its time is not waited for"
