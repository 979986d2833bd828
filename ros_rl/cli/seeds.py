# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl train --seeds``: one training after the other, each a process of its own, and all of them in one table."""

from __future__ import annotations

import argparse
import importlib.util
import shlex
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ros_rl.cli.options import settings_of
from ros_rl.cli.parser import FAILURE, INTERRUPTED, USAGE
from ros_rl.cli.plot import PICTURE, draw_curves
from ros_rl.cli.seed_process import run_command
from ros_rl.config import iterate
from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.runs.curves import read_curve
from ros_rl.runs.display import print_line as say
from ros_rl.runs.run_folder import RunFolder
from ros_rl.runs.seeds import (
    FINISHED,
    MISSING,
    SETTINGS,
    STOPPED,
    SeedRun,
    check_seeds,
    is_parent,
    read_settings,
    seed_runs,
)
from ros_rl.runs.seeds_table import seeds_table
from ros_rl.runs.signals import stop_event
from ros_rl.settings.loggers import check_loggers
from ros_rl.settings.tree import Settings


def train_seeds(options: argparse.Namespace, own: Mapping[str, Any]) -> int:
    """Train with one seed after the other.

    Args:
        options: Of ``ros-rl train``.
        own: Settings that options of their own replace, by key path.

    Returns:
        Exit code: 0 if all have finished, 1 if one has not, 130 if it was interrupted.

    Raises:
        RosRlError: Options or folder do not fit.
    """
    check_seeds(options.seeds or ())
    if options.seed is not None:
        raise ConfigError("--seed cannot stand with several seeds: each run has its own of them")
    settings = _settings(options, own)
    check_loggers(settings.learner.loggers)
    title = settings.task.title
    with _parent(options, settings) as parent:
        runs = seed_runs(parent.path, options.seeds or ())
        for run in runs:  # so that all are known to whoever goes on
            run.folder.mkdir(exist_ok=True)
        say(f"train: {title}, seeds {', '.join(str(run.seed) for run in runs)}; files in {parent.path}")
        stop = stop_event()
        problems = _train(options, runs, stop)
        say(seeds_table(runs, problems, title))
        _draw(runs, parent.path / PICTURE)
        if any(run.ended[0] in (MISSING, STOPPED) for run in runs):
            what = shlex.join(_what(options))
            say(f"go on with: ros-rl train {what} --resume {shlex.quote(str(parent.path))}")
        if stop.is_set():
            return INTERRUPTED
        return 0 if all(run.ended[0] == FINISHED for run in runs) else FAILURE


def _settings(options: argparse.Namespace, own: Mapping[str, Any]) -> Settings:
    """Of all seeds: those that --resume names have theirs, which no option may change."""
    if options.resume is None:
        return settings_of(options, **own)
    if not is_parent(options.resume):
        raise RunFolderError(f"{options.resume} holds no seeds, as it has no {SETTINGS}")
    kept = read_settings(options.resume)
    options.recorded = options.resume / SETTINGS
    keeps = f"--resume {options.resume} goes on with the settings of its seeds"
    if options.params_file:
        raise ConfigError(f"{keeps}; --params-file cannot stand with it")
    then, now = ({key: value for key, value, _ in iterate(each)} for each in (kept, settings_of(options, **own)))
    for key in {**now, **then}:
        one, other = (found.get(key, "nothing") for found in (then, now))
        if one != other:
            raise ConfigError(f"{keeps}: their {key} is {one}, the other options make it {other}")
    return kept


def _parent(options: argparse.Namespace, settings: Settings) -> RunFolder:
    """The folder of all seeds, this process's alone."""
    if options.resume is not None:
        if options.out is not None:
            raise ConfigError(f"--out cannot stand with --resume {options.resume}: seeds go on in their own folder")
        parent = RunFolder(options.resume)
        parent.take_lock()
        parent.write_config(settings, SETTINGS)  # whole, also where an earlier version wrote it
        return parent
    if options.out is not None and is_parent(options.out):
        raise RunFolderError(f"{options.out} holds seeds already ({SETTINGS}); --resume it, or name another --out")
    parent = RunFolder.claim_default(settings.task.title) if options.out is None else RunFolder.claim(options.out)
    parent.write_config(settings, SETTINGS)
    return parent


def _train(options: argparse.Namespace, runs: Sequence[SeedRun], stop: threading.Event) -> dict[int, str]:
    """Train with the seeds that have not ended; gives why one failed, by seed."""
    problems = {}
    for run in runs:
        if stop.is_set() or run.ended[0] not in (MISSING, STOPPED):
            continue
        code, error = run_command(_arguments(options, run), f"seed {run.seed} | ", stop)
        if code not in (0, INTERRUPTED):
            problems[run.seed] = error or run.ended[1] or f"exit code {code}"
        if code == USAGE:  # what is refused of one would be of each
            break
    return problems


def _arguments(options: argparse.Namespace, run: SeedRun) -> list[str]:
    """What trains with one seed: from its checkpoint if it has one, else from the beginning."""
    common = ["train", *_what(options)]
    if options.namespace:
        common += ["--namespace", options.namespace]
    if options.network:
        common += ["--network"]
    if run.resumable:
        return [*common, "--resume", str(run.folder)]
    if run.ended[0] == STOPPED:
        run.make_way()
    shared = run.folder.parent / SETTINGS
    return [*common, "--params-file", str(shared), "--seed", str(run.seed), "--out", str(run.folder)]


def _what(options: argparse.Namespace) -> list[str]:
    return ["--env", options.env] if options.env is not None else [options.task]


def _draw(runs: Sequence[SeedRun], out: Path) -> None:
    """The curves of those that have any, where matplotlib is installed."""
    curves = [read_curve(run.folder) for run in runs if run.ended[0] != MISSING]
    evaluated = [curve for curve in curves if curve.points]
    if evaluated and importlib.util.find_spec("matplotlib") is not None:
        draw_curves(evaluated, "return", out)
        say(f"picture: {out}")
