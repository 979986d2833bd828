# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The controller's core: the carry, the noise, hot swaps and refusals, with graphs made by hand."""

import numpy as np
import pytest
from graphs import constant_graph, counting_graph, feedback_graph, noisy_graph, spec_of, spoiling_graph

from ros_rl.backends.mock import MockBackend
from ros_rl.errors import ContractError, GraphError
from ros_rl.runtime import control_loop
from ros_rl.runtime.control_loop import ControlLoop, tick_noise
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.durations import WARM_UP
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.types import Verdict

SETTINGS = load_settings("mock_point")
SPEC = spec_of(SETTINGS)


def make_driver() -> DriverLoop:
    backend = MockBackend(SPEC.robot, MockSettings(), SETTINGS.control.period)
    driver = make_driver_loop(SETTINGS, SPEC.robot, backend, auto_recover=True)
    driver.start()
    return driver


def make_loop(seed: int = 0, explore: float = 1.0) -> ControlLoop:
    return ControlLoop(SPEC, "mock_point", SETTINGS.control.period, seed, explore)


def run(loop: ControlLoop, driver: DriverLoop, ticks: int) -> list:
    """Decisions for a number of ticks."""
    decisions = []
    for _ in range(ticks):
        decisions.append(loop.step(driver.tick))
        driver.accept(decisions[-1].command)
        driver.advance()
    return decisions


def test_without_a_graph_it_says_so():
    with pytest.raises(GraphError, match="no control graph"):
        make_loop().step(make_driver().tick)


def test_the_command_answers_the_tick_with_the_scaled_action():
    loop, driver = make_loop(), make_driver()
    loop.use(constant_graph(SETTINGS, [0.5, -1.0]))
    decision = loop.step(driver.tick)
    assert decision.command.stamp == driver.tick.stamp
    np.testing.assert_allclose(decision.command.value, [0.75, -1.5])
    assert 0.0 < decision.graph_seconds < 60.0


def test_times_to_go_by_are_neither_of_chance_nor_of_a_warm_up():
    loop, driver = make_loop(), make_driver()

    def typical(ticks: int) -> list[bool]:
        return [decision.typical for decision in run(loop, driver, ticks)]

    loop.use(constant_graph(SETTINGS, [0.0, 0.0], provenance={"random": True}))
    assert typical(2 * WARM_UP) == [False] * 2 * WARM_UP
    for _ in range(2):  # the learned one, then what another structure decides
        loop.use(constant_graph(SETTINGS, [0.1, 0.0]))
        assert typical(WARM_UP + 2) == [False] * WARM_UP + [True] * 2
        loop.use(constant_graph(SETTINGS, [0.2, 0.0], provenance={"version": 2}))
        assert typical(2) == [True] * 2, "a newer version of the same is warm"
        loop.use(noisy_graph(SETTINGS))
        assert typical(WARM_UP + 1) == [False] * WARM_UP + [True]


def test_an_action_beyond_one_is_clipped():
    loop, driver = make_loop(), make_driver()
    loop.use(constant_graph(SETTINGS, [7.0, -7.0]))
    np.testing.assert_allclose(loop.step(driver.tick).command.value, [1.5, -1.5])


def test_observation_fields_reach_the_graph():
    loop, driver = make_loop(), make_driver()
    loop.use(feedback_graph(SETTINGS, "joint_position", 0.5 * np.eye(2), [0.1, 0.0]))
    expected = 1.5 * (0.5 * driver.tick.measurement["joint_position"] + [0.1, 0.0])
    np.testing.assert_allclose(loop.step(driver.tick).command.value, expected, atol=1e-6)


class TestCarry:
    def counts(self, decisions):
        return [float(decision.telemetry["count"][0]) for decision in decisions]

    def test_it_is_handed_on_and_starts_anew_with_the_episode(self):
        loop, driver = make_loop(), make_driver()
        loop.use(counting_graph(SETTINGS))
        assert self.counts(run(loop, driver, 3)) == [5.0, 6.0, 7.0]
        driver.advance(Verdict.TRUNCATED)
        assert self.counts(run(loop, driver, 2)) == [5.0, 6.0]

    def test_it_survives_a_swap_to_a_graph_with_the_same_carry(self):
        loop, driver = make_loop(), make_driver()
        loop.use(counting_graph(SETTINGS))
        run(loop, driver, 2)
        loop.use(counting_graph(SETTINGS))
        assert self.counts(run(loop, driver, 1)) == [7.0]

    def test_it_starts_anew_with_a_graph_of_another_carry(self):
        loop, driver = make_loop(), make_driver()
        loop.use(counting_graph(SETTINGS))
        run(loop, driver, 2)
        loop.use(constant_graph(SETTINGS, [0.0, 0.0]))
        run(loop, driver, 1)
        loop.use(counting_graph(SETTINGS))
        assert self.counts(run(loop, driver, 1)) == [5.0]

    @pytest.mark.parametrize(("explore", "second"), [(0.0, 5.0), (1.0, 6.0)])
    def test_explore_reaches_the_graph(self, explore, second):
        loop, driver = make_loop(explore=explore), make_driver()
        loop.use(counting_graph(SETTINGS, explore=True))
        assert self.counts(run(loop, driver, 2)) == [5.0, second]


