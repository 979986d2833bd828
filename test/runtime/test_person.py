# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who acts in an agent's place: how often, when, and what is known of it afterwards."""

import math
from dataclasses import replace

import numpy as np
import pytest
from graphs import constant_graph, counting_graph, spec_of

from ros_rl.backends.mock import MockBackend
from ros_rl.errors import ConfigError, GraphError, UnknownNameError
from ros_rl.experts import EXPERTS, Expert
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.person import PatientPerson, ScriptedPerson, scripted_person
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Array, Tick

SETTINGS = load_settings("mock_point")
SPEC = spec_of(SETTINGS)
SHOWN, LEARNED = np.array([0.3, -0.3]), [0.1, 0.1]


class Steady(Expert):
    """Always the same."""

    def act(self, tick: Tick) -> Array:
        return SHOWN


def person(share: float, steps: int = 3, seed: int = 0) -> ScriptedPerson:
    return ScriptedPerson(Steady(SPEC.robot, SETTINGS.task, 0.05), share, steps, seed)


class Telling(Steady):
    """The task goes on at these steps."""

    steps = (8, 30)

    def milestone(self, tick: Tick) -> float:
        return float(sum(tick.step >= step for step in self.steps))


def helped(count: int, share: float = 1.0, patience: int = 5, steps: int = 4, episode: int = 0) -> list[int]:
    """Ticks at which a patient person acts; episodes of `episode` ticks, 0: one."""
    tick, patient = make_driver().tick, PatientPerson(Telling(SPEC.robot, SETTINGS.task, 0.05), share, patience, steps)
    ticks = (replace(tick, index=i, step=i % episode if episode else i) for i in range(count))
    return [tick.index for tick in ticks if patient.command(tick) is not None]


def make_driver(delay: int = 1) -> DriverLoop:
    settings = with_overrides(SETTINGS, control={"delay": delay})
    backend = MockBackend(SPEC.robot, MockSettings(), settings.control.period)
    driver = make_driver_loop(settings, SPEC.robot, backend, auto_recover=True)
    driver.start()
    return driver


def test_it_acts_in_its_share_of_whole_windows() -> None:
    tick, steps, windows, share = make_driver().tick, 4, 4000, 0.1

    scripted = person(share, steps)
    acts = np.array([scripted.command(replace(tick, index=i)) is not None for i in range(steps * windows)])
    by_window = acts.reshape(windows, steps)
    assert (by_window.all(1) | ~by_window.any(1)).all(), "a window is all its own or not at all"
    deviation = math.sqrt(share * (1 - share) / windows)
    assert abs(acts.mean() - share) < 4 * deviation
    again = person(share, steps)
    at_random = np.random.default_rng(0).permutation(steps * windows)[:200]
    assert [again.command(replace(tick, index=int(i))) is not None for i in at_random] == acts[at_random].tolist()
    other = person(share, steps, seed=1)
    assert [other.command(replace(tick, index=i)) is not None for i in range(400)] != acts[:400].tolist()


def test_who_is_patient_helps_when_nothing_goes_on_until_it_does() -> None:
    """Five ticks are waited for, four are helped, and what comes at 8 and 30 ends both."""
    assert helped(24) == [5, 6, 7, 13, 14, 15, 16, 22, 23]
    assert helped(36) == [*helped(24), 24, 25, 35]
    assert helped(14, episode=4) == []  # no episode is as long as its patience
    assert helped(14, episode=7) == [5, 6, 12, 13]


def test_who_is_patient_keeps_to_its_share() -> None:
    """Whoever has used it up waits until it is less again."""
    for share in (0.1, 0.3):
        acts = helped(4000, share)
        assert share * 4000 - 4 <= len(acts) <= share * 4000 + 4
    assert helped(100, 0.0) == []


