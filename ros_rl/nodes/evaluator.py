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

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import RosRlError
from ros_rl.nodes import packets
from ros_rl.nodes.background import run_working
from ros_rl.nodes.diagnostics import OK, WARN, Diagnostics
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import HISTORY
from ros_rl.nodes.running import create_timer
from ros_rl.runs.run_folder import VIDEO
from ros_rl.runtime.evaluation import Evaluator

_SEED = 1000  # evaluations start elsewhere than training does
_WAIT_SECONDS = 0.2


class EvaluatorNode(Node):
    """Takes requests from a topic, evaluates in the main thread, publishes the results as JSON."""

    def __init__(self) -> None:
        super().__init__("evaluator", **NODE_OPTIONS)
        parameters = declare_parameters(self)
        self._settings = parameters.settings
        self._folder = Path(parameters.folder) if parameters.folder else None
        self._evaluator: Evaluator | None = None
        self._waiting: queue.Queue[UInt8MultiArray] = queue.Queue()
        self._done = 0
        self._problem = ""
        self._results = self.create_publisher(String, "evaluation", HISTORY)
        self._diagnostics = Diagnostics(self)
        self.create_subscription(UInt8MultiArray, "evaluation_request", self._waiting.put, HISTORY)
        create_timer(self, 1.0, self._diagnose)

    def work(self, stop: threading.Event) -> None:
        """Evaluate what comes, in order, until told to stop.

        Args:
            stop: Ends the work, after the evaluation that runs.
        """
        while not stop.is_set():
            try:
                message = self._waiting.get(timeout=_WAIT_SECONDS)
            except queue.Empty:
                continue
            self._results.publish(String(data=json.dumps(self._evaluate(message))))
            self._done += 1
        if self._evaluator is not None:
            self._evaluator.close()

    def _evaluate(self, message: UInt8MultiArray) -> dict[str, Any]:
        _, blocks = packets.from_blocks(message)
        request = json.loads(blocks["request"])
        settings = self._settings
        video = None
        if request["final"] and settings.evaluator.video and self._folder is not None:
            video = self._folder / VIDEO
        try:
            if self._evaluator is None:
                self._evaluator = Evaluator(settings, settings.seed + _SEED)
            graph = OnnxGraph(blocks["model"], settings.controller.threads)
            found = self._evaluator.evaluate(graph, request["episodes"], settings.evaluator.seconds, video)
        except RosRlError as error:
            self._problem = str(error)
            self.get_logger().error(self._problem)
            return request | {"error": self._problem}
        return request | found.to_mapping()

    def _diagnose(self) -> None:
        values = {"evaluations": self._done, "waiting": self._waiting.qsize()}
        self._diagnostics.publish(WARN if self._problem else OK, self._problem or "ready", values)


def main() -> int:
    """Run the evaluator."""
    return run_working(EvaluatorNode)


if __name__ == "__main__":
    sys.exit(main())
