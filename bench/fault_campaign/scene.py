# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot that lives, a run that drives it and an operator beside it, for one fault after the other."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fault_campaign.joints import Joints
from fault_campaign.operator_node import Operator
from fault_campaign.processes import NODES, Run, install, wait_for
from ros_rl.types import SafetyState

SUPERVISOR = "supervisor"
NAMESPACE, GUEST = "faults", "guest"
"""Of the runs; and the name of a node whose word counts beside those of the run."""
PATIENCE = 120.0
"""Time that a start or a recovery may take on a busy machine [s]."""
SETTLED_SECONDS = 2.5  # after which nothing is on its way any more
_STEADY_TICKS = 8

LEARNING = {
    "agent.name": "sac",
    "agent.hidden": 32,
    "learner.warmup_steps": 50,
    "learner.updates_per_step": 0.5,
    "learner.batch_size": 64,
    "learner.checkpoint_every": 100,
    "learner.robot_minutes": 100_000,
    "supervisor.restarts": 1000,
    "supervisor.start_timeout": PATIENCE,
}
"""Settings of every run of a campaign: little to compute, and no end."""


def as_options(settings: dict[str, object]) -> list[str]:
    """Settings as options of the command line."""
    return [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]


@dataclass(frozen=True)
class Counted:
    """Steps in which commands acted, those that the learner counts, and transitions that it has."""

    steps: int
    learned: float
    transitions: float


class Scene:
    """What live faults happen to.

    Args:
        folder: For all files.
        rate: Control rate [Hz].
        overrides: Further settings of the run.
        rng: Draws moments.
    """

    def __init__(self, folder: Path, rate: float, overrides: Sequence[str], rng: random.Random) -> None:
        self.folder, self.rng = folder, rng
        self.period = 1.0 / rate
        self._overrides = list(overrides)
        package = folder / "package"
        package.mkdir(parents=True)
        self.environment = install(package)
        self.joints = Joints(package)
        self.operator = Operator(NAMESPACE)
        self.run: Run | None = None
        self.run_folder = folder / "run"
        self._runs = 0
        self._settings = LEARNING | {
            "control.rate_hz": rate,
            "driver.backend.folder": package,
            "driver.commanders": f"[controller, {GUEST}]",
            "driver.nodes": f"[driver, {GUEST}]",
            "learner.collectors": f"[collector, {GUEST}]",
            "driver.homing_speed": 1.0,
            "driver.return_speed": 1.0,
            "task.bound": 100.0,  # a robot that stands at its stops ends no episode
            "task.episode_seconds": 100_000.0,
        }

    def close(self) -> None:
        """End everything."""
        self.end()
        self.operator.close()
        self.joints.close()

    def end(self) -> None:
        """End the run by force, if there is one, and listen to whoever comes next."""
        self.operator.only = None
        if self.run is not None:
            self.run.kill()

    def start(self) -> Run:
        """Start a run in a new folder, whatever was before; it is not waited for."""
        self.end()
        shutil.rmtree(self.run_folder, ignore_errors=True)
        self.run_folder = self.folder / f"run_{self._runs}"
        return self.start_command("train", "mock_point", "--out", str(self.run_folder))

    def resume(self) -> Run:
        """Go on with the run that there was."""
        return self.start_command("train", "mock_point", "--resume", str(self.run_folder))

    def start_agent(self, agent: Path) -> Run:
        """Let an agent file act, under the same settings but for those of an agent."""
        return self.start_command("run", "mock_point", "--agent", str(agent))

    def start_command(self, command: str, *arguments: str) -> Run:
        """Start `ros-rl` on this robot."""
        self.end()
        self._runs += 1
        output = self.folder / f"run_{self._runs}.txt"
        line = [command, *arguments, "--driver", "stand_in", "--mode", "real_time", "--namespace", NAMESPACE]
        learns = command == "train"
        line += as_options({key: value for key, value in self._settings.items() if learns or "agent." not in key})
        line += [part for item in self._overrides for part in ("--set", item)]
        self.run = Run(line, self.environment, output)
        return self.run

    def nodes(self) -> dict[str, int]:
        """Process ids of the living nodes by their names."""
        return self.run.nodes() if self.run is not None else {}

    def signal(self, node: str, number: signal.Signals) -> None:
        """Send a signal to a node's process, or to the supervisor's, which is that of `ros-rl`."""
        assert self.run is not None
        os.kill(self.run.process.pid if node == SUPERVISOR else self.nodes()[node], number)

    def to_run(self) -> None:
        """See to it that commands act, whatever there was before; starts a run if there is none.

        Raises:
            RuntimeError: It did not come to that.
        """
        end = time.monotonic() + PATIENCE
        while not self._runs_steadily():
            if self.run is None or self.run.process.poll() is not None:
                self.start()
            if time.monotonic() > end:
                said = self.run.said()[-1:] if self.run is not None else []
                raise RuntimeError(f"the robot did not come to run: {self.operator.safety}, {said}")
            self.help()
            time.sleep(0.1)

    def _runs_steadily(self) -> bool:
        newest = list(self.operator.ticks)[-_STEADY_TICKS:]
        fresh = self.operator.newest is not None and len(newest) == _STEADY_TICKS
        return fresh and all(tick.safety is SafetyState.RUNNING for tick in newest) and self._whole()

    def _whole(self) -> bool:
        return set(NODES[:4]) <= set(self.nodes())

    def help(self) -> None:
        """What an operator does next."""
        state = self.operator.safety
        if state in (SafetyState.FAULT, SafetyState.EMERGENCY_STOP):
            self.operator.call("clear_fault")
        elif state is SafetyState.DISARMED:
            self.operator.call("arm")
        elif state in (SafetyState.READY, SafetyState.HOMING):
            self.operator.call("resume")

    def counted(self) -> Counted:
        """Counts at rest: nothing acts, and everything has arrived."""
        begin = time.monotonic()
        wait_for(lambda: self.operator.progress_time > begin + SETTLED_SECONDS, PATIENCE)
        progress = self.operator.progress
        return Counted(self.operator.steps, progress.get("env_steps", 0.0), progress.get("transitions", 0.0))

    def rest(self) -> None:
        """Pause where commands act, so that what there is can be counted."""
        if self.operator.safety is SafetyState.RUNNING:
            self.operator.call("pause")
