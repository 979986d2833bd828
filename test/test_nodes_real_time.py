# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The nodes in real time, and what happens when one of them fails."""

import time

import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes, contract_of, serialise
from onnx import helper
from ros_graph import activate, graph, wait_for

from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.settings import load_settings
from ros_rl.types import SafetyState

pytestmark = pytest.mark.ros
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
    settings, peer, driver, controller, _ = running
    limit = settings.driver.miss_limit
    assert str(controller.trigger_deactivate()).endswith("SUCCESS")
    last = max((t for t in peer.ticks), key=lambda tick: tick.index).index
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.FAULT, "the safe state")
    fault = next(tick for tick in peer.ticks if tick.safety is SafetyState.FAULT)
    assert fault.index - last <= limit + 2, "the last tick may have been answered"
    assert "controller missed" in peer.complaint("driver", "missed")
    faulty = {tick.index for tick in peer.ticks if tick.safety is SafetyState.FAULT}
    activate(controller)
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.OK and peer.ticks[-1].step > 2, "recovery")
    assert peer.ticks[-1].episode > fault.episode
    assert not faulty & {int(fields["tick"][0]) for _, fields in peer.transitions}
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
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.OK and peer.ticks[-1].step > 2, "recovery")
    assert controller._version == 6


def test_emergency_stop_acts_at_once(running) -> None:
    _, peer, driver, *_ = running
    assert peer.call("emergency_stop").success
    assert driver._loop.safety is SafetyState.EMERGENCY_STOP
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.EMERGENCY_STOP, "the stop to be seen")
    time.sleep(3 * PERIOD)
    assert peer.ticks[-1].safety is SafetyState.EMERGENCY_STOP, "no answer ends it"
