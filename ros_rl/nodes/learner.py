# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The learner: transitions in, control graphs and step allowances out; it trains in the main thread."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray, String, UInt8MultiArray

from ros_rl.agents.factory import make_agent
from ros_rl.errors import ContractError, RosRlError
from ros_rl.nodes import packets
from ros_rl.nodes.background import run_working
from ros_rl.nodes.diagnostics import OK, WARN, Diagnostics
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.nodes.messages import deserialised
from ros_rl.nodes.outbox import Outbox
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import EXPERIENCE, HISTORY, LATCHED, NEWEST
from ros_rl.nodes.running import create_timer
from ros_rl.nodes.sources import source_of
from ros_rl.replay.memory import check_memory
from ros_rl.runs.checkpoints import resumable
from ros_rl.runs.durable import low_disk
from ros_rl.runs.evaluations import evaluation
from ros_rl.runs.received import Received
from ros_rl.runs.run_folder import CHECKPOINT
from ros_rl.settings.tree import Settings
from ros_rl.training.earlier_run import check_resumed
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition
from ros_rl.wire import Header, metrics_from, transition_from

_MAY_CHANGE = (
    "learner.updates_per_step",
    "learner.robot_minutes",
    "learner.steps",
    "learner.publish_every",
    "learner.checkpoint_every",
    "evaluator.every",
    "evaluator.episodes",
    "evaluator.final_episodes",
)
_PROGRESS_SECONDS = 1.0
_LAST_TRANSITIONS_SECONDS = 0.3  # after the last step, for transitions that are still on their way


