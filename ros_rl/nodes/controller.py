# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The controller: runs the newest control graph, tick by tick."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, UInt8MultiArray
from visualization_msgs.msg import MarkerArray

from ros_rl.errors import RosRlError
from ros_rl.nodes import messages, packets
from ros_rl.nodes.diagnostics import ERROR, OK, WARN, Diagnostics, Input, describe_durations
from ros_rl.nodes.gate import Entrance, Gate
from ros_rl.nodes.graph_loader import GraphLoader
from ros_rl.nodes.markers import plan_markers
from ros_rl.nodes.parameters import NODE_OPTIONS, declare_parameters
from ros_rl.nodes.qos import LATCHED, NEWEST
from ros_rl.nodes.running import create_timer, run
from ros_rl.nodes.tick_join import TickJoin
from ros_rl.nodes.wishes import subscribe_wishes
from ros_rl.runtime.control_loop import ControlLoop, Decision
from ros_rl.runtime.durations import Durations
from ros_rl.runtime.person import Person, scripted_person
from ros_rl.settings.tree import Settings
from ros_rl.teleop.correcting import Correcting
from ros_rl.teleop.teleoperator import Teleoperator
from ros_rl.teleop.wish import Wish
from ros_rl.types import Tick
from ros_rl.wire import Header


