# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the learner does, without ROS: transitions in, gradient rounds, control graphs out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from ros_rl.config import to_mapping
from ros_rl.errors import ConfigError, MissingDependencyError
from ros_rl.layout import Layout
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mixture import MixedReplay
from ros_rl.runs.checkpoint_writer import CheckpointFiles, Checkpoints
from ros_rl.runs.checkpoints import Checkpoint
from ros_rl.settings.model_based import DYNAMICS
from ros_rl.settings.tree import Settings
from ros_rl.types import Transition

try:
    import torch
except ImportError as error:
    raise MissingDependencyError("torch", "learn") from error

from ros_rl.agents.agent import Agent
from ros_rl.agents.factory import make_agent
from ros_rl.agents.random import RandomGraph
from ros_rl.deploy.contract import without_folders
from ros_rl.deploy.export import ExportedGraph
from ros_rl.training.checkpoint import (
    Resumed,
    find_checkpoint,
    fitting,
    read_about,
    read_replay,
    read_state,
    write_state,
)
from ros_rl.training.earlier_log import TickReader, take_demonstrations, take_log
from ros_rl.training.earlier_run import take_teacher
from ros_rl.training.value_checks import ValueChecks
from ros_rl.watch.remedies import remedies
from ros_rl.watch.value_watch import ValueWatch


