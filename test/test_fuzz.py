# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whatever comes in by a packet, a graph or a file: only the project's own errors come out, and finite numbers."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fuzzing import BREAKS, NUMBERS, VECTORS, broken, fuzz, taken
from graphs import contract_of, serialise
from hostile_graphs import huge, slow
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper

from ros_rl.deploy.contract import MAX_VALUES, Contract
from ros_rl.deploy.onnx_file import OnnxFile
from ros_rl.errors import ContractError
from ros_rl.formats.json_text import json_object
from ros_rl.layout import LARGEST_VALUE
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.runs.evaluations import evaluation, evaluation_request
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run
from ros_rl.types import Transition
from ros_rl.wire import (
    Header,
    metrics_from,
    pack,
    pack_arrays,
    pack_bytes,
    transition_fields,
    transition_from,
    unpack,
    unpack_arrays,
    unpack_bytes,
)

SETTINGS = load_settings("mock_point", overrides=["agent.name=random"])
SPEC = SETTINGS.observation_spec()

LABELS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["tick", "action", "source.a", "source.b", "metrics.x", "images.front |u1 2,2,3", "version"]),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@fuzz(150)
@given(
    header=st.lists(NUMBERS, min_size=4, max_size=4),
    fields=st.lists(st.tuples(LABELS, VECTORS), max_size=5),
    sizes=st.lists(st.integers(0, 2**32 - 1), max_size=3),
)
def test_vectors(header, fields, sizes) -> None:
    labels = list(pack(Header(0), {})[1]) + [(name, len(value)) for name, value in fields]
    data = np.array([*header, *(number for _, value in fields for number in value)])
    for size in sizes:  # sizes that lie
        taken(lambda size=size: unpack(data, [*labels[:-1], (labels[-1][0], size)]))
    found = taken(lambda: unpack(data, labels))
    if found is not None:
        head, vectors = found
        assert min(head.stamp, head.sequence, head.version) >= 0 and head.stamp < 2**31 * 10**9
        for (_, sent), got in zip(fields, vectors.values(), strict=True):
            assert np.array_equal(got, np.array(sent), equal_nan=True)


@fuzz(100)
@given(labels=st.lists(st.tuples(LABELS, st.integers(0, 40)), max_size=4), data=st.binary(max_size=120))
def test_bytes_and_arrays(labels, data) -> None:
    head = [("header", 24)]
    for read in (unpack_bytes, unpack_arrays):
        taken(lambda read=read: read(data, labels))
        taken(lambda read=read: read(data, head + labels))
    exact = data[:24].ljust(24, b"\0") + b"".join(bytes(size) for _, size in labels)
    taken(lambda: unpack_arrays(exact, head + labels))


@fuzz(150)
@given(label=st.text(alphabet="x |<>=,.-0123456789biufOVSUm", max_size=16), size=st.integers(0, 64))
def test_labels_of_arrays(label, size) -> None:
    packed, _ = pack_bytes(Header(1), {label: bytes(size)})
    found = taken(lambda: unpack_arrays(packed, [("header", 24), (label, size)]))
    for array in (found or ({}, {}))[1].values():
        assert array.dtype.kind in "biuf" and array.nbytes == size


def good_transition() -> dict[str, Any]:
    zeros = np.zeros(SPEC.size)
    return transition_fields(Transition(3, 1, zeros, np.zeros(SPEC.action_size), 0.5, zeros, False, False, "a"))


@fuzz(150)
@given(
    changes=st.dictionaries(st.sampled_from([*good_transition(), "metrics.x", "source.b"]), VECTORS, max_size=3),
    missing=st.sets(st.sampled_from(list(good_transition())), max_size=1),
)
def test_transitions(changes, missing) -> None:
    fields = {name: value for name, value in (good_transition() | changes).items() if name not in missing}
    data, labels = pack(Header(1), fields)

    def read() -> tuple[Transition, dict[str, float]]:
        _, got = unpack(data, labels)
        transition = transition_from(got)
        SPEC.check(transition)
        return transition, metrics_from(got)

    found = taken(read)
    if found is None:
        return
    t, metrics = found
    values = np.concatenate([t.observation, t.action, t.next_observation, [t.reward], list(metrics.values())])
    assert np.isfinite(values).all()
    assert np.abs(values[: values.size - len(metrics)]).max() <= LARGEST_VALUE
    assert (t.observation.size, t.action.size, t.next_observation.size) == (SPEC.size, SPEC.action_size, SPEC.size)
    assert t.tick >= 0 and t.episode >= 0


@fuzz(150)
@given(arrays=st.dictionaries(st.sampled_from(["tick", "reward", "action", "observation"]), VECTORS, max_size=2))
def test_transitions_as_arrays(arrays) -> None:
    whole = {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in (good_transition() | arrays).items()}
    data, labels = pack_arrays(Header(1), whole)
    found = taken(lambda: transition_from(unpack_arrays(data, labels)[1]))
    assert found is None or (math.isfinite(found.reward) and np.isfinite(found.observation).all())


GOOD_ANSWER = {
    "env_steps": 5,
    "version": 1,
    "episodes": 2,
    "robot_minutes": 0.1,
    "final": True,
    "terminations": 0,
    "return_mean": 1.5,
}


