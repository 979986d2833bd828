# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The evaluator: judges the control graphs that the learner sends, in a simulator of its own."""

from __future__ import annotations

import json
import queue
import sys
import threading
from pathlib import Path
from typing import Any

from rclpy.node import Node
from std_msgs.msg import String, UInt8MultiArray

from ros_rl.deploy.contract import Contract
from ros_rl.deploy.trial import Trials, run_limit
from ros_rl.errors import RosRlError
from ros_rl.nodes import packets
from ros_rl.nodes.background import run_working
from ros_rl.nodes.diagnostics import OK, WARN, Diagnostics
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import HISTORY
from ros_rl.nodes.running import create_timer
from ros_rl.runs.run_folder import VIDEO
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.settings.tree import Settings

_MAY_CHANGE = ("evaluator.seconds", "evaluator.video")
_SEED = 1000  # evaluations start elsewhere than training does
_WAIT_SECONDS = 0.2
_MOST_WAITING = 20  # requests


class EvaluatorNode(Node):
    """Takes requests from a topic, evaluates in the main thread, publishes the results as JSON."""

    def __init__(self) -> None:
        super().__init__("evaluator", **NODE_OPTIONS)
        parameters = declare_parameters(self, dict.fromkeys(_MAY_CHANGE, self._take_settings))
        self._settings = parameters.settings
        self._folder = Path(parameters.folder) if parameters.folder else None
        self._evaluator: Evaluator | None = None
        self._waiting: queue.Queue[tuple[dict[str, Any], bytes]] = queue.Queue(_MOST_WAITING)
        self._trials = Trials(run_limit(self._settings))
        self._spec = self._settings.observation_spec()
        self._done = 0
        self._problem = ""
        self._results = self.create_publisher(String, "evaluation", HISTORY)
        self._diagnostics = Diagnostics(self)
        self._gate = Gate(self, self._settings, self._report)
        self._gate.subscribe(
            UInt8MultiArray, "evaluation_request", packets.from_request, self._waiting.put_nowait, HISTORY
        )
        create_timer(self, 1.0, self._diagnose)

    def _take_settings(self, settings: Settings) -> None:
        self._settings = settings

    def work(self, stop: threading.Event) -> None:
        """Evaluate what comes, in order, until told to stop.

        Args:
            stop: Ends the work, after the evaluation that runs.
        """
        while not stop.is_set():
            try:
                request, model = self._waiting.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                continue
            self._results.publish(String(data=self._answer(request, model)))
            self._done += 1
        if self._evaluator is not None:
            self._evaluator.close()

    def _answer(self, request: dict[str, Any], model: bytes) -> str:
        try:
            return json.dumps(self._evaluate(request, model), allow_nan=False)
        except RosRlError as error:
            self._report(str(error))
        except ValueError:
            self._report("the evaluation found something that is not finite")
        return json.dumps(request | {"error": self._problem})

    def _evaluate(self, request: dict[str, Any], model: bytes) -> dict[str, Any]:
        settings = self._settings
        video = None
        if request["final"] and settings.evaluator.video and self._folder is not None:
            video = self._folder / VIDEO
        if self._evaluator is None:
            self._evaluator = Evaluator(settings, settings.seed + _SEED)
        graph = self._trials.load(model, settings.controller.threads, self._check)
        given = (request["episodes"], settings.evaluation_seconds, video, request["env_steps"])
        found = self._evaluator.evaluate(graph, *given)
        return request | found.to_mapping()

    def _check(self, contract: Contract) -> None:
        contract.check(self._spec, self._settings.task.name, self._settings.control.period)

    def _report(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)

    def _diagnose(self) -> None:
        values = {"evaluations": self._done, "waiting": self._waiting.qsize()} | self._gate.describe()
        self._diagnostics.publish(WARN if self._problem else OK, self._problem or "ready", values)


def main() -> int:
    """Run the evaluator."""
    return run_working(EvaluatorNode)


if __name__ == "__main__":
    sys.exit(main())
