# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One planning step beside mbrl-lib and pytorch-mppi: same networks, candidates and horizon, in the same run.

510 candidates x 15 steps through 5 members of 3 x 200 units (SiLU), 48 state values, 12 actions, no critics, no policy;
propagated in two ways. *Mean of 5*: each candidate through all members, then their mean. *One of 5*: each candidate
through one member, a fifth of the work. Ours is the whole control graph in onnxruntime; theirs run in eager torch:
mbrl's `ModelEnv.evaluate_action_sequences` alone and under its `CEMOptimizer` (5 iterations), and pytorch-mppi's
`MPPI.command` around our ensemble. Our model has 12 inputs more, the last action: 2 % more arithmetic than mbrl's.
First it is checked that mbrl's returns are ours where the weights are. Ratios compare equal work.

The floor is the arithmetic of the networks over the float32 rate of a large matrix product, measured in this run, on as
many threads. TD-MPC2's row is arithmetic alone: its published budget of 6 x 512 x 3 steps with its 5 M networks.

    python bench/planner_peers.py
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import onnx
import onnxruntime
import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from planner_speed import with_company
from torch import Tensor

from ros_rl.agents.mpc import MpcAgent
from ros_rl.deploy.export import ExportedGraph
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.dynamics.gaussian_ensemble import GaussianEnsemble
from ros_rl.layout import Field, Fields, Layout
from ros_rl.planning.propagation import Expectation
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.settings.loading import load_settings
from ros_rl.tasks import Task

INSTALL = "pip install 'ros_rl[learn,peers]' && pip install --no-deps mbrl==0.2.0"
try:
    import mbrl.models
    import mbrl.planning
    from pytorch_mppi import MPPI
except ImportError as error:
    raise SystemExit(f"missing: {error.name}; install the peers with: {INSTALL}") from None

STATE, ACTIONS, MEMBERS, HIDDEN, LAYERS = 48, 12, 5, 200, 3
CANDIDATES, HORIZON, ELITES, CEM_ITERATIONS = 510, 15, 51, 5
DEVIATION = 0.5
"""Of the first samples; that of mbrl's CEM for bounds of +-1 [sqrt((upper - lower)^2 / 16)]."""
TDMPC2 = {"latent": 512, "mlp": 512, "bins": 101, "critics": 5, "iterations": 6, "samples": 512, "horizon": 3}
"""Hansen et al. 2024: the planner's defaults and the 5 M model."""


def plain_layout() -> Layout:
    """A state of `STATE` values, the last action, and no delay."""
    fields = (
        Field("state", (STATE,), "1", 1.0, "state"),
        Field("last_action", (ACTIONS,), "1", 1.0, "action"),
        Field("pending_actions", (0,), "1", 1.0, "action"),
    )
    return Layout("plain", [f"joint_{index}" for index in range(ACTIONS)], fields)


class PlainTask(Task):
    """A reward that costs next to nothing: minus the squared first state value."""

    name: ClassVar[str] = "plain"
    robot: ClassVar[str] = "a1"
    observation: ClassVar[tuple[str, ...]] = ()

    def reward(self, before: Fields, last_action: Any, action: Any, after: Fields) -> Any:
        """-x_0^2."""
        return -(after["state"][..., 0] ** 2)


