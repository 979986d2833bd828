# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a training takes over from an earlier run: its settings, or its planner."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from ros_rl.agents.agent import Agent
from ros_rl.config import variant_name
from ros_rl.errors import ConfigError, RunFolderError, one_line
from ros_rl.formats.arrays import read_arrays
from ros_rl.runs.checkpoints import LEARNER, beginning, newest_whole
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, run_of
from ros_rl.settings.commands import COMMAND_SETTINGS, CommandSettings, differing
from ros_rl.settings.loading import override_of
from ros_rl.settings.recorded import load_run
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import GymTask
from ros_rl.training.state_tree import unpack_state

_COMMANDS = "control.commands"


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
    """The settings of a run that observed and did what this training observes and does.

    Args:
        key: Setting that names the run, for messages.
        path: The run's folder.
        settings: Of the training that begins.

    Raises:
        ConfigError: The run observed something else, or see `check_actions`.
        RunFolderError: There is no such run.
    """
    try:
        recorded = run_settings(path)
    except RunFolderError as error:
        raise RunFolderError(f"{key}: {error}") from None
    check_actions(key, path, recorded, settings)
    then, now = layout(recorded), layout(settings)
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
        ConfigError: Something differs; it names both, and what to set.
    """
    if isinstance(recorded.task, GymTask) or isinstance(settings.task, GymTask):
        return
    then, now = _actions(recorded), _actions(settings)
    what = next((what for what in {**now, **then} if then.get(what) != now.get(what)), None)
    if what is None:
        return
    one, other = then.get(what, "nothing"), now.get(what, "nothing")
    remedy = _remedy(what, recorded, settings)
    if what == _COMMANDS:
        setting, (one, other) = next(iter(differing(one, other).items()))
        what = f"{_COMMANDS}.{setting}"
    raise ConfigError(f"{key} {path} was recorded with {what} {one}, this run's is {other}{remedy}")


def check_resumed(checkpoint: Path, settings: Settings) -> None:
    """Refuse to go on with other actions, another robot, rate or delay than what was learned from, or to learn less.

    Args:
        checkpoint: The run's ``checkpoint`` folder, or that of one checkpoint.
        settings: Of the training that goes on.

    Raises:
        ConfigError: Something differs, or there is less to learn than was learned; it names both, and what to set.
    """
    run, reached = run_of(checkpoint) or checkpoint, beginning(checkpoint).steps
    if (run / CONFIG).is_file():
        check_actions("--resume", run, load_run(run / CONFIG), settings)
    agent, asked = settings.agent, settings.training_steps
    if asked < reached and not (agent.adapts or agent.offline):
        minutes = reached / settings.control.rate_hz / 60
        robot = "" if isinstance(settings.task, GymTask) else f" ({minutes:.4g} robot minutes)"
        raise ConfigError(
            f"--resume {run} has learned from {reached} steps{robot}; {asked} in all would end it: ask for more, those "
            "included"
        )


def _remedy(what: str, recorded: Settings, settings: Settings) -> str:
    """What to set for what was recorded otherwise; empty if nothing helps."""
    control = recorded.control
    found = {"control.rate_hz": control.rate_hz, "control.delay": control.delay}
    if what in found:
        return f": use {override_of(what, found[what])}"
    if what == _COMMANDS:
        return f": use {' '.join(_command_options(control.commands, settings.control.commands))}"
    if recorded.robot_name == settings.robot_name:
        return ""
    robot = override_of("robot", recorded.robot_name)
    return f": use {robot}, or record task '{settings.task.name}' with robot '{settings.robot_name}'"


def _command_options(then: CommandSettings, now: CommandSettings) -> list[str]:
    """The options that make one command map of another; where its name changes, all else begins at the defaults."""
    name = variant_name(COMMAND_SETTINGS, then)
    same = name == variant_name(COMMAND_SETTINGS, now)
    base = now if same else type(then)()
    values = {field.name: getattr(then, field.name) for field in fields(then)}
    changed = {key: value for key, value in values.items() if value != getattr(base, key)}
    options = ({} if same else {"name": name}) | changed
    return [override_of(f"{_COMMANDS}.{key}", value) for key, value in options.items()]


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
    found: dict[str, Any] = {"robot": f"'{robot.name}'", "control.rate_hz": f"{settings.control.rate_hz:g}"}
    found |= {"control.delay": settings.control.delay, _COMMANDS: dict(spec.commands)}
    found |= {"actions": ", ".join(spec.actions)}
    joints = zip(robot.joints, robot.interfaces, robot.center.tolist(), robot.scale.tolist(), strict=True)
    found |= {f"joint {name}": f"by {kind}, {center:g} +- {scale:g}" for name, kind, center, scale in joints}
    return found | {"coupling": dict(spec.coupling)}
