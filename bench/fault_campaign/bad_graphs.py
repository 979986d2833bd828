# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs that are none, take too much memory or time, or compute nonsense: as messages, and as agent files."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import graphs
import numpy as np
import onnx
import psutil
from onnx import TensorProto, helper, numpy_helper

from fault_campaign.fault import Fault, Holds, Outcome
from fault_campaign.live import run_live
from fault_campaign.scene import Scene
from fault_campaign.stranger import Stranger
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings

_LONG = 2**62
_SLOW_TRIPS = 30_000_000
_HUGE = [20_000, 20_000]  # floats: 1.6 GB
_REFUSAL_SECONDS = 60.0
_MOST_BYTES = 1.0e9
"""Memory that a process may take over a graph; the learner's own libraries take a third of it."""
_WATCH_SECONDS = 8.0
_GOOD = 0.75  # rad/s, of the action 0.5

Build = Callable[[Settings], bytes]


def _whole(name: str, values: Any) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, dtype=np.int64), name)


def _built(nodes: Sequence[onnx.NodeProto], *weights: onnx.TensorProto, **contract: Any) -> Build:
    def build(settings: Settings) -> bytes:
        given = [graphs.constant("value", [0.5, 0.5]), *weights]
        return graphs.serialise(settings, nodes, given, graphs.contract_of(settings, **contract))

    return build


def _loop(trips: int) -> Build:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["goes_on"]),
            helper.make_node("Tanh", ["carried"], ["following"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("trip", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("carried", TensorProto.FLOAT, [2]),
        ],
        [
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("following", TensorProto.FLOAT, [2]),
        ],
    )
    nodes = [helper.make_node("Loop", ["trips", "yes", "value"], ["action"], body=body)]
    return _built(nodes, _whole("trips", trips), numpy_helper.from_array(np.array(True), "yes"))


def _identity(name: str = "value") -> onnx.NodeProto:
    return helper.make_node("Identity", [name], ["action"])


def _huge() -> Build:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["sum"], keepdims=0),
        helper.make_node("Add", ["value", "sum"], ["action"]),
    ]
    return _built(nodes, _whole("shape", _HUGE))


GRAPHS: dict[str, Build] = {
    "garbage": lambda settings: b"\x08\x07\x12garbage" * 50,
    "empty": lambda settings: b"",
    "of 1.6 GB": _huge(),
    "an endless loop": _loop(_LONG),
    "a slow loop": _loop(_SLOW_TRIPS),
    "noise of size -1": _built([_identity()], noise=[-1]),
    "carry of text": _built([_identity()], carry=["much"]),
    "another robot's": _built([_identity()], robot="a1"),
    "five actions": _built([_identity("five")], graphs.constant("five", [0.1] * 5)),
    "NaN": _built([_identity("nothing")], graphs.constant("nothing", [np.nan, np.nan])),
    "an unknown operator": _built([helper.make_node("Identity", ["value"], ["action"], domain="their.own")]),
}
"""By what is wrong with them; each has a contract that fits, where that is not what is wrong."""


def _settings(scene: Scene) -> Settings:
    return load_settings("mock_point", overrides=[{"control.rate_hz": 1.0 / scene.period}])


def sent(build: Build) -> Callable[[Scene], dict[str, Any]]:
    """Published by a stranger, and by one who bears the learner's name."""

    def act(scene: Scene) -> dict[str, Any]:
        graph, began = build(_settings(scene)), time.monotonic()
        for name in ("stranger", "learner"):
            with Stranger(scene, name) as stranger:
                stranger.blocks("control_graph", {"model": graph})
                time.sleep(1.0)
        return {"began": began}

    return act


def as_file(scene: Scene, fault: Fault) -> Outcome:
    """As `--agent`: refused with a reason, in time, within memory, and nothing moves though the operator lets it."""
    outcome = Outcome(fault.name, fault.holds.value)
    scene.end()
    file = scene.folder / "agent.onnx"
    file.write_bytes(fault.options["build"](_settings(scene)))
    began, most = time.monotonic(), 0
    run = scene.start_agent(file)
    while run.process.poll() is None and time.monotonic() < began + _REFUSAL_SECONDS:
        most = max([most, *map(_memory, run.processes())])
        scene.help()
        time.sleep(0.2)
    outcome.facts = {"seconds": round(time.monotonic() - began, 1), "memory_mb": most // 10**6}
    outcome.facts["code"] = run.process.poll()
    if run.process.poll() in (None, 0):
        outcome.wrong.append("is not refused")
    if most > _MOST_BYTES:
        outcome.wrong.append(f"took {most / 1e9:.1f} GB")
    if scene.joints.moved_until(began) is not None:
        outcome.wrong.append("the robot moved")
    if "Traceback" in run.text():
        outcome.wrong.append("ends in a traceback")
    run.kill()
    outcome.reached, outcome.told = "nothing", run.said()[1:] or run.said()
    return outcome


def good_file(scene: Scene, fault: Fault) -> Outcome:
    """A good agent file, in the same way: it acts, or none of the refusals says anything."""
    outcome = Outcome(fault.name, fault.holds.value)
    scene.end()
    file = scene.folder / "agent.onnx"
    file.write_bytes(_built([_identity()])(_settings(scene)))
    began = time.monotonic()
    run = scene.start_agent(file)
    while not scene.joints.obeyed(_GOOD, began) and time.monotonic() < began + _REFUSAL_SECONDS:
        scene.help()
        time.sleep(0.2)
    outcome.reached = "the agent's commands" if scene.joints.obeyed(_GOOD, began) else "nothing"
    if not scene.joints.obeyed(_GOOD, began):
        outcome.wrong.append("a good agent file does not act")
    outcome.told = run.said()
    run.kill()
    return outcome


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


def faults() -> list[Fault]:
    """All of them."""
    messages = [
        Fault(f"graph: {name}", Holds.HARMLESS, sent(build), run_live, watch=_WATCH_SECONDS)
        for name, build in GRAPHS.items()
    ]
    files = [
        Fault(f"agent file: {name}", Holds.REFUSES, lambda scene: None, as_file, options={"build": build})
        for name, build in GRAPHS.items()
    ]
    return [*messages, Fault("agent file: good", Holds.HARMLESS, lambda scene: None, good_file), *files]
