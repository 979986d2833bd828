# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A graph's contract survives its file, and whatever does not fit is refused with what differs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from graphs import constant, constant_bytes, constant_graph, contract_of, serialise, spec_of
from onnx import helper
from robots import LEFT, RIGHT, ROVER, rover_file

from ros_rl.agents.random import RandomGraph
from ros_rl.deploy import onnx_file
from ros_rl.deploy.contract import METADATA_KEY, Contract, without_folders
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_file import OnnxFile
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ContractError, GraphError
from ros_rl.resources import share_path
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.tasks import make_task

SETTINGS = load_settings("mock_point")
SPEC = spec_of(SETTINGS)
PERIOD = SETTINGS.control.period


def fields_of(spec, value=0.1):
    return {item.name: np.full(item.size, value) for item in spec.fields}


def exported(settings):
    """The contract of a graph that moves this robot at random, exported and read again."""
    model = ExportedGraph(RandomGraph(spec_of(settings), 0.0), "mock_point", PERIOD).serialise({})
    return OnnxGraph(model).contract


class TestContract:
    def test_json_keeps_every_digit(self):
        contract = contract_of(SETTINGS, carry=[0.1 + 0.2, 1e-30], provenance={"score": 2 / 3}, control_period=1 / 30)
        assert Contract.from_json(contract.to_json()) == contract

    def test_its_own_robot_fits(self):
        contract_of(SETTINGS).check(SPEC, "mock_point", PERIOD)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"robot": "a1"}, ("robot", "a1", "mock")),
            ({"task": "a1_walk"}, ("task", "a1_walk", "mock_point")),
            ({"joints": ["axis_2_joint", "axis_1_joint"]}, ("actions", "axis_2_joint")),
            ({"delay": 3}, ("delay", "3", "1")),
            ({"control_period": 0.02}, ("control period", "0.02", "0.05")),
            (
                {"fields": []},
                ("observation fields, of which number 1 is nothing, the controller has", "joint_position"),
            ),
            ({"delay": 3, "fields": []}, ("delay 3, the controller has 1",)),  # which explains the fields
        ],
    )
    def test_what_differs_is_named_with_both_values(self, change, words):
        with pytest.raises(ContractError) as caught:
            replace(contract_of(SETTINGS), **change).check(SPEC, "mock_point", PERIOD)
        assert all(word in str(caught.value) for word in words)

    @pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"format_version": 1}'])
    def test_an_unreadable_contract_is_refused(self, text):
        with pytest.raises(ContractError):
            Contract.from_json(text)

    @pytest.mark.parametrize(
        "change",
        [
            {"noise": [-1]},
            {"noise": [2.0]},
            {"noise": [True]},
            {"noise": [10_000, 10_000]},
            {"noise": "12"},
            {"carry": "text"},
            {"carry": ["text"]},
            {"carry": [1e39]},
            {"carry": [float("nan")]},
            {"carry": [True]},
            {"carry": [[0.0]]},
            {"control_period": 0.0},
            {"control_period": float("inf")},
            {"control_period": "0.05"},
            {"delay": -1},
            {"delay": 1.5},
            {"delay": 10**400},
            {"joints": []},
            {"joints": ["a", 1]},
            {"joints": "abc"},
            {"robot": 3},
            {"task": None},
            {"telemetry": {"x": [-1]}},
            {"telemetry": ["x"]},
            {"fields": [{"name": "x"}]},
            {"fields": [{"name": "x", "shape": [0.5], "dtype": "float32", "unit": ""}]},
            {"fields": [{"name": "x", "shape": [1], "dtype": "object", "unit": ""}]},
            {"fields": [{"name": "x", "shape": [1], "dtype": "float32", "unit": ""}] * 2},
            {"fields": 5},
            {"provenance": [1]},
            {"more": 1},
            {"format_version": True},
        ],
        ids=str,
    )
    def test_a_value_that_cannot_be_is_named(self, change):
        data = json.loads(contract_of(SETTINGS).to_json()) | change
        with pytest.raises(ContractError, match=next(iter(change))):
            Contract.from_json(json.dumps(data))

    def test_a_contract_that_nests_without_end_is_refused(self):
        with pytest.raises(ContractError, match="no readable contract"):
            Contract.from_json('{"a":' * 100_000)

    def test_settings_in_the_provenance_may_be_infinite(self):
        contract = contract_of(SETTINGS, provenance={"config": {"agent": {"x": float("inf")}}})
        assert Contract.from_json(contract.to_json()) == contract

    @pytest.mark.parametrize("provenance", [{"config": 5}, {"config": {"task": [1]}}, {}])
    def test_a_provenance_of_another_kind_says_nothing_of_rewards(self, provenance):
        contract_of(SETTINGS, provenance=provenance).check_reward(SETTINGS.task)

    def test_a_setting_of_several_values_is_the_same_after_the_file(self):
        task = make_task("sphero_navigate")
        contract = contract_of(SETTINGS, provenance={"config": {"task": {"arena": (1.6, 1.2)}}})
        kept = Contract.from_json(contract.to_json())
        kept.check_reward(task)
        with pytest.raises(ContractError, match=r"made for task.arena=\[1.6, 1.2\] .* say \[2.0, 1.2\]: use --set"):
            kept.check_reward(replace(task, arena=(2.0, 1.2)))

    def test_a_setting_that_was_none_yet_counts_as_what_it_was(self):
        """Before tipping cost anything it cost nothing, whatever the default is now."""
        task, provenance = make_task("a1_from_back"), {"config": {"task": {"walk_weight": 3.0}}}
        contract = contract_of(SETTINGS, provenance=provenance)
        contract.check_reward(replace(task, tilt_rate_weight=0.0))
        with pytest.raises(ContractError, match=r"made for task.tilt_rate_weight=0.0 .* say 0.05: use --set"):
            contract.check_reward(task)
        with pytest.raises(ContractError, match=r"made for task.pose_weight=1.0 .* say 2.0: use --set"):
            contract.check_reward(replace(task, pose_weight=2.0, tilt_rate_weight=0.0))

    def test_a_command_map_of_an_earlier_version_had_the_defaults_of_later_settings(self):
        settings = load_settings("ur5_pick_place")
        now, period = contract_of(settings), settings.control.period
        then = replace(now, commands={key: now.commands[key] for key in now.commands if key != "lift"})
        then.check(spec_of(settings), settings.task.name, period)
        holding = load_settings("ur5_pick_place", overrides=["control.commands.lift=holding"])
        with pytest.raises(ContractError, match=r"for control.commands.lift always, the controller has holding"):
            then.check(spec_of(holding), settings.task.name, period)

    def test_another_format_version_is_named(self):
        data = json.loads(contract_of(SETTINGS).to_json()) | {"format_version": 99}
        with pytest.raises(ContractError, match="99"):
            Contract.from_json(json.dumps(data))


