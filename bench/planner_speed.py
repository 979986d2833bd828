# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Time of the control graph in onnxruntime, on one thread, against the arithmetic that it cannot avoid.

The floor is the count of multiplications and additions in the graph's matrix products over the float32 rate that a
large matrix product reaches in the same process. Each planner is measured with the machine as it is, and with one
process more that multiplies matrices, such as a learner does.

    pip install 'ros_rl[learn]' && python bench/planner_speed.py

Agent files, such as those of two versions of this package, are measured in turns, each against the first:

    python bench/planner_speed.py --files before.onnx after.onnx
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from machine import add_output, describe_line, describe_machine, table, write_result
from onnx import numpy_helper, shape_inference

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop

SIZES: dict[str, dict[str, Any]] = {
    "20 Hz (as it ships)": {},
    "64 x 3 x 1": {"control.rate_hz": 50.0, "agent.planner.samples": 64, "agent.planner.proposals": 16,
              "agent.planner.elites": 12, "agent.planner.iterations": 1},
    "250 x 5 x 2": {"agent.planner.samples": 250, "agent.planner.horizon": 5, "agent.planner.iterations": 2},
    "20 Hz, int8": {"agent.planner.precision": "int8"},
    "policy alone": {"agent.act": "policy"},
}  # fmt: skip
"""Planners to measure, as overrides of the task's settings."""


def build(task: str, overrides: dict[str, Any]) -> tuple[bytes, float]:
    """A fresh agent's control graph, and its control period [s]."""
    settings = load_settings(task, overrides=[f"{key}={value}" for key, value in overrides.items()])
    training = TrainingLoop(settings)
    assert training._learned is not None
    return training._learned.serialise({}), settings.control.period


def operations(model: bytes) -> int:
    """Multiplications and additions in the graph's matrix products."""
    graph = shape_inference.infer_shapes(onnx.load_from_string(model)).graph
    shapes = {item.name: list(numpy_helper.to_array(item).shape) for item in graph.initializer}
    for item in [*graph.input, *graph.value_info, *graph.output]:
        shapes[item.name] = [d.dim_value for d in item.type.tensor_type.shape.dim]
    total = 0
    for node in graph.node:
        if node.op_type in ("MatMul", "Gemm"):
            inner = shapes[node.input[0]][-1]
            total += 2 * inner * int(np.prod(shapes[node.output[0]]))
    return total


