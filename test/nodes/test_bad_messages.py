# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Bad messages, one after the other, to running nodes: each is refused and told, and the node goes on working."""

import json
import threading
from array import array
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes, contract_of, serialise
from hostile_graphs import endless, huge, sized_by_a_value, slow
from learners import random_transition
from rclpy.serialization import serialize_message
from ros_graph import Peer, activate, graph, wait_for
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, String, UInt8MultiArray

from ros_rl.nodes import messages, packets
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.learner import LearnerNode
from ros_rl.nodes.qos import EXPERIENCE, HISTORY, LATCHED, STATE
from ros_rl.nodes.sensor_messages import sensor_topics
from ros_rl.nodes.tick_messages import to_tick
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement, SafetyState, Tick, Verdict
from ros_rl.wire import Header, transition_fields

pytestmark = pytest.mark.ros
SETTINGS = load_settings("mock_point", overrides=["agent.name=random", "driver.silence_limit=60.0"])
INF, NAN, HUGE = float("inf"), float("nan"), 1e300


def vectors(fields: dict[str, Any], stamp: float = 1.0, nanosec: float = 0.0, sequence: float = 0.0):
    """Named vectors as a message, also those that `packets.to_vectors` would not write."""
    parts = {"stamp_sec": stamp, "stamp_nanosec": nanosec, "sequence": sequence, "version": 0.0} | fields
    flat = {name: np.asarray(value, np.float64).reshape(-1) for name, value in parts.items()}
    message = Float64MultiArray(data=array("d", np.concatenate(list(flat.values())).tobytes()))
    message.layout.dim = [MultiArrayDimension(label=name, size=value.size) for name, value in flat.items()]
    return message


def wait_for_refusal(node: Any, topic: str, number: int, reason: str) -> None:
    """Wait until a node has refused so many messages on a topic, the last for a reason that holds `reason`."""
    (entrance,) = [item for item in node._gate._entrances if item.topic == topic]
    wait_for(lambda: entrance.refused >= number, f"{node.get_name()} to refuse {topic}: {reason}")
    assert entrance.refused == number and reason in entrance.reason, (number, entrance.refused, entrance.reason)


class Speaker:
    """Publishes on a topic from the node that is expected there, and counts what was refused of it."""

    def __init__(self, peer: Peer, node: str, listener: Any, kind: Any, topic: str, qos: Any) -> None:
        self.listener, self.topic = listener, topic
        self.publisher = peer.play(node).create_publisher(kind, topic, qos)
        wait_for(self.publisher.get_subscription_count, f"somebody to listen to {topic}")
        self.refused = 0

    def send(self, message: Any) -> None:
        self.publisher.publish(message)

    def send_bad(self, message: Any, reason: str) -> None:
        """Publish it, and wait until the listener has refused it for that reason."""
        self.refused += 1
        self.send(message)
        wait_for_refusal(self.listener, self.topic, self.refused, reason)