class LearnerNode(Node):
    """A `TrainingRun` behind topics."""

    def __init__(self) -> None:
        super().__init__("learner", **NODE_OPTIONS)
        parameters = declare_parameters(self, dict.fromkeys(_MAY_CHANGE, self._take_settings))
        self._settings = parameters.settings
        self._training = TrainingLoop(self._settings, read_ticks=read_ticks)
        self._problem = ""
        self._source = source_of(self, self._training.spec.name)
        self._received = Received(joins=not self._settings.driver.backend.starts_driver)
        self._run = TrainingRun(
            self._training,
            self._publish_graph,
            self._request_evaluation,
            self._received.state,
            lambda error: self._complain(str(error)),
            self._complain,
        )
        self._folder = Path(parameters.folder) if parameters.folder else None
        self._resume(Path(parameters.resume) if parameters.resume else None)
        self._run.begin(self._folder)
        self._arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._evaluated: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._newest_tick: bytes | None = None
        self._allowed = -1
        self._refused = 0
        self._requests = 0
        self._graph_publisher = self.create_publisher(UInt8MultiArray, "control_graph", LATCHED)
        self._allowance_publisher = self.create_publisher(Float64MultiArray, "step_allowance", LATCHED)
        self._progress_publisher = self.create_publisher(Float64MultiArray, "progress", LATCHED)
        self._request_publisher = self.create_publisher(UInt8MultiArray, "evaluation_request", HISTORY)
        self._outbox = Outbox()
        self._diagnostics = Diagnostics(self)
        gate = self._gate = Gate(self, self._settings, self._complain)
        kind: Any = UInt8MultiArray if self._training.spec.images else Float64MultiArray
        topic = "transitions_with_images" if self._training.spec.images else "transitions"
        gate.subscribe(kind, topic, self._read_transition, self._on_transition, EXPERIENCE)
        gate.subscribe(Float64MultiArray, "tick", lambda data: data, self._on_tick, NEWEST, raw=True)
        gate.subscribe(String, "evaluation", lambda message: evaluation(message.data), self._on_evaluation, HISTORY)
        create_timer(self, 1.0, self._heartbeat)

    def _take_settings(self, settings: Settings) -> None:
        self._training.take_settings(settings)
        self._settings = settings

    def _resume(self, named: Path | None) -> None:
        """Go on where this run was when its learner ended, else from what was named, else begin."""
        own = self._folder / CHECKPOINT if self._folder is not None else None
        root = own if own is not None and resumable(own) else named
        if root is not None:
            self._received.restore(*self._run.resume(root))

    def _read_transition(self, message: Any) -> tuple[Header, Transition, dict[str, float]]:
        read = packets.from_arrays if self._training.spec.images else packets.from_vectors
        header, fields = read(message)
        transition = transition_from(fields)
        self._training.spec.check(transition)
        return header, transition, metrics_from(fields)

    def _on_transition(self, arrived: tuple[Header, Transition, dict[str, float]]) -> None:
        self._arrived.put(arrived)
        self._wake.set()

    def _on_tick(self, data: bytes) -> None:
        self._newest_tick = data
        self._wake.set()

    def _on_evaluation(self, result: dict[str, Any]) -> None:
        self._evaluated.put(result)
        self._wake.set()

    def _heartbeat(self) -> None:
        """Tell the driver that the learner lives, also while it withholds steps."""
        if self._allowed >= 0:
            self._allowance_publisher.publish(packets.to_allowance(self._allowed, self._training.version))

    def work(self, stop: threading.Event) -> None:
        """Train until told to stop; when the robot time is used up, say so and wait.

        Args:
            stop: Ends the work.
        """
        self._training.prepare_graphs()
        self._report()
        while not stop.is_set():
            self._take_transitions()
            self._note_steps()
            worked = self._run.work()
            self._publish_allowance()
            self._run.keep_up()
            if self._run.done and not self._run.finished:
                self._finish()
            if self._note_evaluations() or self._run.reports.due(_PROGRESS_SECONDS):
                self._report()
            if not worked:
                self._wake.wait(timeout=0.05)
                self._wake.clear()
        self._note_evaluations()
        self._run.stop()
        self._report()
        self._run.close()
        self._outbox.close()

    def _note_evaluations(self) -> bool:
        """Whether there were any."""
        found = not self._evaluated.empty()
        while not self._evaluated.empty():
            result = self._evaluated.get()
            self._run.note_evaluation(result, result["env_steps"])
        return found

    def _take_transitions(self) -> None:
        while not self._arrived.empty():
            header, transition, metrics = self._arrived.get()
            try:
                self._received.transitions.check_plausible(transition.source, header.version, header.sequence)
                if not self._received.transitions.take(transition.source, header.version, header.sequence):
                    continue
                self._run.add(transition, metrics, header.version, header.sequence)
            except RosRlError as error:
                self._refused += 1
                self._complain(f"transition refused: {error}")

    def _note_steps(self) -> None:
        data, self._newest_tick = self._newest_tick, None
        if data is None:
            return
        try:
            session, steps = packets.steps_from(deserialised(data, Float64MultiArray))
        except ContractError as error:
            self._refused += 1
            self._complain(f"tick refused: {error}")
            return
        total = self._received.steps.note(self._source, session, steps)
        self._run.note_steps(total, self._source, session, steps)

    def _publish_graph(self, graph: bytes) -> None:
        header = Header(0, self._training.env_steps, self._training.version)
        self._outbox.publish(self._graph_publisher, lambda: packets.to_raw_blocks(header, {"model": graph}))

    def _publish_allowance(self) -> None:
        allowed = max(0, self._training.allowance - self._received.steps.elsewhere(self._source))
        if allowed != self._allowed:
            self._allowed = allowed
            self._heartbeat()

    def _request_evaluation(self, final: bool) -> None:
        evaluator = self._settings.evaluator
        request = {
            "env_steps": self._training.env_steps,
            "robot_minutes": self._training.robot_minutes,
            "version": self._training.version,
            "final": final,
            "episodes": evaluator.final_episodes if final else evaluator.episodes,
        }
        self._requests += 1
        header = Header(0, self._requests)
        blocks = {"request": json.dumps(request).encode(), "model": self._run.graph}
        self._outbox.publish(self._request_publisher, lambda: packets.to_raw_blocks(header, blocks))

    def _finish(self) -> None:
        """The robot time is used up and learned from."""
        time.sleep(_LAST_TRANSITIONS_SECONDS)
        self._take_transitions()
        self._run.finish()
        self._report()

    def _report(self) -> None:
        training, run = self._training, self._run
        figures = run.report(
            done=float(run.finished),
            robot_minutes=training.robot_minutes,
            transitions=self._received.transitions.received,
            transitions_lost=self._received.transitions.lost,
        )
        losses = {f"loss.{name}": value for name, value in run.losses.items()}
        self._progress_publisher.publish(packets.to_vectors(Header(0, training.env_steps), figures | losses))
        worries = training.watch.warnings()
        if worries:
            self.get_logger().warning("; ".join(worries), throttle_duration_sec=60.0)
        if self._folder is not None and (low := low_disk(self._folder)):
            worries = [*worries, low]
        problem = "; ".join([self._problem, *worries] if self._problem else worries)
        self._diagnostics.publish(
            WARN if problem else OK,
            problem or ("done" if run.finished else "training"),
            figures | {"messages refused": self._refused} | self._gate.describe(),
        )
        self._problem = ""

    def _complain(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)


def check_beginning(settings: Settings, resume: Path | None = None) -> None:
    """Refuse what a training cannot begin with, before any process is started.

    Args:
        settings: Of the run.
        resume: Folder of the checkpoint to go on from.

    Raises:
        RosRlError: The warm-up leaves nothing to learn from, memory is too small, the agent does not fit robot or task,
            or is to adapt what no run learned, or the checkpoint, the log or the teacher is missing, broken, or does
            not fit the settings, or has come further than they ask for.
    """
    settings.check_warmup()
    settings.check_goes_on(resume is not None)
    spec = settings.observation_spec()
    check_memory(settings.learner.replay_capacity, spec.size, spec.action_size, spec.images)
    begins_with_nothing = not (settings.agent.offline or settings.agent.teacher or settings.learner.demonstrations)
    if resume is None and begins_with_nothing:
        make_agent(spec, settings)
        return
    if resume is not None:
        check_resumed(resume, settings)
    training = TrainingLoop(settings, read_ticks=read_ticks)
    if resume is not None:
        training.resume(resume)


def main() -> int:
    """Run the learner."""
    return run_working(LearnerNode)


if __name__ == "__main__":
    sys.exit(main())