class ControllerNode(LifecycleNode):
    """Answers every tick with a command. It becomes active only with a graph that fits its robot."""

    def __init__(self) -> None:
        super().__init__("controller", **NODE_OPTIONS)
        settings = declare_parameters(self, {"controller.explore": self._take_settings}).settings
        self._settings = settings
        self._robot = settings.load_robot()
        self._spec = settings.observation_spec(self._robot)
        self._loop: ControlLoop | None = None
        self._loader: GraphLoader | None = None
        self._active = False
        self._answer: JointState | None = None
        self._answered = -1
        self._version = -1
        self._failures = 0
        self._swaps = 0
        self._refused = ""
        self._problem = ""
        self._plan, self._work = Durations(), Durations()
        self._ticks, self._graphs = Input(), Input()
        self._diagnostics = Diagnostics(self)
        self._command = self.create_publisher(JointState, "joint_command", NEWEST)
        self._telemetry = self.create_publisher(Float64MultiArray, "telemetry", NEWEST)
        self._markers = self.create_publisher(MarkerArray, "plan_markers", NEWEST)
        self._gate = Gate(self, settings, self._report)
        self._join: TickJoin | None = None
        create_timer(self, 1.0, self._diagnose)

    def _take_settings(self, settings: Settings) -> None:
        self._settings = settings
        if self._loop is not None:
            self._loop.explore = settings.controller.explore

    def on_configure(self, state: Any) -> TransitionCallbackReturn:
        """Listen for control graphs."""
        settings, period = self._settings, self._settings.control.period
        self._entrances: list[Entrance] = []
        explore, person = settings.controller.explore, self._person()
        self._loop = ControlLoop(self._spec, settings.task.name, period, settings.seed, explore, person)
        self._loader = GraphLoader(self._spec, settings, self._graph_judged)
        self._entrances.append(
            self._gate.subscribe(
                UInt8MultiArray, "control_graph", packets.from_raw_graph, self._on_graph, LATCHED, raw=True
            )
        )
        # an answer to an old tick would come too late, and make the next one late, too
        self._join = TickJoin(self._gate, self._robot, self._on_tick, qos=NEWEST, cameras=settings.looks)
        return super().on_configure(state)

    def _person(self) -> Person | None:
        """Who takes over from the agent: one at a keyboard or a joystick, or a script."""
        settings = self._settings
        if not settings.person_corrects:
            return scripted_person(settings, self._robot)
        limit = settings.driver.dead_man_limit
        hand = Teleoperator(self._robot, settings.teleop, settings.control.period, limit, self._spec.map)
        take = partial(_take_wish, hand)
        self._entrances.append(subscribe_wishes(self._gate, settings, take))
        return Correcting(hand)

    def on_activate(self, state: Any) -> TransitionCallbackReturn:
        """Act, if there is a graph, or an expert that acts alone."""
        self._swap()
        if self._loop is None or not self._loop.able:
            self._problem = self._refused or "no control graph has arrived yet"
            self._diagnose()
            return TransitionCallbackReturn.FAILURE
        self._active, self._problem = True, ""
        return super().on_activate(state)

    def on_deactivate(self, state: Any) -> TransitionCallbackReturn:
        """Answer no more ticks; the driver makes that safe."""
        self._active = False
        return super().on_deactivate(state)

    def on_cleanup(self, state: Any) -> TransitionCallbackReturn:
        """Forget the graph."""
        self.close()
        return super().on_cleanup(state)

    def on_shutdown(self, state: Any) -> TransitionCallbackReturn:
        """Forget the graph."""
        self.close()
        return super().on_shutdown(state)

    def close(self) -> None:
        """End the loader's thread and the subscriptions."""
        self._active = False
        if self._loader is None or self._join is None:
            return
        self._loader.close()
        self._gate.close(self._entrances)
        self._join.close()
        self._loader = self._loop = self._join = None

    def _on_graph(self, graph: tuple[int, memoryview]) -> None:
        self._graphs.touch()
        if self._loader is not None:
            self._loader.load(*graph)

    def _graph_judged(self, version: int, reason: str) -> None:
        self._refused = f"control graph {version} refused: {reason}" if reason else ""
        if reason:
            self.get_logger().error(self._refused)

    def _swap(self) -> None:
        ready = self._loader.take() if self._loader is not None else None
        if ready is None or self._loop is None:
            return
        self._version, graph = ready
        self._loop.use(graph)
        self._swaps += 1

    def _on_tick(self, tick: Tick) -> None:
        self._ticks.touch()
        if not self._active or self._loop is None:
            return
        if tick.stamp == self._answered and self._answer is not None:
            self._command.publish(self._answer)
            return
        started = time.perf_counter()
        self._swap()
        try:
            decision = self._loop.step(tick)
        except RosRlError as error:
            self._failures += 1
            self._report(f"no command for tick {tick.index}: {error}")
            return
        self._answer = messages.to_command(tick.stamp, self._robot, decision.command.value, decision.command.by_person)
        self._answered = tick.stamp
        self._command.publish(self._answer)
        if decision.typical:
            self._plan.add(decision.graph_seconds)
        self._work.add(time.perf_counter() - started)
        self._publish_telemetry(tick, decision)
        self._loop.draw_ahead(tick.index + 1)
        if self._loader is not None:
            self._loader.rest()

    def _publish_telemetry(self, tick: Tick, decision: Decision) -> None:
        fields = {"graph_seconds": decision.graph_seconds} | decision.telemetry
        self._telemetry.publish(packets.to_vectors(Header(tick.stamp, tick.index, self._version), fields))
        if self._markers.get_subscription_count():
            self._markers.publish(plan_markers(tick, decision.telemetry, self._spec, self._settings.control.period))

    def _report(self, problem: str) -> None:
        self._problem = problem
        self.get_logger().error(problem, throttle_duration_sec=1.0)

    def _acts(self) -> str:
        """What decides, in words."""
        graph = self._loop.graph if self._loop is not None else None
        if self._settings.expert.acts_alone:
            return f"expert {self._settings.expert.name}"
        if graph is None:
            return "no graph yet"
        return "random" if graph.contract.random else f"graph {graph.contract.provenance.get('version', '')}".rstrip()

    def _diagnose(self) -> None:
        level, text = OK, "active" if self._active else "inactive"
        if self._problem or self._refused:  # one that is not active yet may only have to wait
            level, text = (ERROR if self._problem and self._active else WARN), self._problem or self._refused
        values: dict[str, Any] = {
            "graph version": self._version,
            "acts": self._acts(),
            "graphs taken": self._swaps,
            "graph failures": self._failures,
            "incomplete ticks": self._join.incomplete if self._join is not None else 0,
        }
        values |= describe_durations("plan", self._plan) | describe_durations("tick to command", self._work)
        values |= self._ticks.describe("tick") | self._graphs.describe("control_graph")
        values |= self._gate.describe()
        self._diagnostics.publish(level, text, values)
        if self._active:
            self._problem = ""


def _take_wish(hand: Teleoperator, wish: Wish, services: list[str]) -> None:
    """The services that came with it are the teleoperator's to call."""
    hand.take(wish, time.monotonic())


def main() -> int:
    """Run the controller."""
    return run(ControllerNode)


if __name__ == "__main__":
    sys.exit(main())
