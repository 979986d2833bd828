# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Fits a dynamics model to a data set, again and again while the data grows."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from ros_rl.config import build, setting
from ros_rl.dynamics.data import FIELDS, Split, TransitionData
from ros_rl.dynamics.ensemble import NetworkEnsemble
from ros_rl.dynamics.training import ModelOptimiser, sequence_losses
from ros_rl.errors import ConfigError, DataError
from ros_rl.types import Array

_CHUNK = 4096
"""Held-out sequences evaluated at once."""


@dataclass(frozen=True)
class FitSettings:
    """How a model is fitted."""

    epochs: int = setting(100, "passes over the data at most", low=1)
    patience: int = setting(10, "epochs in which no member improves on held-out data before the fit ends", low=1)
    batch_size: int = setting(256, "sequences per gradient step and member", low=1)
    learning_rate: float = setting(1e-3, "Adam's step size", low=1e-7, high=1.0)
    weight_decay: float = setting(1e-5, "decoupled weight decay", low=0.0)
    validation: float = setting(0.1, "share of the data that is held out", low=0.01, high=0.9)
    diversity: str = setting(
        "both",
        "how members come to differ: resampled data, different first weights, or both",
        choices=("both", "bootstrap", "initialisation"),
    )
    horizon: int = setting(1, "steps of the model's own prediction in the loss; 1: one-step loss", low=1, high=100)
    elites: int = setting(3, "best members on held-out data, for `NetworkEnsemble.subset`", low=1)
    seed: int = setting(0, "seed of split, resampling and order", low=0, high=2**31 - 1)


@dataclass(frozen=True)
class FitReport:
    """What a fit did; losses are each member's own."""

    train: Array
    """(epochs, members): mean loss during each epoch."""
    validation: Array
    """(1 + epochs, members): held-out loss before the first epoch and after each."""
    best_epoch: np.ndarray
    """(members,): the epoch whose weights each member has now; 0: those from before the fit."""
    final: Array
    """(members,): held-out loss with the weights that the members have now."""
    elites: tuple[int, ...]
    """The best members by `final`, best first; `NetworkEnsemble.subset` makes an ensemble of them."""


class Batches:
    """A data set as tensors, given out as sequences."""

    def __init__(self, data: TransitionData, like: Tensor) -> None:
        self._fields = [torch.as_tensor(getattr(data, name), dtype=like.dtype, device=like.device) for name in FIELDS]

    def at(self, starts: np.ndarray, horizon: int) -> list[list[Tensor]]:
        """Step by step (state, last_action, action, next_state) of the sequences that begin in the rows `starts`."""
        rows = [torch.as_tensor(starts + step, device=self._fields[0].device) for step in range(horizon)]
        return [[field[index] for field in self._fields] for index in rows]


