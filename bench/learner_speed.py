# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Updates per second of the mpc agent's critics and policy, beside Stable-Baselines3's SAC in the same run.

Equal work on both sides: 60 network inputs, 12 actions, two critics and a policy of 2 x 256 units, batch 256; one
update is a batch drawn from the replay, a step of the critics, of the policy and of the entropy coefficient, and the
target networks. One update is checked first: from the same weights, batch and noise both give the same losses and
parameters. The two take turns block by block, so that other load on the machine hits both.

    pip install 'ros_rl[learn,bench]' && python bench/learner_speed.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium
import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from stable_baselines3 import SAC
from stable_baselines3.common.logger import configure
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import Tensor, nn

from ros_rl.agents.experience import Experience
from ros_rl.agents.mpc import MpcAgent
from ros_rl.features import Field, Layout
from ros_rl.model_based_settings import MpcSettings
from ros_rl.model_settings import ModelSettings
from ros_rl.networks import BatchedLinear
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.tasks.a1_walk import A1Walk
from ros_rl.types import Transition

STATE, ACTIONS, BATCH = 48, 12, 256
INPUTS = STATE + ACTIONS
"""What networks see of an observation: the state and the last action."""
_NAMES = {True: "ros_rl, critics with layer norm (as it ships)", False: "ros_rl"}
_STABLE = "Stable-Baselines3 SAC"


def plain_layout() -> Layout:
    """A state of `STATE` values, the last action, and no delay."""
    fields = (
        Field("state", STATE, "1", 1.0, "state"),
        Field("last_action", ACTIONS, "1", 1.0, "action"),
        Field("pending_actions", 0, "1", 1.0, "action"),
    )
    return Layout("plain", [f"joint_{index}" for index in range(ACTIONS)], fields)


class _Env(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (INPUTS,))
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (ACTIONS,))


def make_agent(layer_norm: bool) -> MpcAgent:
    """Our agent at the sizes and settings of the comparison."""
    rate = 3e-4
    settings = MpcSettings(
        learning_rate=rate,
        alpha_learning_rate=rate,
        layer_norm=layer_norm,
        mirror=False,
        smoothing=0.0,
        imitation=0.0,
        target_entropy=-1.0,
        model=ModelSettings(hidden=8),
    )
    return MpcAgent(plain_layout(), A1Walk(), settings, BATCH, 1.0)


def make_stable(settings: MpcSettings) -> SAC:
    """SAC with our settings."""
    model = SAC(
        "MlpPolicy",
        _Env(),
        learning_rate=settings.learning_rate,
        buffer_size=10_000,
        batch_size=BATCH,
        tau=settings.tau,
        gamma=settings.gamma,
        ent_coef=f"auto_{settings.initial_alpha}",
        target_entropy=settings.target_entropy * ACTIONS,
        policy_kwargs={"net_arch": [settings.hidden, settings.hidden]},
        device="cpu",
    )
    model.set_logger(configure(None, []))
    return model


def fill(replay: ReplayBuffer, model: SAC, count: int) -> None:
    """The same random transitions for both; the last action in an observation is the one before it."""
    rng = np.random.default_rng(0)
    last = rng.uniform(-1, 1, ACTIONS)
    state = rng.normal(size=STATE)
    for index in range(count):
        action, following, reward = rng.uniform(-1, 1, ACTIONS), rng.normal(size=STATE), float(rng.normal())
        seen, then = np.concatenate([state, last]), np.concatenate([following, action])
        done = bool(rng.random() < 0.02)
        replay.add(Transition(index, 0, seen, action, reward, then, done, False))
        model.replay_buffer.add(seen, then, action, np.array([reward]), np.array([done]), [{}])
        state, last = following, action


def linears(network: nn.Module) -> list[nn.Linear]:
    """The linear layers of one of SB3's networks."""
    return [layer for layer in network.modules() if isinstance(layer, nn.Linear)]


