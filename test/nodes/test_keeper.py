# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which lifecycle nodes the supervisor activates, and which it leaves as an operator led them."""

import threading
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from ros_rl.errors import RosRlError
from ros_rl.nodes import keeper as module
from ros_rl.nodes.keeper import Keeper
from ros_rl.nodes.lifecycle import ACTIVE, INACTIVE, UNCONFIGURED, TransitionRefused
from ros_rl.runs.state import RunState

pytestmark = pytest.mark.ros


class Process:
    """A lifecycle node in a process."""

    def __init__(self, gid: int) -> None:
        self.gid, self.now, self.refuses = gid, UNCONFIGURED, False
        self.asked: list[int] = []

    def state(self) -> int:
        return self.now

    def step_towards(self, target: int) -> bool:
        if self.now == target:
            return True
        if self.refuses:
            raise TransitionRefused("no")
        self.now = INACTIVE if self.now == UNCONFIGURED else target
        self.asked.append(self.now)
        return False


class World:
    """A keeper of a controller and a driver, and their processes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.processes = {"controller": Process(1), "driver": Process(2)}
        self.said: list[str] = []
        self.firsts, self.problem = 0, "no robot"
        monkeypatch.setattr(module, "_LOOK_SECONDS", 0.0)
        monkeypatch.setattr(module, "ManagedNode", self._managed)
        self.state = RunState()
        monitor = SimpleNamespace(
            state=self.state,
            get_namespace=lambda: "/a",
            get_publishers_info_by_topic=self._publishers,
            problem=lambda name: self.problem,
            beat=lambda: None,
        )
        self.keeper = Keeper(monitor, self.processes, threading.Event(), self.said.append, self._first)

    def _managed(self, monitor, name, stop, waiting) -> SimpleNamespace:
        return SimpleNamespace(
            state=lambda: self.processes[name].state(),
            step_towards=lambda target: self.processes[name].step_towards(target),
        )

    def _publishers(self, topic: str) -> list[SimpleNamespace]:
        assert topic == "/diagnostics"
        elsewhere = SimpleNamespace(node_name="driver", node_namespace="/b", endpoint_gid=[99])
        return [
            SimpleNamespace(node_name=name, node_namespace="/a", endpoint_gid=[process.gid])
            for name, process in self.processes.items()
        ] + [elsewhere]

    def turn(self, ready: bool = True, times: int = 5) -> bool:
        """What the supervisor does again and again."""
        up = False
        for _ in range(times):
            self.keeper.look()
            up = self.keeper.bring_up(ready)
        return up

    def _first(self) -> None:
        self.firsts += 1
        assert self.firsts > 1 or not any(process.asked for process in self.processes.values())

    @property
    def states(self) -> dict[str, int]:
        return {name: process.now for name, process in self.processes.items()}

    def restart(self, name: str, gid: int) -> None:
        self.processes[name] = Process(gid)


@pytest.fixture
def world(monkeypatch) -> World:
    return World(monkeypatch)


def test_it_activates_all_once_there_is_something_to_act_by(world) -> None:
    assert not world.turn(ready=False)
    assert set(world.states.values()) == {INACTIVE} and world.keeper.missing == "controller"
    assert not world.state.heard, "what has not come up may be busy with that"
    assert world.turn()
    assert world.state.heard.keys() == world.processes.keys()
    assert set(world.states.values()) == {ACTIVE} and world.firsts and not world.said
    assert world.keeper.active("driver") and not world.keeper.active("evaluator")


@pytest.mark.parametrize("led_to", [[INACTIVE], [INACTIVE, UNCONFIGURED], [UNCONFIGURED]])
def test_what_an_operator_led_elsewhere_stays_there(world, led_to) -> None:
    world.turn()
    driver = world.processes["driver"]
    driver.asked.clear()
    for state in led_to:
        driver.now = state
        assert world.turn()
    assert not driver.asked and driver.now == led_to[-1]
    assert world.said == ["driver was led out of its active state by somebody else, and is left so"]
    assert not world.keeper.active("driver")
    driver.now = ACTIVE
    world.turn()
    assert world.said[1:] == ["driver was activated again, by somebody else"] and world.keeper.active("driver")


def test_a_new_process_is_activated_again(world) -> None:
    world.turn()
    world.restart("driver", gid=3)
    assert world.turn()
    assert world.states["driver"] == ACTIVE
    assert world.said == ["driver came back unconfigured: its process is a new one", "driver is active again"]


def test_a_process_that_is_known_to_be_new_needs_no_look(world) -> None:
    """As `ros-rl` knows it, which started it."""
    world.turn()
    firsts = world.firsts
    world.restart("driver", gid=3)
    world.keeper.restarted("driver")
    assert not world.keeper.active("driver")
    assert world.turn() and world.said == ["driver is active again"]
    world.keeper.restarted("collector")
    assert world.turn() and world.firsts == firsts


def test_a_new_process_of_a_node_that_was_deactivated_stays_inactive(world) -> None:
    world.turn()
    world.processes["driver"].now = INACTIVE
    world.turn()
    world.restart("driver", gid=3)
    assert world.turn()
    assert world.states == {"controller": ACTIVE, "driver": INACTIVE}
    assert world.said[-1] == "driver is inactive, as it was before"


def test_a_node_that_cannot_be_configured_ends_the_run_with_its_reason(world) -> None:
    world.processes["driver"].refuses = True
    with pytest.raises(RosRlError, match="driver: no robot"):
        world.turn()


@pytest.mark.parametrize("name", ["controller", "driver"])
def test_a_refused_graph_ends_the_run_and_a_refused_message_may_be_followed_by_a_better(world, name) -> None:
    world.problem = "what came was refused"
    for process in world.processes.values():
        process.now = INACTIVE
    world.processes[name].refuses = True
    if name == "controller":
        with pytest.raises(RosRlError, match="controller: what came was refused"):
            world.turn()
        return
    assert not world.turn()
    world.processes[name].refuses = False
    assert world.turn()
