# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Driver, controller and collector over real DDS, in lock-step, in this process."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes, contract_of, serialise, spec_of
from onnx import helper
from ros_graph import activate, graph, same, wait_for
from sensor_msgs.msg import JointState

from ros_rl.nodes import messages, packets
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.settings.loading import load_settings
from ros_rl.types import SafetyState, Verdict
from ros_rl.wire import transition_from

pytestmark = pytest.mark.ros


def settings_of(*overrides: str):
    usual = ("agent.name=random", "task.episode_seconds=0.5", "driver.commanders=[controller, peer]")
    return load_settings("mock_point", overrides=[*usual, *overrides])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The three nodes in lock-step, running."""
    settings = settings_of()
    with graph(settings, tmp_path_factory.mktemp("run"), DriverNode, ControllerNode, CollectorNode) as nodes:
        peer, driver, controller, collector = nodes
        peer.give_graph(constant_bytes(settings, [0.2, -0.2]))
        peer.allow(40)
        activate(controller)
        activate(driver)
        wait_for(lambda: peer.ticks and peer.ticks[-1].env_steps == 40, "40 steps")
        yield settings, peer, driver, controller, collector


def test_the_driver_stays_within_the_allowance(whole) -> None:
    _, peer, *_ = whole
    wait_for(lambda: peer.diagnostics.get("driver", (0, "", {}))[2].get("waits for") == "learner", "the driver to wait")
    assert peer.ticks[-1].env_steps == 40
    assert peer.ticks[-1].safety is SafetyState.RUNNING


def test_every_process_rebuilds_the_same_tick(whole) -> None:
    _, peer, driver, *_ = whole
    sent, got = driver._loop.tick, peer.ticks[-1]
    assert got.stamp == sent.stamp and got.index == sent.index
    for name in ("origin", "previous_command", "pending_commands"):
        assert getattr(got, name).tobytes() == getattr(sent, name).tobytes()
    for name in ("joint_position", "joint_velocity", "joint_effort"):
        assert got.measurement[name].tobytes() == sent.measurement[name].tobytes()
    assert set(got.measurement) == {"joint_position", "joint_velocity", "joint_effort"} and got.inputs == {}


def test_nothing_is_lost_in_lock_step(whole) -> None:
    """Every tick but the first of an episode ends a transition: transitions = ticks - episodes begun."""
    settings, peer, *_ = whole
    ticks = {tick.index: tick for tick in peer.ticks}
    assert sorted(ticks) == list(range(len(ticks))), "no tick was lost"
    episodes = {tick.episode for tick in ticks.values()}
    limit = round(settings.task.episode_seconds / settings.control.period)
    assert all(tick.step <= limit for tick in ticks.values())
    wait_for(lambda: len(peer.transitions) >= len(ticks) - len(episodes), "the last transition")
    assert len(peer.transitions) == len(ticks) - len(episodes) == 40
    assert [header.sequence for header, _ in peer.transitions] == list(range(40))


def test_transitions_hold_what_the_ticks_say(whole) -> None:
    settings, peer, *_ = whole
    spec, ticks = spec_of(settings), {tick.index: tick for tick in peer.ticks}
    for header, fields in peer.transitions:
        before, after = ticks[int(fields["tick"][0])], ticks[int(fields["tick"][0]) + 1]
        assert header.stamp == after.stamp
        assert np.array_equal(fields["observation"], spec.observe(before))
        assert np.array_equal(fields["next_observation"], spec.observe(after))
        assert np.allclose(fields["action"], [0.2, -0.2])
        assert transition_from(fields).source == "t"  # the namespace


def test_what_acts_is_republished_under_the_tick_it_opens(whole) -> None:
    _, peer, driver, *_ = whole
    ticks = {tick.stamp: tick for tick in peer.ticks}
    assert peer.applied
    for message in peer.applied:
        tick = ticks[messages.from_time(message.header.stamp)]
        assert np.array_equal(np.array(message.velocity), tick.pending_commands[0])


def test_a_repeated_tick_gets_the_same_answers_and_counts_once(whole) -> None:
    _, peer, driver, controller, collector = whole
    tick = driver._loop.tick
    before = collector._builder.counts.ticks
    commands, verdicts = len(peer.commands), len(peer.verdicts)
    wait_for(lambda: len(peer.verdicts) > verdicts and len(peer.commands) > commands, "answers to a repetition")
    assert peer.ticks[-1].stamp == tick.stamp
    assert collector._builder.counts.ticks == before
    answers = [m for m in peer.commands if messages.from_time(m.header.stamp) == tick.stamp]
    assert len(answers) > 1
    assert [m for m in answers if not same(m, answers[0])] == []


def test_a_new_graph_acts_from_the_next_tick_on_and_a_bad_one_never(whole) -> None:
    settings, peer, driver, controller, _ = whole
    peer.give_graph(constant_bytes(settings, [0.5, 0.5]), version=3)
    wait_for(lambda: controller._loader._ready is not None, "the graph to be loaded")
    bad = {
        "a graph for another robot": (constant_bytes(settings, [0.0, 0.0], robot="other"), "for robot other"),
        "another rate": (constant_bytes(settings, [0.0, 0.0], control_period=0.02), "control period of 0.02 s"),
        "not a number": (constant_bytes(settings, [np.nan, 0.0]), "non-finite"),
        "no model": (b"not a model", "cannot be loaded"),
        "too many actions": (too_many_actions(settings), "action of shape"),
    }
    for what, (model, reason) in bad.items():
        peer.give_graph(model, version=9)
        assert wait_for(lambda reason=reason: reason in controller._refused, what)
    peer.allow(44)
    wait_for(lambda: peer.ticks[-1].env_steps == 44, "four more steps")
    assert controller._version == 3
    assert np.allclose(peer.ticks[-1].pending_commands, driver._robot.command(np.array([0.5, 0.5])))
    peer.complaint("controller", "refused")


def too_many_actions(settings) -> bytes:
    nodes = [helper.make_node("Concat", ["joint_position", "joint_velocity"], ["action"], axis=0)]
    return serialise(settings, nodes, [], contract_of(settings))


def test_a_wrong_command_is_refused_with_the_reason(whole) -> None:
    """The driver waits for the learner with its tick answered; a reset leaves a tick to answer wrongly."""
    _, peer, driver, controller, _ = whole
    stamp, robot = driver._loop.tick.stamp, driver._robot
    short = JointState(name=["axis_1_joint"], velocity=[0.0])
    short.header.stamp = messages.to_time(stamp)
    peer.command.publish(short)
    assert "joint_command refused" in peer.complaint("driver", "names the joints axis_1_joint")
    values = JointState(name=list(robot.joints), velocity=[0.0])
    peer.command.publish(values)
    assert peer.refusal("driver", "joint_command", "1 velocity values for 2 joints").startswith("2: ")
    assert driver._loop.tick.stamp == stamp and driver._loop.safety is SafetyState.RUNNING


def test_services(whole) -> None:
    _, peer, driver, *_ = whole
    episode = driver._loop.tick.episode
    assert peer.call("reset").success
    assert driver._loop.tick.episode > episode
    assert peer.call("emergency_stop").success
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.EMERGENCY_STOP, "the emergency stop to be seen")
    refused = peer.call("reset")
    assert not refused.success and "clear_fault" in refused.message
    index = peer.ticks[-1].index
    wait_for(lambda: peer.ticks[-1].index > index + 2, "ticks to go on in the safe state")
    assert peer.complaint("driver", "emergency stop")
    episode = peer.ticks[-1].episode
    cleared = peer.call("clear_fault")
    assert cleared.success and "emergency stop" in cleared.message
    wait_for(lambda: peer.ticks[-1].safety is SafetyState.RUNNING, "the fault to be cleared")
    assert peer.ticks[-1].episode > episode


def test_a_driver_without_its_tick_contract_is_refused(whole) -> None:
    """The collector survives garbage on its topics."""
    _, peer, driver, controller, collector = whole
    publisher = peer.node.create_publisher(type(packets.to_verdict(0, Verdict.CONTINUE)), "tick", 10)
    wait_for(lambda: publisher.get_subscription_count() >= 3, "the garbage to be listened to")
    publisher.publish(type(packets.to_verdict(0, Verdict.CONTINUE))())
    wait_for(lambda: peer.refusals, "the refusal")
    assert "packet begins with" in peer.refusals[-1]
    for node in ("collector", "controller"):
        assert peer.refusal(node, "tick", "it comes from /t/peer, expected /t/driver").startswith("1: ")
