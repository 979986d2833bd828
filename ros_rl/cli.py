# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl``: train, run, evaluate, export and analyse controllers, and list what there is."""

from __future__ import annotations

import argparse
import importlib.util
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ros_rl import bringup
from ros_rl.arguments import USAGE, make_parser
from ros_rl.config import iterate
from ros_rl.errors import ConfigError, MissingDependencyError, RosRlError, RunFolderError, UnknownNameError
from ros_rl.robot import robot_names
from ros_rl.runtime.run_folder import CHECKPOINT, RunFolder, default_folder
from ros_rl.settings import AGENT_NAMES, BACKENDS, Settings, load_settings, parse_override
from ros_rl.tasks import TASKS
from ros_rl.tasks.gym_task import GymTask

FAILURE, INTERRUPTED = 1, 130
_USAGE_ERRORS = (ConfigError, UnknownNameError, RunFolderError)
_EXTRA_OF = {
    "rclpy": "ros",
    "torch": "learn",
    "onnx": "learn",
    "pybullet": "sim",
    "matplotlib": "learn",
    "gymnasium": "gym",
}
_OF_ROBOTS = ("driver", "mode", "robot_minutes", "namespace", "gui")
"""Options that mean nothing to a Gymnasium environment."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: Without the program's name; None for the process's own.

    Returns:
        Exit code: 0, 1 if the run failed, 2 for wrong usage or settings, 130 if it was interrupted.
    """
    commands = {
        "train": _train,
        "run": _run,
        "eval": _eval,
        "export": _export,
        "analyse": _analyse,
        "list": _list,
        "settings": _settings,
    }
    options = make_parser(commands).parse_args(arguments)
    try:
        return int(options.function(options))
    except RosRlError as error:
        print(f"ros-rl: error: {error}", file=sys.stderr)
        return USAGE if isinstance(error, _USAGE_ERRORS) else FAILURE
    except KeyboardInterrupt:
        return INTERRUPTED


def _overrides(options: argparse.Namespace, **overrides: Any) -> list[Any]:
    """--set, then the options of their own; --agent before both, since a change of agent drops the settings of it."""
    agent = [{"agent.name": overrides["agent.name"]}] if overrides.get("agent.name") else []
    own = {
        "seed": options.seed,
        "task.env": _environment(options),
        "driver.backend": getattr(options, "driver", None),
        "driver.mode": getattr(options, "mode", None),
        "driver.gui": True if getattr(options, "gui", False) else None,
        **overrides,
    }
    return [*agent, *options.set, *({key: value} for key, value in own.items() if value is not None)]


def _load(options: argparse.Namespace, **overrides: Any) -> Settings:
    """Settings of a command: the task's, then --params-file, then --set, then the options of their own."""
    return load_settings(options.task, options.params_file, _overrides(options, **overrides))


def _load_agent(options: argparse.Namespace, **overrides: Any) -> tuple[Settings, bytes]:
    """Settings and control graph of what --agent names: a file as it is, or a run's folder under these settings."""
    if options.agent.is_dir():
        if options.params_file is not None:
            raise ConfigError(f"--params-file has no use with --agent {options.agent}: a run brings its own settings")
        _require("torch", "onnx")
        from ros_rl.runtime.acting import graph_of_run

        return graph_of_run(options.agent, options.task, _overrides(options, **overrides))
    from ros_rl.deploy.agent_file import checked_agent

    for item in options.set:
        if "agent" in parse_override(item):
            raise ConfigError(
                f"--set '{item}' cannot change the agent file {options.agent}: use --agent with its run's folder, "
                f"or make another file: ros-rl export RUN --set {item} --out FILE"
            )
    settings = _load(options, **overrides)
    return settings, checked_agent(options.agent, settings)


def _environment(options: argparse.Namespace) -> str | None:
    """The name behind ``--env gym:``; None without the option."""
    given: str | None = getattr(options, "env", None)
    kind, _, name = (given or "").partition(":")
    if given is not None and (kind != GymTask.name or not name):
        raise ConfigError(f"--env '{given}': expected gym:NAME, e.g. gym:HalfCheetah-v5")
    return name or None


def _choose_task(options: argparse.Namespace) -> None:
    """See to it that one of TASK and --env is given; --env means the task `gym`."""
    if (options.task is None) == (options.env is None):
        raise ConfigError(f"{'neither' if options.task is None else 'both'} of TASK and --env given; name one")
    if options.task == GymTask.name:
        raise ConfigError("which environment? --env gym:NAME in place of the TASK gym")
    if options.env is not None:
        wrong = [name for name in _OF_ROBOTS if getattr(options, name)]
        if wrong:
            raise ConfigError(f"--{wrong[0].replace('_', '-')} is for robots and cannot stand with --env")
        options.task = GymTask.name


def _train(options: argparse.Namespace) -> int:
    if options.agent is not None and options.agent not in AGENT_NAMES:
        raise UnknownNameError("agent", options.agent, AGENT_NAMES)
    _choose_task(options)
    settings = _load(
        options,
        **{
            "agent.name": options.agent,
            "learner.robot_minutes": options.robot_minutes,
            "learner.steps": options.steps,
            "evaluator.every": options.eval_every,
            "evaluator.episodes": options.eval_episodes,
            "evaluator.final_episodes": options.eval_episodes,
        },
    )
    checkpoint = None
    if options.resume is not None:
        checkpoint = options.resume / CHECKPOINT if (options.resume / CHECKPOINT).is_dir() else options.resume
        if not (checkpoint / "learner.pt").is_file():
            raise RunFolderError(f"{options.resume} holds no checkpoint to resume from")
        checkpoint = checkpoint.resolve()
    if options.env is not None:
        return _train_in_gym(options, settings, checkpoint)
    return _start(options, settings, bringup.TRAIN, resume=checkpoint)


