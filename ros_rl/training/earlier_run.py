# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training takes over from an earlier run: its settings, or its planner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ros_rl.agents.agent import Agent
from ros_rl.config import variant_name
from ros_rl.errors import ConfigError, RunFolderError, one_line
from ros_rl.formats.arrays import read_arrays
from ros_rl.runs.checkpoints import LEARNER, newest_whole
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG
from ros_rl.settings.recorded import load_run
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.state_tree import unpack_state


def run_settings(path: Path) -> Settings:
    """The settings of a run.

    Raises:
        RunFolderError: The folder holds none.
        ConfigError: They cannot be read.
    """
    if not (path / CONFIG).is_file():
        raise RunFolderError(f"{path} holds no run ({CONFIG})")
    return load_run(path / CONFIG)


def layout(settings: Settings) -> str:
    """The observation of a run in words: robot, fields and their sizes, delay; or the environment."""
    if isinstance(settings.task, GymTask):
        args = f" with {dict(settings.task.env_args)}" if settings.task.env_args else ""
        return f"the environment '{settings.task.env}'{args}"
    spec = settings.observation_spec()
    fields = ", ".join(f"{field.name}[{field.size}]" for field in spec.fields)
    return f"{fields} of robot '{spec.robot.name}'"


def take_teacher(agent: Agent, path: str, settings: Settings) -> None:
    """Give an agent the planner of a finished run.

    Args:
        agent: The agent.
        path: ``agent.teacher``: the run's folder.
        settings: Of the training that begins.

    Raises:
        ConfigError: The run's observations are others.
        RunFolderError: There is no such run, it has no planner, or its networks are of other sizes.
    """
    recorded = check_layout("agent.teacher", Path(path), settings)
    if not recorded.agent.plans:
        name = variant_name(AGENT_SETTINGS, recorded.agent)
        raise RunFolderError(f"agent.teacher {path} is a run of agent '{name}', which has no planner")
    state = _learner_state(Path(path))
    try:
        agent.take_teacher(state["agent"])
    except KeyError as error:
        raise RunFolderError(f"agent.teacher {path} does not fit agent.model: it holds no {error}") from None
    except RuntimeError as error:
        raise RunFolderError(
            f"agent.teacher {path} does not fit agent.hidden, agent.critics, agent.layer_norm or agent.model: "
            f"{one_line(error)}"
        ) from None


def _learner_state(path: Path) -> dict[str, Any]:
    try:
        state = unpack_state(*read_arrays(newest_whole(path / CHECKPOINT).path / LEARNER))
    except RunFolderError as error:
        raise RunFolderError(f"agent.teacher: {error}") from None
    assert isinstance(state, dict)
    return state


def check_layout(key: str, path: Path, settings: Settings) -> Settings:
    """The settings of a run that observed what this training observes.

    Args:
        key: Setting that names the run, for messages.
        path: The run's folder.
        settings: Of the training that begins.

    Raises:
        ConfigError: The run observed something else, or at another rate.
        RunFolderError: There is no such run.
    """
    try:
        recorded = run_settings(path)
    except RunFolderError as error:
        raise RunFolderError(f"{key}: {error}") from None
    then, now = _timed_layout(recorded), _timed_layout(settings)
    if then != now:
        raise ConfigError(f"{key} {path} observes {then}, this run {now}")
    return recorded


def check_actions(key: str, path: Path, recorded: Settings, settings: Settings) -> None:
    """Refuse what was recorded with other actions, robots, rates or delays, by the first that differs.

    Args:
        key: Setting that names what was recorded, for messages.
        path: Where it lies.
        recorded: Settings under which it was.
        settings: Of the training that begins.

    Raises:
        ConfigError: Something differs; it names both.
    """
    if isinstance(settings.task, GymTask):
        return
    then, now = _actions(recorded), _actions(settings)
    for what, value in now.items():
        if then[what] != value:
            raise ConfigError(f"{key} {path} was recorded with {what} {then[what]}, this run's is {value}")


def check_measured(key: str, path: Path, recorded: Settings, settings: Settings) -> None:
    """Refuse a log of a task that measured less than this one's robot does.

    Args:
        key: See `check_actions`.
        path: See there.
        recorded: See there.
        settings: See there.

    Raises:
        ConfigError: It lacks something; it names all of that.
    """
    then, now = ({*made.load_robot().sensors} for made in (recorded, settings))
    if now - then:
        raise ConfigError(
            f"{key} {path} lacks {', '.join(sorted(now - then))}, which task '{settings.task.name}' measures and task "
            f"'{recorded.task.name}' did not: record '{settings.task.name}'"
        )


def _actions(settings: Settings) -> dict[str, Any]:
    """What decides what actions mean, in words."""
    robot = settings.load_robot()
    spec = settings.observation_spec(robot)
    found: dict[str, Any] = {"robot": f"'{robot.name}'", "actions": ", ".join(spec.actions)}
    found |= {"control.rate_hz": f"{settings.control.rate_hz:g}", "control.delay": settings.control.delay}
    joints = zip(robot.joints, robot.interfaces, robot.center.tolist(), robot.scale.tolist(), strict=True)
    found |= {f"joint {name}": f"by {kind}, {center:g} +- {scale:g}" for name, kind, center, scale in joints}
    return found | {"coupling": dict(spec.coupling), "control.commands": dict(spec.commands) or "those of its joints"}


def _timed_layout(settings: Settings) -> str:
    """`layout`, with the control rate where there is one."""
    rate = "" if isinstance(settings.task, GymTask) else f" at {settings.control.rate_hz:g} Hz"
    return layout(settings) + rate
