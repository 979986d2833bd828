# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The supervisor: brings the graph up in order, restarts what dies, tells how it goes, and ends it all."""

from __future__ import annotations

import sys
import threading
from contextlib import closing, nullcontext
from pathlib import Path

import rclpy
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.signals import SignalHandlerOptions

from ros_rl.errors import RosRlError, one_line
from ros_rl.nodes.background import Background, run_working
from ros_rl.nodes.monitor import MonitorNode
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.station import station
from ros_rl.nodes.supervision import Supervision
from ros_rl.runs import bringup
from ros_rl.runs.course import Course
from ros_rl.runs.display import Display
from ros_rl.runs.only_graph import only_graph
from ros_rl.runs.prepared import Prepared
from ros_rl.runs.run_folder import RunFolder, run_of
from ros_rl.runs.state import RunState
from ros_rl.runs.summary import summarise
from ros_rl.settings.tree import Settings
from ros_rl.teleop.console import Console


def supervise(
    settings: Settings,
    mode: str,
    folder: RunFolder,
    namespace: str,
    stop: threading.Event,
    display: Display,
    agent: bytes = b"",
    robot_minutes: float | None = None,
    resume: Path | None = None,
    learner: Prepared | None = None,
    console: Console | None = None,
    episodes: int | None = None,
) -> tuple[RunState, bool]:
    """A whole run in processes of its own, from this process.

    Args:
        settings: Of the run.
        mode: `bringup.TRAIN`, `RUN` or `BRING_UP`.
        folder: Of the run, with its configuration written.
        namespace: Of all nodes.
        stop: Ends the run early.
        display: What shows how it goes.
        agent: The control graph to run; empty when training.
        robot_minutes: Limit when running [min]; None for none.
        resume: Folder of the checkpoint to go on from.
        learner: The learner's process, if that is there already.
        console: The terminal of a person who drives by its keys.
        episodes: Limit when running; None for none.

    Returns:
        What the nodes told, and whether the run came to its end.

    Raises:
        RosRlError: Another graph runs here, a node does not come up, or dies too often.
    """
    try:
        rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    except rclpy_implementation.RCLError as error:
        raise RosRlError(f"ROS 2 does not start: {one_line(error)}") from None
    monitor = MonitorNode(settings, mode, robot_minutes, episodes, namespace=namespace)
    monitor.state.go_on(folder.path, run_of(resume) if resume is not None else None)
    background = Background(monitor, stop)
    try:
        supervision = Supervision(monitor, settings, mode, folder, stop, display, resume)
        with only_graph(monitor.get_namespace()), closing(supervision):
            supervision.prepare(learner)
            supervision.refuse_second_graph()
            if agent:
                monitor.publish_agent(agent)
            with station(console, monitor.get_namespace(), stop) if console is not None else nullcontext():
                ended = supervision.run()
        if background.failed:
            raise RosRlError("the supervisor failed at a message; see above")
        return monitor.state, ended
    finally:
        background.close()
        monitor.destroy_node()
        rclpy.try_shutdown()


class SupervisorNode(MonitorNode):
    """The supervisor of a launch file, which has started the processes: only leads and watches them."""

    def __init__(self) -> None:
        probe = rclpy.create_node("supervisor", **NODE_OPTIONS)
        parameters = declare_parameters(probe)
        probe.destroy_node()
        self._minutes = float(parameters.minutes) if parameters.minutes else None
        super().__init__(parameters.settings, parameters.mode or bringup.TRAIN, self._minutes)
        self._agent_file, self._folder = parameters.agent_file, parameters.folder
        if self._folder:
            self.state.go_on(Path(self._folder))

    def _say(self, line: str) -> None:
        self.get_logger().info(line)

    def work(self, stop: threading.Event) -> None:
        """Lead the nodes until the run ends.

        Args:
            stop: Ends it early.
        """
        if self._agent_file:
            self.publish_agent(Path(self._agent_file).read_bytes())
        training = self.mode == bringup.TRAIN
        course = Course.of_training(self.settings) if training else Course.of_acting(self.settings, self._minutes)
        with only_graph(self.get_namespace()):
            ended = Supervision(self, self.settings, self.mode, None, stop, Display(course, self._say)).run()
        if self._folder and self.mode != bringup.BRING_UP:
            self.state.keep_totals()
            acts = "" if training else bringup.actor(self.settings, self._agent_file)
            summary = summarise(self.settings, self.state, acts, ended)
            RunFolder(Path(self._folder)).write_summary(summary)
            if summary["shortfall"]:
                self.get_logger().error(summary["shortfall"])


def main() -> int:
    """Run the supervisor."""
    return run_working(SupervisorNode)


if __name__ == "__main__":
    sys.exit(main())