@pytest.mark.parametrize("delay", [0, 1, 2, 3])
def test_a_transition_knows_whose_decision_it_holds(delay: int) -> None:
    """The marked ones are those whose action is the expert's, whatever the delay; the first command counts."""
    settings = with_overrides(SETTINGS, control={"delay": delay})
    spec, driver = spec_of(settings), make_driver(delay)
    builder = TransitionBuilder(spec, settings.task, settings.control.period)
    loop = ControlLoop(spec, "mock_point", settings.control.period, 0, 1.0, person(0.5))
    loop.use(constant_graph(settings, LEARNED))
    builder.add(driver.tick)
    marks, made = [], []
    for _ in range(40):
        decision = loop.step(driver.tick)
        marks.append(decision.command.by_person)
        driver.accept(decision.command)
        made.append(builder.add(driver.advance())[1])
    assert [item.by_person for item in made] == marks and 5 < sum(marks) < 35
    for item in made:
        np.testing.assert_allclose(item.action, SHOWN if item.by_person else LEARNED, atol=1e-12)


def test_a_missed_tick_is_nobodys() -> None:
    driver = make_driver()
    scripted = person(1.0)
    for answered in (True, False, True):
        if answered:
            command = ControlLoop(SPEC, None, 0.05, 0, 1.0, scripted).step(driver.tick).command
            driver.accept(command)
        assert driver.advance().by_person is answered


def test_the_graph_goes_on_while_somebody_else_acts() -> None:
    loop, driver = ControlLoop(SPEC, None, 0.05, 0, 1.0, person(0.5, steps=2)), make_driver()
    loop.use(counting_graph(SETTINGS))
    counts = []
    for _ in range(8):
        decision = loop.step(driver.tick)
        counts.append(float(decision.telemetry["count"][0]))
        driver.accept(decision.command)
        driver.advance()
    assert counts == [5.0 + i for i in range(8)]


def test_nobody_corrects_what_is_judged() -> None:
    loop = ControlLoop(SPEC, None, 0.05, 0, 0.0, person(1.0))
    loop.use(constant_graph(SETTINGS, LEARNED))
    decision = loop.step(make_driver().tick)
    assert not decision.command.by_person
    np.testing.assert_allclose(SPEC.robot.action(decision.command.value), LEARNED)


def test_who_always_acts_needs_no_graph() -> None:
    alone, sometimes = (ControlLoop(SPEC, None, 0.05, 0, 1.0, person(share)) for share in (1.0, 0.0))
    assert alone.able and not sometimes.able
    np.testing.assert_allclose(SPEC.robot.action(alone.step(make_driver().tick).command.value), SHOWN)
    with pytest.raises(GraphError, match="no control graph"):
        sometimes.step(make_driver().tick)


def test_settings_name_the_person(monkeypatch) -> None:
    monkeypatch.setitem(EXPERTS, "steady", Steady)
    assert scripted_person(SETTINGS, SPEC.robot) is None
    settings = load_settings("mock_point", overrides=["expert.name=steady", "expert.share=1"])
    assert settings.expert.acts_alone
    world = RobotWorld(settings, 0)
    try:
        assert world.control_loop(1.0).able and not world.control_loop(0.0).able
    finally:
        world.close()
    patient = load_settings("mock_point", overrides=["expert.name=steady", "expert.share=1", "expert.patience=2"])
    assert not patient.expert.acts_alone
    with pytest.raises(
        ConfigError, match="expert 'steady' does not tell when a task goes on, which expert.patience 2 s"
    ):
        scripted_person(patient, SPEC.robot)
    monkeypatch.setitem(EXPERTS, "steady", Telling)
    assert isinstance(scripted_person(patient, SPEC.robot), PatientPerson)
    with pytest.raises(ConfigError, match="expert.patience is 2 s, but expert.name names nobody"):
        load_settings("mock_point", overrides=["expert.patience=2"])
    with pytest.raises(UnknownNameError, match="expert 'rech'"):
        load_settings("xarm_reach", overrides=["expert.name=rech"])
    with pytest.raises(ConfigError, match="expert.name is 'reach', but experts move robots"):
        load_settings("gym", overrides=["task.env=Pendulum-v1", "agent.name=sac", "expert.name=reach"])
