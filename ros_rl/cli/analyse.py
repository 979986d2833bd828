# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl analyse``: judge a run's model, or one decision of its planner."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ros_rl.cli.agents import saved_run
from ros_rl.cli.arguments import add_run_settings, whole
from ros_rl.cli.options import require
from ros_rl.cli.parser import Parser
from ros_rl.config import variant_name
from ros_rl.errors import RunFolderError
from ros_rl.runs.run_folder import CONFIG
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.tasks.gym_task import GymTask


def add(commands: Any) -> None:
    """Add its parser and those of its subjects."""
    parser = commands.add_parser("analyse", help="judge a run's model, or one decision of its planner")
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT", parser_class=Parser)
    model = subjects.add_parser("model", help="prediction error, calibration and disagreement of a run's model")
    _add_analysis(model, "model", "of the first held-out episode")
    model.add_argument(
        "--episodes", type=whole(1, 1000), default=5, metavar="N", help="held-out episodes to simulate (default: 5)"
    )
    model.add_argument(
        "--log",
        type=Path,
        metavar="LOG",
        help="MCAP file or folder whose episodes are the held-out data, such as the log/ that 'ros-rl run' left "
        "(default: simulate episodes)",
    )
    model.add_argument(
        "--horizon",
        type=whole(1, 200),
        default=50,
        metavar="K",
        help="control periods to predict ahead (default: 50)",
    )
    model.add_argument(
        "--looks",
        type=whole(1, 200),
        default=10,
        metavar="N",
        help="observations that a world model with a memory sees before it foretells (default: 10)",
    )
    plan = subjects.add_parser("plan", help="one decision: candidates, the plan, and what then really happened")
    _add_analysis(plan, "plan", "of the episode")
    plan.add_argument(
        "--tick",
        type=whole(0),
        default=40,
        metavar="T",
        help="which decision, in control periods since the episode's start (default: 40)",
    )
    parser.set_defaults(function=_analyse)


def _add_analysis(parser: argparse.ArgumentParser, subject: str, seed_of: str) -> None:
    add_run_settings(parser)
    parser.add_argument("--seed", type=whole(0), metavar="S", help=f"seed {seed_of} (default: the run's plus 5000)")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"folder of report.json and plots (default: RUN/analysis/{subject})"
    )


def _analyse(options: argparse.Namespace) -> int:
    require("torch", "onnx", "matplotlib", *(("rclpy",) if getattr(options, "log", None) else ()))
    print(_report(options))
    return 0


def _report(options: argparse.Namespace) -> str:
    """Analyse what the options name, and write the report; gives the main figures in one screen."""
    from ros_rl.analysis import model_plots, model_report, plan_plots, plan_report
    from ros_rl.analysis.report import FOLDER, write

    if not (options.run / CONFIG).is_file() and (options.run.suffix == ".mcap" or any(options.run.glob("*.mcap"))):
        raise RunFolderError(
            f"{options.run} is a log, which has no model: ros-rl analyse model RUN --log {options.run} judges one by it"
        )
    _check_subject(options)
    run = saved_run(options.run, options.set)
    folder: Path = options.out or options.run / FOLDER / options.subject
    if options.subject == "model" and run.settings.agent.imagines:
        return _world_report(options, run, folder)
    if options.subject == "model" and run.settings.agent.foresees:
        return _latent_report(options, run, folder)
    if options.subject == "model":
        model = model_report.analyse_model(run, options.episodes, options.horizon, options.seed, options.log)
        write(folder, model.numbers, model_plots.plots(model, run.agent.model, run.layout))
        return model_report.screen(model.numbers, str(folder))
    plan = plan_report.analyse_plan(run, options.tick, options.seed)
    write(folder, plan.numbers, plan_plots.plots(plan, run.spec))
    return plan_report.screen(plan.numbers, str(folder))


def _world_report(options: argparse.Namespace, run: Any, folder: Path) -> str:
    """The same of a world model, with pictures."""
    from ros_rl.analysis import world_report
    from ros_rl.analysis.report import write

    _check_no_log(options)
    world = world_report.analyse_world(run, options.episodes, options.horizon, options.looks, options.seed)
    write(folder, world.numbers, world_report.plots(world.numbers))
    world.write_pictures(folder)
    return world_report.screen(world.numbers, str(folder))


def _latent_report(options: argparse.Namespace, run: Any, folder: Path) -> str:
    """The same of a latent model, of which there are no pictures."""
    from ros_rl.analysis import latent_report
    from ros_rl.analysis.report import write

    _check_no_log(options)
    report = latent_report.analyse_latent(run, options.episodes, options.horizon, options.seed)
    write(folder, report.numbers, latent_report.plots(report))
    return latent_report.screen(report.numbers, str(folder))


def _check_no_log(options: argparse.Namespace) -> None:
    if options.log is not None:
        raise RunFolderError(
            f"{options.run} is a run of a world model, which is judged by simulated episodes: drop --log"
        )


def _check_subject(options: argparse.Namespace) -> None:
    """Refuse what cannot be judged: no model or planner, or an environment's log or decision."""
    from ros_rl.training.earlier_run import run_settings

    path, subject = options.run, options.subject
    settings = run_settings(path)
    agent = settings.agent
    if isinstance(settings.task, GymTask) and (subject == "plan" or options.log is not None):
        what = "whose steps can be taken twice" if subject == "plan" else "which leave logs"
        raise RunFolderError(
            f"{path} is a run of {settings.task.title}, not of a robot, {what}: ros-rl analyse model {path}"
        )
    foretells = agent.imagines or agent.foresees
    if foretells and subject == "model" or agent.learns_model and (subject == "model" or agent.plans):
        return
    lack = "learns no model" if subject == "model" else "plans nothing"
    if agent.plans:
        lack = "predicts a latent state alone, of which nothing can be drawn"
    raise RunFolderError(f"{path} is a run of agent '{variant_name(AGENT_SETTINGS, agent)}', which {lack}")