def pairs(agent: MpcAgent, model: SAC) -> Iterator[tuple[str, Tensor, Tensor, Callable[[Tensor], None]]]:
    """Each of our parameters beside SB3's: name, ours as SB3 shapes it, theirs, and how to set ours."""
    critics = [linears(net) for net in model.critic.q_networks]
    actor = linears(model.actor.latent_pi)
    ours = [block for block in agent.critics.net.net if isinstance(block, BatchedLinear)]
    for index, block in enumerate(ours):
        for member, net in enumerate(critics):
            yield from _layer(f"critic {member} layer {index}", block, member, slice(None), net[index])
    ours = [block for block in agent.policy.net.net if isinstance(block, BatchedLinear)]
    for index, layer in enumerate(actor):
        yield from _layer(f"policy layer {index}", ours[index], 0, slice(None), layer)
    yield from _layer("policy mean", ours[-1], 0, slice(0, ACTIONS), model.actor.mu)
    yield from _layer("policy deviation", ours[-1], 0, slice(ACTIONS, None), model.actor.log_std)


def _layer(
    name: str, block: BatchedLinear, member: int, part: slice, layer: nn.Linear
) -> Iterator[tuple[str, Tensor, Tensor, Callable[[Tensor], None]]]:
    weight, bias = block.weight.data[member][:, part], block.bias.data[member, 0][part]
    yield f"{name} weight", weight.T, layer.weight.data, lambda value: weight.copy_(value.T)
    yield f"{name} bias", bias, layer.bias.data, lambda value: bias.copy_(value)


def check_one_update(agent: MpcAgent, model: SAC, replay: ReplayBuffer) -> dict[str, float]:
    """Largest differences after one update from the same weights, batch and noise."""
    for _, _, theirs, assign in pairs(agent, model):
        assign(theirs)
    agent.targets.load_state_dict(agent.critics.state_dict())
    # SB3 adds 1e-6 inside the logarithm of 1 - tanh^2; a few gradients near zero would change their sign by it
    model.actor.action_dist.epsilon, epsilon = 0.0, model.actor.action_dist.epsilon
    e = agent.experience(replay.sample(BATCH))
    before = {name: ours.clone() for name, ours, _, _ in pairs(agent, model)}
    _stable_update(model, e)
    metrics = _our_update(agent, e)
    model.actor.action_dist.epsilon = epsilon
    logged = model.logger.name_to_value
    moved = max(float((ours - before[name]).abs().max()) for name, ours, _, _ in pairs(agent, model))
    result = {
        "critic_loss": float(
            abs(metrics["critic_loss"] / 2 - logged["train/critic_loss"])
        ),  # ours is the sum, theirs half
        "policy_loss": float(abs(metrics["policy_loss"] - logged["train/actor_loss"])),
        "log_alpha": abs(agent.log_alpha.item() - model.log_ent_coef.item()),
        "parameter": max(float((ours - theirs).abs().max()) for _, ours, theirs, _ in pairs(agent, model)),
        "largest_step": moved,
    }
    targets = [linears(net) for net in model.critic_target.q_networks]
    blocks = [block for block in agent.targets.net.net if isinstance(block, BatchedLinear)]
    result["target_parameter"] = max(
        float((block.weight.data[member].T - targets[member][index].weight.data).abs().max())
        for index, block in enumerate(blocks)
        for member in range(2)
    )
    return result


def _stable_update(model: SAC, e: Experience) -> None:
    """SB3's update on our batch, with the noise of seed 1."""
    data = ReplayBufferSamples(
        torch.cat([e.state, e.last_action], -1),
        e.action,
        torch.cat([e.next_state, e.action], -1),
        e.terminated[:, None],
        e.reward[:, None],
    )
    sample, model.replay_buffer.sample = model.replay_buffer.sample, lambda *_, **__: data
    torch.manual_seed(1)
    model.train(1, BATCH)
    model.replay_buffer.sample = sample


def _our_update(agent: MpcAgent, e: Experience) -> dict[str, float]:
    """Our update with the noise of seed 1, in the order in which SB3 draws it."""
    torch.manual_seed(1)
    policy_noise, target_noise = (torch.empty(BATCH, ACTIONS).normal_() for _ in range(2))
    noises, sample = iter((target_noise, policy_noise)), agent.policy.sample
    agent.policy.sample = lambda x: sample(x, next(noises))
    # our loss is twice theirs; Adam's step is the same with twice its epsilon
    group = agent._critic_optimiser.param_groups[0]
    group["eps"] *= 2
    metrics = agent.update_critics(e) | agent.update_policy(e)
    group["eps"] /= 2
    del agent.policy.sample
    return metrics


