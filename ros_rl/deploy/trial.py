# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tries a control graph of unknown origin in a process of its own, before the process that acts loads it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.onnx_file import OnnxFile, check_structure
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.deploy.trial_process import LOADING, memory_of
from ros_rl.errors import ContractError, GraphError
from ros_rl.settings.tree import Settings

_WALL_SECONDS = 120.0  # after which the process is ended, however busy the machine
_PROGRAM = "from ros_rl.deploy.trial_process import main; main()"


def run_limit(settings: Settings) -> float:
    """Processor time that one run of a graph may take [s].

    In real time its deadline says it; where all wait for each other it is a second or twenty periods.

    Args:
        settings: Of the run.
    """
    period = settings.control.period
    return period * settings.controller.threads if settings.driver.mode == "real_time" else max(1.0, 20 * period)


class Trials:
    """Tries each structure of graph once: versions of it that differ in their weights take the same time and memory.

    Args:
        seconds: Processor time that one run may take [s].
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._passed: bytes | None = None  # a training keeps its structure
        self._process: subprocess.Popen[bytes] | None = None

    def load(self, model: bytes, threads: int, check: Callable[[Contract], None], optimise: bool = True) -> OnnxGraph:
        """A graph that passed, ready to run.

        Args:
            model: The graph.
            threads: onnxruntime threads.
            check: Raises for a contract that does not fit.
            optimise: See `OnnxGraph`.

        Raises:
            GraphError: As `check`; or a value that is not finite, or outputs that are not as its contract says.
            ContractError: It has none, or none that fits.
        """
        file = OnnxFile.read(model)
        check(Contract.from_json(file.metadata.get(METADATA_KEY, "")))
        check_structure(file)
        self.check(file, model)
        graph = OnnxGraph(model, threads, file, optimise)
        graph.check_outputs()  # a first run allocates memory, too
        return graph

    def check(self, file: OnnxFile, model: bytes) -> None:
        """Refuse a graph whose trial fails, or takes too long or too much.

        Args:
            file: The graph, taken apart.
            model: The graph.

        Raises:
            GraphError: It needs too much time or memory, or fails.
            ContractError: Its inputs are not what its contract says.
        """
        if file.digest == self._passed:
            return
        self._try(model)
        self._passed = file.digest

    def prepare(self) -> None:
        """Start the process of the first trial: it loads what it needs while the graph is still on its way."""
        self._process = self._start()

    def close(self) -> None:
        """End a trial that runs, or may."""
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(os.getpid()), str(self._seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
            cwd="/",  # what stands in the working directory is no module of Python's
        )

    def _try(self, model: bytes) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            process = self._process = self._start()
        try:
            output, errors = process.communicate(model, timeout=_WALL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        finally:
            self._process = None
        told = [json.loads(line) for line in output.splitlines()]
        self._judge(told, process.returncode, memory_of(model), errors.decode(errors="replace"))

    def _judge(self, told: list[dict[str, Any]], code: int, memory: int, errors: str) -> None:
        last: dict[str, Any] = told[-1] if told else {"stage": LOADING}
        if "seconds" in last:
            if last["seconds"] > self._seconds:
                raise GraphError(f"control graph takes {last['seconds']:.3g} s for a run, allowed: {self._seconds:g} s")
            return
        if "error" in last:
            if "alloc" in last["text"]:
                raise GraphError(f"control graph takes more than {memory / 1e6:.0f} MB")
            raise (ContractError if last["error"] == "ContractError" else GraphError)(last["text"])
        stage = "load" if last["stage"] == LOADING else "run"
        if code == -signal.SIGXCPU:
            allowed = "" if stage == "load" else f", allowed: {self._seconds:g} s"
            raise GraphError(f"control graph takes too long to {stage}{allowed}")
        if code == -signal.SIGKILL:
            raise GraphError(f"control graph did not {stage} within {_WALL_SECONDS:g} s, or was ended from outside")
        why = f": {errors.strip().splitlines()[-1][:200]}" if errors.strip() else ""
        raise GraphError(f"control graph ends the process that tries to {stage} it, with code {code}{why}")


def _environment() -> dict[str, str]:
    """One thread, one arena, and the package that this process has."""
    own = [str(Path(__file__).resolve().parents[2])]
    paths = [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "MALLOC_ARENA_MAX"), "1")
    return {**os.environ, **single, "PYTHONPATH": os.pathsep.join([*own, *paths])}