class TestDriver:
    @pytest.fixture
    def driving(self, tmp_path) -> Iterator[SimpleNamespace]:
        with graph(SETTINGS, tmp_path, DriverNode) as (peer, driver):
            peer.allow(1000)
            activate(driver)
            wait_for(lambda: peer.ticks, "the first tick")
            yield SimpleNamespace(peer=peer, driver=driver)
            self.step(peer)

    def step(self, peer: Peer) -> None:
        """The driver goes on: it takes a command and a verdict, and opens the next tick."""
        last = peer.ticks[-1]

        def answered() -> bool:
            peer.command.publish(messages.to_command(last.stamp, peer.robot, np.zeros(2)))
            peer.verdict.publish(packets.to_verdict(last.stamp, Verdict.CONTINUE))
            return peer.ticks[-1].index > last.index

        wait_for(answered, "a step")
        assert peer.ticks[-1].safety is SafetyState.RUNNING

    def test_verdicts(self, driving) -> None:
        peer = driving.peer
        speaker = Speaker(peer, "collector", driving.driver, Float64MultiArray, "verdict", STATE)
        speaker.publisher = peer.verdict
        for value, reason in (
            (INF, "'verdict' is inf"),
            (NAN, "'verdict' is nan"),
            (HUGE, "expected a whole number from 0 to 2"),
            (-1.0, "'verdict' is -1"),
            (3.0, "'verdict' is 3"),
            (0.5, "'verdict' is 0.5"),
            ([], "has 0 values"),
            ([0.0, 1.0], "has 2 values"),
        ):
            speaker.send_bad(vectors({"verdict": value}), reason)
        speaker.send_bad(vectors({"other": 0.0}), "lacks the field 'verdict'")
        speaker.send_bad(vectors({"verdict": 0.0}, stamp=-1.0), "packet header")
        speaker.send_bad(vectors({"verdict": 0.0}, stamp=HUGE), "packet header")
        speaker.send_bad(vectors({"verdict": 0.0}, sequence=NAN), "packet header")
        speaker.send_bad(Float64MultiArray(), "packet begins with")
        assert peer.refusal("driver", "verdict", "packet begins with").startswith("13: ")
        self.step(peer)

    def test_allowances(self, driving) -> None:
        speaker = Speaker(driving.peer, "learner", driving.driver, Float64MultiArray, "step_allowance", LATCHED)
        speaker.publisher = driving.peer.allowance
        for value in (-5.0, INF, NAN, HUGE, 1.5):
            speaker.send_bad(vectors({"steps": value}), f"'steps' is {value:g}")
        assert driving.driver._allowance == 1000

    def test_commands(self, driving) -> None:
        peer, robot = driving.peer, driving.peer.robot
        speaker = Speaker(peer, "controller", driving.driver, JointState, "joint_command", 1)
        speaker.publisher = peer.command
        stamp, good = peer.ticks[-1].stamp, messages.to_command(peer.ticks[-1].stamp, robot, np.zeros(2))

        def changed(**changes: Any) -> JointState:
            fields = {name: getattr(good, name) for name in ("header", "name", "position", "velocity", "effort")}
            return JointState(**(fields | changes))

        speaker.send_bad(changed(velocity=[NAN, 0.0]), "not finite")
        speaker.send_bad(changed(velocity=[INF, 0.0]), "not finite")
        speaker.send_bad(changed(velocity=[0.0]), "1 velocity values for 2 joints")
        speaker.send_bad(changed(velocity=[0.0] * 3), "3 velocity values for 2 joints")
        speaker.send_bad(changed(name=[good.name[0]] * 2), "names the joints axis_1_joint, axis_1_joint")
        speaker.send_bad(changed(name=[]), "names the joints ,")
        old = changed()
        old.header.stamp.sec = -5
        speaker.send_bad(old, "stamp is -5 s")
        assert driving.driver._loop.tick.stamp == stamp and not driving.driver._loop.answered

    def test_a_stranger_and_a_second_controller_do_not_act(self, driving) -> None:
        """They know the right stamp, and the controller is silent."""
        peer, driver = driving.peer, driving.driver
        peer.command.publish(messages.to_command(1, peer.robot, np.ones(2)))  # the controller is there
        wait_for(lambda: driver._inputs["joint_command"]._count == 1, "the controller to be heard")
        stamp = peer.ticks[-1].stamp
        for name, reason in (("teleop", "it comes from /t/teleop, expected /t/controller"), ("collector", "collector")):
            speaker = Speaker(peer, name, driver, JointState, "joint_command", 1)
            speaker.send(messages.to_command(stamp, peer.robot, np.ones(2)))
            peer.refusal("driver", "joint_command", reason)
        assert not driver._loop.answered and driver._inputs["joint_command"]._count == 1


@pytest.fixture
def acting(tmp_path) -> Iterator[SimpleNamespace]:
    """A controller with a graph and a collector, and a driver that is played."""
    settings = load_settings("mock_point", overrides=["agent.name=random", "driver.mode=real_time"])
    with graph(settings, tmp_path, ControllerNode, CollectorNode) as (peer, controller, collector):
        peer.give_graph(constant_bytes(settings, [0.25, -0.25]))
        activate(controller)
        yield SimpleNamespace(
            settings=settings, peer=peer, controller=controller, collector=collector, driver=PlayedDriver(peer)
        )


