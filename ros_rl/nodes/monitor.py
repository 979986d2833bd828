# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Listens to a run; without a learner it also gives the control graph and the step allowance."""

from __future__ import annotations

import math
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from std_msgs.msg import Empty, Float64MultiArray, String, UInt8MultiArray

from ros_rl.nodes import packets
from ros_rl.nodes.diagnostics import OK, Diagnostics
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.qos import EXPERIENCE, HISTORY, LATCHED, NEWEST, STATE
from ros_rl.nodes.roll_call import HEARD
from ros_rl.nodes.running import create_timer
from ros_rl.nodes.sources import source_of
from ros_rl.runs.bringup import BRING_UP, RUN, TRAIN
from ros_rl.runs.evaluations import evaluation
from ros_rl.runs.progress import EpisodeStatistics, Rates
from ros_rl.runs.senders import StepCounter
from ros_rl.runs.state import RunState
from ros_rl.settings.nodes import NODES
from ros_rl.settings.tree import Settings
from ros_rl.types import Transition
from ros_rl.wire import Header, metrics_from, transition_from

_NO_LIMIT = 10**9  # steps
_PROGRESS_SECONDS = 1.0
_BEAT_SECONDS = 0.1


class MonitorNode(Node):
    """The supervisor's ears.

    Args:
        settings: Of the run.
        mode: `ros_rl.runs.bringup.TRAIN`, `RUN` or `BRING_UP`.
        robot_minutes: Limit when running [min]; None for none.
        episodes: The same in episodes.
        options: Of the node.
    """

    def __init__(
        self,
        settings: Settings,
        mode: str,
        robot_minutes: float | None,
        episodes: int | None = None,
        **options: Any,
    ) -> None:
        super().__init__("supervisor", **options)
        self.settings, self.mode = settings, mode
        self.state = RunState()
        rate = settings.control.rate_hz
        self._limit = _NO_LIMIT if robot_minutes is None else max(1, round(robot_minutes * 60 * rate))
        self._most_episodes = math.inf if episodes is None else episodes
        self._agent_published = False
        self._diagnostics = Diagnostics(self)
        self._beaten = float("-inf")
        self._heartbeat = self.create_publisher(Empty, "supervisor_heartbeat", NEWEST)
        create_timer(self, _PROGRESS_SECONDS, self._diagnose)
        gate = self._gate = Gate(self, settings, self._report)
        gate.subscribe(DiagnosticArray, "/diagnostics", lambda m: m, self._on_diagnostics, STATE, anybody=True)
        gate.subscribe(String, "evaluation", lambda m: evaluation(m.data), self.state.add_evaluation, HISTORY)
        if mode == RUN:
            self._listen_to_transitions()
        elif mode == TRAIN:
            gate.subscribe(Float64MultiArray, "progress", packets.from_progress, self._on_progress, LATCHED)

    def _listen_to_transitions(self) -> None:
        """Without a learner the progress is made here."""
        self._episodes, self._rates = EpisodeStatistics(), Rates()
        self._steps = StepCounter(joins=not self.settings.driver.backend.starts_driver)
        self._transitions = 0
        self._driven: tuple[int, int] | None = None
        self._spec = self.settings.observation_spec()
        self._graph_publisher = self.create_publisher(UInt8MultiArray, "control_graph", LATCHED)
        self._allowance_publisher = self.create_publisher(Float64MultiArray, "step_allowance", LATCHED)
        gate = self._gate
        gate.subscribe(Float64MultiArray, "transitions", self._read_transition, self._on_transition, EXPERIENCE)
        gate.subscribe(Float64MultiArray, "tick", packets.steps_from, self._on_tick, NEWEST)
        create_timer(self, _PROGRESS_SECONDS, self._update)

    @property
    def ready_to_act(self) -> bool:
        """Whether there is somebody to act: a control graph or a person, or nobody has to."""
        if self.mode == TRAIN:
            return bool(self.state.progress)
        by_hand = self.settings.person_acts or self.settings.expert.acts_alone
        return self._agent_published or self.mode == BRING_UP or by_hand

    @property
    def finished(self) -> bool:
        """Whether the robot time is used up, or what was to be shown has been."""
        if self.mode == RUN:
            shown = self._episodes.episodes >= self._most_episodes
            return shown or self.state.progress.get("env_steps", 0.0) >= self._limit
        return bool(self.state.progress.get("done", 0.0))

    def beat(self) -> None:
        """Tell the driver, at 10 Hz at most, that whoever leads the run still does.

        For the thread that does, at each of its rounds and while it waits for a node's answer.
        """
        now = time.monotonic()
        if now - self._beaten >= _BEAT_SECONDS:
            self._beaten = now
            self._heartbeat.publish(Empty())

    def publish_agent(self, model: bytes) -> None:
        """Give the control graph that acts."""
        self._graph_publisher.publish(packets.to_blocks(Header(0), {"model": model}))
        self._agent_published = True

    def problem(self, node: str) -> str:
        """What a node's diagnostics complain of; waits for news, empty if there is nothing."""
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            level, text = self.state.status.get(node, (0, ""))
            if level:
                return text
            self.beat()
            time.sleep(0.05)
        return ""

    def _diagnose(self) -> None:
        minutes = {"robot minutes": f"{self.state.progress.get('robot_minutes', 0.0):.3f}"}
        heard = {HEARD: " ".join(name for name in NODES if name in self.state.heard)}
        self._diagnostics.publish(OK, self.mode, minutes | heard | self._gate.describe())

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        prefix = f"{self.get_namespace().rstrip('/')}/"
        for status in message.status:
            name = status.name.partition(":")[0]
            if not name.startswith(prefix):
                continue
            node = name[len(prefix) :]
            level = status.level[0] if isinstance(status.level, bytes) else int(status.level)
            self.state.hear(node, level, status.message, {item.key: item.value for item in status.values})

    def _report(self, problem: str) -> None:
        self.get_logger().error(problem, throttle_duration_sec=1.0)

    def _on_progress(self, progress: dict[str, float]) -> None:
        self.state.progress = progress

    def _on_tick(self, steps: tuple[int, int]) -> None:
        self._driven = steps

    def _read_transition(self, message: Float64MultiArray) -> tuple[Transition, dict[str, float]]:
        _, fields = packets.from_vectors(message)
        transition = transition_from(fields)
        self._spec.check(transition)
        return transition, metrics_from(fields)

    def _on_transition(self, found: tuple[Transition, dict[str, float]]) -> None:
        self._episodes.add(*found)
        self._transitions += 1

    def _update(self) -> None:
        """Give the allowance, as a learner would, and renew the progress."""
        self._allowance_publisher.publish(packets.to_allowance(self._limit, 0))
        if self._driven is None:
            return
        steps = self._steps.note(source_of(self, self.settings.robot_name), *self._driven)
        self.state.progress = {
            "robot_minutes": steps / self.settings.control.rate_hz / 60,
            "env_steps": steps,
            "episodes": self._episodes.episodes,
            "terminations": self._episodes.terminations,
            "transitions": self._transitions,
            **self._rates.update(time.monotonic(), {"steps_per_second": steps}),
            **self._episodes.means(),
        }
