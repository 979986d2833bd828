# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings of the control loop and of each node's work."""

from __future__ import annotations

from dataclasses import dataclass

from ros_rl.commands import CommandMap
from ros_rl.config import group, setting, variant, variant_name
from ros_rl.robot import Robot
from ros_rl.settings.commands import COMMAND_SETTINGS, CommandSettings
from ros_rl.settings.loggers import LOGGER_NAMES, TENSORBOARD
from ros_rl.settings.replay import ReplaySettings
from ros_rl.settings.watch import WatchSettings

NODES = ("driver", "controller", "collector", "learner", "evaluator", "supervisor", "teleoperator")
"""Which may have a section of their own in a parameters file."""
SHARED = ("task", "robot", "seed", "control", "observation", "cameras")
"""Settings that every node acts by, and declares."""
ACTS_BY: dict[str, tuple[str, ...]] = {
    "driver": ("driver",),
    "controller": ("controller", "expert", "teleop", "driver.dead_man_button", "driver.dead_man_limit"),
    "collector": ("collector", "teleop.episodes"),
    "learner": ("learner", "agent", "evaluator.every", "evaluator.episodes", "evaluator.final_episodes"),
    "evaluator": ("evaluator.seconds", "evaluator.video", "evaluator.fresh", "driver.backend", "controller.threads"),
    "supervisor": ("supervisor",),
    "teleoperator": ("teleop", "driver.commanders", "driver.dead_man_button", "driver.dead_man_limit"),
}
"""Beside `SHARED`: the settings that each node acts by and declares as its parameters, or the groups of them."""


@dataclass(frozen=True)
class ControlSettings:
    """The control period and what happens between deciding and acting."""

    rate_hz: float = setting(20.0, "control rate", unit="Hz", low=1.0, high=200.0)
    delay: int = setting(1, "control periods between a decision and its action", low=0, high=5)
    commands: CommandSettings = variant(COMMAND_SETTINGS, "joints", "what actions are")

    @property
    def period(self) -> float:
        """Control period [s]."""
        return 1.0 / self.rate_hz

    def fitted(self, robot: Robot) -> Robot:
        """The robot as the command map uses it."""
        return self.commands.fitted(robot, self.period)

    def command_map(self, robot: Robot) -> CommandMap:
        """Between the actions of the agent and the commands of the robot's joints.

        Raises:
            ConfigError: The robot has not what the map needs.
        """
        return self.commands.make(variant_name(COMMAND_SETTINGS, self.commands), robot, self.period)


@dataclass(frozen=True)
class ControllerSettings:
    """The process that acts."""

    threads: int = setting(1, "onnxruntime threads", low=1, high=64)
    explore: float = setting(1.0, "1: behave (explore), 0: evaluate", low=0.0, high=1.0)


@dataclass(frozen=True)
class CollectorSettings:
    """The process that turns ticks into transitions."""

    log: bool = setting(True, "record the run as MCAP")


@dataclass(frozen=True)
class LearnerSettings:
    """The training process."""

    robot_minutes: float = setting(5.0, "robot time to learn from", unit="min", low=0.01)
    steps: int = setting(0, "environment steps to learn from; 0: as many as robot_minutes hold", unit="steps", low=0)
    warmup_steps: int = setting(300, "steps of random actions before the first update", unit="steps", low=1)
    warmup_hold: float = setting(
        0.0,
        "of these actions, if continuous, each part is at one end or the other of its range, and stays there for this "
        "time on average; 0: uniform, and drawn anew at each step",
        unit="s",
        low=0.0,
    )
    updates_per_step: float = setting(3.0, "gradient updates per environment step", low=0.0, high=100.0)
    batch_size: int = setting(256, "transitions per update", low=2)
    replay_capacity: int = setting(200_000, "transitions that the replay buffer holds", low=100)
    replay: ReplaySettings = group(ReplaySettings, "what is drawn from the replay buffer")
    demonstrations: tuple[str, ...] | None = setting(
        None,
        "what was shown: folders of runs, or MCAP files or folders, such as ros-rl record leaves; not set: nothing",
        path=True,
    )
    demonstration_share: float = setting(
        0.5, "share of what is shown, corrections too, in what is drawn", low=0.0, high=1.0
    )
    collectors: tuple[str, ...] = setting(
        ("collector",), "nodes whose transitions count; those of other namespaces with their whole name"
    )
    stop_at_success: int = setting(
        0, "evaluations in a row that must succeed to end the training before its time; 0: none does", low=0
    )
    publish_every: int = setting(25, "steps between published control graphs", unit="steps", low=1)
    slack_steps: int = setting(10, "steps that acting may run ahead of learning (lock-step)", unit="steps", low=1)
    checkpoint_every: int = setting(1000, "steps between checkpoints", unit="steps", low=1)
    threads: int = setting(1, "torch threads", low=1, high=64)
    device: str = setting("cpu", "what learns; auto: a GPU, if there is any;", choices=("cpu", "cuda", "auto"))
    precision: str = setting(
        "float32",
        "of the products between wide hidden layers; auto: bfloat16 where the processor is faster at it;",
        choices=("float32", "bfloat16", "auto"),
    )
    loggers: tuple[str, ...] = setting(
        (TENSORBOARD,), "where the curves go, beside the run folder's own files;", choices=LOGGER_NAMES
    )
    watch: WatchSettings = group(WatchSettings, "the watch on the critics' values")


@dataclass(frozen=True)
class EvaluatorSettings:
    """Evaluations in a simulator of their own, outside robot minutes."""

    every: int = setting(1200, "environment steps between evaluations; 0: only at the end", unit="steps", low=0)
    episodes: int = setting(3, "episodes per evaluation", low=1)
    seconds: float = setting(
        0.0, "length of an evaluation episode; 0: that of the task's own, or 10 s if it has no end", unit="s", low=0.0
    )
    final_episodes: int = setting(3, "episodes of the evaluation at the end", low=1)
    fresh: bool = setting(
        False, "draw starts, noise and friction anew for each evaluation, instead of the same for all of a run"
    )
    video: bool = setting(True, "render the final evaluation's first episode to a GIF")


@dataclass(frozen=True)
class SupervisorSettings:
    """The process that brings the graph up and watches it."""

    start_timeout: float = setting(60.0, "wall-clock limit for a node to come up", unit="s", low=1.0)
    stop_timeout: float = setting(4.0, "wall-clock limit for a node to stop before it is killed", unit="s", low=0.5)
    restarts: int = setting(3, "restarts of a node that died before giving up", low=0)
    realtime_priority: int = setting(
        10,
        "real time: SCHED_RR priority of driver and controller, half of it for the collector, where permitted; 0: none",
        low=0,
        high=90,
    )
