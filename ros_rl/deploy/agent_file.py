# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs as files that somebody asks to run."""

from __future__ import annotations

from pathlib import Path

from ros_rl.deploy.contract import Contract
from ros_rl.deploy.trial import Trials, run_limit
from ros_rl.errors import GraphError
from ros_rl.settings.tree import Settings


def checked_agent(path: Path, settings: Settings) -> bytes:
    """A control graph that fits the run: robot, task and its reward, observation, rate and delay.

    Raises:
        GraphError: It is missing or broken, or takes too much time or memory.
        ContractError: It is for something else.
    """

    def check(contract: Contract) -> None:
        contract.check(settings.observation_spec(), settings.task.name, settings.control.period)
        contract.check_reward(settings.task)

    try:
        model = path.read_bytes()
    except OSError as error:
        raise GraphError(f"agent file {path}: {error.strerror}") from None
    Trials(run_limit(settings)).load(model, settings.controller.threads, check)
    return model
