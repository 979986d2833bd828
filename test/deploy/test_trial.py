# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Graphs that would take all memory or time are refused, before the process that acts loads them."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import onnx
import psutil
import pytest
from graphs import constant, constant_bytes, contract_of, serialise, spec_of
from hostile_graphs import acting, endless, huge, huge_constant, sized_by_a_value, slow, whole
from onnx import TensorProto, helper, numpy_helper

from ros_rl.deploy import trial
from ros_rl.deploy.onnx_file import OnnxFile
from ros_rl.deploy.trial import Trials, run_limit
from ros_rl.errors import ContractError, GraphError
from ros_rl.settings.loading import load_settings

SETTINGS = load_settings("mock_point", overrides=["agent.name=random"])


def load(model: bytes, trials: Trials | None = None):
    return (trials or Trials(0.05)).load(model, 1, lambda contract: None)


class TestTrials:
    def test_a_graph_that_passes_is_given_ready_to_run(self) -> None:
        graph = load(constant_bytes(SETTINGS, [0.3, -0.4]))
        fields = {item.name: np.zeros(item.shape) for item in spec_of(SETTINGS).inputs}
        found = graph.run(fields, graph.initial_carry(), np.zeros(0), 0.0)
        np.testing.assert_array_equal(found.action, np.float32([0.3, -0.4]))

    @pytest.mark.parametrize("model", [huge, huge_constant])
    def test_one_that_takes_much_memory_is_refused(self, model) -> None:
        bytes_ = model(SETTINGS)
        assert len(bytes_) < 1500
        with pytest.raises(GraphError, match="takes more than 5.. MB"):
            load(bytes_)
        load(model(SETTINGS, values=1_000_000))

    def test_one_that_takes_seconds_is_refused(self) -> None:
        model = slow(SETTINGS)
        with pytest.raises(GraphError, match=r"too long to run, allowed: 0.05 s|s for a run, allowed: 0.05 s"):
            load(model)
        load(slow(SETTINGS, products=2, size=50))

    def test_a_structure_is_tried_once_whatever_its_weights(self, monkeypatch) -> None:
        trials, tried = Trials(1.0), []
        own = trials._try
        monkeypatch.setattr(trials, "_try", lambda model: tried.append(model) or own(model))
        first, second = (constant_bytes(SETTINGS, action) for action in ([0.1, 0.1], [0.2, 0.3]))
        load(first, trials), load(second, trials)
        assert tried == [first]
        load(constant_bytes(SETTINGS, [0.1, 0.1], task="other"), trials)
        assert tried == [first], "the contract is no structure"
        load(acting(SETTINGS, [helper.make_node("Sin", ["explore"], ["x"])], [], "x"), trials)
        assert len(tried) == 2

    def test_a_refused_structure_is_tried_again(self) -> None:
        trials = Trials(1.0)
        for _ in range(2):
            with pytest.raises(GraphError, match="non-finite"):
                load(constant_bytes(SETTINGS, [np.nan, 0.0]), trials)
        load(constant_bytes(SETTINGS, [0.0, 0.0]), trials)
        with pytest.raises(GraphError, match="non-finite"):
            load(constant_bytes(SETTINGS, [np.inf, 0.0]), trials)

    def test_a_contract_that_does_not_fit_costs_no_trial(self, monkeypatch) -> None:
        def refuse(contract) -> None:
            raise ContractError("for another robot")

        trials = Trials(1.0)
        monkeypatch.setattr(trials, "_try", lambda model: pytest.fail("it was tried"))
        with pytest.raises(ContractError, match="for another robot"):
            trials.load(constant_bytes(SETTINGS, [0.0, 0.0]), 1, refuse)

    def test_one_that_ends_the_process_is_refused(self, monkeypatch) -> None:
        monkeypatch.setattr(trial, "_PROGRAM", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
        with pytest.raises(GraphError, match=f"ends the process that tries to load it, with code -{signal.SIGSEGV}"):
            load(constant_bytes(SETTINGS, [0.0, 0.0]))

    def test_the_last_words_of_one_that_fails_are_told(self, monkeypatch) -> None:
        monkeypatch.setattr(trial, "_PROGRAM", "raise OSError('no such thing')")
        with pytest.raises(GraphError, match="load it, with code 1: OSError: no such thing$"):
            load(constant_bytes(SETTINGS, [0.0, 0.0]))

    def test_one_that_hangs_is_ended(self, monkeypatch) -> None:
        monkeypatch.setattr(trial, "_WALL_SECONDS", 0.5)
        monkeypatch.setattr(trial, "_PROGRAM", "import time; time.sleep(1000)")
        with pytest.raises(GraphError, match=r"did not load within 0.5 s"):
            load(constant_bytes(SETTINGS, [0.0, 0.0]))

    def test_a_trial_ends_with_who_asked_for_it(self, tmp_path) -> None:
        """Who is killed cannot end it himself."""
        model = tmp_path / "model"
        model.write_bytes(slow(SETTINGS, products=100_000 // 60))
        program = (
            "import sys; from pathlib import Path; from ros_rl.deploy.trial import Trials;"
            f"Trials(1000.0)._try(Path({str(model)!r}).read_bytes())"
        )
        parent = psutil.Process(subprocess.Popen([sys.executable, "-c", program]).pid)
        end = time.monotonic() + 60
        while not (children := parent.children()) and time.monotonic() < end:
            time.sleep(0.01)
        (child,) = children
        time.sleep(0.5)  # it asks for the signal in its first lines
        parent.kill()
        parent.wait()
        child.wait(timeout=60)

    def test_real_time_allows_a_period_lock_step_a_second(self) -> None:
        lock_step = load_settings("a1_walk", overrides=["driver.mode=lock_step"])
        slower = load_settings("a1_walk", overrides=["driver.mode=lock_step", "control.rate_hz=10"])
        real_time = load_settings("a1_walk", overrides=["driver.mode=real_time"])
        assert [run_limit(s) for s in (lock_step, slower, real_time)] == [1.0, 2.0, 0.05]


class TestOperators:
    def test_an_endless_loop_is_refused(self) -> None:
        with pytest.raises(GraphError, match="operator Loop, whose time or size depends on values"):
            load(endless(SETTINGS))

    @pytest.mark.parametrize("source", ["explore", "weight"])
    def test_sizes_do_not_depend_on_values(self, source) -> None:
        """A weight would change it from version to version, after the trial."""
        with pytest.raises(GraphError, match="operator ConstantOfShape whose size depends on values"):
            load(sized_by_a_value(SETTINGS, source))

    def test_sizes_may_depend_on_sizes(self) -> None:
        nodes = [
            helper.make_node("Shape", ["joint_position"], ["shape"]),
            helper.make_node("ConstantOfShape", ["shape"], ["value"]),
        ]
        load(acting(SETTINGS, nodes, [], "value"))

    @pytest.mark.parametrize("kind", ["NonZero", "Scan", "SequenceConstruct", "StringNormalizer"])
    def test_operators_without_a_fixed_size_are_refused(self, kind) -> None:
        with pytest.raises(GraphError, match=f"operator {kind}"):
            OnnxFile.read(acting(SETTINGS, [helper.make_node(kind, ["explore"], ["x"])], [], "x")).check()

    def test_operators_of_others_are_refused(self) -> None:
        node = helper.make_node("FusedMatMul", ["explore", "explore"], ["x"], domain="com.microsoft")
        with pytest.raises(GraphError, match=r"com.microsoft.FusedMatMul, only ONNX's own"):
            load(acting(SETTINGS, [node], [], "x"))

    def test_a_subgraph_under_any_operator_is_refused(self) -> None:
        inner = helper.make_graph([], "inner", [], [])
        node = helper.make_node("Sin", ["explore"], ["x"], body=inner)
        with pytest.raises(GraphError, match="operator Sin"):
            load(acting(SETTINGS, [node], [], "x"))

    def test_an_operator_comes_after_what_it_needs(self) -> None:
        """Else what depends on what could not be told in one pass."""
        nodes = [helper.make_node("Sin", ["y"], ["x"]), helper.make_node("Cos", ["explore"], ["y"])]
        with pytest.raises(GraphError, match="operator Sin in front of what it needs"):
            load(acting(SETTINGS, nodes, [], "x"))

    def test_functions_and_sparse_and_external_weights_are_refused(self) -> None:
        good = onnx.load_from_string(constant_bytes(SETTINGS, [0.0, 0.0]))
        functions, external, sparse = (onnx.ModelProto() for _ in range(3))
        for model in (functions, external, sparse):
            model.CopyFrom(good)
        functions.functions.add().name = "f"
        external.graph.initializer[0].data_location = TensorProto.EXTERNAL
        sparse.graph.sparse_initializer.add().dims.append(3)
        for model, reason in ((functions, "functions of its own"), (external, "outside"), (sparse, "sparse")):
            with pytest.raises(GraphError, match=reason):
                OnnxFile.read(model.SerializeToString())

    def test_too_many_operators_are_refused(self, monkeypatch) -> None:
        monkeypatch.setattr("ros_rl.deploy.onnx_file.MAX_NODES", 2)
        with pytest.raises(GraphError, match="has 4 operators, the limit is 2"):
            OnnxFile.read(acting(SETTINGS, [helper.make_node("Sin", ["explore"], ["x"])], [], "x"))


class TestDigest:
    def test_weights_and_metadata_do_not_count_and_whole_numbers_do(self) -> None:
        def digest(action, shape=(2,), **changes) -> bytes:
            nodes = [helper.make_node("Reshape", ["value", "shape"], ["action"])]
            weights = [constant("value", action), whole("shape", shape)]
            return OnnxFile.read(serialise(SETTINGS, nodes, weights, contract_of(SETTINGS, **changes))).digest

        own = digest([0.1, 0.2])
        assert digest([0.5, 0.6]) == digest([0.1, 0.2], delay=3) == own
        assert len({own, digest([0.1, 0.2], shape=(2, 1)), digest([0.1, 0.2, 0.3])}) == 3

    def test_it_is_what_onnx_reads(self) -> None:
        """The reader of its own finds what the library does."""
        for model in (huge(SETTINGS), slow(SETTINGS), noisy_bytes()):
            file, other = OnnxFile.read(model), onnx.load_from_string(model)
            assert file.metadata == {item.key: item.value for item in other.metadata_props}
            assert [bytes(node) for node in file._nodes] == [node.SerializeToString() for node in other.graph.node]
            found = [(item.name, item.data_type, item.dims) for item in file._initializers]
            assert found == [(item.name, item.data_type, list(item.dims)) for item in other.graph.initializer]


def noisy_bytes() -> bytes:
    nodes = [helper.make_node("Identity", ["noise"], ["action"])]
    packed = numpy_helper.from_array(np.arange(6, dtype=np.int64).reshape(2, 3), "unused")
    return serialise(SETTINGS, nodes, [packed], contract_of(SETTINGS, noise=[2]))


class TestOutputs:
    def test_they_are_as_the_contract_says(self) -> None:
        nodes = [helper.make_node("Identity", ["value"], ["action"]), helper.make_node("Identity", ["one"], ["x"])]
        weights = [constant("value", [0.0, 0.0]), constant("one", [1.0])]
        for told, reason in (({"x": [1]}, ""), ({"x": [2]}, "x"), ({"x": [1, 1]}, "x")):
            model = serialise(SETTINGS, nodes, weights, contract_of(SETTINGS, telemetry=told))
            if not reason:
                assert load(model).contract.telemetry == {"x": [1]}
                continue
            with pytest.raises(GraphError, match="its contract says|cannot be loaded"):
                load(model)

    def test_an_output_that_the_contract_does_not_name_is_refused(self) -> None:
        model = onnx.load_from_string(constant_bytes(SETTINGS, [0.0, 0.0]))
        model.graph.node.append(helper.make_node("Identity", ["value"], ["more"]))
        model.graph.output.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [2]))
        with pytest.raises(GraphError, match="gives .*more.* beside its action"):
            load(model.SerializeToString())

    @pytest.mark.parametrize(("changes", "reason"), [({"noise": [3]}, "'noise'"), ({"carry": [1.0]}, "'carry'")])
    def test_inputs_are_as_the_contract_says(self, changes, reason) -> None:
        nodes = [
            helper.make_node("Identity", ["value"], ["action"]),
            helper.make_node("Neg", ["carry"], ["next_carry"]),
        ]
        real = contract_of(SETTINGS, noise=[2], carry=[0.0, 0.0])
        told = contract_of(SETTINGS, **({"noise": [2], "carry": [0.0, 0.0]} | changes))
        model = serialise(SETTINGS, nodes, [constant("value", [0.0, 0.0])], real, told.to_json())
        with pytest.raises(ContractError, match=f"control graph takes {reason}"):
            load(model)


def test_the_process_needs_no_torch() -> None:
    program = "import sys, ros_rl.deploy.trial_process, ros_rl.deploy.onnx_graph; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], env=os.environ, check=False).returncode == 0
