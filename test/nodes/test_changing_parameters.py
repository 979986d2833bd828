# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What `ros2 param set` does: what may change takes effect, all else is refused with a reason; a node has its own."""

import pytest

pytest.importorskip("rclpy")

from graphs import constant, constant_bytes, contract_of, serialise
from onnx import helper
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter
from ros_graph import NAMESPACE, activate, graph, wait_for

from ros_rl.config import iterate
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.nodes.evaluator import EvaluatorNode
from ros_rl.nodes.learner import LearnerNode
from ros_rl.nodes.parameters import acts_by
from ros_rl.settings.loading import load_settings
from ros_rl.settings.nodes import NODES
from ros_rl.types import SafetyState

pytestmark = pytest.mark.ros
SMALL = {
    "agent": {"name": "sac", "hidden": 16},
    "learner": {"warmup_steps": 20, "batch_size": 8},
    "collector.log": False,
}


def set_parameters(peer, node: str, **values):
    """Through the service, as `ros2 param set` does; success and reason of each."""
    client = peer.node.create_client(SetParameters, f"/{NAMESPACE}/{node}/set_parameters")
    assert client.wait_for_service(timeout_sec=60.0)
    request = SetParameters.Request()
    request.parameters = [Parameter(name.replace("__", "."), value=v).to_parameter_msg() for name, v in values.items()]
    answers = []
    client.call_async(request).add_done_callback(lambda future: answers.append(future.result()))
    return [(item.successful, item.reason) for item in wait_for(lambda: answers, "an answer")[0].results]


def test_a_node_declares_what_it_acts_by_and_somebody_declares_all(tmp_path) -> None:
    settings = load_settings("mock_point", overrides=[SMALL])
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode, LearnerNode, EvaluatorNode) as nodes:
        names = {node.get_name(): set(node.get_parameters_by_prefix("")) for node in nodes[1:]}
    assert "driver.miss_limit" in names["driver"] and "agent.hidden" in names["learner"]
    for node, other in (("driver", "agent.hidden"), ("controller", "learner.batch_size"), ("learner", "driver.mode")):
        assert other not in names[node] and {"task.name", "control.rate_hz", "seed"} <= names[node]
    leaves = [name for name, value, _ in iterate(settings) if value is not None]
    assert [name for name in leaves if not any(acts_by(node, name) for node in NODES)] == []


def test_exploration_is_what_it_is_told_to_be_from_the_next_tick_on(tmp_path) -> None:
    """A graph whose action is what it is told of exploring; the mock robot's action 1 is 1.5 rad/s."""
    settings = load_settings("mock_point", overrides=[SMALL, {"driver.mode": "real_time"}])
    nodes = [helper.make_node("Mul", ["explore", "ones"], ["action"])]
    model = serialise(settings, nodes, [constant("ones", [1.0, 1.0])], contract_of(settings))
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, driver, controller, _):
        peer.give_graph(model)
        activate(controller)
        activate(driver)
        wait_for(lambda: any(list(c.velocity) == [1.5, 1.5] for c in peer.commands), "exploration")
        assert set_parameters(peer, "controller", controller__explore=0.5) == [(True, "")]
        wait_for(lambda: list(peer.commands[-1].velocity) == [0.75, 0.75], "half of it")
        assert controller.get_parameter("controller.explore").value == 0.5


def test_what_is_wrong_or_fixed_is_refused_with_the_reason_and_nothing_changes(tmp_path) -> None:
    with graph(load_settings("mock_point", overrides=[SMALL]), tmp_path, LearnerNode) as (peer, learner):
        for values, reason in (
            ({"learner__updates_per_step": 1000.0}, "out of range"),
            ({"learner__updates_per_step": 2}, "type"),
            ({"control__rate_hz": 10.0}, "read-only parameter: control.rate_hz"),
            ({"task__bound": 1.0}, "read-only parameter: task.bound"),
            ({"learner__batch_size": 4}, "read-only"),
            ({"learner__robot_minutes": 0.016}, "learner.warmup_steps 20 leaves none of 19 environment steps"),
            ({"driver__miss_limit": 3}, "undeclared parameter"),
        ):
            ((successful, told),) = set_parameters(peer, "learner", **values)
            assert not successful and reason in told and "\n" not in told
        assert learner._training.settings == learner._settings == load_settings("mock_point", overrides=[SMALL])
        assert learner._training.agent.updates_per_step == 3.0


def test_a_learner_learns_by_what_it_is_told(tmp_path) -> None:
    with graph(load_settings("mock_point", overrides=[SMALL]), tmp_path, LearnerNode) as (peer, learner):
        training = learner._training
        assert training.total_steps == 6000
        changed = {"learner__updates_per_step": 0.5, "learner__robot_minutes": 1.0, "evaluator__every": 600}
        assert set_parameters(peer, "learner", **changed) == [(True, "")] * 3
        assert (training.agent.updates_per_step, training.total_steps) == (0.5, 1200)
        assert training.settings.evaluator.every == 600
        assert set_parameters(peer, "learner", learner__steps=700) == [(True, "")]
        ((successful, told),) = set_parameters(peer, "learner", learner__robot_minutes=2.0)
        assert not successful and "has no effect beside learner.steps, which is 700" in told
        assert training.total_steps == 700


def test_a_driver_faults_by_the_limit_that_it_is_told(tmp_path) -> None:
    fast = {"driver.mode": "real_time", "control.rate_hz": 50.0}
    settings = load_settings("mock_point", overrides=[SMALL, fast])
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, driver, controller, _):
        patient = {"driver__miss_limit": 40, "driver__miss_share": 1.0}
        assert set_parameters(peer, "driver", **patient) == [(True, "")] * 2
        peer.give_graph(constant_bytes(settings, [0.0, 0.0]))
        activate(controller)
        activate(driver)
        wait_for(lambda: any(tick.step >= 3 for tick in peer.ticks), "the first steps")
        controller.trigger_deactivate()
        wait_for(lambda: peer.ticks[-1].safety is SafetyState.FAULT, "the fault")
        assert "missed 40 deadlines in a row" in peer.complaint("driver", "missed")


def test_in_lock_step_the_silence_that_is_a_fault_may_be_told(tmp_path) -> None:
    with graph(load_settings("mock_point", overrides=[SMALL]), tmp_path, DriverNode) as (peer, driver):
        activate(driver)
        assert set_parameters(peer, "driver", driver__silence_limit=0.5) == [(True, "")]
        assert "collector has been silent for 0.5 s" in peer.complaint("driver", "silent")


def test_choices_are_constraints(tmp_path) -> None:
    with graph(load_settings("mock_point", overrides=[SMALL]), tmp_path, DriverNode) as (_, driver):
        assert driver.describe_parameter("driver.mode").additional_constraints == "one of lock_step, real_time"
        assert not driver.describe_parameter("driver.miss_limit").read_only
        assert driver.describe_parameter("driver.mode").read_only