def _run(options: argparse.Namespace) -> int:
    settings, agent = _load_agent(options, **{"controller.explore": 0.0})
    return _start(options, settings, bringup.RUN, agent=agent)


def _require(*packages: str) -> None:
    for package in packages:
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(package, _EXTRA_OF[package])


def _start(
    options: argparse.Namespace, settings: Settings, mode: str, agent: bytes = b"", resume: Path | None = None
) -> int:
    if settings.driver.backend == "pybullet":
        _require("pybullet")
    if mode == bringup.TRAIN:
        _require("torch", "onnx")
    _require("rclpy")
    if mode == bringup.TRAIN:
        from ros_rl.nodes.learner import check_beginning

        check_beginning(settings, resume)
    from ros_rl.nodes.supervisor import supervise
    from ros_rl.runtime.summary import result_screen, summarise

    namespace = options.namespace or bringup.default_namespace(settings)
    folder = RunFolder(options.out or _resumed_folder(options) or default_folder(settings.task.name))
    folder.write_config(settings)
    stop, started = _stop_on_signals(), time.monotonic()
    print(f"{mode}: {settings.task.name} on {settings.driver.backend}; files in {folder.path}", flush=True)
    monitor = supervise(
        settings,
        mode,
        folder,
        namespace,
        stop,
        lambda line: print(line, flush=True),
        agent,
        options.robot_minutes,
        resume,
    )
    if monitor is None:
        again = (
            f"; go on with: ros-rl train {settings.task.name} --resume {folder.path}" if mode == bringup.TRAIN else ""
        )
        print(f"stopped{again}", flush=True)
        return INTERRUPTED
    agent_file = str(options.agent) if mode == bringup.RUN else ""
    summary = summarise(settings, monitor.state, (time.monotonic() - started) / 60, agent_file)
    folder.write_summary(summary)
    print(result_screen(summary, str(folder.path)))
    return 0


def _train_in_gym(options: argparse.Namespace, settings: Settings, resume: Path | None) -> int:
    _require("torch", "onnx", "gymnasium")
    from ros_rl.gym.training import GymTraining
    from ros_rl.runtime.summary import result_screen, summarise

    run, started = GymTraining(settings, lambda line: print(line, flush=True)), time.monotonic()
    if resume is not None:
        run.resume(resume)
    folder = RunFolder(options.out or _resumed_folder(options) or default_folder(settings.task.title))
    folder.write_config(settings)
    stop = _stop_on_signals()
    print(f"train: {settings.task.title}; files in {folder.path}", flush=True)
    if not run.run(folder, stop):
        again = f"ros-rl train --env {options.env} --params-file {folder.config} --resume {folder.path}"
        print(f"stopped; go on with: {again}", flush=True)
        return INTERRUPTED
    summary = summarise(settings, run.state, (time.monotonic() - started) / 60)
    folder.write_summary(summary)
    print(result_screen(summary, str(folder.path)))
    return 0


def _stop_on_signals() -> threading.Event:
    """Set by Ctrl-C or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _resumed_folder(options: argparse.Namespace) -> Path | None:
    """An unfinished run goes on in its own folder."""
    resume: Path | None = getattr(options, "resume", None)
    if resume is None or not (resume / CHECKPOINT).is_dir() or (resume / "summary.json").exists():
        return None
    return resume


def _eval(options: argparse.Namespace) -> int:
    settings, agent = _load_agent(
        options, **{"evaluator.final_episodes": options.episodes, "evaluator.seconds": options.seconds}
    )
    if settings.driver.backend == "pybullet":
        _require("pybullet")
    from ros_rl.deploy.onnx_graph import OnnxGraph
    from ros_rl.runtime.evaluation import evaluate
    from ros_rl.runtime.summary import evaluation_screen

    evaluator = settings.evaluator
    graph = OnnxGraph(agent, settings.controller.threads)
    found = evaluate(
        graph, settings, evaluator.final_episodes, evaluator.seconds, settings.seed, options.video
    ).to_mapping()
    print(json.dumps(found, indent=2) if options.json else evaluation_screen(found))
    return 0


def _export(options: argparse.Namespace) -> int:
    _require("torch", "onnx")
    from ros_rl.runtime.saved_run import SavedRun

    if not options.out.parent.is_dir():
        raise RunFolderError(f"{options.out} cannot be written: there is no folder {options.out.parent}")
    graph = SavedRun(options.run, options.set).training.graph()
    try:
        options.out.write_bytes(graph)
    except OSError as error:
        raise RunFolderError(f"{options.out} cannot be written: {error.strerror}") from None
    print(f"control graph in {options.out}")
    return 0


def _analyse(options: argparse.Namespace) -> int:
    _require("torch", "onnx", "matplotlib", *(("rclpy",) if getattr(options, "log", None) else ()))
    from ros_rl.analysis.commands import analyse

    print(analyse(options))
    return 0


def _list(options: argparse.Namespace) -> int:
    rows = {
        "tasks": [f"{name}  ({task.robot}) {_first_line(task)}" for name, task in sorted(TASKS.items())],
        "environments": ["gym:NAME  any of Gymnasium's (train --env)"],
        "robots": robot_names(),
        "agents": list(AGENT_NAMES),
        "drivers": list(BACKENDS),
    }
    for title, items in rows.items():
        print(f"{title}:")
        for item in items:
            print(f"  {item}")
    return 0


def _first_line(thing: Any) -> str:
    return (thing.__doc__ or "").strip().splitlines()[0]


def _settings(options: argparse.Namespace) -> int:
    for key, value, info in iterate(_load(options)):
        shown = repr(value) if isinstance(value, str) else value
        print(f"{key} = {shown}\n    {info.describe()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