class TestCoupledJoints:
    """A graph knows how its actions move the joints."""

    def settings(self, folder, **changes):
        return load_settings("mock_point", overrides=[f"robot={rover_file(folder, **changes)}"])

    def test_it_survives_the_file(self, tmp_path):
        contract = exported(self.settings(tmp_path))
        assert contract.joints == ["forward", "turn"]
        assert contract.coupling["turn"] == dict.fromkeys(LEFT, -5.0) | dict.fromkeys(RIGHT, 5.0)
        assert Contract.from_json(contract.to_json()) == contract

    def test_another_map_is_refused_with_both(self, tmp_path):
        contract = exported(self.settings(tmp_path))
        turn = ROVER["actions"]["turn"]
        other = spec_of(self.settings(tmp_path, actions=ROVER["actions"] | {"turn": turn | {"scale": 1.0}}))
        with pytest.raises(ContractError) as caught:
            contract.check(other, "mock_point", PERIOD)
        assert all(word in str(caught.value) for word in ("coupling", "'front_left': -5.0", "'front_left': -2.5"))

    def test_a_joint_by_joint_robot_is_refused_with_both(self, tmp_path):
        contract = exported(self.settings(tmp_path))
        joints = {name: joint | {"action_scale": 1.0} for name, joint in ROVER["joints"].items()}
        with pytest.raises(
            ContractError, match="actions, of which number 1 is forward, the controller has front_left$"
        ):
            contract.check(spec_of(self.settings(tmp_path, joints=joints, actions={})), "mock_point", PERIOD)

    @pytest.mark.parametrize("coupling", [[], {"turn": 1.0}, {"turn": {"wheel": "fast"}}, {"turn": {"wheel": 1e39}}])
    def test_a_coupling_that_is_none(self, coupling):
        data = json.loads(contract_of(SETTINGS).to_json()) | {"coupling": coupling}
        with pytest.raises(ContractError, match="'coupling' is"):
            Contract.from_json(json.dumps(data))

    @pytest.mark.parametrize("path", sorted(share_path("models").glob("*/agent.onnx")), ids=str)
    def test_contracts_that_ship_are_written_as_they_stand(self, path):
        text = OnnxFile.read(path.read_bytes()).metadata[METADATA_KEY]
        assert Contract.from_json(text).to_json() == text

    @pytest.mark.parametrize("path", sorted(share_path("models").glob("*/agent.onnx")), ids=str)
    def test_contracts_that_ship_name_no_folder_of_a_machine(self, path):
        provenance = Contract.from_json(OnnxFile.read(path.read_bytes()).metadata[METADATA_KEY]).provenance
        assert without_folders(provenance) == provenance

    def test_of_absolute_paths_the_last_part_is_told(self):
        told = {"shown": ["/home/ann/runs/shown", "runs/more"], "namespace": "/a1", "robot": "a1", "speed": (1.0, 2.0)}
        expected = {"shown": ["shown", "runs/more"], "namespace": "/a1", "robot": "a1", "speed": [1.0, 2.0]}
        assert without_folders(told) == expected


