# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One closed loop of driver, collector and controller in this process, without ROS and without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ros_rl.backends import make_backend
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.driver_loop import make_driver_loop
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.tree import Settings
from ros_rl.types import Array, Command, SafetyState, Tick, Transition, Truth, Verdict


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


class RobotWorld:
    """A robot that acts by turns with whoever decides: its backend, driver and collector.

    What happens depends on the settings, the seed and the commands alone: two worlds of one seed are the same up to the
    first command that differs.

    Args:
        settings: Of the run.
        seed: Of starts, goals, friction, noise and planning.
        auto_recover: A tripped guard clears itself and begins another episode, as in a training; otherwise it is
            latched until the next episode begins.
        track_contacts: Whether `truth` counts contacts.

    Raises:
        MissingDependencyError: The simulator is not installed.
        UnknownNameError: Nobody drives this robot in a process of ours.
        ConfigError: The backend is no simulator, and this world resets its robot at will and keeps no time.
    """

    def __init__(self, settings: Settings, seed: int, auto_recover: bool = False, track_contacts: bool = False) -> None:
        self._settings, self._auto_recover, self._track_contacts = settings, auto_recover, track_contacts
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
        self.restart(seed)

    def restart(self, seed: int, episode_seconds: float | None = None) -> None:
        """Make anew all that draws random numbers; what follows is what a new world of this seed meets.

        Args:
            seed: See the class.
            episode_seconds: Time limit of an episode [s]; None for the task's own.
        """
        settings = self._settings
        if seed != self._seed:
            self._backend.close()
            self._backend = make_backend(settings, seed, self._track_contacts)
        self._seed = seed
        self._driver = make_driver_loop(settings, self.robot, self._backend, seed, self._auto_recover)
        task = settings.task
        if episode_seconds is not None:
            task = replace(task, episode_seconds=episode_seconds)  # type: ignore[type-var]
        self._builder = TransitionBuilder(self.spec, task, settings.control.period)

    def control_loop(self, explore: float) -> ControlLoop:
        """What decides in this world by a control graph, with the world's seed.

        Args:
            explore: 0 to evaluate, 1 to behave.
        """
        return ControlLoop(self.spec, self._settings.task.name, self._settings.control.period, self._seed, explore)

    @property
    def fault(self) -> str:
        """Which guard tripped and why; empty if none did."""
        return self._driver.fault

    def begin_episode(self) -> Step:
        """Reset the robot, whatever it does; returns the first step of the episode."""
        self._driver.clear()
        return self._judged(self._driver.start())

    def step(self, command: Command) -> Step:
        """Answer the open tick and let one control period pass.

        Args:
            command: See `command`.

        Raises:
            CommandError: It is not finite or has the wrong size; no time passes.
        """
        self._driver.accept(command)
        return self._judged(self._driver.advance())

    def command(self, action: Array) -> Command:
        """The command that answers the open tick with an action.

        Args:
            action: In [-1, 1], shape (actions,).
        """
        return Command(self._driver.tick.stamp, self.robot.command(action))

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
            RosRlError: The backend knows nothing of the kind.
        """
        truth = self._backend.truth()
        if truth is None:
            raise RosRlError(f"{type(self._backend).__name__} knows no truth to evaluate by")
        return truth

    def render(self, width: int, height: int) -> np.ndarray | None:
        """A picture, uint8 (height, width, 3); None if the backend cannot draw.

        Args:
            width: [px].
            height: [px].
        """
        return self._backend.render(width, height)

    def close(self) -> None:
        """Release the simulator."""
        self._backend.close()

    def _judged(self, tick: Tick) -> Step:
        verdict, transition = self._builder.add(tick)
        return Step(tick, verdict, transition, self._builder.metrics, self._builder.succeeded)
