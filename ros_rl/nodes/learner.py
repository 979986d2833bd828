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
from rclpy.serialization import deserialize_message
from std_msgs.msg import Float64MultiArray, String, UInt8MultiArray

from ros_rl.errors import ContractError, GraphError, RosRlError
from ros_rl.nodes import packets
from ros_rl.nodes.background import run_working
from ros_rl.nodes.diagnostics import OK, WARN, Diagnostics
from ros_rl.nodes.log_reader import read_ticks
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import EXPERIENCE, HISTORY, LATCHED, NEWEST
from ros_rl.nodes.running import create_timer
from ros_rl.runs.progress import EpisodeStatistics, Rates
from ros_rl.runs.run_folder import AGENT, CHECKPOINT, TENSORBOARD
from ros_rl.runs.senders import SequenceCheck, StepCounter
from ros_rl.runs.summary import WATCH
from ros_rl.settings.tree import Settings
from ros_rl.training.scalars import ScalarLog
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.wire import Header, success_from, transition_from

_PROGRESS_SECONDS = 1.0
_LAST_TRANSITIONS_SECONDS = 0.3  # after the last step, for transitions that are still on their way
_RECEIVED = "received.json"  # beside the checkpoint: what it holds


class LearnerNode(Node):
    """A `TrainingLoop` behind topics."""

    def __init__(self) -> None:
        super().__init__("learner", **NODE_OPTIONS)
        parameters = declare_parameters(self)
        self._settings = parameters.settings
        self._folder = Path(parameters.folder) if parameters.folder else None
        self._training = TrainingLoop(self._settings, read_ticks=read_ticks)
        self._check, self._steps, self._episodes = SequenceCheck(), StepCounter(), EpisodeStatistics()
        if parameters.resume:
            self._resume(Path(parameters.resume))
        self._rates = Rates()
        self._arrived: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._newest_tick: bytes | None = None
        self._allowed = -1
        self._model = b""
        self._metrics: dict[str, float] = {}
        self._problem = ""
        self._refused = 0
        self._requests = 0
        self._finished = False
        self._scalars = ScalarLog(self._folder / TENSORBOARD if self._folder else None)
        self._evaluated_at = self._checkpointed_at = self._training.env_steps
        self._graph_publisher = self.create_publisher(UInt8MultiArray, "control_graph", LATCHED)
        self._allowance_publisher = self.create_publisher(Float64MultiArray, "step_allowance", LATCHED)
        self._progress_publisher = self.create_publisher(Float64MultiArray, "progress", LATCHED)
        self._request_publisher = self.create_publisher(UInt8MultiArray, "evaluation_request", HISTORY)
        self._diagnostics = Diagnostics(self)
        self.create_subscription(Float64MultiArray, "transitions", self._on_transition, EXPERIENCE)
        self.create_subscription(Float64MultiArray, "tick", self._on_tick, NEWEST, raw=True)
        self.create_subscription(String, "evaluation", self._on_evaluation, HISTORY)
        create_timer(self, 1.0, self._heartbeat)

    def _resume(self, folder: Path) -> None:
        self._training.resume(folder)
        self._steps = StepCounter(self._training.env_steps)
        if (folder / _RECEIVED).is_file():
            received = json.loads((folder / _RECEIVED).read_text())
            self._check, self._steps = SequenceCheck(**received["transitions"]), StepCounter(**received["steps"])
            self._episodes = EpisodeStatistics(**received["episodes"])

    def _on_transition(self, message: Float64MultiArray) -> None:
        self._arrived.put(message)
        self._wake.set()

    def _on_tick(self, data: bytes) -> None:
        self._newest_tick = data
        self._wake.set()

    def _on_evaluation(self, message: String) -> None:
        result = json.loads(message.data)
        numbers = {name: value for name, value in result.items() if isinstance(value, (int, float))}
        self._scalars.write("evaluation", numbers, int(result["env_steps"]))

    def _heartbeat(self) -> None:
        """Tell the driver that the learner lives, also while it withholds steps."""
        if self._allowed >= 0:
            self._allowance_publisher.publish(packets.to_allowance(self._allowed, self._training.version))

    def work(self, stop: threading.Event) -> None:
        """Train until told to stop; when the robot time is used up, say so and wait.

        Args:
            stop: Ends the work.
        """
        reported = -_PROGRESS_SECONDS
        while not stop.is_set():
            self._take_transitions()
            self._note_steps()
            if self._training.graph_due:
                self._publish_graph()
            worked = self._training.train_due
            if worked:
                self._metrics = self._training.train()
            self._publish_allowance()
            self._keep_up()
            if self._training.done and not self._finished:
                self._finish()
            if time.monotonic() - reported >= _PROGRESS_SECONDS:
                reported = time.monotonic()
                self._report()
            if not worked:
                self._wake.wait(timeout=0.05)
                self._wake.clear()
        if not self._finished:
            self._checkpoint()
        self._scalars.close()

    def _take_transitions(self) -> None:
        while not self._arrived.empty():
            try:
                header, fields = packets.from_vectors(self._arrived.get())
                transition = transition_from(fields)
                if not self._check.take(header.version, header.sequence):
                    continue
                self._training.add(transition)
            except RosRlError as error:
                self._refused += 1
                self._complain(f"transition refused: {error}")
                continue
            self._episodes.add(transition, success_from(fields))

    def _note_steps(self) -> None:
        data, self._newest_tick = self._newest_tick, None
        if data is None:
            return
        try:
            session, steps = packets.steps_from(deserialize_message(data, Float64MultiArray))
        except ContractError as error:
            self._complain(f"tick refused: {error}")
            return
        self._training.note_steps(self._steps.note(session, steps))

    def _publish_graph(self) -> None:
        try:
            self._model = self._training.graph()
        except GraphError as error:
            self._complain(str(error))
            return
        header = Header(0, self._training.env_steps, self._training.version)
        self._graph_publisher.publish(packets.to_blocks(header, {"model": self._model}))

    def _publish_allowance(self) -> None:
        allowed = self._training.allowance - self._steps.offset
        if allowed != self._allowed:
            self._allowed = allowed
            self._heartbeat()

    def _keep_up(self) -> None:
        """Evaluations and checkpoints that are due."""
        steps, settings = self._training.env_steps, self._settings
        every = settings.evaluator.every
        if every and steps // every > self._evaluated_at // every and not self._training.done:
            self._evaluated_at = steps
            self._request_evaluation(final=False)
        every = settings.learner.checkpoint_every
        if steps // every > self._checkpointed_at // every:
            self._checkpoint()

    def _request_evaluation(self, final: bool) -> None:
        evaluator = self._settings.evaluator
        request = {
            "env_steps": self._training.env_steps,
            "robot_minutes": self._training.robot_minutes,
            "version": self._training.version,
            "final": final,
            "episodes": evaluator.final_episodes if final else evaluator.episodes,
        }
        if not request["episodes"]:
            return
        self._requests += 1
        blocks = {"request": json.dumps(request).encode(), "model": self._model}
        self._request_publisher.publish(packets.to_blocks(Header(0, self._requests), blocks))

    def _checkpoint(self) -> None:
        self._checkpointed_at = self._training.env_steps
        if self._folder is None:
            return
        folder = self._folder / CHECKPOINT
        try:
            self._training.checkpoint(folder)
        except GraphError as error:
            self._complain(str(error))
            return
        received = {
            "transitions": vars(self._check),
            "steps": vars(self._steps),
            "episodes": {"episodes": self._episodes.episodes, "falls": self._episodes.falls},
        }
        (folder / _RECEIVED).write_text(json.dumps(received))

    def _finish(self) -> None:
        """The robot time is used up and learned from."""
        time.sleep(_LAST_TRANSITIONS_SECONDS)
        self._take_transitions()
        self._publish_graph()
        if self._folder is not None:
            (self._folder / AGENT).write_bytes(self._model)
        self._request_evaluation(final=True)
        self._checkpoint()
        self._finished = True
        self._report()

    def _report(self) -> None:
        training, check = self._training, self._check
        counts = {"steps_per_second": training.env_steps, "updates_per_second": training.updates}
        fields: dict[str, float] = {
            "done": float(self._finished),
            "robot_minutes": training.robot_minutes,
            "env_steps": training.env_steps,
            "updates": training.updates,
            "version": training.version,
            "episodes": self._episodes.episodes,
            "falls": self._episodes.falls,
            "transitions": check.received,
            "transitions_lost": check.lost,
            **self._rates.update(time.monotonic(), counts),
            **self._episodes.means(),
        }
        watched, worries = training.watch.figures(), training.watch.warnings()
        if worries:
            self.get_logger().warning("; ".join(worries), throttle_duration_sec=60.0)
        losses = {f"loss.{name}": value for name, value in self._metrics.items()}
        figures = {f"{WATCH}{name}": value for name, value in watched.items()}
        self._progress_publisher.publish(packets.to_vectors(Header(0, training.env_steps), fields | losses | figures))
        self._scalars.write("train", fields, training.env_steps)
        self._scalars.write("loss", self._metrics, training.env_steps)
        self._scalars.write("watch", watched, training.env_steps)
        problem = "; ".join([self._problem, *worries] if self._problem else worries)
        self._diagnostics.publish(
            WARN if problem else OK,
            problem or ("done" if self._finished else "training"),
            fields | figures | {"transitions refused": self._refused},
        )
        self._problem = ""

    def _complain(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)


def check_beginning(settings: Settings, resume: Path | None = None) -> None:
    """Refuse what a training cannot begin with, before any process is started; costs nothing if it begins anew.

    Args:
        settings: Of the run.
        resume: Folder of the checkpoint to go on from.

    Raises:
        RosRlError: The warm-up leaves nothing to learn from, or the checkpoint, the log or the teacher is missing,
            broken, or does not fit the settings.
    """
    settings.check_warmup()
    if resume is None and not settings.agent.offline and not settings.agent.teacher:
        return
    training = TrainingLoop(settings, read_ticks=read_ticks)
    if resume is not None:
        training.resume(resume)


def main() -> int:
    """Run the learner."""
    return run_working(LearnerNode)


if __name__ == "__main__":
    sys.exit(main())