class OneMember(Expectation):
    """Candidates dealt out among the members, each to one: mbrl's ``fixed_model`` with one particle."""

    def step(self, state: Tensor, last: Tensor, action: Tensor, noise: Tensor) -> Tensor:
        """See `Propagation.step`."""
        dealt = [part.reshape(self.model.members, state.shape[1] // self.model.members, -1) for part in (last, action)]
        return self.model.predict(state.reshape(*dealt[0].shape[:2], -1), *dealt).reshape(state.shape)


def make_agent(method: str, iterations: int, one_member: bool = False) -> MpcAgent:
    """Our agent at the sizes of the comparison."""
    planner = {
        "method": method,
        "horizon": HORIZON,
        "samples": CANDIDATES,
        "proposals": 0,
        "iterations": iterations,
        "elites": ELITES,
        "std_init": DEVIATION,
        "std_min": 0.0,
        "propagation": "expectation",
        "terminal_value": False,
        "warm_start": True,
    }
    model = {"members": MEMBERS, "hidden": HIDDEN, "layers": LAYERS}
    chosen = {"agent": {"planner": planner, "model": model, "smoothing": 0.0, "gamma": 1.0}}
    agent = MpcAgent(plain_layout(), PlainTask(), load_settings("a1_walk", overrides=[chosen]).agent, 256, 1.0)
    if one_member:
        agent.graph.planner.propagation = OneMember(agent.model, aleatoric=False)
    return agent


def make_mbrl(ours: GaussianEnsemble, propagation: str = "expectation") -> Any:
    """The model of mbrl with our weights, in its own environment; the deviation is made too small to matter."""
    silu = {"_target_": "torch.nn.SiLU"}
    network = mbrl.models.GaussianMLP(
        STATE + ACTIONS,
        STATE,
        "cpu",
        num_layers=LAYERS,
        ensemble_size=MEMBERS,
        hid_size=HIDDEN,
        propagation_method=propagation,
        activation_fn_cfg=silu,
    )
    theirs = [*(block[0] for block in network.hidden_layers), network.mean_and_logvar]
    layers = [layer for layer in ours.net.net if hasattr(layer, "weight")]
    with torch.no_grad():
        for layer, own in zip(theirs, layers, strict=True):
            layer.weight.copy_(own.weight if layer is not theirs[0] else _without_last_action(own.weight))
            layer.bias.copy_(own.bias)
        network.min_logvar.fill_(-40.0)
        network.mean_and_logvar.weight[..., STATE:] = 0.0
        network.mean_and_logvar.bias[..., STATE:] = -100.0
    wrapped = mbrl.models.OneDTransitionRewardModel(network, target_is_delta=True, learned_rewards=False)
    return mbrl.models.ModelEnv(
        SimpleNamespace(observation_space=None, action_space=None),
        wrapped,
        termination_fn=lambda action, state: torch.zeros(len(state), 1, dtype=torch.bool),
        reward_fn=lambda action, state: -(state[:, :1] ** 2),
        generator=torch.Generator().manual_seed(0),
    )


def _without_last_action(weight: Tensor) -> Tensor:
    return torch.cat([weight[:, :STATE], weight[:, STATE + ACTIONS :]], 1)


def check_returns(ours: GaussianEnsemble, peer: Any) -> float:
    """Largest difference between mbrl's returns and ours, relative to their spread; ours with a last action of zero."""
    generator = torch.Generator().manual_seed(1)
    candidates = torch.rand(CANDIDATES, HORIZON, ACTIONS, generator=generator) * 2 - 1
    start = torch.randn(STATE, generator=generator)
    state, total, still = start.expand(1, CANDIDATES, -1), torch.zeros(CANDIDATES), torch.zeros(1, 1, ACTIONS)
    with torch.no_grad():
        for step in range(HORIZON):
            action = candidates[None, :, step]
            state = ours.predict(state, still.expand(1, CANDIDATES, -1), action).mean(0, keepdim=True)
            total = total - state[0, :, 0] ** 2
    theirs = peer.evaluate_action_sequences(candidates, start.numpy(), 1)
    return float((theirs - total).abs().max() / total.std())


def make_graphs() -> tuple[GaussianEnsemble, dict[str, bytes]]:
    """Our ensemble and our control graphs, by the names that they are timed under."""
    torch.manual_seed(0)
    mean = make_agent("mppi", 1)
    agents = {
        "mean of 5: ros_rl, MPPI": mean,
        "one of 5: ros_rl, MPPI": make_agent("mppi", 1, one_member=True),
        "one of 5, CEM x 5: ros_rl": make_agent("cem", CEM_ITERATIONS, one_member=True),
    }
    graphs = {name: ExportedGraph(agent.graph, "plain", 0.05).serialise({}) for name, agent in agents.items()}
    return mean.model, graphs


def contenders(threads: int, ensemble: GaussianEnsemble, graphs: dict[str, bytes]) -> dict[str, Callable[[int], None]]:
    """What is timed, by name; each takes a running number."""
    torch.set_num_threads(threads)
    start = np.random.default_rng(0).normal(size=STATE).astype(np.float32)
    peer, cheap = make_mbrl(ensemble), make_mbrl(ensemble, "fixed_model")
    difference = check_returns(ensemble, peer)
    if difference > 1e-3:
        raise SystemExit(f"mbrl's returns differ from ours by {difference:.1e} of their spread")
    population, still = torch.rand(CANDIDATES, HORIZON, ACTIONS) * 2 - 1, torch.zeros(1, CANDIDATES, ACTIONS)
    cem = mbrl.planning.CEMOptimizer(
        CEM_ITERATIONS,
        ELITES / CANDIDATES,
        CANDIDATES,
        [[-1.0] * ACTIONS] * HORIZON,
        [[1.0] * ACTIONS] * HORIZON,
        0.1,
        torch.device("cpu"),
        return_mean_elites=True,
    )

    def mean_of_all(state: Tensor, action: Tensor) -> Tensor:
        return ensemble.predict(state[None], still, action[None]).mean(0)

    def one_of_all(state: Tensor, action: Tensor) -> Tensor:
        dealt = (MEMBERS, CANDIDATES // MEMBERS, -1)
        following = ensemble.predict(state.reshape(dealt), still.reshape(dealt), action.reshape(dealt))
        return following.reshape(CANDIDATES, STATE)

    def command(dynamics: Callable[[Tensor, Tensor], Tensor]) -> Callable[[int], None]:
        controller = MPPI(
            dynamics,
            lambda state, action: state[:, 0] ** 2,
            STATE,
            DEVIATION**2 * torch.eye(ACTIONS),
            num_samples=CANDIDATES,
            horizon=HORIZON,
            u_min=-torch.ones(ACTIONS),
            u_max=torch.ones(ACTIONS),
        )
        return torch.no_grad()(lambda _: controller.command(torch.from_numpy(start)))

    evaluate = lambda sequences: peer.evaluate_action_sequences(sequences, start, 1)  # noqa: E731
    evaluate_cheap = lambda sequences: cheap.evaluate_action_sequences(sequences, start, 1)  # noqa: E731
    return {name: graph_runner(graph, start, threads) for name, graph in graphs.items()} | {
        "mean of 5: mbrl, evaluate_action_sequences": lambda _: evaluate(population),
        "mean of 5: pytorch-mppi, command": command(mean_of_all),
        "one of 5: mbrl, evaluate_action_sequences": lambda _: evaluate_cheap(population),
        "one of 5: pytorch-mppi, command": command(one_of_all),
        "one of 5, CEM x 5: mbrl": lambda _: cem.optimize(evaluate_cheap, x0=torch.zeros(HORIZON, ACTIONS)),
    }


def graph_runner(model: bytes, start: np.ndarray, threads: int) -> Callable[[int], None]:
    """One run of an exported control graph."""
    graph = OnnxGraph(model, threads)
    fields = {"state": start, "last_action": np.zeros(ACTIONS, dtype=np.float32)}
    carry = graph.initial_carry()

    def run(tick: int) -> None:
        graph.run(fields, carry, tick_noise(0, tick, graph.contract.noise), 1.0)

    return run


def peak_rate(threads: int, seconds: float = 1.0) -> float:
    """The best float32 rate [operations/s] of a large matrix product on that many threads, by the wall clock."""
    size = 1024
    value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [size, size])  # noqa: E731
    node = onnx.helper.make_node("MatMul", ["a", "b"], ["c"])
    graph = onnx.helper.make_graph([node], "product", [value("a"), value("b")], [value("c")])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    best, until = np.inf, time.perf_counter() + seconds
    while time.perf_counter() < until:
        started = time.perf_counter()
        session.run(["c"], {"a": a, "b": a})
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best


def rollout_operations() -> dict[str, int]:
    """Multiplications and additions of our networks in one plan, by what the names of contenders begin with."""
    sizes = [STATE + 2 * ACTIONS, *[HIDDEN] * LAYERS, 2 * STATE]
    one = CANDIDATES * HORIZON * sum(2 * inner * outer for inner, outer in zip(sizes, sizes[1:], strict=False))
    return {"mean of 5": MEMBERS * one, "one of 5": one, "one of 5, CEM x 5": CEM_ITERATIONS * one}


def tdmpc2_operations() -> dict[str, int]:
    """Of TD-MPC2's plan: latent dynamics and reward at each step, and with the terminal value on top."""
    t = TDMPC2
    latent, mlp, bins = t["latent"], t["mlp"], t["bins"]
    inside = (latent + ACTIONS) * mlp + mlp * mlp
    step = 2 * (2 * inside + mlp * latent + mlp * bins)
    value = 2 * (t["critics"] * (inside + mlp * bins) + latent * mlp + mlp * mlp + mlp * 2 * ACTIONS)
    steps = t["iterations"] * t["samples"] * t["horizon"] * step
    return {"steps": steps, "with_value": steps + t["iterations"] * t["samples"] * value}


def measure(runs: dict[str, Callable[[int], None]], count: int) -> dict[str, Any]:
    """Wall-clock and processor time [ms]; all take turns, so other load hits all."""
    wall: dict[str, list[float]] = {name: [] for name in runs}
    cpu: dict[str, list[float]] = {name: [] for name in runs}
    for tick in range(-2, count):
        for name, run in runs.items():
            started, busy = time.perf_counter(), time.process_time()
            run(tick + 2)
            if tick >= 0:
                wall[name].append(1e3 * (time.perf_counter() - started))
                cpu[name].append(1e3 * (time.process_time() - busy))
    return {name: {"wall_ms": spread(wall[name]), "cpu_ms": spread(cpu[name])} for name in runs}


def rows(threads: int, company: str, times: dict[str, Any], floor: dict[str, float]) -> list[list[str]]:
    """Lines of the table; ratios compare equal work: to ours, and to the floor."""
    found = []
    for name, values in times.items():
        work = name.partition(":")[0]
        ours = next(own for other, own in times.items() if other.startswith(f"{work}: ros_rl"))
        wall, cpu = values["wall_ms"]["median"], values["cpu_ms"]["median"]
        found.append(
            [
                str(threads),
                company,
                name,
                f"{wall:.1f}",
                f"{values['wall_ms']['min']:.1f}",
                f"{cpu:.1f}",
                f"{wall / ours['wall_ms']['median']:.2f}",
                f"{cpu / ours['cpu_ms']['median']:.2f}",
                f"{wall / floor[work]:.2f}",
            ]
        )
    return found


def main() -> None:
    """Measure every contender under every condition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2], help="of onnxruntime and of torch")
    parser.add_argument("--runs", type=int, default=25, help="timed runs of each contender under each condition")
    add_output(parser, "planner_peers")
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # of the company: one core, not all
    ensemble, graphs = make_graphs()
    lines, results = [], []
    for threads in arguments.threads:
        runs, peak = contenders(threads, ensemble, graphs), peak_rate(threads)
        floor = {work: 1e3 * operations / peak for work, operations in rollout_operations().items()}
        td = {name: 1e3 * operations / peak for name, operations in tdmpc2_operations().items()}
        for company in ("no", "yes"):
            time_all = lambda runs=runs: measure(runs, arguments.runs)  # noqa: E731
            times = with_company(time_all) if company == "yes" else time_all()
            results.append({"threads": threads, "company": company == "yes", "peak_rate": peak, "floor_ms": floor})
            results[-1] |= {"tdmpc2_floor_ms": td, "times": times}
            lines += rows(threads, company, times, floor)
            print("\n".join(" | ".join(line) for line in lines[-len(times) :]), "\n", flush=True)
        lines += [[str(threads), "", f"{work}: floor", f"{least:.1f}"] for work, least in floor.items()]
        lines.append([str(threads), "", "TD-MPC2's 6 x 512 x 3 steps: floor", f"{td['steps']:.0f}"])
        lines.append([str(threads), "", "TD-MPC2's steps and values: floor", f"{td['with_value']:.0f}"])
    print(describe_line(describe_machine()), "\n")
    header = ["threads", "other core busy", "planner", "wall p50 [ms]", "min [ms]", "CPU p50 [ms]"]
    header += ["wall / ours", "CPU / ours", "wall / floor"]
    print(table(header, [line + [""] * (len(header) - len(line)) for line in lines]))
    write_result(arguments.out, {"runs": arguments.runs, "results": results})


if __name__ == "__main__":
    main()
