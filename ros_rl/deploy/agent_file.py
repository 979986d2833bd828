# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Control graphs as files that somebody asks to run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.onnx_file import OnnxFile
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.deploy.trial import Trials, run_limit
from ros_rl.errors import ContractError, GraphError
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

    model = read_agent(path)
    with agent_named(path):
        try_agent(model, settings, check)
    return model


def contract_of(path: Path) -> Contract:
    """What an agent file says that it is for.

    Raises:
        GraphError: It is missing or broken.
        ContractError: It says nothing that can be read.
    """
    model = read_agent(path)
    with agent_named(path):
        return Contract.from_json(OnnxFile.read(model).metadata.get(METADATA_KEY, ""))


@contextmanager
def agent_named(path: Path) -> Iterator[None]:
    """Say which file it is that is wrong."""
    try:
        yield
    except (GraphError, ContractError) as error:
        raise type(error)(f"agent file {path}: {error}") from None


def read_agent(path: Path) -> bytes:
    """The content of an agent file.

    Raises:
        GraphError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise GraphError(f"agent file {path}: {error.strerror}") from None


def try_agent(model: bytes, settings: Settings, check: Callable[[Contract], None]) -> OnnxGraph:
    """A control graph of unknown origin, ready to run; see `Trials.load`.

    Args:
        model: The graph.
        settings: Of the run.
        check: Raises for a contract that does not fit.
    """
    return Trials(run_limit(settings)).load(model, settings.controller.threads, check)
