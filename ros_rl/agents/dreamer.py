# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Dreamer: a recurrent world model, and a policy that learns in what it imagines (Hafner et al. 2020, 2021, 2023).

The world model learns from streams of what was seen. From some of its latents the policy acts on in imagination for
``horizon`` steps; a critic learns the lambda-returns of that, and the policy follows them. The robot takes no part in
this: it only has to keep the latent of now, which its control graph carries from tick to tick.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from ros_rl.agents.agent import Agent, Stateful
from ros_rl.agents.common.imagination import ReturnScale, lambda_returns
from ros_rl.deploy.control_graph import ControlGraph
from ros_rl.layout import Layout
from ros_rl.networks.critics import polyak
from ros_rl.networks.freezing import frozen
from ros_rl.networks.images import largest_shift, random_shift
from ros_rl.networks.optimisers import Adam, step_within
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.stream import Stream
from ros_rl.settings.world_models import DreamerSettings
from ros_rl.world_models.actors import Actor, make_actor
from ros_rl.world_models.categorical import uniform_of
from ros_rl.world_models.recurrent import Latent
from ros_rl.world_models.two_hot import TwoHot
from ros_rl.world_models.world_model import Seen, WorldModel

_LARGEST_GRADIENT = 100.0
"""Gradients longer than this are cut to it (DayDreamer's code; algorithms of this family use 100 to 1000)."""


class DreamerGraph(ControlGraph):
    """Keeps the latent of now, and asks the policy. The carry is memory, drawn classes and the code of the last action.

    Args:
        layout: Of observations.
        model: The world model.
        actor: The policy.
        smoothing: Share of the last action in the next one.
    """

    def __init__(self, layout: Layout, model: WorldModel, actor: Actor, smoothing: float) -> None:
        super().__init__(layout)
        self.model, self.actor, self.smoothing = model, actor, smoothing
        recurrent = model.recurrent
        self.sizes = (recurrent.memory, recurrent.drawn, actor.code_size)
        self.carry = (0.0,) * sum(self.sizes)

    @property
    def noise_shape(self) -> list[int]:
        """One number for each latent variable, then those that draw the action."""
        return [self.model.recurrent.shape[0] + self.actor.noise_size]

    def act(self, observation: Tensor, carry: Tensor, noise: Tensor, explore: Tensor) -> tuple[Tensor, ...]:
        """See `ControlGraph.act`."""
        return self.act_on_images(observation, {}, carry, noise, explore)

    def act_on_images(
        self, observation: Tensor, images: Mapping[str, Tensor], carry: Tensor, noise: Tensor, explore: Tensor
    ) -> tuple[Tensor, ...]:
        """See `ControlGraph.act_on_images`."""
        model, recurrent = self.model, self.model.recurrent
        memory, drawn, last = carry[None].split(self.sizes, -1)
        of_latent, of_action = noise[None].split((recurrent.shape[0], self.actor.noise_size), -1)
        memory = recurrent.advance(Latent(memory, drawn), last)
        seen = {name: image[None] for name, image in images.items()}
        belief = recurrent.posterior(memory, model.embed(model.vector(observation[None]), seen))
        latent = recurrent.draw(memory, belief, uniform_of(of_latent))
        code = acting(self.actor.draw(latent.features, of_action * explore), last, self.smoothing)
        return self.actor.action(code)[0], torch.cat([*latent, code], -1)[0]


def acting(code: Tensor, last: Tensor, smoothing: float) -> Tensor:
    """The code of what acts, from the one that was drawn: within [-1, 1], and a low-pass with the last one.

    Its gradient is that of the code without limits: at a limit the policy could not learn to leave it.
    """
    inside = code + (code.clamp(-1.0, 1.0) - code).detach()
    return inside if not smoothing else torch.lerp(inside, last, smoothing)


class Imagined(NamedTuple):
    """How things may go on, time first."""

    features: Tensor
    """Of latents, (steps + 1, count, features)."""
    code: Tensor
    """Of what was drawn at each but the last, (steps, count, code_size)."""