@fuzz(150)
@given(changes=st.dictionaries(st.sampled_from([*GOOD_ANSWER, "error", "x"]), JSON, max_size=3), text=st.text())
def test_evaluations_and_requests(changes, text) -> None:
    for content in (text, json.dumps(GOOD_ANSWER | changes), json.dumps([changes])):
        found = taken(lambda content=content: evaluation(content))
        assert found is None or json.dumps(found, allow_nan=False)
        found = taken(lambda content=content: evaluation_request(content.encode("utf-8", "surrogatepass")))
        assert found is None or (1 <= found["episodes"] <= 10_000 and found["env_steps"] >= 0)


@fuzz(100)
@given(data=st.binary(max_size=60))
def test_bytes_as_json(data) -> None:
    taken(lambda: json_object(data, 50))


@fuzz(150)
@given(
    changes=st.dictionaries(st.sampled_from(list(json.loads(contract_of(SETTINGS).to_json()))), JSON, max_size=3),
    missing=st.sets(st.sampled_from(["robot", "noise", "fields", "provenance", "format_version"]), max_size=1),
    text=st.text(max_size=30),
)
def test_contracts(changes, missing, text) -> None:
    taken(lambda: Contract.from_json(text))
    data = json.loads(contract_of(SETTINGS).to_json()) | changes
    found = taken(lambda: Contract.from_json(json.dumps({k: v for k, v in data.items() if k not in missing})))
    if found is None:
        return
    assert np.isfinite(np.array(found.carry, np.float32)).all() and math.prod(found.noise) <= MAX_VALUES
    assert all(size >= 0 for shape in (found.noise, *found.telemetry.values()) for size in shape)
    taken(lambda: found.check(SPEC, "mock_point", SETTINGS.control.period))
    taken(lambda: found.check_reward(SETTINGS.task))


GRAPHS = [
    huge(SETTINGS),
    slow(SETTINGS, products=2),
    serialise(SETTINGS, [helper.make_node("Identity", ["noise"], ["action"])], [], contract_of(SETTINGS, noise=[2])),
]


@fuzz(150)
@given(which=st.sampled_from(GRAPHS), flips=BREAKS[0], cut=BREAKS[1])
def test_graph_files(which, flips, cut) -> None:
    """Not with onnxruntime: it has its process to itself."""

    def read() -> OnnxFile:
        file = OnnxFile.read(broken(which, flips, cut))
        file.check()
        return file

    taken(read)


@fuzz(150)
@given(data=st.binary(max_size=200))
def test_any_bytes_as_graph_file(data) -> None:
    taken(lambda: OnnxFile.read(data).check())


ROBOT = share_path("config", "robots").joinpath("mock.yaml").read_bytes()
LINES = [line for line in ROBOT.decode().splitlines() if ":" in line]
YAML_VALUES = [
    "",
    ".nan",
    ".inf",
    "-1",
    "0",
    "text",
    "[]",
    "{}",
    "1e400",
    "~",
    "'",
    "yes",
    "2024-13-45",
    "&a [*a]",
    "!!x",
]


@fuzz(100)
@given(flips=BREAKS[0], cut=BREAKS[1])
def test_robot_files_with_broken_bytes(tmp_path_factory, flips, cut) -> None:
    path = tmp_path_factory.getbasetemp() / "robot.yaml"
    path.write_bytes(broken(ROBOT, flips, cut))
    robot = taken(lambda: load_robot(str(path)))
    if robot is not None:
        assert all(np.isfinite(value).all() for value in (robot.home, robot.scale, robot.stiffness, robot.damping))
        assert (robot.scale > 0).all() and robot.size == len(set(robot.joints))


@fuzz(150)
@given(line=st.sampled_from(LINES), value=st.sampled_from(YAML_VALUES))
def test_robot_files_with_other_values(tmp_path_factory, line, value) -> None:
    path = tmp_path_factory.getbasetemp() / "robot.yaml"
    path.write_text(ROBOT.decode().replace(line, f"{line.split(':')[0]}: {value}", 1))
    robot = taken(lambda: load_robot(str(path)))
    assert robot is None or np.isfinite(robot.command(np.ones(robot.size))).all()


PARAMETERS = share_path("config", "tasks").joinpath("mock_point.yaml").read_bytes()


@fuzz(60)
@given(flips=BREAKS[0], cut=BREAKS[1])
def test_parameters_files(tmp_path_factory, flips, cut) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "parameters.yaml"
    path.write_bytes(broken(PARAMETERS, flips, cut))
    found = taken(lambda: load_settings("mock_point", path))
    assert found is None or math.isfinite(found.control.period)
    taken(lambda: load_run(path))


@fuzz(100)
@given(value=NUMBERS)
def test_single_values(value) -> None:
    """What is taken as a count is one."""
    found = taken(lambda: transition_from(dict(good_transition_arrays(), tick=np.array([value]))))
    assert (found is not None) == (math.isfinite(value) and value >= 0 and value.is_integer() and value <= 2**53)
    if found is not None:
        assert found.tick == value


def good_transition_arrays() -> dict[str, np.ndarray]:
    return {name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in good_transition().items()}


def test_a_refusal_names_its_reason() -> None:
    with pytest.raises(ContractError, match="transition 'tick' is nan, expected a finite number"):
        transition_from(dict(good_transition_arrays(), tick=np.array([math.nan])))
