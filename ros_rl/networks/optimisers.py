# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Steps down a loss."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import increment_version


def _bare(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method of torch's optimisers without what keeps torch's compiler away from it: that would load the compiler."""
    bare: Callable[..., Any] = getattr(method, "__wrapped__", method)
    return bare


class _OwnRates(torch.optim.Optimizer):
    """Goes on from a checkpoint's moments at its own rates: a resume may be with other settings.

    A step counts as a change of the parameters, which torch's fused kernels leave untold: copies are told by it.
    """

    _torchs_step: Callable[..., Any]

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """One step along the gradients at hand; `closure` as torch has it."""
        with torch.no_grad():
            result = self._torchs_step(closure)
        self._changed()
        return result

    def _changed(self) -> None:
        for group in self.param_groups:
            increment_version(group["params"])

    add_param_group = _bare(torch.optim.Optimizer.add_param_group)
    state_dict = _bare(torch.optim.Optimizer.state_dict)
    zero_grad = _bare(torch.optim.Optimizer.zero_grad)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the moments that `state_dict` gave."""
        own = [{name: value for name, value in group.items() if name != "params"} for group in self.param_groups]
        _bare(torch.optim.Optimizer.load_state_dict)(self, state_dict)
        for group, values in zip(self.param_groups, own, strict=True):
            group.update(values)


class AdamW(_OwnRates, torch.optim.AdamW):
    """Torch's own."""

    _torchs_step = _bare(torch.optim.AdamW.step)


class Adam(_OwnRates, torch.optim.Adam):
    """Torch's Adam in one kernel, with less around it: small networks spend as long there as in the kernel.

    Args:
        parameters: To be moved, all of them at each step.
        learning_rate: Step size.
        beta1: Decay of the gradient's mean.
    """

    _torchs_step = _bare(torch.optim.Adam.step)
    _moments: Sequence[list[Tensor]] = ()

    def __init__(self, parameters: Iterable[Tensor], learning_rate: float, beta1: float = 0.9) -> None:
        super().__init__(list(parameters), learning_rate, betas=(beta1, 0.999), fused=True)

    def step(self, closure: Callable[[], float] | None = None) -> Any:
        """One step as torch makes it; `closure` as torch has it."""
        for state in self.state.values():  # torch counts for each parameter
            state["step"] = state["step"].clone()
        result = super().step(closure)
        self._moments = ()
        return result

    @torch.no_grad()
    def move(self) -> None:
        """One step along the gradients at hand."""
        group = self.param_groups[0]
        parameters = group["params"]
        gradients = [parameter.grad for parameter in parameters]
        if not (self._moments or self._gather()) or any(gradient is None for gradient in gradients):
            self.step()
            return
        mean, square, steps = self._moments
        steps[0].add_(1.0)
        torch._fused_adam_(
            parameters,
            gradients,
            mean,
            square,
            [],
            steps,
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=0.0,
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )
        self._changed()

    def _gather(self) -> bool:
        """Whether all parameters have moved equally often: then one count of steps is enough."""
        states = [self.state[parameter] for parameter in self.param_groups[0]["params"] if parameter in self.state]
        counts = {float(state["step"]) for state in states}
        if len(states) < len(self.param_groups[0]["params"]) or len(counts) > 1:
            return False
        for state in states:
            state["step"] = states[0]["step"]
        self._moments = [[state[name] for state in states] for name in ("exp_avg", "exp_avg_sq", "step")]
        return True

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the moments that `state_dict` gave."""
        super().load_state_dict(state_dict)
        self._moments = ()


def step(optimiser: torch.optim.Optimizer, loss: Tensor) -> float:
    """One step down a loss; returns it."""
    _differentiate(optimiser, loss)
    move(optimiser)
    return float(loss.detach())


def step_within(optimiser: torch.optim.Optimizer, loss: Tensor, largest: float) -> float:
    """One step down a loss, with the gradient cut to a largest length; returns its length before."""
    parameters = _differentiate(optimiser, loss)
    length = torch.nn.utils.clip_grad_norm_(parameters, largest)
    move(optimiser)
    return float(length)


def _differentiate(optimiser: torch.optim.Optimizer, loss: Tensor) -> list[Tensor]:
    parameters: list[Tensor] = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    for parameter in parameters:
        parameter.grad = None
    loss.backward()
    return parameters


def move(optimiser: torch.optim.Optimizer) -> None:
    """One step along the gradients at hand."""
    if isinstance(optimiser, Adam):
        optimiser.move()
    else:
        optimiser.step()
