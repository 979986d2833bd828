# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The collector: judges every tick, makes transitions of them, and records the run."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String, UInt8MultiArray

from ros_rl.backends.robot_description import known_description
from ros_rl.nodes import packets
from ros_rl.nodes.camera_info import unjoined
from ros_rl.nodes.diagnostics import OK, WARN, Diagnostics, Input
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import EXPERIENCE, STATE
from ros_rl.nodes.recorder import Recorder
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.sources import source_of
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.nodes.transforms import transform_message
from ros_rl.runs.run_folder import LOG
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.types import Tick
from ros_rl.wire import METRICS, Header, transition_arrays, transition_fields


class CollectorNode(Node):
    """Answers every tick with a verdict, and sends a transition for every step that the chain allows."""

    def __init__(self) -> None:
        super().__init__("collector", **NODE_OPTIONS)
        parameters = declare_parameters(self)
        settings = parameters.settings
        robot = settings.load_robot()
        spec = settings.observation_spec(robot)
        period, source = settings.control.period, source_of(self, robot.name)
        ends = settings.teleop.episodes or not settings.person_acts
        self._builder = TransitionBuilder(spec, settings.task, period, source, ends=ends)
        self._session = time.time_ns() // 1_000_000
        self._sequence = 0
        self._problem = ""
        self._ticks = Input()
        self._diagnostics = Diagnostics(self)
        self._verdicts = self.create_publisher(Float64MultiArray, "verdict", STATE)
        self._transitions = self.create_publisher(Float64MultiArray, "transitions", EXPERIENCE)
        self._with_images: Any = None
        if spec.images:
            self._with_images = self.create_publisher(UInt8MultiArray, "transitions_with_images", EXPERIENCE)
        self._description = known_description(robot)
        self._recorder: Recorder | None = None
        if settings.collector.log and parameters.folder:
            self._recorder = Recorder(self, Path(parameters.folder) / LOG)
        record = self._recorder.record if self._recorder is not None else None
        self._gate = Gate(self, settings, self._report)
        self._join = TickJoin(self._gate, robot, self._on_tick, record, cameras=settings.looks)
        if self._recorder is not None:
            self._recorder.subscribe(self._gate, JointState, "applied_command", STATE)
            for topic, kind in unjoined(robot, settings.looks).items():
                self._recorder.subscribe(self._gate, kind, topic, STATE)
            self._recorder.watch(self._gate, JointState, "joint_command", STATE)
            self._recorder.watch(self._gate, DiagnosticArray, "/diagnostics", STATE, anybody=True)
            if transform_message() is not None:
                self._recorder.watch(self._gate, transform_message(), "tf", STATE)
        create_timer(self, 1.0, self._diagnose)

    def close(self) -> None:
        """Finish the log."""
        if self._recorder is not None:
            self._recorder.close()

    def _on_tick(self, tick: Tick) -> None:
        self._ticks.touch()
        verdict, transition = self._builder.add(tick)
        message = packets.to_verdict(tick.stamp, verdict)
        self._verdicts.publish(message)
        if transition is not None:
            header = Header(tick.stamp, self._sequence, self._session)
            self._sequence += 1
            metrics = {f"{METRICS}{name}": value for name, value in self._builder.metrics.items()}
            self._transitions.publish(packets.to_vectors(header, transition_fields(transition) | metrics))
            if self._with_images is not None:
                told = {name: np.array([value]) for name, value in metrics.items()}
                self._with_images.publish(packets.to_arrays(header, transition_arrays(transition) | told))
        if self._recorder is not None:
            self._recorder.publish("verdict", message, tick.stamp)
            self._describe_robot(self._recorder, tick.stamp)

    def _describe_robot(self, recorder: Recorder, stamp: int) -> None:
        """Once, so that the log can be seen wherever it is played."""
        if self._description:
            recorder.publish("robot_description", String(data=self._description), stamp)
            self._description = ""

    def _report(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)

    def _diagnose(self) -> None:
        counts = self._builder.counts
        values: dict[str, Any] = {
            "ticks": counts.ticks,
            "chains begun": counts.starts,
            "transitions": counts.transitions,
            "transitions dropped": counts.dropped,
            "incomplete ticks": self._join.incomplete,
        }
        if self._recorder is not None:
            values |= self._recorder.describe()
        values |= self._ticks.describe("tick") | self._gate.describe()
        recording = self._recorder.problem if self._recorder is not None else ""
        problem = self._problem or self._builder.problem or recording
        self._diagnostics.publish(WARN if problem else OK, problem or "active", values)
        self._problem = ""


def main() -> int:
    """Run the collector."""
    return run(CollectorNode)


if __name__ == "__main__":
    sys.exit(main())