class DreamerAgent(Agent):
    """See the module; arguments as those of `ros_rl.agents.factory.make_agent`."""

    graph: DreamerGraph

    def __init__(self, layout: Layout, settings: DreamerSettings, batch_size: int, updates_per_step: float) -> None:
        super().__init__(layout, batch_size, updates_per_step)
        self.settings = settings
        s, m = settings, settings.model
        features = m.memory + m.variables * m.classes
        self.actor = make_actor(layout, features, s.hidden, s.least_deviation, m.uniform)
        self.world_model = WorldModel(layout, self.actor.code_size, m)
        self.critic = TwoHot(features, s.hidden, m.bins, m.largest)
        self.slow_critic = copy.deepcopy(self.critic).requires_grad_(False)
        self.smoothing = 0.0 if layout.choices else s.smoothing
        self.graph = DreamerGraph(layout, self.world_model, self.actor, self.smoothing)
        self.scale = ReturnScale(self.world_model.scale)
        self.by_dynamics = s.gradient == "dynamics" or (s.gradient == "auto" and not layout.choices)
        self._model_optimiser = Adam(self.world_model.parameters(), m.learning_rate)
        self._actor_optimiser = Adam(self.actor.parameters(), s.learning_rate)
        self._critic_optimiser = Adam(self.critic.parameters(), s.learning_rate)

    def train(self, replay: ReplayBuffer, env_steps: int) -> dict[str, float]:
        """See `Agent.train`; nothing as long as no robot has made as many transitions as a sequence has."""
        metrics: dict[str, float] = {}
        length = self.settings.sequence
        if not replay.holds_streams(length):
            return metrics
        for _ in range(self._take("update", self.updates_per_step)):
            seen = self.seen(replay.streams(self.batch_size // length, length), self.settings.shift)
            latent, metrics = self._update_model(seen)
            metrics |= self._update_behaviour(*self._starts(latent, seen))
            self.updates += 1
        return metrics

    def seen(self, stream: Stream, shift: bool = False) -> Seen:
        """A stream as tensors, time first, where the agent is; its images moved at random, if that is asked for."""
        device = self.world_model.scale.device
        names = ("observation", "action", "reward", "terminated", "first")
        observation, action, reward, terminated, first = (
            torch.as_tensor(getattr(stream, name), device=device).transpose(0, 1).contiguous() for name in names
        )
        code = self.actor.code(action) * (1.0 - first)[..., None]
        images = {name: torch.as_tensor(image, device=device) for name, image in stream.images.items()}
        if shift:
            images = shifted(images)
        images = {name: image.transpose(0, 1).contiguous() for name, image in images.items()}
        return Seen(observation, code, reward, terminated, first, images)

    def _update_model(self, seen: Seen) -> tuple[Latent, dict[str, float]]:
        self.world_model.notice(seen)
        losses, latent, figures = self.world_model.losses(seen)
        norm = step_within(self._model_optimiser, torch.stack(list(losses.values())).sum(), _LARGEST_GRADIENT)
        told = {name: float(loss.detach()) for name, loss in losses.items()}
        return Latent(*(part.detach() for part in latent)), told | figures | {"model_gradient": norm}

    def _starts(self, latent: Latent, seen: Seen) -> tuple[Latent, Tensor]:
        """Latents to imagine from, and the codes that led to them: none of an end, and none before the burn-in."""
        usable = seen.terminated < 0.5
        usable[: min(self.settings.burn_in, len(usable) - 1)] = False
        found = usable.flatten().nonzero()[:, 0]
        chosen = found[torch.randperm(len(found), device=found.device)[: self.settings.imagined]]
        flat = Latent(*(part.flatten(0, 1) for part in latent))
        return flat.rows(chosen), seen.action.flatten(0, 1)[chosen]

    def _update_behaviour(self, start: Latent, last: Tensor) -> dict[str, float]:
        s = self.settings
        if not len(last):
            return {}
        with frozen(self.world_model, self.slow_critic), torch.set_grad_enabled(self.by_dynamics):
            imagined = self.imagine(start, last)
            after = imagined.features[1:]
            discount = s.gamma * self.world_model.continuation(after)
            reward, value = self.world_model.reward(after), self.slow_critic(imagined.features)
            returns = lambda_returns(reward, discount, value, s.trace)
        weight = torch.cat([torch.ones_like(discount[:1]), discount[:-1].detach()]).cumprod(0)
        spread, features = self.scale.update(returns), imagined.features[:-1].detach()
        log_probability, entropy = self.actor.judge(features, imagined.code.detach())
        gain = returns / spread
        if not self.by_dynamics:
            gain = log_probability * (gain - value[:-1] / spread)
        actor_loss = -(weight * (gain + s.entropy * entropy)).mean()
        figures = {
            "policy_loss": float(actor_loss.detach()),
            "policy_gradient": step_within(self._actor_optimiser, actor_loss, _LARGEST_GRADIENT),
        }
        critic_loss = (weight * self.critic.loss(features, returns.detach())).mean()
        step_within(self._critic_optimiser, critic_loss, _LARGEST_GRADIENT)
        polyak(self.slow_critic.parameters(), self.critic.parameters(), s.tau)
        return figures | {
            "critic_loss": float(critic_loss.detach()),
            "imagined_return": float(returns.detach().mean()),
            "imagined_reward": float(reward.detach().mean()),
            "return_scale": float(spread),
            "policy_entropy": float(entropy.detach().mean()),
        }

    def imagine(self, latent: Latent, last: Tensor) -> Imagined:
        """Let the policy act on from latents, (count, ...), that the codes `last` led to."""
        features, codes = [latent.features], []
        for _ in range(self.settings.horizon):
            noise = torch.randn((len(last), self.actor.noise_size), device=last.device)
            code = self.actor.draw(features[-1].detach(), noise)
            last = acting(code, last, self.smoothing)
            latent = self.world_model.recurrent.imagine(latent, last)
            features.append(latent.features)
            codes.append(code)
        return Imagined(torch.stack(features), torch.stack(codes))

    def parts(self) -> dict[str, Stateful]:
        """See `Agent.parts`."""
        networks = {"world_model": self.world_model, "actor": self.actor, "critic": self.critic}
        return networks | {
            "slow_critic": self.slow_critic,
            "model_optimiser": self._model_optimiser,
            "actor_optimiser": self._actor_optimiser,
            "critic_optimiser": self._critic_optimiser,
        }

    def tensors(self) -> dict[str, Tensor]:
        """See `Agent.tensors`."""
        return self.scale.tensors()


def shifted(images: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Images of sequences, each (batch, length, height, width, channels), all of a sequence by some pixels at random.

    Those of another size are moved by other ones.
    """
    found = {}
    for side in dict.fromkeys(image.shape[2:4] for image in images.values()):
        # as channels of one image, so that they are moved alike
        stacks = {n: i.permute(0, 2, 3, 1, 4).flatten(3) for n, i in images.items() if i.shape[2:4] == side}
        moved = random_shift(torch.cat([*stacks.values()], -1), largest_shift(*side))
        parts = moved.split([stack.shape[3] for stack in stacks.values()], -1)
        for name, part in zip(stacks, parts, strict=True):
            found[name] = part.unflatten(3, (images[name].shape[1], -1)).permute(0, 3, 1, 2, 4)
    return found
