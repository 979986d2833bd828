# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every agent is: it learns from a replay buffer, and its control graph acts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.layout import Layout
from ros_rl.planning.planner import Planner
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.tasks.task import Judge
from ros_rl.watch.value_watch import ValueWatch


class Stateful(Protocol):
    """A network or an optimiser."""

    def state_dict(self) -> dict[str, Any]:
        """All that a resume needs."""

    def load_state_dict(self, state: dict[str, Any], /) -> Any:
        """Take over what `state_dict` gave."""


class Agent(ABC):
    """Base of all agents.

    Args:
        layout: What the agent sees and does.
        batch_size: Transitions per update.
        updates_per_step: Updates per environment step.
    """

    graph: ControlGraph
    """What acts."""
    offline_rounds: int = 0
    """Calls of `train` on a log, before it acts and without environment steps; 0: it learns from what it does."""
    model: NetworkEnsemble | None = None
    """The dynamics model that it learns; None if it learns none."""
    planner: Planner[Any] | None = None
    """What plans on the model; None if nothing does."""

    def __init__(self, layout: Layout, batch_size: int, updates_per_step: float) -> None:
        self.layout, self.batch_size, self.updates_per_step = layout, batch_size, updates_per_step
        self.updates = 0
        """Updates so far."""
        self.watch: ValueWatch | None = None
        """Is shown the values and the targets of every update of critics."""
        self.mirror: Callable[[Batch], Batch] | None = None
        """Turns some transitions left to right; None where robot or task have no such symmetry."""
        self.relabel: Callable[[Batch], Batch] | None = None
        """Gives some transitions another's goal, and the reward that it would have brought; None without goals."""
        self.relabel_judge: Judge | None = None
        """Judges these, on numpy arrays; None: the task's own functions do."""
        self.entropy_bonus = 0.0
        """Soft agents: what the policy's entropy adds to the reward of a step, alpha H."""
        self._due: dict[str, float] = {}

    @abstractmethod
    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """The gradient work of one environment step.

        Args:
            replay: What the robot did.
            env_steps: Environment steps so far, this one included.

        Returns:
            Losses and the like, by name; empty if there was nothing to do.
        """

    def draw(self, replay: ReplayBuffer, count: int | None = None) -> Batch:
        """Transitions for an update of values or policies, a batch unless it is said how many."""
        batch = self.mirrored(replay.sample(self.batch_size if count is None else count))
        return batch if self.relabel is None else self.relabel(batch)

    def mirrored(self, batch: Batch) -> Batch:
        """What happened, or would have in the mirror."""
        return batch if self.mirror is None else self.mirror(batch)

    def take_teacher(self, state: Mapping[str, Any]) -> None:
        """Take over a finished run's planner; asked only of agents whose settings name a teacher.

        Args:
            state: What `state_dict` of that run's agent gave.

        Raises:
            KeyError: It is of another agent.
            RuntimeError: Its sizes differ.
        """
        raise NotImplementedError

    def look(self, batch: Batch) -> tuple[Tensor, Tensor] | None:
        """Values of single steps, (critics, batch), and the critics' last hidden layer, (critics, batch, units).

        None of agents without critics.
        """
        return None

    @abstractmethod
    def parts(self) -> dict[str, Stateful]:
        """Networks and optimisers by name: what a checkpoint holds."""

    def tensors(self) -> dict[str, Tensor]:
        """Further numbers that a checkpoint holds, by name; they are loaded in place."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Everything that a resume needs."""
        state: dict[str, Any] = {name: part.state_dict() for name, part in self.parts().items()}
        state |= {name: value.detach().clone() for name, value in self.tensors().items()}
        return state | {"updates": self.updates, "due": dict(self._due)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises:
            KeyError: It is of another agent.
            RuntimeError: Its sizes differ.
        """
        for name, part in self.parts().items():
            part.load_state_dict(state[name])
        with torch.no_grad():
            for name, value in self.tensors().items():
                value.copy_(state[name])
        self.updates, self._due = int(state["updates"]), dict(state["due"])

    def _show(self, q: Tensor, target: Tensor, clipped: Tensor | None = None) -> None:
        """Show the watch an update of critics; see `ValueWatch.batch`."""
        if self.watch is not None:
            self.watch.batch(q.detach(), target, self.entropy_bonus, clipped)

    def _take(self, what: str, per_step: float) -> int:
        """How many of something are due at this step, at `per_step` of them a step, perhaps a fraction."""
        due = self._due.get(what, 0.0) + per_step
        self._due[what] = due - int(due)
        return int(due)
