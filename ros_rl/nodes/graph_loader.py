# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Turns the bytes of a control graph into a checked, warm session, off the control path.

Making a session and dropping one each hold Python's lock for milliseconds, in which no tick could be answered. So both
happen just after an answer, when the next tick is furthest away.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

from ros_rl.deploy.contract import Contract
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.deploy.trial import Trials, run_limit
from ros_rl.errors import RosRlError, one_line
from ros_rl.features import ObservationSpec
from ros_rl.settings.tree import Settings

_PERIODS = 2.0


class GraphLoader:
    """A thread that loads the newest graph it was given; the control loop picks it up between two ticks.

    Args:
        spec: Observation layout that graphs must be for.
        settings: Of the run: the task and the rate that graphs must be for, and the time that one may take.
        report: Called from the thread with the reason when a graph is refused, empty when one is taken.
    """

    def __init__(self, spec: ObservationSpec, settings: Settings, report: Callable[[int, str], None]) -> None:
        self._spec, self._settings, self._report = spec, settings, report
        self._trials = Trials(run_limit(settings))
        self._trials.prepare()
        self._condition = threading.Condition()
        self._pending: tuple[int, bytes | memoryview] | None = None
        self._ready: tuple[int, OnnxGraph] | None = None
        self._taken: OnnxGraph | None = None
        self._replaced: list[OnnxGraph] = []  # that no longer act, until there is time to drop them
        self._resting = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def load(self, version: int, model: bytes | memoryview) -> None:
        """Load this graph next; one that still waits is forgotten."""
        with self._condition:
            self._pending = (version, model)
            self._condition.notify()

    def take(self) -> tuple[int, OnnxGraph] | None:
        """Version and session of the newest graph since the last call, if there is one."""
        if self._ready is None:
            return None
        with self._condition:
            ready, self._ready = self._ready, None
        if ready is not None:
            if self._taken is not None:
                self._replaced.append(self._taken)
            self._taken = ready[1]
        return ready

    def rest(self) -> None:
        """A tick has been answered: there is time until the next."""
        self._resting.set()

    def close(self) -> None:
        """End the thread."""
        with self._condition:
            self._stopped = True
            self._condition.notify()
        self._trials.close()
        self._thread.join(timeout=2.0)

    def _work(self) -> None:
        if hasattr(os, "SCHED_BATCH"):  # whatever priority the control path has, this thread has none
            with contextlib.suppress(PermissionError):  # where all of it yields to even more
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._stopped or self._pending is not None)
                if self._stopped or self._pending is None:
                    return
                (version, model), self._pending = self._pending, None
            self._wait_for_rest()
            self._replaced.clear()
            try:
                # a graph that replaces another will be replaced as soon: too soon for optimising it to pay
                threads, lasts = self._settings.controller.threads, self._taken is None
                graph = self._trials.load(bytes(model), threads, self._check, optimise=lasts)
            except RosRlError as error:
                self._report(version, str(error))
                continue
            except Exception as error:  # no graph may end the thread that loads the next one
                self._report(version, f"{type(error).__name__}: {one_line(error)}")
                continue
            with self._condition:
                self._ready = (version, graph)
            self._report(version, "")

    def _wait_for_rest(self) -> None:
        """Until a tick has been answered; ticks that do not come hold nothing up."""
        if self._taken is not None:
            self._resting.clear()
            self._resting.wait(_PERIODS * self._settings.control.period)

    def _check(self, contract: Contract) -> None:
        contract.check(self._spec, self._settings.task.name, self._settings.control.period)
