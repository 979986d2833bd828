# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How a run is led: bring-up in order, restarts, progress lines, the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ros_rl.errors import NodeSilentError, RosRlError
from ros_rl.nodes.keeper import Keeper
from ros_rl.nodes.monitor import MonitorNode
from ros_rl.runs import bringup
from ros_rl.runs.display import Display
from ros_rl.runs.prepared import Prepared
from ros_rl.runs.processes import Processes
from ros_rl.runs.run_folder import RunFolder
from ros_rl.runs.screens import evaluation_line
from ros_rl.runs.status import Announcements
from ros_rl.runs.summary import JUDGED_AT
from ros_rl.runs.warnings import Warnings
from ros_rl.settings.tree import Settings

_LOOP_SECONDS = 0.1
_KEEP_SECONDS = 10.0
_WARN = 1  # `diagnostic_msgs/DiagnosticStatus`
_RECORDERS = ("learner", "collector")
_DISCOVERY_SECONDS = 1.0
_LAST_DIAGNOSTICS_SECONDS = 1.2
_FINAL_EVALUATION_SECONDS = 600.0
_NOTED_SECONDS = 5.0


class Supervision:
    """Leads one run from bring-up to its end; its thread starts the processes and must outlive them.

    Args:
        monitor: What the nodes tell; it spins in another thread.
        settings: Of the run.
        mode: `bringup.TRAIN`, `RUN` or `BRING_UP`.
        folder: Of the run; None starts no processes (a launch file has).
        stop: Ends the run early.
        display: What shows how it goes.
        resume: Folder of the checkpoint to go on from.
    """

    def __init__(
        self,
        monitor: MonitorNode,
        settings: Settings,
        mode: str,
        folder: RunFolder | None,
        stop: threading.Event,
        display: Display,
        resume: Path | None = None,
    ) -> None:
        self._monitor, self._settings, self._folder = monitor, settings, folder
        self._stop, self._display, self._say = stop, display, display.say
        self._processes = Processes(bringup.environment(), settings.supervisor.stop_timeout)
        path = folder.path if folder is not None else Path()
        self._specs = {spec.name: spec for spec in bringup.nodes(settings, mode, path, resume)}
        self._prepared: dict[str, Prepared] = {}
        self._restarts = dict.fromkeys(self._specs, 0)
        wanted = [name for name in bringup.LIFECYCLE_NODES if name in self._specs]
        self._keeper = Keeper(monitor, wanted, stop, display.say, self._refuse_late_others)
        self._announcements = Announcements(monitor.get_namespace())
        self._said = len(monitor.state.evaluations)
        self._warnings = Warnings(display.say)

    def prepare(self, learner: Prepared | None) -> None:
        """Start the nodes' processes, which load what they need and wait for `run`.

        Args:
            learner: The learner's, if that is there already.
        """
        for name, spec in self._specs.items():
            there = learner if name == "learner" else None
            self._prepared[name] = there or Prepared(spec, self._settings.supervisor.stop_timeout)

    def refuse_second_graph(self) -> None:
        """Look for nodes of the same names before any is started.

        Raises:
            RosRlError: There are some.
        """
        self._stop.wait(_DISCOVERY_SECONDS)
        self._refuse_others(ours=0)

    def _refuse_others(self, ours: int) -> None:
        """Refuse nodes that have our names, of which `ours` are our own, or the supervisor's.

        Of one whose process was restarted there may be talk twice for a while.
        """
        namespace = self._monitor.get_namespace()
        there = Counter(name for name, space in self._monitor.get_node_names_and_namespaces() if space == namespace)
        most = {name: ours for name, restarts in self._restarts.items() if not restarts}
        most[self._monitor.get_name()] = 1
        taken = sorted(name for name, number in most.items() if there[name] > number)
        if taken:
            raise RosRlError(
                f"another graph runs in this ROS domain and namespace {namespace}: it has {', '.join(taken)}; "
                "stop it, or choose another --namespace or ROS_DOMAIN_ID"
            )

    def run(self) -> bool:
        """Bring up, watch until the end of the run, and leave the driver inactive.

        Returns:
            Whether the run came to its end.

        Raises:
            RosRlError: A node does not come up, or dies too often.
        """
        if self._folder is not None:
            for name in self._specs:
                self._start(name)
        deadline = time.monotonic() + self._settings.supervisor.start_timeout
        while not self._stop.is_set():
            self._monitor.beat()
            self._tend()
            self._keeper.look()
            if self._keeper.bring_up(self._monitor.ready_to_act):
                deadline = time.monotonic() + self._settings.supervisor.start_timeout
                if self._monitor.finished:
                    return self._end()
            elif time.monotonic() > deadline:
                raise NodeSilentError(f"{self._missing()} did not come up in time; {self._complaint()}")
            self._tell()
            self._stop.wait(_LOOP_SECONDS)
        return False

    def close(self) -> None:
        """End all processes."""
        for prepared in self._prepared.values():
            prepared.close()
        self._processes.stop()

    def _start(self, name: str) -> None:
        assert self._folder is not None
        command = bringup.command(self._specs[name], self._monitor.get_namespace(), self._folder.config)
        log, prepared = self._folder.log_file(name), self._prepared.pop(name, None)
        if prepared is None:
            self._processes.start(name, command, log)
        else:
            self._processes.take(name, prepared.begin(command, log), log)

    def _tend(self) -> None:
        """Restart what died."""
        for name, code in self._processes.take_dead().items():
            reason = self._processes.last_error(name)
            if reason:
                raise RosRlError(f"{name}: {reason}")
            if self._restarts[name] >= self._settings.supervisor.restarts:
                raise RosRlError(f"{name} ended with exit code {code} once too often; see logs/{name}.log")
            self._restarts[name] += 1
            self._say(f"{name} ended with exit code {code}; restarting it")
            self._monitor.state.forget(name)
            self._announcements.forget(name)
            self._keeper.restarted(name)
            self._start(name)

    def _refuse_late_others(self) -> None:
        """On a busy machine they may not have been heard of before, and their nodes answer in place of ours."""
        if self._folder is not None:
            self._refuse_others(ours=1)

    def _complaint(self) -> str:
        level, text = self._monitor.state.status.get(self._missing(), (0, ""))
        return f"it says: {text}" if level else "see the node's log"

    def _missing(self) -> str:
        return (self._keeper.missing if self._monitor.ready_to_act else "learner") or "a node"

    def _end(self) -> bool:
        """The robot stops; the last evaluation may take its time."""
        last = time.monotonic() + _LAST_DIAGNOSTICS_SECONDS
        while time.monotonic() < last and not self._stop.wait(_LOOP_SECONDS):
            self._monitor.beat()
        self._keeper.rest("driver", self._settings.supervisor.start_timeout)
        if "evaluator" not in self._specs or not self._settings.evaluator.final_episodes:
            return not self._stop.is_set()
        self._say("evaluating the final controller ...")
        end = time.monotonic() + _FINAL_EVALUATION_SECONDS
        while self._monitor.state.final_evaluation is None:
            if self._stop.wait(_LOOP_SECONDS):
                return False
            self._tend()
            self._say_evaluations()
            if time.monotonic() > end:
                raise NodeSilentError("the evaluator did not answer")
        self._say_evaluations()
        self._wait_for_best(self._monitor.state.final_evaluation)
        return True

    def _wait_for_best(self, final: Mapping[str, Any]) -> None:
        """Until the learner has taken note of the last evaluation too, and kept what was best."""
        end = time.monotonic() + _NOTED_SECONDS
        while self._monitor.state.progress.get(JUDGED_AT, -1.0) < final["env_steps"] and time.monotonic() < end:
            if self._stop.wait(_LOOP_SECONDS):
                return

    def _tell(self) -> None:
        state, now = self._monitor.state, time.monotonic()
        self._display.show(state)
        state.keep_totals(_KEEP_SECONDS)
        self._say_evaluations()
        self._say_warnings(now)
        acting = self._keeper.active("driver")
        silences = {name: state.silence(name, now) for name in bringup.LIFECYCLE_NODES if not self._keeper.awaits(name)}
        for line in self._announcements.lines(state.status, state.figures, acting, now, silences):
            self._say(line)

    def _say_warnings(self, now: float) -> None:
        """What is wrong with what is learned or left, such as a full disk: it stops nobody, and should be known.

        So should what the driver waits for, such as a camera.
        """
        waits = ("driver",) if self._keeper.missing == "driver" else ()
        for node in (*_RECORDERS, *waits):
            level, text = self._monitor.state.status.get(node, (0, ""))
            if level == _WARN:
                self._warnings.tell([text], now, node)

    def _say_evaluations(self) -> None:
        new = self._monitor.state.evaluations[self._said :]
        self._said += len(new)
        for result in new:
            self._say(evaluation_line(result))