class TestGraph:
    def test_it_runs_with_its_contract(self):
        graph = constant_graph(SETTINGS, [0.5, -0.5], provenance={"version": 3})
        assert graph.contract.provenance == {"version": 3}
        output = graph.run(fields_of(SPEC), graph.initial_carry(), np.zeros(0, np.float32), 0.0)
        np.testing.assert_array_equal(output.action, np.array([0.5, -0.5], np.float32))
        assert output.telemetry == {}

    def test_it_runs_without_a_delay(self):
        settings = with_overrides(SETTINGS, control={"delay": 0})
        graph = constant_graph(settings, [0.0, 0.0])
        graph.run(fields_of(spec_of(settings)), graph.initial_carry(), np.zeros(0, np.float32), 0.0)

    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(GraphError, match="No such file"):
            OnnxGraph.load(tmp_path / "agent.onnx")

    def test_a_file_that_is_no_graph(self, tmp_path):
        (tmp_path / "agent.onnx").write_bytes(constant_bytes(SETTINGS, [0.0, 0.0])[:100])
        with pytest.raises(GraphError, match="cannot be loaded"):
            OnnxGraph.load(tmp_path / "agent.onnx")

    def test_a_model_without_a_contract(self):
        nodes = [helper.make_node("Identity", ["value"], ["action"])]
        weights = [constant("value", [0.0, 0.0])]
        with pytest.raises(ContractError, match="no readable contract"):
            OnnxGraph(serialise(SETTINGS, nodes, weights, contract_of(SETTINGS), metadata=""))

    def test_one_that_is_too_large(self, monkeypatch):
        monkeypatch.setattr(onnx_file, "MAX_BYTES", 100)
        with pytest.raises(GraphError, match="the limit is 100"):
            constant_graph(SETTINGS, [0.0, 0.0])

    @pytest.mark.parametrize("action", [[np.nan, 0.0], [0.0, np.inf], [0.0], [0.0, 0.0, 0.0]])
    def test_a_wrong_action_is_refused(self, action):
        graph = constant_graph(SETTINGS, action)
        with pytest.raises(GraphError):
            graph.run(fields_of(SPEC), graph.initial_carry(), np.zeros(0, np.float32), 0.0)

    def test_a_wrong_input_is_refused(self):
        graph = constant_graph(SETTINGS, [0.0, 0.0])
        fields = fields_of(SPEC) | {"joint_position": np.zeros(7)}
        with pytest.raises(GraphError, match="failed"):
            graph.run(fields, graph.initial_carry(), np.zeros(0, np.float32), 0.0)
