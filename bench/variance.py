# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How much policy gradients scatter, and what that does to learning: REINFORCE to actor-critic, on Pendulum-v1.

The gradient of an update (`EPISODES` episodes) at a fixed policy, many times over: before learning and with the policy
that the actor-critic has learned. All estimators weigh step k with gamma^k there, so that all but those with a critic
have the same mean. Learning curves are of the agents as users get them, without that factor; the policy's learning rate
of each is the best of `--rates` on a seed that counts nowhere else.

    python bench/variance.py
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, table, write_result
from torch import Tensor

from ros_rl.agents.actor_critic import ActorCriticAgent
from ros_rl.agents.common.policy_gradient import joined, minibatches
from ros_rl.agents.common.samples import Samples
from ros_rl.agents.reinforce import ReinforceAgent
from ros_rl.layout import Field, Layout
from ros_rl.networks.policies import ClippedGaussianPolicy
from ros_rl.settings.policy_gradient import ActorCriticSettings, ReinforceSettings

EPISODES, LENGTH, GAMMA = 10, 200, 0.95
REWARD_SCALE = 0.1
"""Pendulum pays down to -16 a step; networks that start near zero learn a tenth of it sooner."""
COMMON = {"smoothing": 0.0, "hidden": 64, "gamma": GAMMA, "episodes": EPISODES, "entropy": 1e-3, "initial_std": 0.5}
REINFORCE: dict[str, dict[str, str]] = {
    "trajectory": {"estimator": "trajectory", "baseline": "none"},
    "return to go": {"estimator": "return_to_go", "baseline": "none"},
    "+ mean baseline": {"estimator": "return_to_go", "baseline": "mean"},
    "+ learned Q baseline": {"estimator": "return_to_go", "baseline": "q"},
}
ACTOR_CRITIC = "actor-critic"
TUNING_SEED = 1000
FIGURE = Path(__file__).resolve().parents[1] / "docs" / "figures" / "variance.png"

Gradient = Callable[[list[Samples]], Tensor]


def layout() -> Layout:
    """Pendulum's observation and action."""
    fields = [
        Field("direction", (2,), "1", 1.0, "state"),
        Field("velocity", (1,), "rad/s", 0.125, "state"),
        Field("last_action", (0,), "1", 1.0, "action"),
        Field("pending_actions", (0,), "1", 1.0, "action"),
    ]
    return Layout("Pendulum-v1", ["torque"], fields)


class World:
    """Plays `EPISODES` episodes at a time."""

    def __init__(self, seed: int) -> None:
        # without the wrappers, which take twice the time of the pendulum; `play` keeps to the episodes' length
        self.envs = [gymnasium.make("Pendulum-v1", disable_env_checker=True).unwrapped for _ in range(EPISODES)]
        for index, env in enumerate(self.envs):
            env.reset(seed=1000 * (seed + 1) + index)
        self.scale = torch.tensor(layout().scale, dtype=torch.float32)

    @torch.no_grad()
    def play(self, policy: ClippedGaussianPolicy) -> tuple[list[Samples], float]:
        """Episodes of a policy that explores, and their mean return as the environment counts it."""
        observation = np.stack([env.reset()[0] for env in self.envs])
        rows = []
        for _ in range(LENGTH):
            obs = torch.from_numpy(observation) * self.scale
            action = policy.act(obs, torch.randn(EPISODES, 1))
            results = [env.step(u) for env, u in zip(self.envs, 2.0 * action.numpy(), strict=True)]
            observation = np.stack([result[0] for result in results])
            reward = [result[1] for result in results]
            next_obs = torch.from_numpy(observation) * self.scale
            rows.append((obs, action, torch.tensor(reward, dtype=torch.float32), next_obs))
        obs, action, reward, next_obs = (torch.stack(column, 1) for column in zip(*rows, strict=True))
        zeros, ones = torch.zeros(LENGTH), torch.ones(LENGTH)
        episodes = [
            Samples(obs[i], action[i], REWARD_SCALE * reward[i], next_obs[i], zeros, GAMMA * ones, ones, zeros)
            for i in range(EPISODES)
        ]
        return episodes, float(reward.sum(1).mean())


def reinforce(rate: float = 1e-2, **settings: Any) -> ReinforceAgent:
    """An agent of the comparison, whose policy learns at a rate."""
    return ReinforceAgent(layout(), ReinforceSettings(**COMMON, learning_rate=rate, **settings), 256, 0.0)


def actor_critic(rate: float = 1e-2, **settings: Any) -> ActorCriticAgent:
    """An agent of the comparison, whose policy learns at a rate."""
    values = {**COMMON, "critics": 1, "policy_learning_rate": rate, **settings}
    return ActorCriticAgent(layout(), ActorCriticSettings(**values), 256, 0.0)


def learn(name: str, seed: int, updates: int, rate: float) -> tuple[list[float], ClippedGaussianPolicy]:
    """The mean return of the episodes of each update, and the policy at the end."""
    torch.manual_seed(seed)
    agent = actor_critic(rate) if name == ACTOR_CRITIC else reinforce(rate, **REINFORCE[name])
    world, returns = World(seed), []
    for _ in range(updates):
        episodes, mean = world.play(agent.policy)
        if isinstance(agent, ReinforceAgent):
            agent.update(episodes)
        else:
            agent.update_on_policy(episodes)
        returns.append(mean)
    return returns, agent.policy


