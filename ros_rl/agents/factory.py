# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Makes the agent that the settings name."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ros_rl.agents.actor_critic import ActorCriticAgent
from ros_rl.agents.agent import Agent
from ros_rl.agents.bc import BcAgent
from ros_rl.agents.ddpg import DdpgAgent
from ros_rl.agents.distil import DistilAgent
from ros_rl.agents.dqn import DqnAgent
from ros_rl.agents.dreamer import DreamerAgent
from ros_rl.agents.drq_dqn import DrqDqnAgent
from ros_rl.agents.drq_sac import DrqSacAgent
from ros_rl.agents.latent_mpc import LatentMpcAgent
from ros_rl.agents.mbpo import MbpoAgent
from ros_rl.agents.mpc import MpcAgent
from ros_rl.agents.naf import NafAgent
from ros_rl.agents.qt_opt import QtOptAgent
from ros_rl.agents.random import RandomAgent
from ros_rl.agents.reinforce import ReinforceAgent
from ros_rl.agents.sac import SacAgent
from ros_rl.agents.td7 import Td7Agent
from ros_rl.config import variant_name
from ros_rl.errors import ConfigError
from ros_rl.layout import Layout
from ros_rl.networks.mlp import round_products
from ros_rl.networks.precision import fast_bfloat16
from ros_rl.plugins import AGENTS_GROUP, find_plugins, load_plugin
from ros_rl.replay.goals import GoalRelabeller
from ros_rl.replay.mirror import Mirror
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.replay import HOW_DRAWN
from ros_rl.settings.tree import Settings

AGENTS: dict[str, Callable[..., Agent]] = {
    "mpc": MpcAgent,
    "latent_mpc": LatentMpcAgent,
    "drq_dqn": DrqDqnAgent,
    "drq_sac": DrqSacAgent,
    "mbpo": MbpoAgent,
    "distil": DistilAgent,
    "sac": SacAgent,
    "td3": DdpgAgent,
    "td7": Td7Agent,
    "ddpg": DdpgAgent,
    "dqn": DqnAgent,
    "dreamer": DreamerAgent,
    "bc": BcAgent,
    "naf": NafAgent,
    "qt_opt": QtOptAgent,
    "reinforce": ReinforceAgent,
    "actor_critic": ActorCriticAgent,
    "random": RandomAgent,
}
"""Agents by name. Each takes layout, its settings, batch size and updates per step; one that learns a model takes the
task after the layout, too, and the control period [s] at the end."""


def make_agent(layout: Layout, settings: Settings) -> Agent:
    """The agent of a run.

    Args:
        layout: What it sees and does.
        settings: Of the run.

    Raises:
        ConfigError: There is no such device; or it chooses among discrete actions and the environment's are
            continuous, or the reverse; or replay is to give sums of rewards, chunks or priorities for goals that
            change; or another package only names its settings.
    """
    name, agent = variant_name(AGENT_SETTINGS, settings.agent), settings.agent
    if agent.learns and not agent.acts(bool(layout.choices)):
        kinds = ("discrete", "continuous") if agent.discrete else ("continuous", "discrete")
        raise ConfigError(f"agent '{name}' chooses {kinds[0]} actions, those of '{layout.name}' are {kinds[1]}")
    device = device_of(settings.learner.device)
    with torch.device(device):
        made = _make(name, layout, settings)
    _round(made, settings.learner.precision, device)
    if agent.replays:
        _augment(made, layout, settings)
    return made


def device_of(name: str) -> torch.device:
    """Where tensors are to be; `auto` is the GPU where there is one.

    Raises:
        ConfigError: There is no GPU.
    """
    found = torch.cuda.is_available()
    if name == "cuda" and not found:
        raise ConfigError("learner.device is 'cuda', but torch finds no GPU here; allowed here: cpu, auto")
    if name == "auto":
        name = "cuda" if found else "cpu"
    return torch.device(name)


def _round(made: Agent, precision: str, device: torch.device) -> None:
    """Let an agent's networks make their products in the precision that the settings ask for."""
    if precision == "bfloat16" or (precision == "auto" and fast_bfloat16(device)):
        round_agent(made, torch.bfloat16)


def round_agent(agent: Agent, dtype: torch.dtype | None) -> None:
    """Let an agent's networks make their products with factors of this type; None: as exactly as its control graphs do.

    See `ros_rl.networks.mlp.round_products`.
    """
    for part in agent.parts().values():
        if isinstance(part, torch.nn.Module):
            round_products(part, dtype)


def _make(name: str, layout: Layout, settings: Settings) -> Agent:
    learner, agent = settings.learner, settings.agent
    sizes = (learner.batch_size, learner.updates_per_step)
    maker = AGENTS.get(name) or _maker_outside(name)
    if agent.learns_model:
        return maker(layout, settings.task, agent, *sizes, settings.control.period)
    return maker(layout, agent, *sizes)


def _maker_outside(name: str) -> Callable[..., Agent]:
    """What another package makes this agent with."""
    points = find_plugins(AGENTS_GROUP)
    if name not in points:
        raise ConfigError(f"agent '{name}' has settings, but no entry point in the group {AGENTS_GROUP}")
    made: Callable[..., Agent] = load_plugin(points[name])
    return made


def _augment(made: Agent, layout: Layout, settings: Settings) -> None:
    """Let an agent learn more from replayed transitions than what happened."""
    agent, task = settings.agent, settings.task
    if agent.mirror and task.symmetric and layout.mirror():
        made.mirror = Mirror(layout)
    if agent.relabel_fraction and layout.goal_size:
        if agent.chunk > 1:
            raise ConfigError(
                f"agent.relabel_fraction is {agent.relabel_fraction:g}, but agent.chunk is {agent.chunk} and only "
                "single steps can get another goal: use 0, or agent.chunk 1"
            )
        why = "but only single steps drawn alike can get another goal"
        settings.learner.replay.refuse(HOW_DRAWN, why, "agent.relabel_fraction 0")
        made.relabel = GoalRelabeller(layout, made.relabel_judge or task, agent.relabel_fraction)