def measure(contenders: dict[str, Callable[[int], None]], blocks: int, updates: int) -> dict[str, dict[str, Any]]:
    """Updates per second by the wall clock, and processor milliseconds per update, block by block in turn."""
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    cpu: dict[str, list[float]] = {name: [] for name in contenders}
    for run in contenders.values():
        run(5)
    for _ in range(blocks):
        for name, run in contenders.items():
            wall, busy = time.perf_counter(), time.process_time()
            run(updates)
            rates[name].append(updates / (time.perf_counter() - wall))
            cpu[name].append(1e3 * (time.process_time() - busy) / updates)
    return {name: {"updates_per_second": spread(rates[name]), "cpu_ms": spread(cpu[name])} for name in contenders}


def updater(agent: MpcAgent, replay: ReplayBuffer) -> Callable[[int], None]:
    """Our update, batch included."""

    def run(count: int) -> None:
        for _ in range(count):
            e = agent.experience(replay.sample(BATCH))
            agent.update_critics(e)
            agent.update_policy(e)

    return run


def gemm_floor() -> float:
    """Milliseconds that the matrix products of one update take by themselves, on the threads set now."""
    shapes = [(INPUTS, 256), (256, 256), (256, 2 * ACTIONS)]
    inputs, hidden = 72, 256
    critic = [(inputs, hidden), (hidden, hidden), (hidden, 1)]
    products = [(2, shape, 1) for shape in shapes]  # policy: at the next state, and at the state
    products += [(1, shape, 2 if index else 1) for index, shape in enumerate(shapes)]  # its backward
    products += [(2, shape, 3) for shape in critic]  # two critics: targets, values, values of the policy's actions
    products += [(2, shape, 3 if index else 2) for index, shape in enumerate(critic)]  # their backward, twice
    total = 0.0
    for copies, (size_in, size_out), times in products:
        a, b = torch.randn(BATCH, size_in), torch.randn(size_in, size_out)
        samples = []
        for _ in range(20):
            start = time.perf_counter()
            torch.mm(a, b)
            samples.append(time.perf_counter() - start)
        total += copies * times * 1e3 * sorted(samples)[5]
    return total


def main() -> None:
    """Check one update, then measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], help="torch threads to measure with")
    parser.add_argument("--blocks", type=int, default=10, help="timed blocks of each contender")
    parser.add_argument("--updates", type=int, default=30, help="updates per block")
    add_output(parser, "learner_speed")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    agent, shipped = make_agent(layer_norm=False), make_agent(layer_norm=True)
    model, replay = make_stable(agent.settings), ReplayBuffer(10_000, INPUTS, ACTIONS)
    fill(replay, model, 5000)
    torch.set_num_threads(1)
    difference = check_one_update(agent, model, replay)
    print(describe_line(describe_machine()), "\n")
    step = difference.pop("largest_step")
    print(f"One update moved parameters by up to {step:.1e}; largest differences after it:\n")
    print(table(["what", "difference"], [[k, f"{v:.1e}"] for k, v in difference.items()]), "\n")
    if not max(difference.values()) < 1e-5:
        raise SystemExit("the updates differ")
    contenders = {
        _STABLE: lambda count: model.train(count, BATCH),
        _NAMES[False]: updater(agent, replay),
        _NAMES[True]: updater(shipped, replay),
    }
    rows, results = [], {}
    for threads in arguments.threads:
        torch.set_num_threads(threads)
        results[threads] = measure(contenders, arguments.blocks, arguments.updates)
        results[threads]["matrix products alone [ms]"] = gemm_floor()
        for name in contenders:
            speed, cpu = results[threads][name]["updates_per_second"], results[threads][name]["cpu_ms"]
            ratio = speed["median"] / results[threads][_STABLE]["updates_per_second"]["median"]
            quartiles = f"{speed['q1']:.0f} to {speed['q3']:.0f}"
            rows.append([name, threads, f"{speed['median']:.0f}", quartiles, f"{ratio:.2f}", f"{cpu['median']:.1f}"])
    print(table(["learner", "threads", "updates/s", "quartiles", "against SB3", "CPU ms per update"], rows))
    write_result(arguments.out, {"seed": 0, "difference_after_one_update": difference, "threads": results})


if __name__ == "__main__":
    main()
