# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which nodes run for a task and a driver: one description, read by the command line and the launch files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ros_rl.settings import Settings

PACKAGE = "ros_rl"
TRAIN, RUN = "train", "run"
MODES = (TRAIN, RUN)
LIFECYCLE_NODES = ("controller", "driver")
"""In the order in which they become active."""

_ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
} | {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}


@dataclass(frozen=True)
class NodeSpec:
    """One node to start.

    Attributes:
        name: Node name, executable name and module name in one.
        nice: Scheduling priority; 0 for what the robot waits for.
        idle: Runs only in the time that nobody else wants (Linux SCHED_IDLE): in real time a learner must not delay
            an answer by as much as a scheduler's slice.
        remappings: Pairs of topic names.
        parameters: Beyond those of the parameters file.
    """

    name: str
    nice: int
    idle: bool = False
    remappings: tuple[tuple[str, str], ...] = (("/tf", "tf"), ("/clock", "clock"))
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def lifecycle(self) -> bool:
        """Whether it is a lifecycle node."""
        return self.name in LIFECYCLE_NODES

    @property
    def prefix(self) -> list[str]:
        """What starts its command line, so that it gets its priority."""
        if self.idle:
            return ["chrt", "--idle", "0"]
        return ["nice", "-n", str(self.nice)] if self.nice else []

    @property
    def module(self) -> str:
        """What ``python -m`` runs."""
        return f"{PACKAGE}.nodes.{self.name}"


def nodes(settings: Settings, mode: str, run_folder: Path, resume: Path | None = None) -> list[NodeSpec]:
    """The nodes of a run, in the order in which they start; the supervisor is none of them.

    Args:
        settings: Of the run.
        mode: `TRAIN` or `RUN`.
        run_folder: Where they leave their files.
        resume: Folder of the checkpoint that the learner goes on from.
    """
    folder = (("run.folder", str(run_folder)),)
    idle = settings.driver.mode == "real_time"
    specs = []
    if mode == TRAIN:
        resumed = (("run.resume", str(resume)),) if resume is not None else ()
        specs.append(NodeSpec("learner", nice=5, idle=idle, parameters=folder + resumed))
    specs += [NodeSpec("controller", nice=0, parameters=folder), NodeSpec("collector", nice=1, parameters=folder)]
    if settings.driver.backend != "external":
        specs.append(NodeSpec("driver", nice=0, parameters=folder))
        if mode == TRAIN and (settings.evaluator.every or settings.evaluator.final_episodes):
            specs.append(NodeSpec("evaluator", nice=10, idle=idle, parameters=folder))
    return specs


def command(spec: NodeSpec, namespace: str, params_file: Path) -> list[str]:
    """The command line that starts a node with the running interpreter."""
    arguments = [*spec.prefix, sys.executable, "-m", spec.module, "--ros-args", "--params-file", str(params_file)]
    arguments += ["-r", f"__ns:=/{namespace.strip('/')}"]
    for old, new in spec.remappings:
        arguments += ["-r", f"{old}:={new}"]
    for name, value in spec.parameters:
        arguments += ["-p", f"{name}:={value}"]
    return arguments


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a node: one thread per process, none of them spinning."""
    return {**(os.environ if base is None else base), **_ONE_THREAD, "PYTHONUNBUFFERED": "1"}


def default_namespace(settings: Settings) -> str:
    """The robot's name."""
    return settings.load_robot().name
