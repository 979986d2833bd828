# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One closed loop of driver, collector and controller in this process, without ROS and without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ros_rl.backends import make_backend
from ros_rl.errors import BackendError, CommandError, ConfigError, RosRlError, SimulationError
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.person import scripted_person
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.driver import SWEEP
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, SafetyState, Tick, Transition, Truth, Unique, Verdict


@dataclass(frozen=True)
class Step:
    """A tick of a robot's world, and what the collector makes of it."""

    tick: Tick
    verdict: Verdict
    transition: Transition | None
    """That the tick ends; None at the first tick of an episode and where the chain broke."""
    metrics: dict[str, float]
    """The task's metrics of the tick."""
    succeeded: bool | None
    """Whether the task succeeds in it; None if it knows of no success."""

    @property
    def ended(self) -> bool:
        """Whether the task, its time limit or a guard ended the episode."""
        return self.verdict is not Verdict.CONTINUE or self.tick.safety is not SafetyState.RUNNING

    @property
    def reward(self) -> float:
        """That of the transition; 0 without one."""
        return 0.0 if self.transition is None else self.transition.reward


class RobotWorld(Unique):
    """A robot that acts by turns with whoever decides: its backend, driver and collector.

    What happens depends on the settings, the seed and the commands alone: two worlds of one seed are the same up to the
    first command that differs.

    Args:
        settings: Of the run.
        seed: Of starts, goals, friction, noise and planning.
        auto_recover: A tripped guard clears itself and begins another episode, as in a training; otherwise it is
            latched until the next episode begins.
        track_contacts: Whether `truth` counts contacts.
        draws_inputs: Whether the task draws what it is asked for; otherwise `ask` says it, and it is neutral before.

    Raises:
        MissingDependencyError: The simulator is not installed.
        UnknownNameError: Nobody drives this robot in a process of ours.
        ConfigError: The backend is no simulator, and this world resets its robot at will and keeps no time.
    """

    def __init__(
        self,
        settings: Settings,
        seed: int,
        auto_recover: bool = False,
        track_contacts: bool = False,
        draws_inputs: bool = True,
    ) -> None:
        self._settings, self._auto_recover, self._track_contacts = settings, auto_recover, track_contacts
        self._draws_inputs = draws_inputs
        self.robot = settings.load_robot()
        self.spec = settings.observation_spec(self.robot)
        """Layout of its observations."""
        self._seed = seed
        driver = settings.driver
        if driver.backend.starts_driver and not driver.backend.simulated:
            raise ConfigError(
                f"driver.backend '{driver.backend_name}' is no simulator: only a driver node moves it (ros-rl run); "
                "choose another for this, with --driver or driver.backend.name"
            )
        self._backend = make_backend(settings, seed, track_contacts)
        self._closed = False
        self.restart(seed)

    def restart(self, seed: int, episode_seconds: float | None = None) -> None:
        """Make anew all that draws random numbers; what follows is what a new world of this seed meets.

        Args:
            seed: See the class.
            episode_seconds: Time limit of an episode [s]; None for the task's own.

        Raises:
            BackendError: The world is closed.
        """
        self._check_open()
        settings = self._settings
        if seed != self._seed:
            self._backend.close()
            self._backend = make_backend(settings, seed, self._track_contacts)
        self._seed = seed
        self._driver = make_driver_loop(
            settings, self.robot, self._backend, seed, self._auto_recover, draws_inputs=self._draws_inputs
        )
        task = settings.task
        if episode_seconds is not None:
            task = replace(task, episode_seconds=episode_seconds)  # type: ignore[type-var]
        self._builder = TransitionBuilder(self.spec, task, settings.control.period)
        self._begun = False

    def control_loop(self, explore: float) -> ControlLoop:
        """What decides in this world by a control graph, with the world's seed; the scripted expert corrects it.

        Args:
            explore: 0 to evaluate, which nobody corrects, 1 to behave.
        """
        settings = self._settings
        person = scripted_person(settings, self.robot) if explore else None
        return ControlLoop(self.spec, settings.task.name, settings.control.period, self._seed, explore, person)

    @property
    def fault(self) -> str:
        """Which guard tripped and why; empty if none did."""
        return self._driver.fault

    def begin_episode(self) -> Step:
        """Reset the robot, whatever it does, or have it sweep; returns the first step of the episode.

        Raises:
            BackendError: The world is closed, or nothing can be measured.
            SimulationError: See `step`.
        """
        self._check_open()
        self._driver.clear()
        if self._settings.driver.resets == SWEEP and self._driver.safety is SafetyState.RUNNING:
            tick = self._driver.advance(Verdict.TRUNCATED)
            while tick.safety in (SafetyState.HOMING, SafetyState.READY):
                tick = self._driver.advance()
        else:
            tick = self._driver.start()
        self._begun = True
        return self._judged(tick)

    def step(self, command: Command) -> Step:
        """Answer the open tick and let one control period pass.

        Args:
            command: See `command`.

        Raises:
            CommandError: It is not finite or has the wrong size, or no episode has begun; no time passes.
            BackendError: The world is closed.
            SimulationError: The task's reward is not finite.
            ConfigError: An observation is not.
        """
        self._check_begun()
        self._driver.accept(command)
        return self._judged(self._driver.advance())

    def command(self, action: Any) -> Command:
        """The command that answers the open tick with an action.

        Args:
            action: In [-1, 1], shape (actions,), or the number of a choice.

        Raises:
            CommandError: It is no such array, or no episode has begun.
            BackendError: The world is closed.
        """
        self._check_begun()
        tick, commands = self._driver.tick, self.spec.map
        return Command(tick.stamp, commands.command(tick, commands.check_action(action)))

    def ask(self, name: str, value: Array) -> str:
        """Ask the task for something, from the next tick on; gives what there is to say. See `DriverLoop.give`.

        Raises:
            CommandError: The task has no such input, or the value has the wrong shape or is not finite; or no episode
                has begun.
            BackendError: The world is closed.
        """
        self._check_begun()
        return self._driver.give(name, value)

    def episode(self, decide: Callable[[Tick], Command]) -> Iterator[Step]:
        """Act until the task, its time limit or a guard ends the episode; yields every step, the first and last too.

        Args:
            decide: Answers a tick.
        """
        step = self.begin_episode()
        yield step
        while not step.ended:
            step = self.step(decide(step.tick))
            yield step

    def truth(self) -> Truth:
        """What only a simulator knows about the last control period.

        Raises:
            RosRlError: The backend knows nothing of the kind, or the world is closed.
        """
        self._check_open()
        truth = self._backend.truth()
        if truth is None:
            raise RosRlError(f"{type(self._backend).__name__} knows no truth to evaluate by")
        return truth

    def render(self, width: int, height: int) -> np.ndarray | None:
        """A picture, uint8 (height, width, 3); None if the backend cannot draw.

        Args:
            width: [px].
            height: [px].

        Raises:
            BackendError: The world is closed.
        """
        self._check_open()
        return self._backend.render(width, height)

    def close(self) -> None:
        """Release the simulator; once is enough, more do no harm."""
        self._closed = True
        self._backend.close()

    def _check_open(self) -> None:
        if self._closed:
            raise BackendError(f"the world of {self.robot.name} is closed: make another")

    def _check_begun(self) -> None:
        self._check_open()
        if not self._begun:
            raise CommandError(f"the world of {self.robot.name} has no open tick to answer: begin an episode first")

    def _judged(self, tick: Tick) -> Step:
        verdict, transition = self._builder.add(tick)
        if self._builder.problem:
            raise SimulationError(self._builder.problem)
        if transition is not None and not np.isfinite(transition.reward):
            raise SimulationError(
                f"task '{self._settings.task.name}' gave reward {transition.reward}, which is not finite, "
                f"in step {tick.step} of episode {tick.episode}"
            )
        return Step(tick, verdict, transition, self._builder.metrics, self._builder.succeeded)
