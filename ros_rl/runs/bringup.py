# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which nodes run for a task and a driver: one description, read by the command line and the launch files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ros_rl.errors import ConfigError
from ros_rl.ros_names import check_namespace
from ros_rl.settings.teleop import NONE, TELEOPERATOR, implied_by_teleop
from ros_rl.settings.tree import Settings

PACKAGE = "ros_rl"
TRAIN, RUN, BRING_UP = "train", "run", "bringup"
"""Learn; let an agent or a person act; no task, agent or learner, a driver to be looked at and driven by hand."""
GUARD = "guard"
"""The program that stands as the driver before one of somebody else's."""
ROUND_ROBIN, BATCH, IDLE = "rr", "batch", "idle"
"""Scheduling policies, as ``chrt`` names them."""
PREPARE = "--prepare"
"""Option of a node's process that waits for its arguments."""
LIFECYCLE_NODES = ("controller", "driver")
"""In the order in which they become active."""

_ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
} | {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
_START = Path(__file__).resolve().parents[1] / "nodes" / "start.py"


@dataclass(frozen=True)
class NodeSpec:
    """One node to start.

    Attributes:
        name: Node name.
        nice: Scheduling priority; 0 for what the robot waits for.
        policy: Linux scheduling policy: empty for the ordinary one, `ROUND_ROBIN` for a node that others must not
            interrupt, `BATCH` for one that must not interrupt others when a message wakes it, `IDLE` for one that
            runs only in the time that nobody else wants: in real time a learner must not delay an answer by as much
            as a scheduler's slice.
        priority: Of `ROUND_ROBIN`, 1 to 99.
        remappings: Pairs of topic names.
        parameters: Beyond those of the parameters file.
        program: Executable and module in one; empty: the same as the name.
    """

    name: str
    nice: int
    policy: str = ""
    priority: int = 0
    remappings: tuple[tuple[str, str], ...] = (("/tf", "tf"), ("/clock", "clock"))
    parameters: tuple[tuple[str, str], ...] = ()
    program: str = ""

    @property
    def executable(self) -> str:
        """Name of the executable."""
        return self.program or self.name

    @property
    def lifecycle(self) -> bool:
        """Whether it is a lifecycle node."""
        return self.name in LIFECYCLE_NODES

    @property
    def prefix(self) -> list[str]:
        """What starts its command line, so that it gets its priority."""
        nice = ["nice", "-n", str(self.nice)] if self.nice else []
        return nice + (["chrt", f"--{self.policy}", str(self.priority)] if self.policy else [])

    @property
    def module(self) -> str:
        """What runs it."""
        return f"{PACKAGE}.nodes.{self.executable}"


def implied(device: str | None) -> dict[str, Any]:
    """Settings of `BRING_UP` unless others are given: time goes on, nothing acts by itself, and nobody judges.

    Args:
        device: What a person drives with; None for nobody who does.
    """
    own = {"driver.mode": "real_time", "driver.auto_arm": False, "driver.auto_recover": False}
    return own | {"driver.unjudged_limit": 0.0} | implied_by_teleop(device or NONE, acts=True)


def check(settings: Settings, mode: str) -> None:
    """Refuse to bring up what is not there, or what waits for an agent.

    Raises:
        ConfigError: It cannot be brought up.
    """
    backend = settings.driver.backend
    if mode == BRING_UP and not (backend.starts_driver or backend.guarded):
        raise ConfigError(f"driver '{settings.driver.backend_name}' is started elsewhere: there is nothing to bring up")
    if mode == BRING_UP and settings.driver.mode == "lock_step":
        raise ConfigError("driver.mode is 'lock_step', but a robot that is brought up waits for nobody; use real_time")


def nodes(settings: Settings, mode: str, run_folder: Path, resume: Path | None = None) -> list[NodeSpec]:
    """The nodes of a run, in the order in which they start; the supervisor is none of them.

    Args:
        settings: Of the run.
        mode: `TRAIN`, `RUN` or `BRING_UP`.
        run_folder: Where they leave their files.
        resume: Folder of the checkpoint that the learner goes on from; where its own folder has one already, that.
    """
    folder = (("run.folder", str(run_folder)),)
    real_time = settings.driver.mode == "real_time"
    policy = IDLE if real_time else BATCH
    priority = settings.supervisor.realtime_priority if real_time else 0
    acting, judging = NodeSpec("", nice=0, parameters=folder), NodeSpec("collector", 1, BATCH, parameters=folder)
    if priority and _may_have_priority(priority):
        acting = replace(acting, policy=ROUND_ROBIN, priority=priority)
        judging = replace(acting, name="collector", priority=(priority + 1) // 2)  # interrupts nobody who acts
    specs = []
    if mode == TRAIN:
        resumed = (("run.resume", str(resume)),) if resume is not None else ()
        specs.append(NodeSpec("learner", nice=5, policy=policy, parameters=folder + resumed))
    if mode != BRING_UP and not settings.person_acts:
        specs.append(replace(acting, name="controller"))
    if settings.teleop.device != NONE:
        specs.append(replace(acting, name=TELEOPERATOR))
    if mode != BRING_UP:
        specs.append(judging)
    backend = settings.driver.backend
    if backend.starts_driver:
        specs.append(replace(acting, name="driver"))
    elif backend.guarded:  # to all others it is the driver
        specs.append(replace(acting, name="driver", program=GUARD))
    if mode == TRAIN and backend.knows_truth and (settings.evaluator.every or settings.evaluator.final_episodes):
        specs.append(NodeSpec("evaluator", nice=10, policy=policy, parameters=folder))
    return specs


def _may_have_priority(priority: int) -> bool:
    """Whether this user may start processes of real-time priority (Linux: ``ulimit -r``, or CAP_SYS_NICE)."""
    try:
        policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(priority))
        os.sched_setscheduler(0, policy, parameters)
    except (AttributeError, OSError):
        return False
    return True


def actor(settings: Settings, agent: str) -> str:
    """Who acts in `RUN`, as a summary calls it.

    Args:
        settings: Of the run.
        agent: The control graph's file; empty where an expert or a person drives.
    """
    if settings.expert.acts_alone and not settings.person_acts:
        return agent or f"expert {settings.expert.name}"
    return agent or f"a person at a {settings.teleop.device}"


def prepared_command(spec: NodeSpec) -> list[str]:
    """The command line that starts a node's process before its run is known; see `ros_rl.runs.prepared`."""
    return [*spec.prefix, sys.executable, str(_START), "-m", spec.module, PREPARE]


def command(spec: NodeSpec, namespace: str, params_file: Path) -> list[str]:
    """The command line that starts a node with the running interpreter."""
    arguments = [*spec.prefix, sys.executable, str(_START), "-m", spec.module]
    arguments += ["--ros-args", "--params-file", str(params_file)]
    arguments += ["-r", f"__ns:=/{namespace.strip('/')}"]
    for old, new in spec.remappings:
        arguments += ["-r", f"{old}:={new}"]
    for name, value in spec.parameters:
        arguments += ["-p", f"{name}:={json.dumps(value)}"]  # ROS reads values as YAML: a path may hold a #
    return arguments


def environment(base: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a node: one thread per process, none of them spinning; no module of the working directory."""
    own = {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}
    return {**(os.environ if base is None else base), **_ONE_THREAD, **own}


def namespace_of(settings: Settings, asked: str | None) -> str:
    """The namespace of all nodes, without slashes around it.

    Args:
        settings: Of the run.
        asked: What the user names; None or empty: the robot's name.

    Raises:
        ConfigError: ROS does not allow it.
    """
    return check_namespace(asked) if asked else settings.namespace
