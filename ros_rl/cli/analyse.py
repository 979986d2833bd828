# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What ``ros-rl analyse`` does."""

from __future__ import annotations

import argparse
from pathlib import Path

from ros_rl.analysis import model_plots, model_report, plan_plots, plan_report
from ros_rl.analysis.report import FOLDER, write
from ros_rl.config import variant_name
from ros_rl.errors import RunFolderError
from ros_rl.runs.run_folder import CONFIG
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.training.earlier_run import run_settings
from ros_rl.training.saved_run import SavedRun


def analyse(options: argparse.Namespace) -> str:
    """Analyse what the options name, and write the report.

    Args:
        options: Of the command line.

    Returns:
        The main figures in one screen.
    """
    if not (options.run / CONFIG).is_file() and (options.run.suffix == ".mcap" or any(options.run.glob("*.mcap"))):
        raise RunFolderError(
            f"{options.run} is a log, which has no model: ros-rl analyse model RUN --log {options.run} judges one by it"
        )
    _check_subject(options.run, options.subject)
    run = SavedRun(options.run, options.set)
    folder: Path = options.out or options.run / FOLDER / options.subject
    spec = run.spec
    if options.subject == "model":
        model = model_report.analyse_model(run, options.episodes, options.horizon, options.seed, options.log)
        write(folder, model.numbers, model_plots.plots(model, run.agent.model, spec))
        return model_report.screen(model.numbers, str(folder))
    plan = plan_report.analyse_plan(run, options.tick, options.seed)
    write(folder, plan.numbers, plan_plots.plots(plan, spec))
    return plan_report.screen(plan.numbers, str(folder))


def _check_subject(path: Path, subject: str) -> None:
    """Refuse a run whose agent has no model, or no planner, to analyse."""
    agent = run_settings(path).agent
    if agent.learns_model if subject == "model" else agent.plans:
        return
    lack = "learns no model" if subject == "model" else "plans nothing"
    raise RunFolderError(f"{path} is a run of agent '{variant_name(AGENT_SETTINGS, agent)}', which {lack}")
