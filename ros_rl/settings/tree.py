# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every knob of a run: the tree of settings behind `config/tasks/*.yaml`, `--set` and the nodes' ROS parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ros_rl.config import (
    group,
    setting,
    variant,
)
from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec, Pictures, check_robot, equipped
from ros_rl.robot import Robot, load_robot
from ros_rl.ros_names import likely_name
from ros_rl.safety.workspace import workspace_of
from ros_rl.sensors.cameras import watched_topics
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.settings.agent import AgentSettings
from ros_rl.settings.cameras import CameraSettings
from ros_rl.settings.combinations import check_combinations
from ros_rl.settings.commands import ToolSettings
from ros_rl.settings.driver import ALWAYS, DriverSettings, check_cameras, check_driver
from ros_rl.settings.expert import ExpertSettings
from ros_rl.settings.nodes import (
    CollectorSettings,
    ControllerSettings,
    ControlSettings,
    EvaluatorSettings,
    LearnerSettings,
    SupervisorSettings,
)
from ros_rl.settings.observation import ObservationSettings
from ros_rl.settings.registry import AGENT_SETTINGS, ALL_TASKS
from ros_rl.settings.teleop import NONE, TELEOPERATOR, TeleopSettings
from ros_rl.tasks import Task
from ros_rl.types import Array

_ENDLESS_SECONDS = 10.0  # that an evaluation of a task without a time limit lasts