class TrainingLoop:
    """One training. A round is the gradient work of one environment step.

    In lock-step the driver stays within `allowance`, so learning keeps pace with acting whatever the machine. An agent
    that learns from a log takes no robot time: all its rounds come first, and then the run is done.

    Args:
        settings: The run's settings.
        layout: What the agent sees and does; None for that of the settings' robot and task.
        read_ticks: Reads MCAP logs, which an agent may learn from; None where there is no ROS.
        begins: Whether it takes over the log, the demonstrations or the teacher that its settings name; a checkpoint
            holds what came of it.
    """

    def __init__(
        self,
        settings: Settings,
        layout: Layout | None = None,
        read_ticks: TickReader | None = None,
        begins: bool = True,
    ) -> None:
        learner = settings.learner
        torch.set_num_threads(learner.threads)
        torch.manual_seed(settings.seed)
        self.settings = settings
        self.spec = layout or settings.observation_spec()
        gamma = settings.agent.gamma
        sizes = (self.spec.size, self.spec.action_size)
        images = self.spec.images
        seen = (images, settings.agent.frames, settings.agent.chunk)
        kept = (learner.replay_capacity, *sizes, settings.seed, gamma, learner.replay, *seen)
        self.replay = MixedReplay(*kept, share=learner.demonstration_share) if settings.shows else ReplayBuffer(*kept)
        self._waited_for = settings.driver.mode == "lock_step"
        self.env_steps = 0
        self.rounds = 0
        self.version = -1
        self._published_at: int | None = None
        period = settings.control.period
        self.random = RandomGraph(self.spec, settings.agent.smoothing, learner.warmup_hold / period)
        """What acts before anything is learned."""
        self._random = ExportedGraph(self.random, settings.task.name, period)
        self.agent: Agent = make_agent(self.spec, settings)
        self.watch = ValueWatch(gamma, learner.watch, remedies=remedies(settings))
        self._checks = ValueChecks(self.watch, self.agent, self.replay)
        learns = settings.agent.learns
        self._learned = ExportedGraph(self.agent.graph, settings.task.name, period) if learns else self._random
        self._offline = self.agent.offline_rounds
        self.total_steps = 0 if self._offline else settings.training_steps
        self.warmup = min(learner.warmup_steps, self.total_steps)
        settings.check_warmup()
        if begins and settings.agent.offline:
            take_log(self.replay, settings.agent.log, settings, self.spec, read_ticks)
        if begins and isinstance(self.replay, MixedReplay):
            take_demonstrations(self.replay, settings, self.spec, read_ticks)
        if begins and settings.agent.teacher:
            take_teacher(self.agent, settings.agent.teacher, settings)

    @property
    def updates(self) -> int:
        """Critic updates so far."""
        return self.agent.updates

    @property
    def robot_minutes(self) -> float:
        """Robot time so far [min]."""
        return self.env_steps / self.settings.control.rate_hz / 60

    @property
    def shown(self) -> dict[str, int]:
        """Transitions that count as demonstrations, and how many of them a person made as the agent learned, by name.

        Empty where nothing is shown.
        """
        if not isinstance(self.replay, MixedReplay):
            return {}
        return {"demonstrations": len(self.replay.demonstrations), "corrections": self.replay.corrections}

    def add(self, transition: Transition) -> None:
        """Store a transition.

        Raises:
            ConfigError: A value is not finite; nothing is stored.
        """
        self.replay.add(transition)
        self._checks.add(transition)

    def note_steps(self, env_steps: int) -> None:
        """Take notice of how far the robot has come."""
        self.env_steps = max(self.env_steps, env_steps)

    def take_settings(self, settings: Settings) -> None:
        """Go on under other settings: of updates per step, of how long it is, and of when something is due.

        Args:
            settings: The run's; others than these are as before.

        Raises:
            ConfigError: The warm-up would take all steps, or the robot time has no effect beside ``learner.steps``.
        """
        settings.check_warmup()
        before, now = self.settings.learner, settings.learner
        if now.robot_minutes != before.robot_minutes and now.steps:
            raise ConfigError(
                f"learner.robot_minutes has no effect beside learner.steps, which is {now.steps}: set that, or to 0"
            )
        self.settings, self.agent.updates_per_step = settings, now.updates_per_step
        if not self._offline:
            self.total_steps = settings.training_steps

    @property
    def allowance(self) -> int:
        """Environment steps that the driver may have taken by now."""
        if not self.settings.agent.learns:
            return self.total_steps
        return min(self.warmup + self.rounds + self.settings.learner.slack_steps, self.total_steps)

    @property
    def train_due(self) -> bool:
        """Whether a round is due."""
        if self._offline:
            return self.rounds < self._offline
        enough = 1 if self._adapts else max(1, min(self.warmup, self.settings.learner.batch_size) // 2)
        ready = self.settings.agent.learns and len(self.replay) >= enough
        return ready and self.rounds < min(self.env_steps, self.total_steps) - self.warmup

    def train(self) -> dict[str, float]:
        """Do one round and return its metrics."""
        self.rounds += 1
        metrics = self.agent.train(self.replay, self.warmup + self.rounds)
        self._checks.look()
        return metrics

    @property
    def done(self) -> bool:
        """Whether the robot time is used up and, where the robot waits for the learner, learned from."""
        waits = self._waited_for or self._offline > 0
        return self.env_steps >= self.total_steps and not (waits and self.train_due)

    @property
    def graph_due(self) -> bool:
        """Whether a new control graph should go out: the first, the first learned one, then every few rounds."""
        if self._published_at is None:
            # by the clock a robot moves as soon as it has a graph: not before an agent has learned from its log
            return self._waited_for or not (self._offline and self.train_due)
        since = self.rounds - self._published_at
        return since > 0 and (self._published_at == 0 or since >= self.settings.learner.publish_every)

    def graph(self, score: float | None = None) -> bytes:
        """The newest control graph; the first is random.

        Raises:
            GraphError: A weight is not finite.
        """
        self.version += 1
        self._published_at = self.rounds
        return self.graph_of_now(score)

    def graph_of_now(self, score: float | None = None) -> bytes:
        """The same, for nobody to act by: no version of its own."""
        return self._newest.serialise(self.provenance(score))

    def prepare_graphs(self) -> None:
        """Export what acts before anything is learned, and what is learned in a thread: a robot can begin meanwhile."""
        self._random.prepare()
        if self._learned is not self._random:
            threading.Thread(target=self._learned.prepare, name="export").start()

    @property
    def _newest(self) -> ExportedGraph:
        return self._learned if self.rounds else self._random

    def provenance(self, score: float | None = None) -> dict[str, object]:
        """Where a graph comes from."""
        return {
            "version": self.version,
            "random": self._newest is self._random,
            "env_steps": self.env_steps,
            "robot_minutes": self.robot_minutes,
            "updates": self.updates,
            "score": score,
            "seed": self.settings.seed,
            **self.shown,
            "config": without_folders(to_mapping(self.settings)),
        }

    def checkpoint(self, root: Path, about: Any = None) -> Checkpoint:
        """Write all that `resume` needs as a new checkpoint; see `Checkpoints`.

        Args:
            root: The run's ``checkpoint`` folder.
            about: What else a resumed run needs, as JSON can hold it.

        Raises:
            GraphError: A weight is not finite; the checkpoints stay as they are.
            OSError: The disk is full, or the folder cannot be written; nothing of the new one stays.
        """
        return Checkpoints(root).write(self.env_steps, lambda files: self.save(files, about))

    def save(self, files: CheckpointFiles, about: Any = None) -> None:
        """Write the files of a checkpoint; see `checkpoint`."""
        state = {
            "env_steps": self.env_steps,
            "rounds": self.rounds,
            "version": self.version,
            "warmup": self.warmup,
            "agent": self.agent.state_dict(),
            "watch": self.watch.state_dict(),
        }
        write_state(files, state, self.settings.agent, self.replay, about)

    def resume(self, root: Path) -> Resumed:
        """Go on from the newest checkpoint that is whole; updates continue as if there had been no break.

        Args:
            root: The run's ``checkpoint`` folder, or that of one checkpoint.

        Raises:
            RunFolderError: There is none, or it is of another agent or size.
        """
        found = find_checkpoint(root)
        if found is None:
            return Resumed(None, None)
        state = read_state(found.path, self.settings.agent)
        elsewhere = self._begins_to_adapt(state["settings"])
        if not elsewhere:
            read_replay(found.path, self.replay)
        with fitting(found.path, state):
            self.agent.load_state_dict(state["agent"])
            self.watch.load_state_dict(state["watch"])
            self.env_steps, self.rounds, self.version = state["env_steps"], state["rounds"], state["version"]
            self.warmup = state["warmup"]  # rounds count from its end
        self._published_at = None  # whoever acts has no graph yet
        return Resumed(found, read_about(found.path), elsewhere)

    @property
    def _adapts(self) -> bool:
        """Whether it learns a new world's dynamics alone; its warm-up is over, and the robot waits for its rounds."""
        return self.settings.agent.adapts

    def _begins_to_adapt(self, before: dict[str, Any]) -> bool:
        """Whether the agent learned everything until now, and the dynamics of a new world from now on."""
        return self._adapts and before.get("adapt") != DYNAMICS
