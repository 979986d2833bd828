# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Many Q-learners side by side: each has its own copy of a task, replay buffer, network and watch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from triad.tasks import ACTIONS, OBSERVATION, TASKS

from ros_rl.networks.mlp import BatchedMLP
from ros_rl.settings.watch import WatchSettings
from ros_rl.watch.value_watch import ValueWatch

BOOTSTRAPS = ("Q-learning", "target Q", "inverse double Q", "double Q")


@dataclass(frozen=True)
class Variant:
    """One point of the grid."""

    bootstrap: str
    steps: int = 1
    """n of the n-step return."""
    priority: float = 0.0
    """Exponent of |TD error| in the sampling; without importance weights."""
    hidden: int = 64


@dataclass(frozen=True)
class Budget:
    """What all runs share."""

    updates: int
    warmup: int = 500
    batch: int = 32
    gamma: float = 0.99
    learning_rate: float = 1e-3
    copy_every: int = 200
    explore: float = 0.1


class Replay:
    """Ring-free buffers of all runs, (runs, steps, ...); they hold everything."""

    def __init__(self, runs: int, capacity: int) -> None:
        self.size = 0
        self.observation = np.zeros((runs, capacity, OBSERVATION), np.float32)
        self.following = np.zeros_like(self.observation)
        self.action = np.zeros((runs, capacity), np.int64)
        self.reward = np.zeros((runs, capacity), np.float32)
        self.terminated = np.zeros((runs, capacity), bool)
        self.ended = np.zeros((runs, capacity), bool)
        self.weight = torch.zeros(runs, capacity, dtype=torch.float64)
        self.newest = torch.ones(runs, dtype=torch.float64)
        """Weight of new transitions: the largest so far."""

    def add(self, *values: np.ndarray) -> None:
        """Observation, action, reward, next observation, terminated, ended."""
        names = ("observation", "action", "reward", "following", "terminated", "ended")
        for name, value in zip(names, values, strict=True):
            getattr(self, name)[:, self.size] = value
        self.weight[:, self.size] = self.newest
        self.size += 1

    def draw(self, batch: int, rng: np.random.Generator, prioritised: np.ndarray) -> np.ndarray:
        """Places, (runs, batch): uniform, or by weight where prioritised."""
        places = rng.integers(0, self.size, (len(prioritised), batch))
        if prioritised.any():
            sums = self.weight[torch.from_numpy(prioritised), : self.size].cumsum(1)
            wanted = torch.from_numpy(rng.random((len(sums), batch))) * sums[:, -1:]
            places[prioritised] = torch.searchsorted(sums, wanted).clamp(max=self.size - 1).numpy()
        return places

    def n_step(self, places: np.ndarray, steps: np.ndarray, gamma: float) -> tuple[np.ndarray, ...]:
        """Sums of up to `steps` rewards, the place of the last of them, and the discount of what follows."""
        rows = np.arange(len(places))[:, None]
        total, last = self.reward[rows, places], places.copy()
        discount = np.full(places.shape, gamma, np.float32)
        for k in range(1, int(steps.max())):
            going = ~self.ended[rows, last] & (last + 1 < self.size) & (k < steps[:, None])
            last = last + going
            total = total + np.where(going, discount * self.reward[rows, last], 0.0).astype(np.float32)
            discount = np.where(going, discount * gamma, discount)
        return total, last, discount.astype(np.float32)


