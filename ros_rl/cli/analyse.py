# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What ``ros-rl analyse`` does."""

from __future__ import annotations

import argparse
from pathlib import Path

from ros_rl.analysis import model_plots, model_report, plan_plots, plan_report
from ros_rl.analysis.report import FOLDER, write
from ros_rl.errors import RunFolderError
from ros_rl.runs.run_folder import CONFIG
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
