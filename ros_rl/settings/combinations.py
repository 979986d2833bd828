# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that make no sense together, each in its own range, are refused before anything starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ros_rl.config import variant_name
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.sensors.inputs import VELOCITY_COMMAND
from ros_rl.settings.commands import COMMAND_SETTINGS, fitting
from ros_rl.settings.model_based import MpcSettings
from ros_rl.settings.observation import ObservationSettings
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.replay import HOW_DRAWN
from ros_rl.settings.teleop import JOYSTICK, NONE
from ros_rl.tasks import Task
from ros_rl.tasks.gym_task import GymTask

if TYPE_CHECKING:
    from ros_rl.settings.tree import Settings


def check_combinations(settings: Settings) -> None:
    """Refuse an agent that no robot can serve, replay that it cannot use, and what has no effect beside the rest.

    Raises:
        ConfigError: Naming what does not fit, and what would.
    """
    _check_actions(settings)
    _check_seen(settings)
    _check_late(settings)
    _check_replay(settings)
    _check_shown(settings)
    _check_success(settings)
    _check_arena(settings)
    _check_teleop(settings)
    _check_environment(settings)


def _check_actions(settings: Settings) -> None:
    """Refuse an agent for other actions than the robot's; of an environment only the environment knows them."""
    agent, commands = settings.agent, settings.control.commands
    forgotten = [name for name in commands.memory if name not in settings.task.memory]
    if forgotten:
        raise ConfigError(
            f"control.commands.lift 'holding' and empty_opens go by {forgotten[0]}, which task '{settings.task.name}' "
            "does not remember: use 'always' and false"
        )
    if not agent.learns or isinstance(settings.task, GymTask) or agent.acts(commands.discrete):
        return
    kinds = ("discrete", "continuous") if agent.discrete else ("continuous", "discrete")
    maps = fitting(settings.task.fitted(load_robot(settings.robot_name)), settings.control.period, bool(agent.discrete))
    others = [name for name, kind in AGENT_SETTINGS.items() if kind.learns and kind.acts(commands.discrete)]
    alone = "" if maps else f", and robot '{settings.robot_name}' has no others"
    raise ConfigError(
        f"agent '{variant_name(AGENT_SETTINGS, agent)}' chooses {kinds[0]} actions, those of control.commands "
        f"'{variant_name(COMMAND_SETTINGS, commands)}' are {kinds[1]}{alone}; use one of "
        f"{', '.join(sorted(maps or others))}"
    )


def _check_late(settings: Settings) -> None:
    """Refuse commands that are late of an agent that is not shown what is sent."""
    late = settings.agent.late if isinstance(settings.agent, MpcSettings) else 0
    if late and (isinstance(settings.task, GymTask) or not settings.control.delay):
        raise ConfigError(
            f"agent.late is {late}, but what is sent is not seen: it needs a robot and control.delay of 1 or more"
        )


def _check_seen(settings: Settings) -> None:
    """Refuse pictures for an agent that sees none, and fields that it needs left out."""
    agent, name = settings.agent, variant_name(AGENT_SETTINGS, settings.agent)
    if isinstance(settings.task, GymTask):
        if settings.observation != ObservationSettings():
            raise ConfigError("observation.* says what is seen of a robot; of --env the environment says it")
        return
    if not agent.learns:
        return
    if settings.task.observation and not settings.looks and not settings.observation.seen(settings.task):
        raise ConfigError(
            f"agent '{name}' sees nothing: observation.fields and observation.cameras are both [none]; name a "
            "field or a camera"
        )
    if settings.looks and not agent.sees_images:
        able = ", ".join(each for each, kind in AGENT_SETTINGS.items() if kind.sees_images)
        raise ConfigError(
            f"agent '{name}' sees no images, and observation.cameras is {[*settings.looks]}; use one of {able}"
        )
    hidden = settings.observation.hidden(settings.task)
    if hidden and (agent.judges_by_task or agent.relabel_fraction):
        raise ConfigError(
            f"agent '{name}' judges what it learns from by the task's reward, which reads {', '.join(hidden)}: "
            "observation.fields has to hold all that the task observes"
        )


