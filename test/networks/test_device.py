# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Networks compute where their parameters and inputs are: nothing on the way is on the default device.

The default device is "meta" here, which holds no numbers: what is made there cannot take part in a computation.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from ros_rl.networks.critics import ActionValues, CriticEnsemble, polyak
from ros_rl.networks.embedding import EmbeddedCritics, EmbeddedPolicy, Embedding
from ros_rl.networks.normaliser import Normaliser
from ros_rl.networks.optimisers import Adam, AdamW, step
from ros_rl.networks.policies import ClippedGaussianPolicy, DeterministicPolicy, SquashedGaussianPolicy

SEEN, ACTIONS = 5, 2
USES: dict[str, tuple[Callable[[], nn.Module], Callable[..., Tensor]]] = {
    "critics": (lambda: CriticEnsemble(2, SEEN + ACTIONS, 8, dropout=0.1), lambda net, x, u: net(x, u)),
    "batch norm": (lambda: CriticEnsemble(2, SEEN + ACTIONS, 8, "batch"), lambda net, x, u: net(x, u)),
    "action values": (lambda: ActionValues(2, SEEN, 8, 3), lambda net, x, u: net(x)),
    "deterministic": (lambda: DeterministicPolicy(SEEN, ACTIONS, 8), lambda net, x, u: net(x)),
    "squashed, drawn": (
        lambda: SquashedGaussianPolicy(SEEN, ACTIONS, 8),
        lambda net, x, u: net.sample(x)[0] + net.sample(x)[1][:, None],
    ),
    "squashed, density": (
        lambda: SquashedGaussianPolicy(SEEN, ACTIONS, 8),
        lambda net, x, u: net.act(x, u) + net.log_probability(x, u)[:, None],
    ),
    "clipped": (
        lambda: ClippedGaussianPolicy(SEEN, ACTIONS, 8, 0.3),
        lambda net, x, u: net.act(x, u) + sum(net.log_probability(x, u))[:, None],
    ),
    "embedding": (lambda: Embedding(SEEN, ACTIONS, 8, 4), lambda net, x, u: net.loss(x, u, x)),
    "embedded critics": (
        lambda: EmbeddedCritics(2, SEEN, ACTIONS, 8, Embedding(SEEN, ACTIONS, 8, 4), 4),
        lambda net, x, u: net(x, u),
    ),
    "embedded policy": (lambda: EmbeddedPolicy(SEEN, ACTIONS, 8, 4), lambda net, x, u: net(x, x[:, :4])),
}


@pytest.mark.parametrize("optimiser", [Adam, AdamW])
@pytest.mark.parametrize("name", USES)
def test_a_step_makes_nothing_on_the_default_device(name: str, optimiser: type[torch.optim.Optimizer]) -> None:
    make, use = USES[name]
    network, target = make(), make()
    obs, action = torch.randn(6, SEEN), torch.rand(6, ACTIONS) - 0.5
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    moved = optimiser(parameters, 1e-3)
    with torch.device("meta"):
        for _ in range(2):
            step(moved, (use(network, obs, action) ** 2).mean())
        polyak(target.parameters(), network.parameters(), 0.5)
    for tensor in (*network.state_dict().values(), *target.state_dict().values()):
        assert tensor.device.type == "cpu" and torch.isfinite(tensor).all()


def test_normaliser_fits_where_it_is() -> None:
    data, normaliser = torch.randn(10, 3), Normaliser(3)
    with torch.device("meta"):
        normaliser.fit(data)
        restored = normaliser.restore(normaliser.normalise(data))
    torch.testing.assert_close(restored, data)
