# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Lets what was learned act in a Gymnasium environment: to be judged, or to be watched."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from ros_rl.cli.agents import is_run, refuse_agent_settings
from ros_rl.cli.options import gym_task, overrides_of, require, settings_of
from ros_rl.cli.parser import FAILURE, INTERRUPTED
from ros_rl.errors import ConfigError
from ros_rl.runs.display import print_line as say
from ros_rl.runs.signals import stop_event
from ros_rl.tasks.gym_task import GymTask

if TYPE_CHECKING:
    from ros_rl.gym.acting import Acting
    from ros_rl.gym.film import Film

_DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER")
_WINDOW, _PICTURES = "human", "rgb_array"


def evaluate_in_gym(options: argparse.Namespace) -> int:
    """Judge an agent in an environment; gives the exit code."""
    acting = _acting(options, _PICTURES if options.video is not None else None)
    from ros_rl.gym.evaluation import GymEvaluator
    from ros_rl.runs.screens import evaluation_screen

    evaluator = GymEvaluator(acting.settings, acting.environment)
    try:
        found = evaluator.evaluate(acting.make_actor, acting.settings.evaluator.final_episodes, options.video)
    finally:
        evaluator.close()
    problem = found.pop("no_video", "")
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for number, (total, steps) in enumerate(zip(found["returns"], found["lengths"], strict=True), 1):
            print(f"episode {number:<3} return {total:.2f}, {steps} steps")
        print(evaluation_screen(found))
    for line in filter(None, (evaluator.cut_line(found), problem and f"no video: {problem}")):
        print(line, file=sys.stderr)
    return FAILURE if problem else 0


def run_in_gym(options: argparse.Namespace) -> int:
    """Let an agent act in an environment, in a window or for a film; gives the exit code."""
    if options.video is None and sys.platform.startswith("linux") and not any(map(os.environ.get, _DISPLAYS)):
        raise ConfigError("there is no display here for the environment's window; --video FILE makes a film")
    acting = _acting(options, _WINDOW if options.video is None else _PICTURES)
    from ros_rl.gym.film import LONGEST_FILM, Film

    film = Film(acting.environment, LONGEST_FILM) if options.video is not None else None
    stop = stop_event()
    try:
        done = _act(acting, film, options.episodes or (1 if film else 0))
    finally:
        acting.environment.close()
    if done:
        from ros_rl.gym.episodes import summarise
        from ros_rl.runs.screens import evaluation_screen

        say(evaluation_screen(summarise(done)))
    if film is not None:
        film.write(options.video)
        say(f"no video: {film.problem}" if film.problem else f"video in {options.video}")
    return FAILURE if film is not None and film.problem else INTERRUPTED if stop.is_set() else 0


def _act(acting: Acting, film: Film | None, episodes: int) -> list[Any]:
    """So many episodes, 0: until a signal; those that came to their end."""
    from ros_rl.gym.episodes import Episodes

    settings, stop = acting.settings, stop_event()
    assert isinstance(settings.task, GymTask)
    limit = settings.task.evaluation_steps if film is not None else None
    running = Episodes(acting.environment, acting.make_actor(settings.seed), stop, limit)
    done: list[Any] = []
    while not (episodes and len(done) == episodes):
        episode = running.run(None if done else settings.seed, film)
        if stop.is_set():
            break
        done.append(episode)
        say(f"episode {len(done):<3} {episode}")
    return done


def _acting(options: argparse.Namespace, render_mode: str | None) -> Acting:
    """The agent and the environment that the options name.

    Raises:
        RosRlError: One of them cannot be made, they do not fit, or the environment cannot be shown so.
    """
    require("gymnasium")
    from ros_rl.gym.acting import acting_file, acting_run

    own = {"evaluator.final_episodes": options.episodes}
    if is_run(options):
        return acting_run(options.agent, gym_task(options), overrides_of(options, **own), render_mode)
    refuse_agent_settings(options)
    return acting_file(options.agent, settings_of(options, **own), render_mode)