class PlayedDriver:
    """Sends ticks, good and bad ones."""

    def __init__(self, peer: Peer) -> None:
        self.peer, self.index = peer, 0
        self.topics = sensor_topics(peer.robot)
        node = peer.play("driver")
        self.publishers = {item.name: node.create_publisher(item.kind, item.name, STATE) for item in self.topics}
        self.publishers["tick"] = node.create_publisher(Float64MultiArray, "tick", STATE)
        for name, publisher in self.publishers.items():
            wait_for(lambda p=publisher: p.get_subscription_count() >= 3, f"{name} to be listened to")

    def next(self) -> tuple[Tick, dict[str, Any]]:
        self.index += 1
        measurement = Measurement({name: np.zeros(2) for name in self.peer.robot.sensors})
        stamp = 10**9 + self.index
        tick = Tick(
            stamp, self.index, 0, self.index, SafetyState.RUNNING, True, np.zeros(3), np.zeros(2), np.zeros((1, 2)),
            measurement, env_steps=self.index,
        )  # fmt: skip
        parts = {item.name: item.to_message(stamp, measurement) for item in self.topics}
        return tick, parts | {"tick": to_tick(tick, [True] * len(self.topics))}

    def send(self, parts: dict[str, Any]) -> None:
        for name, message in parts.items():
            self.publishers[name].publish(message)

    def works(self) -> None:
        """Both answer a good tick."""
        tick, parts = self.next()
        self.send(parts)
        wait_for(lambda: any(stamp == tick.stamp for stamp, _ in self.peer.verdicts), "a verdict")
        commands = self.peer.commands
        wait_for(lambda: any(messages.from_time(m.header.stamp) == tick.stamp for m in commands), "a command")


