# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where the milliseconds of an environment step go, part by part: learning, deciding, simulating, collecting.

The whole loop runs in this process (`ros_rl.training.local`), as a training from scratch; only its last steps are
counted. Figures are CPU time: of this thread, so other load on the machine matters little, and of a part alone, without
the parts that it calls. The model, which learns in a thread of its own, does so in this one here. What nodes and
messages cost besides is another bench's matter (`rate.py`).

    python bench/profile_step.py
    python bench/profile_step.py a1_walk --set learner.precision=bfloat16
"""

from __future__ import annotations

import argparse
import functools
import importlib
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.agents.common import beside
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop


class Part(NamedTuple):
    """A function whose time is told apart from that of its caller."""

    group: str
    name: str
    where: str
    """Module and attribute."""


LEARN, ACT, WORLD = "learner", "controller", "driver and collector"
PARTS = (
    Part(LEARN, "draw, mirror and convert batches", "ros_rl.replay.buffer:ReplayBuffer.sample"),
    Part(LEARN, "draw, mirror and convert batches", "ros_rl.replay.mirror:Mirror.__call__"),
    Part(LEARN, "draw, mirror and convert batches", "ros_rl.agents.common.experience:ExperienceReader.__call__"),
    Part(LEARN, "model, loss on what is new", "ros_rl.agents.common.model_based:ModelBasedAgent._judge_model"),
    Part(LEARN, "model, forward", "ros_rl.dynamics.training:sequence_losses"),
    Part(LEARN, "model, backward", "ros_rl.dynamics.training:ModelOptimiser.step"),
    Part(LEARN, "imagined transitions", "ros_rl.agents.common.mpc_learner:MpcLearner._imagine"),
    Part(LEARN, "critics, targets", "ros_rl.agents.common.critics:Critics.targets"),
    Part(LEARN, "critics, forward", "ros_rl.networks.passes:PlainPass.__call__"),
    Part(LEARN, "critics, backward", "ros_rl.agents.common.targeted_network:TargetedNetwork.follow_slope"),
    Part(LEARN, "target critics, following", "ros_rl.agents.common.targeted_network:Follower.move"),
    Part(LEARN, "policy and temperature", "ros_rl.agents.common.mpc_learner:MpcLearner.update_policy"),
    Part(LEARN, "optimisers", "ros_rl.networks.optimisers:Adam.move"),
    Part(LEARN, "optimisers", "ros_rl.networks.optimisers:AdamW.step"),
    Part(LEARN, "watch on values", "ros_rl.watch.value_watch:ValueWatch.batch"),
    Part(LEARN, "watch on values", "ros_rl.training.value_checks:ValueChecks.look"),
    Part(LEARN, "control graphs", "ros_rl.training.training_loop:TrainingLoop.graph"),
    Part(LEARN, "rest", "ros_rl.training.training_loop:TrainingLoop.train"),
    Part(ACT, "control graph (onnxruntime)", "ros_rl.deploy.onnx_graph:OnnxGraph.run"),
    Part(ACT, "loading control graphs", "ros_rl.deploy.onnx_graph:OnnxGraph.__init__"),
    Part(ACT, "rest: observation, noise, command", "ros_rl.runtime.control_loop:ControlLoop.step"),
    Part(WORLD, "simulator", "ros_rl.backends.pybullet.backend:PyBulletBackend.read"),
    Part(WORLD, "transition, reward, termination", "ros_rl.runtime.transition_builder:TransitionBuilder.add"),
    Part(WORLD, "rest: filter, guards, tick", "ros_rl.runtime.robot_world:RobotWorld.step"),
)
"""Inner parts of a caller first; the same name twice is one row."""
WITHIN = {"critics, forward": ("critics, targets", "imagined transitions", "policy and temperature")}
"""A part that counts as its caller where that is one of these."""


class Profile:
    """Nested CPU times of functions, each without those that it calls."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self._open: list[tuple[str, float]] = []

    def watch(self, part: Part) -> None:
        """Put a clock around a function, wherever it is looked up by its module or its class."""
        module, _, path = part.where.partition(":")
        *owners, name = path.split(".")
        owner: Any = functools.reduce(getattr, owners, importlib.import_module(module))
        setattr(owner, name, self._clocked(getattr(owner, name), part))

    def _clocked(self, function: Callable[..., Any], part: Part) -> Callable[..., Any]:
        @functools.wraps(function)
        def clocked(*args: Any, **kwargs: Any) -> Any:
            callers = [name for name, _ in self._open]
            name = next((caller for caller in WITHIN.get(part.name, ()) if caller in callers), part.name)
            begin = time.thread_time()
            self._open.append((name, 0.0))
            try:
                return function(*args, **kwargs)
            finally:
                spent = time.thread_time() - begin
                _, inner = self._open.pop()
                self.seconds[part.group, name] += spent - inner
                if self._open:
                    caller, before = self._open.pop()
                    self._open.append((caller, before + spent))

        return clocked


def measure(task: str, overrides: list[str], steps: int, counted: int) -> tuple[Profile, float]:
    """A training's profile over its last steps, and its whole CPU time over them [ms per step]."""
    settings = load_settings(task, overrides=[*overrides, f"learner.steps={steps}"])
    beside.processors = lambda: 1  # all of it in the thread that is measured
    profile, begun = Profile(), 0.0
    for part in PARTS:
        profile.watch(part)
    training: TrainingLoop | None = None
    first = 0
    for progress in train_locally(settings):
        training = progress.training
        if not first and training.env_steps >= steps - counted:
            profile.seconds.clear()
            first, begun = training.env_steps, time.thread_time()
    if training is None or not first or first == training.env_steps:
        raise SystemExit(f"no whole episode ended in the last {counted} of {steps} steps: ask for more with --steps")
    counted = training.env_steps - first
    for key in profile.seconds:
        profile.seconds[key] *= 1e3 / counted
    return profile, 1e3 * (time.thread_time() - begun) / counted


def main() -> None:
    """Train, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", nargs="?", default="a1_walk", help="task of a simulated robot")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of the run")
    parser.add_argument("--steps", type=int, default=2000, help="environment steps of the training")
    parser.add_argument("--counted", type=int, default=500, help="of these, the last ones that count")
    add_output(parser, "profile_step")
    args = parser.parse_args()
    profile, whole = measure(args.task, args.set, args.steps, args.counted)
    known = dict.fromkeys((part.group, part.name) for part in PARTS)
    rows = [(group, name, profile.seconds.get((group, name), 0.0)) for group, name in known]
    print(describe_line(describe_machine()), f"threads {torch.get_num_threads()}\n", sep="; ")
    lines = [[group, name, f"{ms:.2f}"] for group, name, ms in rows if ms]
    totals = {group: sum(ms for own, _, ms in rows if own == group) for group in (LEARN, ACT, WORLD)}
    sums = [[group, "**all**", f"**{ms:.2f}**"] for group, ms in totals.items()]
    print(table(["in", "part", "CPU ms per step"], [*lines, *sums, ["", "everything", f"{whole:.2f}"]]))
    write_result(args.out, {"task": args.task, "set": args.set, "cpu_ms": [*rows], "whole": whole})


if __name__ == "__main__":
    main()