class TestNoise:
    def test_seed_and_tick_name_it(self):
        np.testing.assert_array_equal(tick_noise(3, 7, [4, 2]), tick_noise(3, 7, [4, 2]))
        assert not np.array_equal(tick_noise(3, 7, [4]), tick_noise(3, 8, [4]))
        assert not np.array_equal(tick_noise(3, 7, [4]), tick_noise(4, 7, [4]))
        assert tick_noise(3, 7, [4, 2]).dtype == np.float32

    def test_it_is_standard_normal(self):
        many = np.array([tick_noise(0, tick, [20]) for tick in range(500)])
        assert abs(many.mean()) < 0.03 and abs(many.std() - 1.0) < 0.03

    def test_the_same_seed_decides_alike_in_any_process(self):
        def commands(seed):
            loop, driver = make_loop(seed), make_driver()
            loop.use(noisy_graph(SETTINGS))
            return np.array([decision.command.value for decision in run(loop, driver, 5)])

        np.testing.assert_array_equal(commands(1), commands(1))
        assert not np.array_equal(commands(1), commands(2))

    def test_drawn_ahead_it_is_not_drawn_again(self, monkeypatch):
        drawn = []
        monkeypatch.setattr(control_loop, "tick_noise", lambda *named: (drawn.append(named[1]), tick_noise(*named))[1])
        loop, driver = make_loop(1), make_driver()
        loop.draw_ahead(driver.tick.index)  # nobody knows yet what for
        assert not drawn
        loop.use(noisy_graph(SETTINGS))
        for _ in range(3):
            loop.draw_ahead(driver.tick.index)
            run(loop, driver, 1)
        assert drawn == [0, 1, 2]

    @pytest.mark.parametrize("ahead", [0, 1])
    def test_drawn_ahead_it_is_the_same(self, ahead):
        loop, driver = make_loop(1), make_driver()
        loop.use(noisy_graph(SETTINGS))
        late = loop.step(driver.tick)
        loop.draw_ahead(driver.tick.index + ahead)
        np.testing.assert_array_equal(loop.step(driver.tick).command.value, late.command.value)


class TestRefusals:
    def test_a_graph_for_another_task_leaves_the_old_one_acting(self):
        loop, driver = make_loop(), make_driver()
        loop.use(constant_graph(SETTINGS, [0.5, 0.5]))
        with pytest.raises(ContractError, match="a1_walk"):
            loop.use(constant_graph(SETTINGS, [0.0, 0.0], task="a1_walk"))
        np.testing.assert_allclose(loop.step(driver.tick).command.value, [0.75, 0.75])

    def test_any_task_may_act_where_none_is_asked_for(self):
        loop = ControlLoop(SPEC, None, SETTINGS.control.period, 0, 0.0)
        loop.use(constant_graph(SETTINGS, [0.5, 0.5], task="another"))
        assert loop.graph is not None

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_a_non_finite_carry_is_refused_whatever_the_action_and_forgotten(self, value):
        """The graph adds 1 to its carry until that is 7, and then what spoils it; its action is 0 all along."""
        loop, driver = make_loop(), make_driver()
        loop.use(spoiling_graph(SETTINGS, 7.0, value))
        assert self.counts(run(loop, driver, 2)) == [5.0, 6.0]
        for _ in range(2):  # were it kept, every answer would be refused until the episode ends
            with pytest.raises(GraphError, match="non-finite action or carry"):
                loop.step(driver.tick)
            driver.advance()
            assert self.counts(run(loop, driver, 2)) == [5.0, 6.0]

    def test_after_a_non_finite_action_the_carry_starts_anew(self):
        loop, driver = make_loop(), make_driver()
        loop.use(spoiling_graph(SETTINGS, 7.0, np.nan, action=True))
        assert self.counts(run(loop, driver, 2)) == [5.0, 6.0]
        with pytest.raises(GraphError, match="non-finite action or carry"):
            loop.step(driver.tick)
        driver.advance()
        assert self.counts(run(loop, driver, 2)) == [5.0, 6.0]

    @staticmethod
    def counts(decisions):
        return [float(decision.telemetry["count"][0]) for decision in decisions]

    def test_a_non_finite_action_is_refused(self):
        loop, driver = make_loop(), make_driver()
        loop.use(constant_graph(SETTINGS, [np.nan, 0.0]))
        with pytest.raises(GraphError, match="non-finite"):
            loop.step(driver.tick)
