# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Critics that see packed observations through an encoder of their own."""

from __future__ import annotations

from torch import Tensor, nn

from ros_rl.networks.critics import ActionValues, CategoricalEnsemble, CriticEnsemble
from ros_rl.networks.images import ObservationEncoder


class SeeingCritics(nn.Module):
    """Q(o, u) of several critics with one encoder.

    Args:
        encoder: Theirs alone.
        head: The critics, of what it encodes.
    """

    def __init__(self, encoder: ObservationEncoder, head: CriticEnsemble | CategoricalEnsemble) -> None:
        super().__init__()
        self.encoder, self.head = encoder, head

    def forward(self, x: Tensor, action: Tensor) -> Tensor:
        """Values, (critics, batch), of packed observations (batch, ...) and actions (batch, actions)."""
        values: Tensor = self.head(self.encoder(x), action)
        return values

    def features(self, x: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden)."""
        return self.head.features(self.encoder(x), action)


class SeeingCategoricalCritics(SeeingCritics):
    """The distribution of Q(o, u) of several critics with one encoder; see `CategoricalEnsemble`."""

    head: CategoricalEnsemble

    @property
    def bins(self) -> Tensor:
        """See `CategoricalEnsemble.bins`."""
        return self.head.bins

    def logits(self, x: Tensor, action: Tensor) -> Tensor:
        """See `CategoricalEnsemble.logits`; of packed observations (batch, ...)."""
        return self.head.logits(self.encoder(x), action)


class SeeingActionValues(nn.Module):
    """Q(o, .) of all discrete actions, perhaps as V(o) + A(o, .) - mean A (Wang et al. 2016: dueling).

    Args:
        encoder: Theirs alone.
        critics: How many.
        hidden: Units in each of the two hidden layers.
        choices: Actions.
        normalisation: Of the hidden layers.
        dropout: Share of the hidden units that is dropped in training.
        dueling: Whether value and advantages are outputs of their own.
    """

    def __init__(
        self,
        encoder: ObservationEncoder,
        critics: int,
        hidden: int,
        choices: int,
        normalisation: str,
        dropout: float,
        dueling: bool,
    ) -> None:
        super().__init__()
        self.encoder, self.dueling = encoder, dueling
        self.head = ActionValues(critics, encoder.size, hidden, choices + dueling, normalisation, dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Values, (critics, batch, choices), of packed observations (batch, ...)."""
        found: Tensor = self.head(self.encoder(x))
        if not self.dueling:
            return found
        advantage = found[..., 1:]
        return found[..., :1] + advantage - advantage.mean(-1, keepdim=True)

    def features(self, x: Tensor, action: Tensor) -> Tensor:
        """The last hidden layer, (critics, batch, hidden), whatever the action."""
        return self.head.features(self.encoder(x), action)
