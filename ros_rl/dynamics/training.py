# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The gradient step of a dynamics model: of the agents, while they act, and of a fit to a data set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.networks.optimisers import AdamW

Transitions = Sequence[Tensor]
"""(state, last_action, action, next_state), each (members or 1, batch, ...)."""


def sequence_losses(model: NetworkEnsemble, sequence: Sequence[Transitions]) -> Tensor:
    """Each member's loss along sequences, (members,): mean over steps, each taken from the model's own prediction.

    With one step it is `NetworkEnsemble.losses`. Gradients run back through the predictions, as far as these have any
    (of an energy's only the Gaussian's share).
    """
    state, found = sequence[0][0], []
    for step, (_, last, now, next_state) in enumerate(sequence):
        last_action, action = (part.expand(len(state), -1, -1) for part in (last, now))
        found.append(model.losses(state, last_action, action, next_state))
        if step + 1 < len(sequence):
            state = model.predict(state, last_action, action)
    return sum(found[1:], found[0]) / len(sequence)


class ModelOptimiser:
    """Moves the members of an ensemble, each down the loss of a batch of its own.

    Args:
        model: The ensemble.
        learning_rate: Adam's step size.
        weight_decay: Decoupled weight decay.
        beside: Parameters that learn from the same transitions: a learned reward's, a learned termination's.
    """

    def __init__(
        self, model: NetworkEnsemble, learning_rate: float, weight_decay: float, beside: Iterable[nn.Parameter] = ()
    ) -> None:
        self.model = model
        parameters = [*model.parameters(), *beside]
        self.optimiser = AdamW(parameters, learning_rate, weight_decay=weight_decay, fused=True)

    def step(self, sequence: Sequence[Transitions], beside: Iterable[Tensor] = ()) -> Tensor:
        """One step down the sum of the members' losses, the model's penalty and `beside`.

        Args:
            sequence: Consecutive transitions, one for a one-step loss.
            beside: Losses of what learns beside the model, () each.

        Returns:
            Each member's loss, (members,), without gradient.
        """
        losses = sequence_losses(self.model, sequence)
        self.optimiser.zero_grad()
        torch.stack([losses.sum() + self.model.penalty(), *beside]).sum().backward()
        self.optimiser.step()
        return losses.detach()
