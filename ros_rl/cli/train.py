# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl train``: learn a controller."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ros_rl.cli.arguments import add_graph, add_preset, add_task, add_teleop, share, whole
from ros_rl.cli.options import check_agent, checkpoint_of, choose_task, settings_of
from ros_rl.cli.runs import start_nodes, train_in_gym
from ros_rl.cli.seeds import train_seeds
from ros_rl.config import variant_name
from ros_rl.errors import ConfigError
from ros_rl.runs import bringup
from ros_rl.runs.parent import end_with_parent
from ros_rl.runs.seeds import is_parent
from ros_rl.settings.expert import ExpertSettings
from ros_rl.settings.loggers import check_loggers
from ros_rl.settings.model_based import DYNAMICS, MpcSettings
from ros_rl.settings.nodes import EvaluatorSettings, LearnerSettings
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.teleop import NONE, implied_by_teleop


def add(commands: Any) -> None:
    """Add its parser."""
    parser = commands.add_parser("train", help="learn a controller")
    add_task(parser)
    parser.add_argument("--agent", metavar="NAME", help="what learns (default: mpc; sac with --env)")
    parser.add_argument(
        "--steps", type=whole(1), metavar="N", help="environment steps to learn from, in place of --robot-minutes"
    )
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        metavar="SEED",
        help="train with each of these, one after the other, and compare them; --out and --resume then name the folder "
        "of all their run folders",
    )
    add_preset(parser)
    add_graph(parser, f"default: the task's, else {LearnerSettings.robot_minutes:g}")
    parser.add_argument(
        "--eval-every",
        type=int,
        metavar="STEPS",
        help=f"environment steps between evaluations; 0: only at the end "
        f"(default: the task's, else {EvaluatorSettings.every})",
    )
    parser.add_argument(
        "--eval-episodes",
        type=int,
        metavar="N",
        help=f"episodes of every evaluation, the final one too "
        f"(default: the task's, else {EvaluatorSettings.episodes})",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="DIR",
        help="go on from the checkpoint of this run folder, with its settings but those given (default: start anew)",
    )
    parser.add_argument(
        "--adapt",
        choices=[DYNAMICS],
        help="with --resume: learn the dynamics of another world alone, from nothing but its transitions; critics and "
        "policy stay as they are, and the planner acts",
    )
    parser.add_argument(
        "--demonstrations",
        nargs="+",
        metavar="PATH",
        help="learn from these, too: folders that ros-rl record or another run left, or MCAP logs (default: none)",
    )
    parser.add_argument(
        "--expert",
        metavar="NAME",
        help="a scripted expert corrects the agent while it learns, see 'ros-rl list experts' (default: nobody does)",
    )
    parser.add_argument(
        "--interventions",
        type=share,
        metavar="SHARE",
        help=f"with --expert: share of the time in which it acts (default: {ExpertSettings.share:g})",
    )
    add_teleop(parser, "a person corrects the agent while they hold the switch")
    parser.set_defaults(function=_train)


def _train(options: argparse.Namespace) -> int:
    check_agent(options.agent)
    choose_task(options)
    own = {
        "agent.name": options.agent,
        "learner.robot_minutes": options.robot_minutes,
        "learner.steps": options.steps,
        "evaluator.every": options.eval_every,
        "evaluator.episodes": options.eval_episodes,
        "evaluator.final_episodes": options.eval_episodes,
        "agent.adapt": options.adapt,
        "learner.demonstrations": options.demonstrations,
        "expert.name": options.expert,
        "expert.share": options.interventions,
    }
    if options.interventions is not None and options.expert is None:
        raise ConfigError(f"--interventions {options.interventions:g} by whom? --expert NAME")
    if options.adapt is not None:
        _check_adapts(options)
    if options.seeds is not None or is_parent(options.resume):
        if options.teleop is not None:
            raise ConfigError(f"--teleop {options.teleop} is for one run; --seeds trains several, one after the other")
        return train_seeds(options, own)
    end_with_parent()
    checkpoint = checkpoint_of(options)
    settings = settings_of(options, implied=implied_by_teleop(options.teleop or NONE, False, corrects=True), **own)
    check_loggers(settings.learner.loggers)
    if options.env is not None:
        return train_in_gym(options, settings, checkpoint)
    return start_nodes(options, settings, bringup.TRAIN, resume=checkpoint)


def _check_adapts(options: argparse.Namespace) -> None:
    """Refuse what cannot adapt, in the words of the command line.

    Raises:
        ConfigError: There is nothing to adapt, or an agent that learns no dynamics, or does not plan with them.
    """
    if options.resume is None:
        raise ConfigError(f"--adapt {options.adapt} needs --resume RUN: the agent that adapts")
    if options.env is not None or options.seeds is not None or is_parent(options.resume):
        raise ConfigError(f"--adapt {options.adapt} is for one run of a robot; --env and --seeds cannot stand with it")
    checkpoint_of(options)
    agent = settings_of(options, **{"agent.name": options.agent}).agent
    if not isinstance(agent, MpcSettings):
        name = variant_name(AGENT_SETTINGS, agent)
        raise ConfigError(f"--adapt {options.adapt}: agent '{name}' plans with no dynamics model; mpc does")