def peak_rate(seconds: float = 0.5) -> float:
    """The best float32 rate of one thread [operations/s], by onnxruntime's own matrix product."""
    size = 768
    node = onnx.helper.make_node("MatMul", ["a", "b"], ["c"])
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [size, size])  # noqa: E731
    graph = onnx.helper.make_graph([node], "product", [value("a"), value("b")], [value("c")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    best, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.thread_time()  # other load does not slow the floor
        session.run(["c"], {"a": a, "b": a})
        best = min(best, time.thread_time() - start)
    return 2 * size**3 / best


def measure(graph: OnnxGraph, runs: int, seed: int) -> dict[str, float]:
    """Wall-clock and processor time of one run [ms]."""
    rng = np.random.default_rng(seed)
    fields = {item["name"]: rng.normal(size=item["shape"]) for item in graph.contract.fields}
    carry, wall, cpu = graph.initial_carry(), [], []
    for tick in range(runs + 5):
        noise = tick_noise(seed, tick, graph.contract.noise)
        start, busy = time.perf_counter(), time.thread_time()
        graph.run(fields, carry, noise, 1.0)
        wall.append(1e3 * (time.perf_counter() - start))
        cpu.append(1e3 * (time.thread_time() - busy))
    wall, cpu = wall[5:], cpu[5:]
    return {
        "p50": float(np.percentile(wall, 50)),
        "p99": float(np.percentile(wall, 99)),
        "max": max(wall),
        "min": min(wall),
        "cpu_p50": float(np.percentile(cpu, 50)),
    }


def in_turns(files: list[Path], blocks: int, runs: int, seed: int) -> list[list[str]]:
    """Rows of a table: for each file medians over blocks of the time of a run, and of loading it, and their ratios.

    Each stands there twice: as it is loaded to last, and without onnxruntime's optimisations, as in training.
    """
    cases = [(path, optimise) for path in files for optimise in (True, False)]
    models = [path.read_bytes() for path, _ in cases]
    graphs = [OnnxGraph(model, optimise=lasts) for model, (_, lasts) in zip(models, cases, strict=True)]
    run, load = np.zeros((blocks, len(cases))), np.zeros((blocks, len(cases)))
    for block in range(blocks):
        for index, (model, graph, (_, lasts)) in enumerate(zip(models, graphs, cases, strict=True)):
            run[block, index] = measure(graph, runs, seed)["cpu_p50"]
            start = time.process_time()
            OnnxGraph(model, optimise=lasts)
            load[block, index] = 1e3 * (time.process_time() - start)
    rows = []
    for index, (path, lasts) in enumerate(cases):
        times = [f"{np.median(each[:, index]):.2f}" for each in (run, load)]
        ratios = [f"{np.median(each[:, 0] / each[:, index]):.2f}" for each in (run, load)]
        rows.append([path.name + ", not optimised" * (not lasts), times[0], ratios[0], times[1], ratios[1]])
    return rows


def _keep_busy() -> None:
    a = np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32)
    while True:
        a = np.tanh(a @ a)


def with_company(run: Any) -> Any:
    """Do something while another process computes."""
    process = multiprocessing.get_context("spawn").Process(target=_keep_busy, daemon=True)
    process.start()
    time.sleep(2.0)
    try:
        return run()
    finally:
        process.terminate()
        process.join()


def main() -> None:
    """Measure every planner."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="a1_walk", help="whose graph to measure")
    parser.add_argument("--runs", type=int, default=300, help="timed runs of each planner")
    parser.add_argument("--seed", type=int, default=0, help="of inputs and noise")
    parser.add_argument("--files", type=Path, nargs="+", help="agent files to measure in turns, and nothing else")
    parser.add_argument("--blocks", type=int, default=15, help="turns of each file")
    add_output(parser, "planner_speed")
    arguments = parser.parse_args()
    if arguments.files:
        header = ["agent file", "CPU [ms]", "first / this", "loading, CPU [ms]", "first / this"]
        print(table(header, in_turns(arguments.files, arguments.blocks, arguments.runs, arguments.seed)))
        return
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # of the company: one core, not all
    rate = peak_rate()
    results, rows = {}, []
    for name, overrides in SIZES.items():
        model, period = build(arguments.task, overrides)
        graph = OnnxGraph(model)
        floor = 1e3 * operations(model) / rate
        run = lambda graph=graph: measure(graph, arguments.runs, arguments.seed)  # noqa: E731
        alone, busy = run(), with_company(run)
        results[name] = {"floor_ms": floor, "operations": operations(model), "period_ms": 1e3 * period}
        results[name] |= {"alone": alone, "with company": busy}
        for condition, times in (("alone", alone), ("with company", busy)):
            values = [f"{times[key]:.1f}" for key in ("p50", "p99", "max", "cpu_p50")]
            rows.append([name, condition, f"{floor:.1f}", *values, f"{times['cpu_p50'] / floor:.1f}"])
    print(describe_line(describe_machine()), "\n")
    print(f"one thread, {rate / 1e9:.0f} GFLOP/s in a large matrix product\n")
    header = ["planner", "machine", "floor [ms]", "p50 [ms]", "p99 [ms]", "max [ms]", "CPU p50 [ms]", "CPU over floor"]
    print(table(header, rows))
    write_result(arguments.out, {"seed": arguments.seed, "peak_rate": rate, "planners": results})


if __name__ == "__main__":
    main()