class Runs:
    """Runs of variants of one network size, on every task with every seed.

    Args:
        variants: What to compare.
        seeds: Runs of each variant on each task.
        budget: What they share.
    """

    def __init__(self, variants: list[Variant], seeds: int, budget: Budget) -> None:
        self.budget = b = budget
        self.labels = [(v, task, seed) for task in TASKS for v in variants for seed in range(seeds)]
        runs, hidden = len(self.labels), variants[0].hidden
        torch.manual_seed(hidden)
        self.rng = np.random.default_rng(hidden)
        self.tasks = [cls(len(variants) * seeds, self.rng) for cls in TASKS.values()]
        self.online, self.target = (
            BatchedMLP(runs, OBSERVATION, hidden, 2, ACTIONS, activation=nn.ReLU) for _ in range(2)
        )
        self.target.requires_grad_(False).load_state_dict(self.online.state_dict())
        self.optimiser = torch.optim.Adam(self.online.parameters(), b.learning_rate, fused=True)
        self.replay = Replay(runs, b.updates + b.warmup)
        self.steps = np.array([v.steps for v, _, _ in self.labels])
        self.priority = np.array([v.priority for v, _, _ in self.labels])
        self.selects = self._bootstrap("Q-learning", "double Q")  # by the online network
        self.evaluates = self._bootstrap("Q-learning", "inverse double Q")
        actions = torch.tensor([TASKS[task].actions for _, task, _ in self.labels])
        self.impossible = (torch.arange(ACTIONS) >= actions[:, None])[:, None]
        settings = WatchSettings(reward_bound=1.0)
        self.watches = [ValueWatch(b.gamma, settings) for _ in self.labels]
        self.largest, self.first = np.zeros(runs), np.zeros(runs, int)
        self.last, self.warned = np.zeros(runs), np.zeros(runs, int)

    def _bootstrap(self, *names: str) -> Tensor:
        return torch.tensor([v.bootstrap in names for v, _, _ in self.labels])[:, None, None]

    def train(self) -> list[dict[str, Any]]:
        """Warm up, then one step and one update at a time; returns one record for each run."""
        b = self.budget
        for step in range(b.warmup + b.updates):
            self._act(random=step < b.warmup)
            if step >= b.warmup:
                self._update(step - b.warmup + 1)
        return [self._record(index) for index in range(len(self.labels))]

    @torch.no_grad()
    def _act(self, random: bool) -> None:
        observation = np.concatenate([task.observation() for task in self.tasks])
        runs = len(observation)
        limit = ACTIONS - self.impossible[:, 0].sum(-1).numpy()
        action = (self.rng.random(runs) * limit).astype(np.int64)
        if not random:
            q = self.online(torch.from_numpy(observation)[:, None]).masked_fill(self.impossible, -torch.inf)
            greedy = q[:, 0].argmax(-1).numpy()
            action = np.where(self.rng.random(runs) < self.budget.explore, action, greedy)
        parts = zip(self.tasks, np.split(action, len(self.tasks)), strict=True)
        results = [np.concatenate(part) for part in zip(*(task.step(a) for task, a in parts), strict=True)]
        reward, following, terminated, ended = results
        self.replay.add(observation, action, reward, following, terminated, ended)

    def _update(self, update: int) -> None:
        b, replay = self.budget, self.replay
        places = replay.draw(b.batch, self.rng, self.priority > 0.0)
        total, last, discount = replay.n_step(places, self.steps, b.gamma)
        rows = np.arange(len(places))[:, None]
        following = torch.from_numpy(replay.following[rows, last])
        alive = torch.from_numpy((~replay.terminated[rows, last] * discount).astype(np.float32))
        target = torch.from_numpy(total) + alive * self._value(following)
        taken = torch.from_numpy(replay.action[rows, places])[..., None]
        q = self.online(torch.from_numpy(replay.observation[rows, places])).gather(-1, taken)[..., 0]
        error = q - target
        self.optimiser.zero_grad()
        (error**2).mean(1).sum().backward()
        self.optimiser.step()
        if update % b.copy_every == 0:
            self.target.load_state_dict(self.online.state_dict())
        self._prioritise(places, error.detach())
        self._note(update, q.detach(), target)

    @torch.no_grad()
    def _value(self, following: Tensor) -> Tensor:
        """The bootstrapped value, (runs, batch), by each run's own rule."""
        online, frozen = self.online(following), self.target(following)
        select = torch.where(self.selects, online, frozen).masked_fill(self.impossible, -torch.inf)
        return torch.where(self.evaluates, online, frozen).gather(-1, select.argmax(-1, True))[..., 0]

    def _prioritise(self, places: np.ndarray, error: Tensor) -> None:
        rows = np.flatnonzero(self.priority > 0.0)
        if not len(rows):
            return
        exponent = torch.from_numpy(self.priority[rows])[:, None]
        size = error[rows].double().abs().nan_to_num(1e6, 1e6).clamp(1e-3, 1e6)
        weight = size**exponent
        self.replay.weight[torch.from_numpy(rows)[:, None], torch.from_numpy(places[rows])] = weight
        self.replay.newest[rows] = torch.maximum(self.replay.newest[rows], weight.amax(1))

    def _note(self, update: int, q: Tensor, target: Tensor) -> None:
        """The truth at every update, and the watches."""
        self.last = q.abs().amax(1).nan_to_num(torch.inf, torch.inf).numpy()
        self.largest = np.maximum(self.largest, self.last)
        self.first[(self.first == 0) & (self.last > 1.0 / (1.0 - self.budget.gamma))] = update
        for index, watch in enumerate(self.watches):
            watch.batch(q[index], target[index])
            if not self.warned[index] and watch.check.recent[-1] and any("beyond" in t for t in watch.warnings()):
                self.warned[index] = update

    def _record(self, index: int) -> dict[str, Any]:
        variant, task, seed = self.labels[index]
        check = self.watches[index].check
        return {
            **asdict(variant),
            "task": task,
            "seed": seed,
            "largest": float(self.largest[index]),
            "last": float(self.last[index]),
            "first_beyond": int(self.first[index]),
            "watch_first": check.first,
            "beyond": check.beyond,
            "warned": int(self.warned[index]),
        }