def _check_replay(settings: Settings) -> None:
    """Refuse draws from the replay buffer that the agent cannot use; see `check_episodes`, too."""
    replay, steps = settings.learner.replay, settings.task.episode_seconds * settings.control.rate_hz
    if math.isfinite(steps):
        settings.check_episodes(round(steps), f"task '{settings.task.name}'")
    for name, length in settings.agent.through_episodes().items():
        for key in ("replay_capacity", "batch_size"):
            if (room := getattr(settings.learner, key)) < length:
                raise ConfigError(
                    f"learner.{key} {room} does not hold a row of {name} {length}; allowed: at least {length}"
                )
    if (chunk := settings.agent.chunk) > 1:
        why = f"but agent.chunk {chunk} sums up as many steps, and draws all chunks alike"
        replay.refuse(HOW_DRAWN, why, "agent.chunk 1")
    replay.refuse(
        settings.agent.unused_replay(), f"of which agent '{variant_name(AGENT_SETTINGS, settings.agent)}' has no use"
    )


def _check_shown(settings: Settings) -> None:
    """Refuse demonstrations and corrections that the agent has no use for."""
    agent, learner = settings.agent, settings.learner
    if agent.learns and agent.replays and not agent.offline:
        return
    why = f"of which agent '{variant_name(AGENT_SETTINGS, agent)}' has no use: it learns from "
    why += "agent.log" if agent.offline else "its own episodes" if agent.learns else "nothing"
    if learner.demonstrations:
        raise ConfigError(f"learner.demonstrations names {', '.join(learner.demonstrations)}, {why}")
    if agent.learns and settings.corrected:
        who = f"expert.name is '{settings.expert.name}'" if settings.expert.name else "teleop.corrects is True"
        raise ConfigError(f"{who}, {why}")


def _check_success(settings: Settings) -> None:
    """Refuse to end a training at a success that nobody would see; what an environment tells, only it knows."""
    if not settings.learner.stop_at_success:
        return
    what = f"learner.stop_at_success {settings.learner.stop_at_success} has no effect"
    if not settings.evaluator.every:
        raise ConfigError(f"{what}: nothing is evaluated on the way, as evaluator.every is 0")
    if isinstance(settings.task, GymTask):
        return
    if type(settings.task).succeeded is Task.succeeded:
        raise ConfigError(f"{what}: task '{settings.task.name}' does not say what success is")
    if not settings.driver.backend.knows_truth:
        raise ConfigError(f"{what}: nothing is evaluated with driver '{settings.driver.backend_name}'")


def _check_arena(settings: Settings) -> None:
    """Refuse an edge at which nothing can turn the robot round."""
    arena, task = settings.driver.arena, settings.task
    if arena and VELOCITY_COMMAND not in task.inputs:
        raise ConfigError(
            f"driver.arena {arena:g} has no effect: task '{task.name}' has no {VELOCITY_COMMAND} to turn the robot "
            "round by; use 0"
        )


def _check_teleop(settings: Settings) -> None:
    """Refuse a person who would have to keep step, and a dead man's switch that does something else, too."""
    if settings.teleop.device == NONE:
        return
    if settings.driver.mode == "lock_step":
        raise ConfigError(
            f"driver.mode is 'lock_step', but teleop.device is '{settings.teleop.device}': a world that waits for "
            "every answer is none to drive in; use real_time"
        )
    if settings.person_corrects and settings.expert.name:
        raise ConfigError(f"teleop.corrects and expert.name '{settings.expert.name}' are two who correct: use one")
    button = settings.driver.dead_man_button
    if settings.teleop.device == JOYSTICK and (does := "".join(settings.teleop.buttons[button : button + 1])):
        raise ConfigError(
            f"'teleop.buttons[{button}]' is '{does}', but driver.dead_man_button is {button}: use '' for it"
        )


def _check_environment(settings: Settings) -> None:
    """Refuse what only robots have, where there is none."""
    if not isinstance(settings.task, GymTask):
        return
    if settings.cameras.names:
        raise ConfigError(
            f"cameras.names is {[*settings.cameras.names]}, but only robots have cameras: leave it out with --env"
        )
    if settings.expert.name:
        raise ConfigError(f"expert.name is '{settings.expert.name}', but experts move robots; use '' with --env")