class ModelTrainer:
    """Holds split and optimiser between fits, so that a growing data set continues the training.

    Args:
        model: What to train.
        settings: How.

    Raises:
        ConfigError: A setting is out of range.
    """

    def __init__(self, model: NetworkEnsemble, settings: FitSettings) -> None:
        build(FitSettings, asdict(settings), "fit")
        if settings.elites > model.members:
            raise ConfigError(f"fit.elites {settings.elites} exceeds the model's {model.members} members")
        self.model, self.settings = model, settings
        self._rng = np.random.default_rng(settings.seed)
        bootstrap = settings.diversity != "initialisation"
        self._split = Split(model.members, settings.validation, bootstrap, self._rng)
        if settings.diversity == "bootstrap":
            self._same_start()
        self._optimiser = ModelOptimiser(model, settings.learning_rate, settings.weight_decay)

    def fit(self, data: TransitionData) -> FitReport:
        """Train on data that holds all that earlier fits saw, in the same rows, and more.

        Each member keeps the weights of its own best epoch on held-out data. What members share (a Gaussian's bounds
        of variance, a dropout model's network) is kept from the epoch with the best sum.

        Raises:
            DataError: The data does not fit the model or the settings, or is too small.
        """
        self._check(data)
        shares, held_out = self._split.divide(data, self.settings.horizon)
        batches = Batches(data, self.model.inputs.mean)
        seen = np.unique(np.concatenate(shares))
        state, *_, next_state = batches.at(seen, 1)[0]
        self.model.fit_normalisers(state, next_state)
        best = _Best(self.model, self._validate(batches, held_out))
        train, validation = [], [best.member_loss]
        for epoch in range(1, self.settings.epochs + 1):
            train.append(self._epoch(batches, shares))
            validation.append(self._validate(batches, held_out))
            best.offer(epoch, validation[-1])
            if epoch - best.epoch.max() >= self.settings.patience:
                break
        best.restore()
        final = self._validate(batches, held_out)
        elites = tuple(int(member) for member in np.argsort(final, kind="stable")[: self.settings.elites])
        return FitReport(np.stack(train), np.stack(validation), best.epoch.copy(), final, elites)

    def _check(self, data: TransitionData) -> None:
        sizes = {"state": self.model.state_size, "action": self.model.action_size}
        for name, size in sizes.items():
            if getattr(data, name).shape[1] != size:
                raise DataError(f"data '{name}' has {getattr(data, name).shape[1]} values, the model {size}")
        if not len(data):
            raise DataError("the data holds no transition")

    def _epoch(self, batches: Batches, shares: list[np.ndarray]) -> Array:
        """One pass: as many sequences for each member as the longest share has, in each member's own order."""
        size = self.settings.batch_size
        count = max(len(share) for share in shares)
        order = np.stack([np.resize(self._rng.permutation(share), count) for share in shares])
        losses = []
        for first in range(0, count, size):
            sequence = batches.at(order[:, first : first + size], self.settings.horizon)
            losses.append(self._optimiser.step(sequence).cpu().numpy())
        return np.mean(losses, 0)

    @torch.no_grad()
    def _validate(self, batches: Batches, held_out: np.ndarray) -> Array:
        """Held-out loss of each member, (members,), under the same random numbers each time."""
        total = np.zeros(self.model.members)
        self.model.eval()
        device = self.model.inputs.mean.device
        with torch.random.fork_rng(devices=[] if device.type == "cpu" else [device]):
            torch.manual_seed(self.settings.seed)
            for first in range(0, len(held_out), _CHUNK):
                part = held_out[first : first + _CHUNK]
                sequence = batches.at(part[None], self.settings.horizon)
                total += len(part) * sequence_losses(self.model, sequence).cpu().numpy()
        self.model.train()
        return total / len(held_out)

    @torch.no_grad()
    def _same_start(self) -> None:
        for parameter in self.model.member_parameters():
            parameter.copy_(parameter[:1].expand_as(parameter).clone())


class _Best:
    """Each member's best weights so far."""

    def __init__(self, model: NetworkEnsemble, losses: Array) -> None:
        self._own = model.member_parameters()
        known = {id(parameter) for parameter in self._own}
        self._shared = [parameter for parameter in model.parameters() if id(parameter) not in known]
        self._kept_own = [parameter.detach().clone() for parameter in self._own]
        self._kept_shared = [parameter.detach().clone() for parameter in self._shared]
        self.member_loss, self._sum = losses.copy(), float(losses.sum())
        self.epoch = np.zeros(len(losses), np.int64)

    def offer(self, epoch: int, losses: Array) -> None:
        """Keep what got better."""
        better = losses < self.member_loss
        self.member_loss = np.where(better, losses, self.member_loss)
        if self._own:
            self.epoch[better] = epoch
        for parameter, kept in zip(self._own, self._kept_own, strict=True):
            mask = torch.as_tensor(better, device=parameter.device)
            kept[mask] = parameter.detach()[mask]
        if losses.sum() < self._sum:
            self._sum = float(losses.sum())
            self._kept_shared = [parameter.detach().clone() for parameter in self._shared]
            if not self._own:
                self.epoch[:] = epoch

    @torch.no_grad()
    def restore(self) -> None:
        """Put the best weights back into the model."""
        kept = [*self._kept_own, *self._kept_shared]
        for parameter, value in zip([*self._own, *self._shared], kept, strict=True):
            parameter.copy_(value)
