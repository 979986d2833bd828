# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the controller does, without ROS: a tick in, a command out."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ros_rl.deploy.contract import Contract
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import GraphError
from ros_rl.features import ObservationSpec
from ros_rl.runtime.durations import WARM_UP
from ros_rl.runtime.person import Person
from ros_rl.types import Command, Tick


@dataclass(frozen=True)
class Decision:
    """The answer to one tick."""

    command: Command
    telemetry: dict[str, np.ndarray]
    graph_seconds: float
    """Wall-clock time inside onnxruntime [s]."""
    typical: bool
    """Whether that time is one to go by: of a graph that does not act at random, and past its warm-up."""


class ControlLoop:
    """Runs the newest control graph, tick by tick. It has no clock, topic or thread.

    Args:
        spec: Layout of observations.
        task: Task name that graphs must be for; None accepts any.
        period: Control period [s].
        seed: Of the planner's random numbers; (seed, tick) names them.
        explore: 0 to evaluate, 1 to behave.
        person: Takes over from the graph now and then, as long as that explores; None: nobody does.
    """

    def __init__(
        self,
        spec: ObservationSpec,
        task: str | None,
        period: float,
        seed: int,
        explore: float,
        person: Person | None = None,
    ) -> None:
        self._spec, self._task, self._period = spec, task, period
        self._seed, self._person = seed, person
        self.explore = explore
        """0 to evaluate, 1 to behave; holds from the next decision on."""
        self._graph: OnnxGraph | None = None
        self._carry = np.zeros(0, dtype=np.float32)
        self._episode: int | None = None
        self._decided = 0  # by graphs of this structure
        self._ahead: tuple[int, np.ndarray] = (-1, self._carry)
        """Index of a tick to come, and its random numbers."""

    @property
    def graph(self) -> OnnxGraph | None:
        """The graph that acts."""
        return self._graph

    def use(self, graph: OnnxGraph) -> None:
        """Swap in another graph between two ticks; the carry survives if both declare the same.

        Raises:
            ContractError: It is for another robot, task, observation, rate or delay; the old graph stays.
        """
        graph.contract.check(self._spec, self._task, self._period)
        if self._graph is None or self._graph.contract.carry != graph.contract.carry:
            self._carry = graph.initial_carry()
        if self._graph is None or _structure(self._graph.contract) != _structure(graph.contract):
            self._decided = 0
        self._graph = graph

    @property
    def able(self) -> bool:
        """Whether there is somebody to decide: a graph, or a person who always does."""
        return self._graph is not None or (self._person is not None and self._person.acts_alone)

    def step(self, tick: Tick) -> Decision:
        """Decide u_{k+d} from tick k.

        While a person acts the graph decides, too, so that it goes on from there.

        Raises:
            GraphError: No graph has come yet, or it failed or gave a non-finite action; the carry starts anew.
            ConfigError: The tick lacks what an observation field needs.
        """
        by_hand = self._person.command(tick) if self._person is not None and self.explore else None
        if by_hand is None:
            return self._decide(tick)
        command = Command(tick.stamp, by_hand, by_person=True)
        if self._graph is None:
            return Decision(command, {}, 0.0, typical=False)
        return replace(self._decide(tick), command=command)

    def _decide(self, tick: Tick) -> Decision:
        """By the graph."""
        if self._graph is None:
            raise GraphError("no control graph has arrived yet")
        if tick.episode != self._episode:
            self._episode, self._carry = tick.episode, self._graph.initial_carry()
        fields = {**self._spec.split(self._spec.observe(tick)), **self._spec.look(tick)}
        started = time.perf_counter()
        noise = self._noise(tick.index, self._graph)
        try:
            output = self._graph.run(fields, self._carry, noise, self.explore)
        except GraphError:
            self._carry = self._graph.initial_carry()
            raise
        seconds = time.perf_counter() - started
        self._carry = output.carry
        self._decided += 1
        typical = self._decided > WARM_UP and not self._graph.contract.random
        commands = self._spec.map
        command = commands.command(tick, commands.clipped(output.action.astype(np.float64)))
        return Decision(Command(tick.stamp, command), output.telemetry, seconds, typical)

    def draw_ahead(self, tick: int) -> None:
        """Draw the random numbers of the tick to come while nobody waits for them.

        Args:
            tick: Its index.
        """
        if self._graph is not None:
            self._ahead = (tick, tick_noise(self._seed, tick, self._graph.contract.noise))

    def _noise(self, tick: int, graph: OnnxGraph) -> np.ndarray:
        index, noise = self._ahead
        if index == tick and list(noise.shape) == graph.contract.noise:
            return noise
        return tick_noise(self._seed, tick, graph.contract.noise)


def _structure(contract: Contract) -> tuple[object, ...]:
    """What graphs that take the same time have in common."""
    return contract.random, contract.carry, contract.noise, contract.telemetry


def tick_noise(seed: int, tick: int, shape: list[int]) -> np.ndarray:
    """Standard normal numbers named by (seed, tick), float32."""
    generator = np.random.Generator(np.random.Philox(key=[seed, tick]))
    return generator.standard_normal(shape, dtype=np.float32)