def best_rate(name: str, updates: int, rates: list[float]) -> float:
    """The learning rate with the highest mean return over the second half of a run of the seed `TUNING_SEED`."""
    scores = {rate: float(np.mean(learn(name, TUNING_SEED, updates, rate)[0][updates // 2 :])) for rate in rates}
    print(f"{name}: " + ", ".join(f"{score:.0f} at {rate:g}" for rate, score in scores.items()), flush=True)
    return max(scores, key=lambda rate: scores[rate])


def flat_gradient(policy: ClippedGaussianPolicy, loss: Tensor) -> Tensor:
    """Minus the gradient of a loss by all weights, (weights,)."""
    return -torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(policy.parameters()))])


def score_gradients(policy: ClippedGaussianPolicy, fitted: ReinforceAgent) -> dict[str, Gradient]:
    """REINFORCE's estimators at one policy; the learned baseline is `fitted`'s."""

    def gradient_of(agent: ReinforceAgent) -> Gradient:
        def gradient(episodes: list[Samples]) -> Tensor:
            weights = agent.weights(episodes, [agent.returns(episode) for episode in episodes])
            return flat_gradient(policy, agent.loss(episodes, weights))

        return gradient

    result = {}
    for name, settings in REINFORCE.items():
        agent = fitted if settings["baseline"] == "q" else reinforce(**settings, discount_states=True)
        agent.policy = policy
        agent.settings = ReinforceSettings(**{**vars(agent.settings), "entropy": 0.0})
        result[name] = gradient_of(agent)
    return result


def critic_gradients(agent: ActorCriticAgent) -> dict[str, Gradient]:
    """Gradients with a Bellman critic at its agent's policy."""
    policy, powers = agent.policy, GAMMA ** torch.arange(LENGTH)

    def executed(trace: float) -> Gradient:
        def gradient(episodes: list[Samples]) -> Tensor:
            agent.settings = ActorCriticSettings(**{**vars(agent.settings), "trace": trace})
            data = joined(episodes)
            weights = torch.cat([powers * agent.advantages(episode) for episode in episodes])
            log_probability, _ = policy.log_probability(data.obs, data.action)
            return flat_gradient(policy, -(weights * log_probability).sum() / EPISODES)

        return gradient

    def of_critic(pathwise: bool) -> Gradient:
        def gradient(episodes: list[Samples]) -> Tensor:
            obs, weights = joined(episodes).obs, powers.repeat(EPISODES)
            action = policy.act(obs, torch.randn(len(obs), 1))
            if pathwise:
                gain = agent.critics.frozen()(obs, action)[0]
            else:
                action = action.detach()
                with torch.no_grad():
                    advantage = agent.critics.frozen()(obs, action)[0] - agent.values(obs)
                gain = advantage * policy.log_probability(obs, action)[0]
            return flat_gradient(policy, -(weights * gain).sum() / EPISODES)

        return gradient

    return {
        "actor-critic, lambda 0.9": executed(0.9),
        "actor-critic, lambda 0": executed(0.0),
        "critic alone, likelihood ratio": of_critic(False),
        "critic alone, pathwise": of_critic(True),
    }


def fit(policy: ClippedGaussianPolicy, batches: list[list[Samples]]) -> tuple[ReinforceAgent, ActorCriticAgent]:
    """A baseline regressed on returns and a critic that follows the Bellman equation, on the same episodes."""
    baseline = reinforce(**REINFORCE["+ learned Q baseline"], discount_states=True)
    critic = actor_critic()
    baseline.policy = critic.policy = policy
    episodes = [episode for batch in batches for episode in batch]
    for _ in range(3):
        baseline.fit_baseline(episodes, [baseline.returns(episode) for episode in episodes])
        for _ in range(10):
            for part in minibatches(joined(episodes), 256):
                critic.update_critics(part)
    return baseline, critic


def scatter(policy: ClippedGaussianPolicy, seed: int, fitting: int, batches: int) -> dict[str, dict[str, float]]:
    """Variance of each estimator at a fixed policy, and how it lies to an unbiased mean from other episodes."""
    torch.manual_seed(seed)
    world = World(100 + seed)
    baseline, critic = fit(policy, [world.play(policy)[0] for _ in range(fitting)])
    estimators = score_gradients(policy, baseline) | critic_gradients(critic)
    gradients: dict[str, list[Tensor]] = {name: [] for name in estimators}
    for _ in range(batches):
        episodes, _ = world.play(policy)
        for name, gradient in estimators.items():
            gradients[name].append(gradient(episodes))
    stacked = {name: torch.stack(values) for name, values in gradients.items()}
    unbiased = estimators["+ learned Q baseline"]
    reference = torch.stack([unbiased(world.play(policy)[0]) for _ in range(batches)]).mean(0)
    largest = float(stacked["trajectory"].var(0).sum())
    return {
        name: {
            "variance": float(values.var(0).sum()),
            "share": float(values.var(0).sum()) / largest,
            "cosine": float(torch.cosine_similarity(values, reference, 1).mean()),
            "cosine_of_mean": float(torch.cosine_similarity(values.mean(0), reference, 0)),
            "length_of_mean": float(values.mean(0).norm() / reference.norm()),
        }
        for name, values in stacked.items()
    }


def main() -> None:
    """Run, print the tables, write figures and plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rates", type=float, nargs="+", default=[1e-3, 3e-3, 1e-2], help="to choose from")
    parser.add_argument("--updates", type=int, default=150, help=f"of {EPISODES} episodes each")
    parser.add_argument("--fitting", type=int, default=15, help="batches that baseline and critic are fitted to")
    parser.add_argument("--batches", type=int, default=60, help="gradients per estimator, policy and seed; 0: none")
    parser.add_argument("--figure", type=Path, default=FIGURE)
    add_output(parser, "variance")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    curves: dict[str, list[list[float]]] = {name: [] for name in (*REINFORCE, ACTOR_CRITIC)}
    variances: dict[str, list[dict[str, dict[str, float]]]] = {"untrained": [], "trained": []}

    rates = {name: best_rate(name, arguments.updates, arguments.rates) for name in curves}

    def save() -> None:
        told = {key: value for key, value in vars(arguments).items() if key not in ("figure", "out")}
        result: dict[str, Any] = {"arguments": told}
        result |= {"cpu_seconds": round(time.process_time()), "rates": rates}
        result |= {"curves": curves, "variances": variances}
        write_result(arguments.out, result)

    sizes = (arguments.fitting, arguments.batches)
    for seed in arguments.seeds:
        torch.manual_seed(seed)
        if arguments.batches:
            variances["untrained"].append(scatter(actor_critic().policy, seed, *sizes))
        save()
        for name, runs in curves.items():
            returns, policy = learn(name, seed, arguments.updates, rates[name])
            runs.append(returns)
            save()
            print(f"seed {seed}, {name}: {np.mean(returns[-10:]):.0f}, {time.process_time():.0f} s", flush=True)
        if arguments.batches:
            variances["trained"].append(scatter(policy, seed, *sizes))
        save()
    variances = {when: seeds for when, seeds in variances.items() if seeds}
    report(curves, variances, rates)
    plot(curves, variances, arguments.figure)


def report(
    curves: dict[str, list[list[float]]],
    variances: dict[str, list[dict[str, dict[str, float]]]],
    rates: dict[str, float],
) -> None:
    """Print both tables."""
    print(f"\n{describe_line(describe_machine())}\n")
    for when, seeds in variances.items():
        keys = {"share": ".2g", "cosine": ".2f", "cosine_of_mean": ".2f", "length_of_mean": ".2f"}
        rows = [
            [name, *(_range([s[name][key] for s in seeds], style) for key, style in keys.items())] for name in seeds[0]
        ]
        header = ["variance of trajectory's", "cosine of one", "cosine of the mean", "length of the mean"]
        print(table([f"gradient, {when} policy", *header], rows) + "\n")
    rows = []
    for name, seeds in curves.items():
        middle = [statistics.mean(each[: len(each) // 2][-10:]) for each in seeds]
        end = [statistics.mean(each[-10:]) for each in seeds]
        rows.append([name, f"{rates[name]:g}", _range(middle, ".0f"), _range(end, ".0f")])
    steps = len(next(iter(curves.values()))[0]) * EPISODES * LENGTH
    print(table(["agent", "learning rate", f"return at {steps // 2} steps", f"return at {steps} steps"], rows))


def _range(values: list[float], style: str) -> str:
    mean, low, high = (format(value, style) for value in (statistics.mean(values), min(values), max(values)))
    return f"{mean} ({low} to {high})"


def plot(
    curves: dict[str, list[list[float]]], variances: dict[str, list[dict[str, dict[str, float]]]], path: Path
) -> None:
    """Variances on the left, learning curves on the right."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(12, 4.2), width_ratios=(1, 1.1))
    for offset, (when, seeds) in zip((0.2, -0.2), variances.items(), strict=False):
        names = list(seeds[0])
        values = np.array([[seed[name]["share"] for name in names] for seed in seeds])
        spread = np.abs(np.stack([values.min(0), values.max(0)]) - values.mean(0))
        left.barh(-np.arange(len(names)) + offset, values.mean(0), 0.38, xerr=spread, label=f"{when} policy")
        left.set(xscale="log", yticks=-np.arange(len(names)), yticklabels=names)
        left.legend()
    left.set_xlabel("variance of an update's gradient, of the trajectory estimator's")
    for name, seeds in curves.items():
        values = np.array(seeds)
        steps = np.arange(1, values.shape[1] + 1) * EPISODES * LENGTH / 1000
        (line,) = right.plot(steps, values.mean(0), label=name)
        right.fill_between(steps, values.min(0), values.max(0), color=line.get_color(), alpha=0.15)
    right.set(xlabel="environment steps / 1000", ylabel="return of the exploring policy, Pendulum-v1")
    right.legend()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
