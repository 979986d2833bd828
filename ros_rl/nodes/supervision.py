# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a run is led: bring-up in order, restarts, progress lines, the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from ros_rl.errors import NodeSilentError, RosRlError
from ros_rl.nodes.lifecycle import ACTIVE, INACTIVE, ManagedNode, TransitionRefused
from ros_rl.nodes.monitor import MonitorNode
from ros_rl.runs import bringup
from ros_rl.runs.processes import Processes
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.runs.summary import evaluation_line, progress_line
from ros_rl.settings.tree import Settings

_LOOP_SECONDS = 0.1
_LINE_SECONDS = 5.0
_LOOK_SECONDS = 1.0
_DISCOVERY_SECONDS = 1.0
_LAST_DIAGNOSTICS_SECONDS = 1.2
_FINAL_EVALUATION_SECONDS = 600.0


class Supervision:
    """Leads one run from bring-up to its end; its thread starts the processes and must outlive them.

    Args:
        monitor: What the nodes tell; it spins in another thread.
        settings: Of the run.
        mode: `bringup.TRAIN` or `bringup.RUN`.
        folder: Of the run; None starts no processes (a launch file has).
        say: Prints a line.
        resume: Folder of the checkpoint to go on from.
    """

    def __init__(
        self,
        monitor: MonitorNode,
        settings: Settings,
        mode: str,
        folder: RunFolder | None,
        say: Callable[[str], None],
        resume: Path | None = None,
    ) -> None:
        self._monitor, self._settings, self._mode, self._folder, self._say = monitor, settings, mode, folder, say
        self._processes = Processes(bringup.environment())
        path = folder.path if folder is not None else Path()
        self._specs = {spec.name: spec for spec in bringup.nodes(settings, mode, path, resume)}
        self._restarts = dict.fromkeys(self._specs, 0)
        wanted = [name for name in bringup.LIFECYCLE_NODES if name in self._specs]
        self._managed = {name: ManagedNode(monitor, name) for name in wanted}
        self._active: set[str] = set()
        self._said = 0
        self._looked = 0.0

    def refuse_second_graph(self) -> None:
        """Look for nodes of the same names before any is started.

        Raises:
            RosRlError: There are some.
        """
        time.sleep(_DISCOVERY_SECONDS)
        self._refuse_others(own=[])

    def _refuse_others(self, own: Iterable[str]) -> None:
        """Refuse nodes that have our names besides `own` and the supervisor."""
        namespace = self._monitor.get_namespace()
        names = [name for name, space in self._monitor.get_node_names_and_namespaces() if space == namespace]
        for name in (*own, self._monitor.get_name()):
            if name in names:
                names.remove(name)
        taken = sorted(set(names) & {*self._specs, self._monitor.get_name()})
        if taken:
            raise RosRlError(
                f"another graph runs in this ROS domain and namespace {namespace}: it has {', '.join(taken)}; "
                "stop it, or choose another --namespace or ROS_DOMAIN_ID"
            )

    def run(self, stop: threading.Event) -> bool:
        """Bring up, watch until the end of the run, and leave the driver inactive.

        Args:
            stop: Ends the run early.

        Returns:
            Whether the run came to its end.

        Raises:
            RosRlError: A node does not come up, or dies too often.
        """
        if self._folder is not None:
            for name in self._specs:
                self._start(name)
        deadline = time.monotonic() + self._settings.supervisor.start_timeout
        lines = 0.0
        while not stop.is_set():
            self._tend()
            if self._folder is None:
                self._look_for_restarted()
            if not self._bring_up():
                if time.monotonic() > deadline:
                    raise NodeSilentError(f"{self._missing()} did not come up in time; see the node's log")
            else:
                deadline = time.monotonic() + self._settings.supervisor.start_timeout
                if self._monitor.finished:
                    return self._end(stop)
            if time.monotonic() - lines >= _LINE_SECONDS and self._monitor.state.progress:
                lines = time.monotonic()
                self._say(progress_line(self._monitor.state))
            self._say_evaluations()
            stop.wait(_LOOP_SECONDS)
        return False

    def close(self) -> None:
        """End all processes."""
        self._processes.stop(self._settings.supervisor.stop_timeout)

    def _start(self, name: str) -> None:
        assert self._folder is not None
        command = bringup.command(self._specs[name], self._monitor.get_namespace(), self._folder.config)
        self._processes.start(name, command, self._folder.log_file(name))

    def _tend(self) -> None:
        """Restart what died."""
        for name, code in self._processes.take_dead().items():
            reason = self._processes.last_error(name)
            if reason:
                raise RosRlError(f"{name}: {reason}")
            if self._restarts[name] >= self._settings.supervisor.restarts:
                raise RosRlError(f"{name} ended with exit code {code} once too often; see logs/{name}.log")
            self._restarts[name] += 1
            self._active.discard(name)
            self._say(f"{name} ended with exit code {code}; restarting it")
            if name == "learner":
                self._resume_learner()
            self._start(name)

    def _resume_learner(self) -> None:
        assert self._folder is not None
        checkpoint = self._folder.path / CHECKPOINT
        resume = checkpoint if (checkpoint / "learner.pt").is_file() else None
        for spec in bringup.nodes(self._settings, self._mode, self._folder.path, resume):
            self._specs[spec.name] = spec

    def _look_for_restarted(self) -> None:
        """Without processes of its own it sees by its state that a node was started anew."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        self._active = {name for name in self._active if self._managed[name].state() == ACTIVE}

    def _bring_up(self) -> bool:
        """One step towards all lifecycle nodes being active; True once they are."""
        waiting = [name for name in self._managed if name not in self._active]
        if not waiting:
            return True
        ready = all(self._step(name, INACTIVE) for name in waiting)
        if not (ready and self._monitor.ready_to_act):
            return False
        if self._folder is not None and not any(self._restarts.values()) and not self._active:
            self._refuse_others(own=self._specs)  # on a busy machine they may not have been heard of before
        for name in waiting:
            if not self._step(name, ACTIVE):
                return False
            self._active.add(name)
        return True

    def _step(self, name: str, target: int) -> bool:
        managed = self._managed[name]
        try:
            if target == INACTIVE and managed.state() == ACTIVE:
                return True
            return managed.step_towards(target)
        except TransitionRefused:
            reason = self._monitor.problem(name)
            if target == INACTIVE or "refused" in reason:
                raise RosRlError(f"{name}: {reason or 'cannot be configured; see its log'}") from None
            return False

    def _missing(self) -> str:
        if not self._monitor.ready_to_act:
            return "learner"
        return next((name for name in self._managed if name not in self._active), "a node")

    def _end(self, stop: threading.Event) -> bool:
        """The robot stops; the last evaluation may take its time."""
        time.sleep(_LAST_DIAGNOSTICS_SECONDS)
        if "driver" in self._managed:
            self._managed["driver"].bring_to(INACTIVE, self._settings.supervisor.start_timeout)
        if "evaluator" not in self._specs or not self._settings.evaluator.final_episodes:
            return True
        self._say("evaluating the final controller ...")
        end = time.monotonic() + _FINAL_EVALUATION_SECONDS
        while self._monitor.state.final_evaluation is None:
            if stop.wait(_LOOP_SECONDS):
                return False
            self._tend()
            self._say_evaluations()
            if time.monotonic() > end:
                raise NodeSilentError("the evaluator did not answer")
        self._say_evaluations()
        return True

    def _say_evaluations(self) -> None:
        new = self._monitor.state.evaluations[self._said :]
        self._said += len(new)
        for result in new:
            self._say(evaluation_line(result))
