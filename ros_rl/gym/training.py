# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Trains an agent on a Gymnasium environment in this process, without ROS."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ros_rl.errors import SimulationError
from ros_rl.gym.cost import measure
from ros_rl.gym.environment import Environment
from ros_rl.gym.evaluation import GymEvaluator
from ros_rl.gym.graph_actor import GraphActor
from ros_rl.gym.observations import Observed
from ros_rl.runs.course import Course
from ros_rl.runs.display import Display, print_line
from ros_rl.runs.durable import low_disk
from ros_rl.runs.evaluations import RETURN_THRESHOLD, SUCCESS_RATE
from ros_rl.runs.records import Taken
from ros_rl.runs.run_folder import VIDEO, RunFolder, run_of
from ros_rl.runs.screens import evaluation_line
from ros_rl.runs.state import RunState
from ros_rl.runs.totals import TICKS
from ros_rl.runs.warnings import Warnings
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.run import TrainingRun
from ros_rl.training.training_loop import TrainingLoop

_REPORT_SECONDS, _KEEP_SECONDS = 1.0, 10.0


class GymTraining:
    """A `TrainingRun` and the environment that it learns from.

    Args:
        settings: Of the run; its task is a `GymTask`.
        say: Prints a line.
        display: Shows how it goes, in place of `say`.

    Raises:
        ConfigError: The environment cannot be made, or does not fit the agent.
    """

    def __init__(
        self, settings: Settings, say: Callable[[str], None] = print_line, display: Display | None = None
    ) -> None:
        assert isinstance(settings.task, GymTask)
        self._display = display or Display(Course.of_training(settings), say)
        self._settings, self._say = settings, self._display.say
        self._warnings = Warnings(self._say)
        self._environment = Environment.of(settings)
        if self._environment.step_limit is not None:
            settings.check_episodes(self._environment.step_limit, f"'{self._environment.name}'")
        self.training = TrainingLoop(settings, self._environment.layout)
        self._random = GraphActor(self.training.random, 1.0, settings.seed)
        graph = self.training.agent.graph
        self._actor, self._judged = GraphActor(graph, 1.0, settings.seed), partial(GraphActor, graph, 0.0)
        self._films = settings.evaluator.video and "rgb_array" in self._environment.render_modes
        self._judged_in = Environment.of(settings, "rgb_array" if self._films else None)
        self._evaluator = GymEvaluator(settings, self._judged_in)
        self._run = TrainingRun(
            self.training, evaluate=self._evaluate, about=lambda: {"episode": self._episode}, warn=self._say
        )
        self._episode = self._began_at = 0
        self._resumed: Path | None = None
        self.state = RunState()
        """What a summary is made of."""

    def resume(self, checkpoint: Path) -> None:
        """Go on from a checkpoint and what was done since, with a new episode: where the environment stood is no part.

        Args:
            checkpoint: The run's folder of checkpoints, or one of these.

        Raises:
            RunFolderError: There is none, or it is of another agent or size.
        """
        so_far, since = self._run.resume(checkpoint)
        self._began_at = self.training.env_steps
        self._resumed = checkpoint
        episodes = [record.transition.episode for record in since if isinstance(record, Taken)]
        self._episode = 1 + max([so_far["episode"] if so_far else -1, *episodes])

    def run(self, folder: RunFolder, stop: threading.Event) -> bool:
        """Train to the end, then evaluate.

        Args:
            folder: Where checkpoints, curves, the control graph and the video go.
            stop: Ends the run early, also in an evaluation, with a control graph and a checkpoint.

        Returns:
            Whether it came to the end.

        Raises:
            SimulationError: The environment failed, or gave what it does not declare or what is not finite. A
                checkpoint holds what was learned before.
            GraphError: The agent did.
        """
        self._folder, self._stop = folder.path, stop
        self.state.go_on(folder.path, run_of(self._resumed) if self._resumed is not None else None)
        self._run.begin(folder.path)
        try:
            self._foretell()
            while self._run.recalling and not stop.is_set():
                self._run.work()
            observation = self._environment.reset(self._settings.seed + self.training.env_steps)
            while not self._run.done:
                if stop.is_set():
                    break
                if self.training.total_steps:  # an agent that learns from a log takes none
                    observation = self._step(observation)
                while not stop.is_set() and self._run.work():
                    pass
                if not stop.is_set():
                    self._keep_up()
            if not stop.is_set():
                self._run.finish()
            if self.state.final_evaluation is None:
                self._run.stop()
            self._report()
            return self.state.final_evaluation is not None
        except SimulationError:
            self._run.stop()
            self._say(f"checkpoint after {self.training.env_steps} steps, in {folder.path}")
            raise
        finally:
            self._run.close()
            self._environment.close()
            self._evaluator.close()

    def _foretell(self) -> None:
        """Say what the training will cost, and where an evaluation will end."""
        if self._judged_in.step_limit is None:
            assert isinstance(self._settings.task, GymTask)
            self._say(
                f"'{self._judged_in.name}' does not tell how long its episodes are: those of evaluations are cut after "
                f"{self._settings.task.evaluation_steps} steps (task.evaluation_steps) where it does not end them"
            )
        cost = measure(self._settings, self._judged_in)
        left = self.training.total_steps - self.training.env_steps
        if cost and (line := cost.line(left, max(0, self.training.warmup - self.training.env_steps))):
            self._say(line)

    def _step(self, observation: Observed) -> Observed:
        """One step of the environment; returns the next observation, of a new episode if this one is over."""
        training = self.training
        tick = training.env_steps + self._episode  # resets count, as a driver's ticks do
        action = (self._random if self._random_acts else self._actor).act(observation, tick)
        next_observation, reward, terminated, truncated = self._environment.step(action)
        step = observation.to(next_observation, tick, self._episode, action, reward, terminated, truncated)
        self._run.add(step, {})
        self._run.note_steps(training.env_steps + 1)
        if not (terminated or truncated):
            return next_observation
        self._episode += 1
        self._actor.begin()
        return self._environment.reset()

    @property
    def _random_acts(self) -> bool:
        """Whether actions are drawn by chance."""
        return not self._settings.agent.learns or self.training.env_steps < self.training.warmup

    def _keep_up(self) -> None:
        """Progress lines, evaluations and checkpoints that are due."""
        if self._run.reports.due(_REPORT_SECONDS):
            self._report()
            self._display.show(self.state)
        self._run.keep_up()

    def _evaluate(self, final: bool) -> None:
        settings = self._settings.evaluator
        episodes = settings.final_episodes if final else settings.episodes
        video = self._folder / VIDEO if final and self._films else None
        steps = self.training.env_steps
        found = self._evaluator.evaluate(self._judged, episodes, video, steps, self._stop)
        if not found:
            return  # the run was stopped
        if "no_video" in found:
            self._say(f"no video: {found.pop('no_video')}")
        if line := self._evaluator.cut_line(found):
            self._say(line)
        self.state.add_evaluation({"env_steps": steps, "final": final, **found})
        self._say(evaluation_line(self.state.evaluations[-1]))
        if self._settings.learner.stop_at_success and not {SUCCESS_RATE, RETURN_THRESHOLD} & found.keys():
            name = self._settings.task.title
            self._say(f"warning: learner.stop_at_success has no effect: {name} does not tell what success is")
        self._run.note_evaluation(self.state.evaluations[-1], steps)

    def _report(self) -> None:
        self.state.progress = self._run.report()
        times = self._actor.durations.milliseconds()
        figures = {f"plan {name} [ms]": str(value) for name, value in times.items()}
        figures[TICKS] = str(self.training.env_steps - self._began_at)
        self.state.figures["controller"] = figures | ({"acts": "random"} if self._random_acts else {})
        self.state.keep_totals(_KEEP_SECONDS)
        low = low_disk(self._folder)
        self._warnings.tell([*self.training.watch.warnings(), *([low] if low else [])], time.monotonic())