@dataclass(frozen=True)
class Settings:
    """One run, complete."""

    task: Task = variant(ALL_TASKS, "a1_walk", "the task")
    agent: AgentSettings = variant(AGENT_SETTINGS, "mpc", "the agent")
    robot: str = setting("", "robot name or YAML file; empty: the task's own robot")
    seed: int = setting(0, "seed of every random number", low=0, high=2**31 - 1)
    control: ControlSettings = group(ControlSettings, "timing")
    observation: ObservationSettings = group(ObservationSettings, "what the agent sees")
    cameras: CameraSettings = group(CameraSettings, "cameras that look")
    driver: DriverSettings = group(DriverSettings, "driver")
    controller: ControllerSettings = group(ControllerSettings, "controller")
    collector: CollectorSettings = group(CollectorSettings, "collector")
    learner: LearnerSettings = group(LearnerSettings, "learner")
    evaluator: EvaluatorSettings = group(EvaluatorSettings, "evaluator")
    supervisor: SupervisorSettings = group(SupervisorSettings, "supervisor")
    teleop: TeleopSettings = group(TeleopSettings, "a person who drives")
    expert: ExpertSettings = group(ExpertSettings, "a scripted expert in a person's place")

    def __post_init__(self) -> None:
        """Refuse timing that cannot work, and what makes no sense together."""
        self.driver.backend.check_timing(self.control)
        check_combinations(self)

    def observation_spec(self, robot: Robot | None = None) -> ObservationSpec:
        """What the run's agent sees of its robot.

        Args:
            robot: If it is loaded already.
        """
        robot = robot or self.load_robot()
        seen, pictures = self.observation.seen(self.task), Pictures(robot, self.looks, self.observation.depth_span)
        commands = self.control.command_map(robot)
        return ObservationSpec(robot, seen, self.control.delay, commands, pictures, self.task.observation)

    def check_episodes(self, steps: int, title: str) -> None:
        """Refuse sums and windows that no episode has the steps for, and updates from more episodes than are held.

        Args:
            steps: Of the longest episode.
            title: What it is an episode of, for messages.

        Raises:
            ConfigError: The settings ask for either.
        """
        learner, episodes = self.learner, self.agent.whole_episodes()
        for name, length in {"learner.replay.n_step": learner.replay.n_step, **self.agent.within_episode()}.items():
            if length > steps:
                raise ConfigError(f"{name} {length} is longer than an episode of {title}; allowed: 1 to {steps}")
        wanted = (episodes + 1) * steps if episodes else 0  # one more, of which the end alone is new
        if wanted > learner.replay_capacity:
            raise ConfigError(
                f"learner.replay_capacity {learner.replay_capacity} does not hold agent.episodes {episodes} of "
                f"{title}, of {steps} steps each, and one more; allowed: at least {wanted}"
            )

    @property
    def training_steps(self) -> int:
        """Environment steps of a training."""
        by_time = max(1, round(self.learner.robot_minutes * 60 * self.control.rate_hz))
        return self.learner.steps or by_time

    @property
    def evaluation_seconds(self) -> float:
        """Length of an evaluation episode [s]."""
        own = self.task.episode_seconds
        return self.evaluator.seconds or (own if math.isfinite(own) else _ENDLESS_SECONDS)

    def check_warmup(self) -> None:
        """Refuse a training that ends before it learns.

        Raises:
            ConfigError: The warm-up takes all its steps, or what the agent learns from at once is as long.
        """
        steps, warmup, agent = self.training_steps, self.learner.warmup_steps, self.agent
        otherwise = f"allowed: less than {steps}, or more learner.steps or learner.robot_minutes"
        if agent.learns and not agent.offline and warmup >= steps:
            raise ConfigError(
                f"learner.warmup_steps {warmup} leaves none of {steps} environment steps to learn from; {otherwise}"
            )
        for name, length in (agent.within_episode() | agent.through_episodes()).items():
            if length >= steps:
                raise ConfigError(f"{name} {length} is no shorter than all {steps} environment steps; {otherwise}")

    def check_goes_on(self, goes_on: bool) -> None:
        """Refuse a training from nothing whose agent only adapts what an earlier run learned.

        Args:
            goes_on: Whether it goes on from an earlier run.

        Raises:
            ConfigError: There is nothing to adapt.
        """
        if self.agent.adapts and not goes_on:
            raise ConfigError(
                "agent.adapt 'dynamics' changes what a run learned, and there is none to go on from: ros-rl train TASK "
                "--resume RUN --adapt dynamics"
            )

    @property
    def person_acts(self) -> bool:
        """Whether a person's commands count; else an agent's, and a person only says when it may act."""
        return self.teleop.device != NONE and TELEOPERATOR in self.driver.commanders

    @property
    def person_corrects(self) -> bool:
        """Whether a person at a keyboard or a joystick takes over from the agent while they hold the switch."""
        return self.teleop.corrects and self.teleop.device != NONE and not self.person_acts

    @property
    def steering(self) -> Array:
        """Velocity that a whole axis or a key asks the task for, shape (3,): no more than the task asks for itself.

        Forward, to the left [m/s], turning to the left [rad/s].
        """
        teleop = self.teleop
        _, most = self.task.input_bounds().get(VELOCITY_COMMAND, (-np.inf, np.inf))
        return np.minimum([teleop.forward, teleop.left, teleop.turn], most)

    @property
    def corrected(self) -> bool:
        """Whether somebody takes over from the agent now and then while it learns."""
        return bool(self.expert.name) or self.person_corrects

    @property
    def shows(self) -> bool:
        """Whether demonstrations are replayed beside the agent's own transitions."""
        return bool(self.learner.demonstrations) or self.corrected

    @property
    def looks(self) -> tuple[str, ...]:
        """Cameras whose pictures the agent sees."""
        return self.observation.looks(self.task)

    @property
    def robot_name(self) -> str:
        """The robot that runs: as set, else the task's own."""
        return self.robot or self.task.robot

    @property
    def namespace(self) -> str:
        """Of the nodes unless told otherwise: the robot's name, as ROS allows it."""
        return likely_name(self.load_robot().name)

    def load_robot(self, moves: bool = True) -> Robot:
        """The robot's description, with the sensors that the task needs of those that it may have.

        Args:
            moves: Whether its driver is to move it, which needs what only its user knows.

        Raises:
            ConfigError: It cannot give what the task observes, or do the task; its backend cannot be it; or it may not
                be where it is in its home pose.
            UnknownNameError: There is no such robot.
        """
        robot = self.control.fitted(self.task.fitted(load_robot(self.robot_name)))
        needed = (*self.task.observation, *self.observation.seen(self.task), *self.control.commands.fields)
        robot = equipped(robot, needed, self.task.objects)
        asked = self.cameras.asked(self.looks, self.observation.who_looks(self.task))
        robot = self.cameras.fitted(robot, asked)
        check_robot(robot, needed)
        check_cameras(self.driver.backend_name, self.driver.backend, robot.name, asked)
        check_driver(self.driver.backend_name, self.driver.backend, robot, moves)
        watched_topics(robot, self.driver.camera_topics)
        self.driver.backend.check_scene(self.task.scene, self.task.objects)
        self.teleop.check_joints(() if isinstance(self.control.commands, ToolSettings) else robot.joints)
        self.task.check(robot)
        self.driver.swept(robot, self.control.period)  # refuses what the tool cannot do
        workspace_of(robot)  # refuses a home pose that is not inside
        return robot

    def resetting(self) -> Settings:
        """A copy whose simulator begins each episode anew, as what judges a controller wants it."""
        return replace(self, driver=replace(self.driver, resets=ALWAYS, arena=0.0))

    def headless(self) -> Settings:
        """A copy whose simulator opens no window, and whose cameras look only as far as the task observes them."""
        backend, cameras = self.driver.backend.headless(), replace(self.cameras, names=None)
        return replace(self, cameras=cameras, driver=replace(self.driver, backend=backend))
