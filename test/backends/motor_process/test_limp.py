# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Limp motors, by what an A1's motors were told and did while the shipped agent walked it, cycle by cycle."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends.motor_process import MotorCommand, MotorSpec, MotorState  # noqa: E402
from ros_rl.backends.motor_process.limp import _SHARE, Limp  # noqa: E402
from ros_rl.backends.motor_process.loop import MotorLoop  # noqa: E402
from ros_rl.backends.motor_process.records import Phase, SharedMemory  # noqa: E402
from ros_rl.backends.unitree_a1.bus import A1Bus  # noqa: E402
from ros_rl.deploy.onnx_graph import OnnxGraph  # noqa: E402
from ros_rl.resources import share_path  # noqa: E402
from ros_rl.robot import load_robot  # noqa: E402
from ros_rl.runtime.robot_world import RobotWorld  # noqa: E402
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402
from ros_rl.stand_ins.unitree_a1 import A1StandIn  # noqa: E402
from ros_rl.types import Array  # noqa: E402

A1 = load_robot("a1")
SECONDS, CYCLES = 4.0, 25  # of a control period


@dataclass
class Walk:
    """Of each cycle: where the motors were sent, and the state that answered."""

    told: list[Array]
    states: list[MotorState]

    def judged(self, late: int = 0, power: bool = True) -> list[float]:
        """The share of limp states after each, where states are so many cycles old, or the motors have no power."""
        none, guard, shares = np.zeros(12), Limp(A1), []
        for told, state in zip(self.told[late:], self.states, strict=False):
            effort = state.effort if power else none
            seen = MotorState(**{**vars(state), "effort": effort})
            guard.take(seen, MotorCommand(told, none, A1.stiffness, A1.damping, none))
            shares.append(guard._share)
        return shares


def targets() -> list[Array]:
    """What the agent sends the joints in simulation, at each control period [rad]."""
    settings = load_settings(
        "a1_walk", overrides=[{"driver": {"backend": {"friction_low": 1.0, "friction_high": 1.0}}}]
    )
    world = RobotWorld(settings, 0)
    world.restart(0, SECONDS)
    control = world.control_loop(explore=0.0)
    control.use(OnnxGraph.load(share_path("models", "a1_walk", "agent.onnx")))
    sent = [step.tick.previous_command.copy() for step in world.episode(lambda tick: control.step(tick).command)]
    world.close()
    return sent[1:]


@pytest.fixture(scope="module")
def walk() -> Walk:
    """The motor loop follows them at a stand-in over UDP, in turns, by a clock of their own."""
    stand_in, seen = A1StandIn(port=0, start="standing"), Walk([], [])
    stand_in.open()
    settings = UnitreeA1Settings(address="127.0.0.1", port=stand_in.port, local_port=0)
    spec, memory = MotorSpec(A1, A1Bus, settings, 0.05), SharedMemory(12, 4)
    bus = A1Bus(settings, A1)
    bus.open()
    loop, orders, now = MotorLoop(spec, bus, memory, lambda: True), memory.orders(), 100.0

    class Watch:
        def take(self, state: MotorState, command: MotorCommand) -> str:
            if command.stiffness.any():
                seen.told.append(command.position.copy())
                seen.states.append(state)
            return ""

    def follow(**order: Any) -> None:
        nonlocal now
        for name, value in {"arming": 1, "written": now, "until": now + 1.0, **order}.items():
            orders.record[name] = value
        orders.write()
        for _ in range(CYCLES):
            now += 0.002
            loop.step(now)
            stand_in._step()
            stand_in.exchange()

    loop._limp = Watch()  # type: ignore[assignment]
    follow(phase=Phase.DAMP)
    for number, target in enumerate(targets()):
        follow(phase=Phase.FOLLOW, target=target, number=number + 1)
    assert stand_in.body.truth().base_position[0] > 1.5, "it walks"
    stand_in.hang_up()
    stand_in.body.close()
    bus.close()
    return seen


@pytest.mark.parametrize("late", [0, 2, 5, 12, 20])
def test_a_walk_stays_far_from_it_also_by_states_that_are_40_ms_old(walk: Walk, late: int) -> None:
    assert len(walk.states) > 1500
    assert max(walk.judged(late)) <= 0.25 * _SHARE


def test_a_walk_without_power_is_noticed_within_a_fifth_of_a_second(walk: Walk) -> None:
    shares = np.array(walk.judged(power=False))
    over = np.flatnonzero(shares >= _SHARE)
    assert over[0] * 0.002 <= 0.2 and np.median(shares) > _SHARE
