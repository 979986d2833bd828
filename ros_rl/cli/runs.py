# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Starts what a command asks for, stops it on Ctrl-C, and sums it up."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ros_rl.cli.options import require
from ros_rl.cli.parser import FAILURE, INTERRUPTED
from ros_rl.config import to_mapping
from ros_rl.runs import bringup
from ros_rl.runs.checkpoints import beginning, resumable
from ros_rl.runs.course import Course
from ros_rl.runs.display import Display
from ros_rl.runs.display import print_line as say
from ros_rl.runs.machine import check_machine
from ros_rl.runs.prepared import Prepared
from ros_rl.runs.run_folder import CHECKPOINT, LOGS, RunFolder
from ros_rl.runs.screens import intention, replay_line, result_screen, unseen_line
from ros_rl.runs.signals import stop_event
from ros_rl.runs.state import RunState
from ros_rl.runs.summary import summarise
from ros_rl.runs.terminal import make_display
from ros_rl.runtime.person import scripted_person
from ros_rl.settings.teleop import KEYBOARD
from ros_rl.settings.tree import Settings
from ros_rl.teleop.console import Console, check_terminal


def start_nodes(
    options: argparse.Namespace, settings: Settings, mode: str, agent: bytes = b"", resume: Path | None = None
) -> int:
    """Start the nodes of a mode and wait for their end.

    Args:
        options: Of the command.
        settings: Of the run.
        mode: `bringup.TRAIN`, `RUN` or `BRING_UP`.
        agent: Control graph that acts, when running.
        resume: Checkpoint that a training goes on from.

    Returns:
        Exit code.

    Raises:
        RosRlError: A package is missing, or what the run is to begin with does not fit.
    """
    _check(settings, mode)
    namespace = bringup.namespace_of(settings, options.namespace)
    learner = _prepare_learner(settings, resume) if mode == bringup.TRAIN else None
    try:
        from ros_rl.nodes.supervisor import supervise  # meanwhile

        if learner is not None:
            learner.check()
        name = f"{mode}_{namespace}" if mode == bringup.BRING_UP else settings.task.name
        with _claim_folder(options, name) as folder:
            lead = partial(supervise, settings, mode, folder, namespace, agent=agent, resume=resume, learner=learner)
            return _lead_nodes(options, settings, mode, folder, resume, lead)
    finally:
        if learner is not None:
            learner.close()


def _prepare_learner(settings: Settings, resume: Path | None) -> Prepared:
    """Its process, which loads torch and checks what it is to begin with."""
    (spec,) = (spec for spec in bringup.nodes(settings, bringup.TRAIN, Path()) if spec.name == "learner")
    learner = Prepared(spec, settings.supervisor.stop_timeout, heard=True)
    learner.ask(to_mapping(settings), resume)
    return learner


def _lead_nodes(
    options: argparse.Namespace,
    settings: Settings,
    mode: str,
    folder: RunFolder,
    resume: Path | None,
    lead: Callable[..., tuple[RunState, bool]],
) -> int:
    """Tell what is done, let `lead` do it, and sum it up."""
    folder.write_config(settings)
    if not os.environ.get("ROS_LOG_DIR"):  # a home may not be there to be written
        os.environ["ROS_LOG_DIR"] = str(folder.path / LOGS / "ros")
    stop = stop_event()
    what = settings.robot_name if mode == bringup.BRING_UP else settings.task.name
    say(f"{options.command}: {what} on {settings.driver.backend_name}; files in {folder.path}")
    if mode == bringup.TRAIN:
        lines = (intention(settings), replay_line(settings, settings.observation_spec()), unseen_line(settings))
        for line in filter(None, lines):
            say(line)
    if resume is not None:
        say(str(beginning(resume)))
    training = mode == bringup.TRAIN
    course = Course.of_training(settings) if training else Course.of_acting(settings, options.robot_minutes)
    console = Console(course) if settings.teleop.device == KEYBOARD else None
    plain = mode == bringup.BRING_UP  # there is no progress to show
    with console or (Display(course) if plain else make_display(course)) as display:
        limits = {"robot_minutes": options.robot_minutes, "episodes": getattr(options, "episodes", None)}
        state, ended = lead(stop=stop, display=display, console=console, **limits)
    if mode == bringup.BRING_UP:
        say("stopped")
        return INTERRUPTED
    agent_file = "" if mode == bringup.TRAIN else bringup.actor(settings, str(options.agent or ""))
    return _sum_up(settings, state, folder, ended, settings.task.name, agent_file)


def _again(what: str, folder: RunFolder) -> str:
    """How a stopped run goes on, if there is anything to go on from."""
    if not resumable(folder.path / CHECKPOINT):
        return ""
    return f"; go on with: ros-rl train {what} --resume {shlex.quote(str(folder.path))}"


def _check(settings: Settings, mode: str) -> None:
    """Refuse what cannot run before anything starts."""
    bringup.check(settings, mode)
    if settings.teleop.device == KEYBOARD:
        check_terminal(instead="drive with --teleop joystick")
    require(*settings.driver.backend.requires)
    if mode == bringup.TRAIN:
        require("torch", "onnx", "safetensors")
    require("rclpy")
    check_machine(settings)
    if mode != bringup.BRING_UP:
        scripted_person(settings, settings.load_robot())


def _sum_up(
    settings: Settings, state: RunState, folder: RunFolder, ended: bool, what: str, agent_file: str = ""
) -> int:
    """Print the result of a run and, where it was stopped, how it goes on; write its summary; gives the exit code."""
    state.keep_totals()
    summary = summarise(settings, state, agent_file, ended)
    say(result_screen(summary, str(folder.path)))
    if not ended:
        say(f"stopped{_again(what, folder)}")
    folder.write_summary(summary)
    return INTERRUPTED if not ended else FAILURE if summary["shortfall"] else 0


def train_in_gym(options: argparse.Namespace, settings: Settings, resume: Path | None) -> int:
    """Train on a Gymnasium environment in this process; see `start_nodes`."""
    settings.check_goes_on(resume is not None)
    require("torch", "onnx", "safetensors", "gymnasium")
    from ros_rl.gym.training import GymTraining
    from ros_rl.training.earlier_run import check_resumed

    if resume is not None:
        check_resumed(resume, settings)

    display = make_display(Course.of_training(settings))
    run = GymTraining(settings, display=display)
    if resume is not None:
        run.resume(resume)
    with _claim_folder(options, settings.task.title) as folder:
        folder.write_config(settings)
        stop = stop_event()
        say(f"train: {settings.task.title}; files in {folder.path}")
        say(intention(settings))
        say(replay_line(settings, run.training.spec))
        if resume is not None:
            say(str(beginning(resume)))
        with display:
            ended = run.run(folder, stop)
        return _sum_up(settings, run.state, folder, ended, f"--env {options.env}")


def _claim_folder(options: argparse.Namespace, task: str) -> RunFolder:
    """The folder of the run, this process's alone; a run that adapts to another world leaves the one before alone."""
    goes_on = None if getattr(options, "adapt", None) else getattr(options, "resume", None)
    return RunFolder.claim_for(task, options.out, goes_on)
