# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Time and memory of the replay buffer, beside Stable-Baselines3's in the same run.

100,000 transitions, batches of 256, at the sizes of a HalfCheetah and of the A1's walk. A draw ends with tensors on
both sides. With priorities, `update_priorities` follows and counts, as every learner calls it. In each round every
buffer takes a transition and is drawn from once, one after the other, so that other load on the machine hits all. Times
are CPU times of the process.

    pip install 'ros_rl[learn,bench]' && python bench/replay_speed.py
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from machine import add_output, describe_line, describe_machine, spread, table, write_result
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.buffers import ReplayBuffer as StableBuffer

from ros_rl.features import ObservationSpec
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.settings.loading import load_settings
from ros_rl.settings.replay import ReplaySettings
from ros_rl.types import Transition

CAPACITY, BATCH, EPISODE = 100_000, 256, 1000
STABLE, STABLE_N = "Stable-Baselines3, uniform", "Stable-Baselines3, uniform, n = 3"
SETTINGS = {
    "ros_rl, uniform": ReplaySettings(),
    "ros_rl, uniform, n = 3": ReplaySettings(n_step=3),
    "ros_rl, td_error": ReplaySettings("td_error"),
    "ros_rl, td_error, n = 3": ReplaySettings("td_error", n_step=3),
    "ros_rl, target": ReplaySettings("target"),
}
Add = Callable[[Transition], None]
Draw = Callable[[], object]


def sizes() -> dict[str, tuple[int, int]]:
    """Values of an observation and of an action."""
    a1 = load_settings("a1_walk")
    spec = ObservationSpec(a1.load_robot(), a1.task.observation, a1.control.delay)
    return {"HalfCheetah": (17, 6), "a1_walk": (spec.size, spec.action_size)}


def own(settings: ReplaySettings, observation: int, action: int) -> tuple[Add, Draw]:
    """A buffer of ros_rl: how it takes a transition, and how a learner draws."""
    buffer, rng = ReplayBuffer(CAPACITY, observation, action, settings=settings), np.random.default_rng(1)

    def draw() -> object:
        batch = buffer.sample(BATCH)
        if settings.priority != "uniform":
            buffer.update_priorities(batch.index, rng.standard_exponential(BATCH))
        return [torch.from_numpy(array) for array in vars(batch).values() if isinstance(array, np.ndarray)]

    return buffer.add, draw


def stable(kind: Callable[..., StableBuffer], observation: int, action: int) -> tuple[Add, Draw]:
    """The same of Stable-Baselines3's buffer."""
    spaces = [gymnasium.spaces.Box(-1.0, 1.0, (size,), np.float32) for size in (observation, action)]
    buffer = kind(CAPACITY, *spaces, "cpu")

    def add(t: Transition) -> None:
        ended = np.array([t.terminated or t.truncated])
        info = {"TimeLimit.truncated": t.truncated}
        buffer.add(t.observation, t.next_observation, t.action, np.array([t.reward]), ended, [info])

    return add, lambda: buffer.sample(BATCH)


def measured(call: Callable[[], object]) -> float:
    """CPU time of a call [us]."""
    start = time.process_time_ns()
    call()
    return (time.process_time_ns() - start) / 1e3


def fill(add: Add, draw: Draw, story: list[Transition]) -> list[float]:
    """Add the story until the buffer is full: CPU time of an add [us], story by story."""
    times = [measured(lambda: [add(t) for t in story]) / len(story) for _ in range(CAPACITY // len(story))]
    draw()  # ranks what was added, once for all
    return times


def compare(observation: int, action: int, rounds: int) -> dict[str, dict[str, Any]]:
    """Fill all buffers and draw from each in turns: CPU times [us] and memory [MB]."""
    rng = np.random.default_rng(0)
    makers: dict[str, Callable[[], tuple[Add, Draw]]] = {
        STABLE: lambda: stable(StableBuffer, observation, action),
        STABLE_N: lambda: stable(lambda *args: NStepReplayBuffer(*args, n_steps=3), observation, action),
    }
    makers |= {name: lambda s=s: own(s, observation, action) for name, s in SETTINGS.items()}
    seen = rng.normal(size=(EPISODE + 1, observation)).astype(np.float32)
    story = [
        Transition(i, 0, seen[i], rng.uniform(-1, 1, action), 1.0, seen[i + 1], False, i == EPISODE - 1)
        for i in range(EPISODE)
    ]
    found: dict[str, dict[str, Any]] = {}
    buffers: dict[str, tuple[Add, Draw]] = {}
    for name, make in makers.items():
        tracemalloc.start()
        buffers[name] = make()
        found[name] = {"memory_mb": tracemalloc.get_traced_memory()[0] / 1e6}
        tracemalloc.stop()
        found[name]["add_us"] = spread(fill(*buffers[name], story))
    times: dict[str, list[float]] = {name: [] for name in buffers}
    for index in range(rounds):
        for name, (add, draw) in buffers.items():
            add(story[index % EPISODE])
            times[name].append(measured(draw))
    for name, values in times.items():
        found[name]["draw_us"] = spread(values)
    return found


def row(name: str, result: dict[str, Any]) -> list[str]:
    """One line of the table."""
    draw = result["draw_us"]
    return [
        name,
        f"{draw['median']:.0f}",
        f"{draw['q1']:.0f} to {draw['q3']:.0f}",
        f"{1e6 / draw['median']:,.0f}",
        f"{result['add_us']['median']:.1f}",
        f"{result['memory_mb']:.1f}",
    ]


def main() -> None:
    """Run, print the tables and write the figures."""
    parser = argparse.ArgumentParser(description="Time and memory of the replay buffer beside Stable-Baselines3's.")
    parser.add_argument("--rounds", type=int, default=2000, help="draws from each buffer")
    add_output(parser, "replay_speed")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(describe_line(describe_machine()))
    results: dict[str, Any] = {}
    header = ["buffer", "us per draw", "quartiles", "draws/s", "us per add", "MB"]
    for name, (observation, action) in sizes().items():
        results[name] = compare(observation, action, args.rounds)
        print(f"\n{name}: observation {observation}, action {action}, {CAPACITY:,} transitions, batch {BATCH}\n")
        print(table(header, [row(key, value) for key, value in results[name].items()]))
    write_result(args.out, {"capacity": CAPACITY, "batch": BATCH, "rounds": args.rounds, "results": results})


if __name__ == "__main__":
    main()