def with_field(message: Float64MultiArray, name: str, value: Any) -> Float64MultiArray:
    """A tick with another value of a field, None: without it."""
    header, fields = packets.from_vectors(message)
    changed = {key: content for key, content in (fields | {name: value}).items() if content is not None}
    return vectors(changed, header.stamp // 10**9, header.stamp % 10**9, header.sequence)


class TestTicks:
    def test_malformed_ones(self, acting) -> None:
        driver = acting.driver
        driver.works()
        cases: list[tuple[str, Any, str]] = [
            (name, None, f"lacks the field '{name}'")
            for name in ("index", "episode", "step", "safety", "intact", "origin", "pending_commands", "env_steps")
        ]
        cases += [
            ("index", HUGE, "'index' is 1e+300"),
            ("index", -1.0, "'index' is -1"),
            ("episode", NAN, "'episode' is nan"),
            ("step", [], "'step' has 0 values"),
            ("safety", 77.0, "'safety' is 77"),
            ("intact", 0.5, "'intact' is 0.5"),
            ("env_steps", INF, "'env_steps' is inf"),
            ("origin", [0.0, 0.0], "'origin' has 2 values, expected 3"),
            ("origin", [0.0, NAN, 0.0], "'origin' is not finite"),
            ("previous_command", [0.0], "'previous_command' has 1 values, expected 2"),
            ("previous_command", [INF, 0.0], "'previous_command' is not finite"),
            ("pending_commands", [0.0] * 3, "'pending_commands' has 3 values"),
            ("input.goal_position", [0.0], "'input.goal_position' has shape (1,)"),
            ("parts", [1.0] * 9, "speaks of 9 topics"),
        ]
        for number, (name, value, reason) in enumerate(cases, 1):
            _, parts = driver.next()
            driver.send(parts | {"tick": with_field(parts["tick"], name, value)})
            for node in (acting.controller, acting.collector):
                wait_for_refusal(node, "tick", number, reason)
        driver.works()

    def test_one_of_another_delay(self, acting) -> None:
        """It is a tick of the robot; that nobody here can use it the observation tells."""
        _, parts = acting.driver.next()
        acting.driver.send(parts | {"tick": with_field(parts["tick"], "pending_commands", [0.0] * 8)})
        wait_for_refusal(acting.collector, "tick", 1, "'pending_actions' has shape (8,), expected (2,)")
        acting.peer.complaint("controller", "'pending_actions' has shape (8,)")
        acting.driver.works()

    def test_sensors(self, acting) -> None:
        """In the robot's own order of joints, too, where no name has to be looked up."""
        driver, number = acting.driver, 0
        driver.works()
        for field, values, reason in (
            ("position", [0.0] * 3, "3 values for 2 joints"),
            ("position", [0.0], "1 values for 2 joints"),
            ("velocity", [NAN, 0.0], "'joint_velocity' is not finite"),
            ("effort", [0.0, -INF], "'joint_effort' is not finite"),
            ("effort", [0.0, HUGE], "'joint_effort' is not finite or beyond 1e+09"),
        ):
            number += 1
            _, parts = driver.next()
            setattr(parts["joint_states"], field, values)
            driver.send({name: parts[name] for name in ("joint_states", "tick")})
            for node in (acting.controller, acting.collector):
                wait_for_refusal(node, "tick", number, reason)
        driver.works()

    def test_bytes_that_are_no_message(self, acting) -> None:
        """The collector takes messages serialised, for its log."""
        for data in (b"", b"\xff" * 50, serialize_message(JointState(name=["a"]))[:-3]):
            acting.driver.publishers["joint_states"].publish(data)
        acting.peer.refusal("collector", "joint_states", "")
        acting.driver.works()

    def test_a_second_driver_is_not_heard(self, acting) -> None:
        acting.driver.works()
        _, parts = acting.driver.next()
        speaker = Speaker(acting.peer, "learner", acting.controller, Float64MultiArray, "tick", STATE)
        before = len(acting.peer.verdicts), len(acting.peer.commands)
        speaker.send(parts["tick"])
        for node in ("controller", "collector"):
            acting.peer.refusal(node, "tick", "expected /t/driver")
        acting.driver.works()
        assert (len(acting.peer.verdicts), len(acting.peer.commands)) == (before[0] + 1, before[1] + 1)


class TestControlGraphs:
    def test_bad_ones_are_told_and_the_old_one_goes_on(self, acting) -> None:
        settings, peer, driver = acting.settings, acting.peer, acting.driver
        text = contract_of(settings).to_json()
        node = serialise(settings, [], [], contract_of(settings), json.dumps(json.loads(text) | {"noise": [-1]}))
        carry = serialise(settings, [], [], contract_of(settings), json.dumps(json.loads(text) | {"carry": "text"}))
        for model, reason in (
            (huge(settings), "takes more than"),
            (slow(settings), "allowed: 0.05 s"),
            (endless(settings), "operator Loop"),
            (sized_by_a_value(settings), "size depends on values"),
            (node, "'noise' is [-1]"),
            (carry, "'carry' is text"),
            (b"", "0 graphs"),
        ):
            peer.give_graph(model, version=9)
            wait_for(lambda reason=reason: reason in acting.controller._refused, reason)
        assert "control graph 9 refused" in peer.complaint("controller", "0 graphs")
        peer.graph.publish(packets.to_blocks(Header(0), {"other": b"x"}))
        peer.refusal("controller", "control_graph", "it holds other, expected 'model'")
        peer.graph.publish(UInt8MultiArray(data=array("B", b"short")))
        peer.refusal("controller", "control_graph", "packet begins with")
        driver.works()
        np.testing.assert_allclose(peer.commands[-1].velocity, peer.robot.command(np.array([0.25, -0.25])))

    def test_one_from_a_stranger_is_not_even_tried(self, acting) -> None:
        speaker = Speaker(acting.peer, "driver", acting.controller, UInt8MultiArray, "control_graph", LATCHED)
        speaker.send(packets.to_blocks(Header(0), {"model": constant_bytes(acting.settings, [1.0, 1.0])}))
        acting.peer.refusal("controller", "control_graph", "/t/driver, expected /t/learner or /t/supervisor")
        acting.driver.works()
        np.testing.assert_allclose(
            acting.peer.commands[-1].velocity, acting.peer.robot.command(np.array([0.25, -0.25]))
        )


class TestLearner:
    @pytest.fixture
    def learning(self, tmp_path) -> Iterator[SimpleNamespace]:
        settings = load_settings("mock_point", overrides=["agent.name=random", "learner.warmup_steps=10"])
        with graph(settings, tmp_path, LearnerNode) as (peer, learner):
            stop = threading.Event()
            thread = threading.Thread(target=learner.work, args=(stop,))
            thread.start()
            try:
                yield SimpleNamespace(peer=peer, learner=learner, spec=learner._training.spec)
            finally:
                stop.set()
                thread.join()

    @pytest.fixture
    def collector(self, learning) -> Speaker:
        return Speaker(learning.peer, "collector", learning.learner, Float64MultiArray, "transitions", EXPERIENCE)

    def message(self, learning, sequence: int, **changes: Any) -> Float64MultiArray:
        transition = random_transition(learning.spec, np.random.default_rng(sequence), sequence)
        fields = transition_fields(replace(transition, source="t"))
        changed = {name: value for name, value in (fields | changes).items() if value is not None}
        return vectors(changed, sequence=sequence)

    def takes(self, learning, collector: Speaker, sequence: int) -> None:
        before = learning.learner._training.replay.added
        collector.send(self.message(learning, sequence))
        wait_for(lambda: learning.learner._training.replay.added == before + 1, "a transition to be taken")

    def test_transitions(self, learning, collector) -> None:
        self.takes(learning, collector, 0)
        size = learning.spec.size
        for name, value, reason in (
            ("observation", np.zeros(size + 1), f"observation of shape ({size + 1},), mock has ({size},)"),
            ("observation", np.full(size, 1e12), "observation that is not finite or beyond 1e+09"),
            ("next_observation", np.zeros(1), "next observation of shape (1,)"),
            ("next_observation", np.full(size, NAN), "'next_observation' is not finite"),
            ("action", [0.0], "action of shape (1,), mock has (2,)"),
            ("action", [INF, 0.0], "'action' is not finite"),
            ("reward", 1e30, "reward that is not finite or beyond 1e+09"),
            ("reward", NAN, "'reward' is nan"),
            ("reward", [0.0, 0.0], "'reward' has 2 values"),
            ("reward", None, "lacks the field 'reward'"),
            ("tick", -3.0, "'tick' is -3"),
            ("episode", HUGE, "'episode' is 1e+300"),
            ("terminated", 2.0, "'terminated' is 2"),
            ("metrics.x", NAN, "'metrics.x' is nan"),
            ("source.second", (), "names 2 sources"),
        ):
            collector.send_bad(self.message(learning, 1, **{name: value}), reason)
        self.takes(learning, collector, 1)
        assert learning.learner._training.replay.added == 2

    def test_one_huge_number_hides_no_later_transition(self, learning, collector) -> None:
        self.takes(learning, collector, 0)
        collector.send(self.message(learning, 2**53))
        wait_for(lambda: learning.learner._refused == 1, "the number to be refused")
        for sequence in (1, 2, 3):
            self.takes(learning, collector, sequence)
        told = learning.peer.diagnostics
        wait_for(lambda: "learner" in told and told["learner"][2]["transitions"] == "4", "news of the learner")
        assert learning.peer.figure("learner", "transitions_lost") == 0

    def test_another_collector_is_not_heard(self, learning, collector) -> None:
        self.takes(learning, collector, 0)
        stranger = Speaker(learning.peer, "evaluator", learning.learner, Float64MultiArray, "transitions", EXPERIENCE)
        stranger.send(self.message(learning, 1))
        learning.peer.refusal("learner", "transitions", "/t/evaluator, expected /t/collector")
        assert learning.learner._training.replay.added == 1

    def test_a_bad_transition_is_latched_and_the_next_learner_lives(self, learning, collector) -> None:
        """Late joiners get all that was published; so does a learner that is started again."""
        collector.send_bad(self.message(learning, 0, action=[0.0]), "action of shape")
        again = LearnerNode()
        try:
            assert again._read_transition is not None
            with pytest.raises(Exception, match="action of shape"):
                again._read_transition(self.message(learning, 0, action=[0.0]))
        finally:
            again.destroy_node()

    def test_evaluations(self, learning) -> None:
        speaker = Speaker(learning.peer, "evaluator", learning.learner, String, "evaluation", HISTORY)
        good = {"env_steps": 5, "version": 1, "episodes": 2, "robot_minutes": 0.1, "final": False}
        whole = good | {"terminations": 0, "return_mean": -1.5}
        for text, reason in (
            ("no json", "not JSON"),
            ("[]", "JSON is list"),
            ("3", "JSON is int"),
            ("{}", "lacks 'env_steps'"),
            (json.dumps(whole | {"env_steps": "5"}), "'env_steps' is 5, expected int"),
            (json.dumps(whole | {"env_steps": -1}), "'env_steps' is -1"),
            (json.dumps(whole | {"final": 1}), "'final' is 1, expected bool"),
            (json.dumps(whole | {"return_mean": NAN}), "JSON holds NaN"),
            (json.dumps(whole | {"return_mean": 0}).replace("0", "1e999"), "JSON holds"),
            (json.dumps(whole | {"return_mean": "much"}), "'return_mean' is much"),
            (json.dumps(good | {"error": 3}), "'error' is 3"),
            ("[" * 100_000, "not JSON"),
        ):
            speaker.send_bad(String(data=text), reason)
        speaker.send(String(data=json.dumps(whole)))
        learning.peer.refusal("learner", "evaluation", "12: ")

    def test_bytes_that_are_no_tick(self, learning, collector) -> None:
        driver = Speaker(learning.peer, "driver", learning.learner, Float64MultiArray, "tick", STATE)
        driver.send(b"\xff" * 30)
        wait_for(lambda: learning.learner._refused == 1, "it to be refused")
        self.takes(learning, collector, 0)
