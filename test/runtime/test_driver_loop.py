# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver's ticks, delay line, faults and episodes, on a backend that writes down what it is told."""

from dataclasses import replace

import numpy as np
import pytest
from slow_robot import SlowRobot

from ros_rl.backends.backend import Simulator
from ros_rl.errors import BackendError, CommandError
from ros_rl.robot import load_robot
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.tasks import make_task
from ros_rl.types import Command, Measurement, SafetyState, Verdict

ROBOT = load_robot("mock")
ZERO = np.zeros(2)


def joints(position: np.ndarray) -> Measurement:
    still = np.zeros_like(position)
    return Measurement(joint_position=np.array(position), joint_velocity=still, joint_effort=still.copy())


class Recorder(Simulator):
    """Moves nothing; `position` is what it measures next."""

    def __init__(self, robot=ROBOT) -> None:
        super().__init__(robot)
        self.calls: list[str] = []
        self.acted: list[np.ndarray] = []
        self.before: list[np.ndarray] = []
        self.position = ZERO

    def measure(self, call: str) -> Measurement:
        self.calls.append(call)
        return joints(self.position)

    def begin(self, rng):
        return self.measure("reset")

    def step(self, previous, command):
        self.before.append(previous)
        self.acted.append(command)
        return self.measure("step")

    def safe_step(self):
        return self.measure("safe")

    def close(self):
        self.calls.append("close")


def make(delay: int = 1, auto_recover: bool = True, robot=ROBOT) -> tuple[DriverLoop, Recorder]:
    backend = Recorder(robot)
    loop = DriverLoop(robot, make_task("mock_point"), backend, 20.0, delay, auto_recover=auto_recover)
    loop.start()
    return loop, backend


def answer(loop: DriverLoop, value) -> bool:
    return loop.accept(Command(loop.tick.stamp, np.array(value, dtype=float)))


class TestTicks:
    def test_the_first_tick(self):
        loop, _ = make()
        tick = loop.tick
        assert (tick.index, tick.episode, tick.step) == (0, 0, 0)
        assert tick.intact and tick.safety is SafetyState.RUNNING
        np.testing.assert_array_equal(tick.previous_command, ZERO)

    def test_ticks_count_and_their_stamps_are_a_period_apart(self):
        loop, _ = make()
        first = loop.tick
        answer(loop, ZERO)
        second = loop.advance()
        assert second.stamp - first.stamp == 50_000_000
        assert (second.index, second.episode, second.step, second.env_steps) == (1, 0, 1, 1)

    def test_an_episode_end_takes_no_environment_step(self):
        loop, backend = make()
        answer(loop, [0.5, 0.5])
        tick = loop.advance(Verdict.TERMINATED)
        assert (tick.index, tick.episode, tick.step, tick.env_steps) == (1, 1, 0, 0)
        assert backend.calls == ["reset", "reset"]
        np.testing.assert_array_equal(tick.pending_commands, [ZERO])
        np.testing.assert_array_equal(tick.previous_command, ZERO)

    @pytest.mark.parametrize("delay", [0, 1, 2, 3])
    def test_a_decision_acts_after_the_delay(self, delay):
        loop, backend = make(delay)
        decisions = [np.full(2, 0.1 * (k + 1)) for k in range(6)]
        line = [ZERO] * delay + decisions
        for k, decision in enumerate(decisions):
            tick = loop.tick
            np.testing.assert_array_equal(tick.pending_commands, np.reshape(line[k : k + delay], (delay, 2)))
            np.testing.assert_array_equal(tick.previous_command, line[k - 1] if k else ZERO)
            answer(loop, decision)
            loop.advance()
        np.testing.assert_array_equal(backend.acted, line[:6])
        np.testing.assert_array_equal(backend.before, [ZERO, *line[:5]])


class TestCommands:
    def test_the_first_answer_counts(self):
        loop, backend = make(delay=0)
        assert answer(loop, [0.1, 0.1]) and loop.answered
        assert not answer(loop, [0.9, 0.9])
        loop.advance()
        np.testing.assert_array_equal(backend.acted, [[0.1, 0.1]])

    def test_an_answer_to_another_tick_is_ignored(self):
        loop, _ = make()
        assert not loop.accept(Command(loop.tick.stamp - 1, ZERO))
        assert not loop.answered

    @pytest.mark.parametrize("bad", [[np.nan, 0.0], [0.0], [0.0, 0.0, 0.0]])
    def test_a_refused_command_leaves_the_tick_open(self, bad):
        loop, _ = make()
        with pytest.raises(CommandError):
            answer(loop, bad)
        assert not loop.answered
        assert answer(loop, ZERO)

    def test_what_acts_is_what_the_filter_let_through(self):
        loop, backend = make(delay=0)
        answer(loop, [9.0, 0.0])
        tick = loop.advance()
        assert loop.limited == 1
        np.testing.assert_array_equal(backend.acted[0], [2.0, 0.0])
        np.testing.assert_array_equal(tick.previous_command, [2.0, 0.0])

    def test_a_missing_velocity_becomes_standstill_and_breaks_the_chain(self):
        loop, backend = make(delay=0)
        answer(loop, [0.5, 0.5])
        assert loop.advance().intact
        assert not loop.advance().intact
        assert loop.missed == 1
        np.testing.assert_array_equal(backend.acted, [[0.5, 0.5], ZERO])

    def test_a_missing_position_repeats_the_last_decision(self):
        robot = replace(load_robot("a1"), sensors=("joint_position", "joint_velocity", "joint_effort"))
        backend = Recorder(robot)
        backend.position = robot.home
        loop = DriverLoop(robot, make_task("mock_point"), backend, 20.0, delay=1, auto_recover=True)
        loop.start()
        decision = robot.home + 0.1
        loop.accept(Command(loop.tick.stamp, decision))
        loop.advance()
        loop.advance()
        loop.advance()
        np.testing.assert_allclose(backend.acted, [robot.home, decision, decision])

    def test_a_joint_is_stopped_at_its_measured_limit(self):
        loop, backend = make(delay=1)
        backend.position = np.array([9.99, 0.0])
        answer(loop, ZERO)
        loop.advance()
        answer(loop, [1.5, 1.5])
        loop.advance()
        answer(loop, ZERO)
        loop.advance()
        assert backend.acted[-1][0] < 0.2
        assert backend.acted[-1][1] == 1.5


class TestANewEpisode:
    """Nothing of the last one is left; it moved before it ended."""

    SLOW = replace(ROBOT, limits=replace(ROBOT.limits, acceleration=np.full(2, 4.0)))  # 0.2 rad/s a period

    @pytest.mark.parametrize("delay", [0, 1, 2])
    def test_commands_and_filter_begin_at_rest(self, delay):
        loop, backend = make(delay, robot=self.SLOW)
        for _ in range(6):
            answer(loop, [1.0, -1.0])
            loop.advance()
        np.testing.assert_allclose(loop.tick.previous_command[0], min(1.0, 0.2 * (6 - delay)))
        answer(loop, [1.0, -1.0])
        tick = loop.advance(Verdict.TRUNCATED)
        np.testing.assert_array_equal(tick.previous_command, ZERO)
        np.testing.assert_array_equal(tick.pending_commands, np.zeros((delay, 2)))
        acted = len(backend.acted)
        for _ in range(delay + 1):
            answer(loop, [1.0, -1.0])
            loop.advance()
        np.testing.assert_allclose(backend.acted[acted:], [[0.0, 0.0]] * delay + [[0.2, -0.2]])
        np.testing.assert_array_equal(backend.before[acted], ZERO)

    def test_a_missing_command_brakes_no_harder_than_the_limits(self):
        loop, backend = make(delay=0, robot=self.SLOW)
        for _ in range(5):
            answer(loop, [1.0, -1.0])
            loop.advance()
        loop.advance()
        loop.advance()
        np.testing.assert_allclose(backend.acted[-3:], [[1.0, -1.0], [0.8, -0.8], [0.6, -0.6]])

    def test_the_filter_is_told_where_the_joints_will_be_when_the_command_acts(self, monkeypatch):
        """Delay 2 and a ramp over the whole period: from p, at rest 1, then 0.5 and 0.2 rad/s pending."""
        jumps = replace(ROBOT.safety, velocity=np.inf)
        loop, backend = make(delay=2, robot=replace(ROBOT, command_ramp=1.0, safety=jumps))
        for value in (1.0, 0.5, 0.2):
            answer(loop, [value, value])
            loop.advance()
        backend.position = np.array([3.0, 0.0])
        answer(loop, ZERO)
        loop.advance()
        told = []
        monkeypatch.setattr(type(loop._path.filter), "__call__", lambda self, command, position: told.append(position))
        tick = loop.tick
        np.testing.assert_allclose(tick.pending_commands, [[0.2, 0.2], ZERO])
        np.testing.assert_allclose(tick.previous_command, [0.5, 0.5])
        with pytest.raises(AttributeError):
            answer(loop, ZERO)
        # ramps: 0.5 -> 0.2 over the first period, 0.2 -> 0 over the second
        np.testing.assert_allclose(told[0], [3.0 + 0.05 * (0.35 + 0.1), 0.05 * (0.35 + 0.1)])


class TestSafety:
    def test_a_tick_has_the_stamp_that_was_asked_for(self):
        loop, backend = make()
        assert loop.start(10_000_000_000).stamp == 10_000_000_000
        assert loop.advance(Verdict.TRUNCATED, 11_000_000_000).stamp == 11_000_000_000
        assert loop.advance(stamp=5).stamp == 11_000_000_001, "always later than the last"
        backend.begin = lambda rng: 1 / 0
        assert loop.advance(Verdict.TRUNCATED, 13_000_000_000).stamp == 13_000_000_000
        assert loop.advance().stamp == 13_050_000_000

    def test_a_simulation_that_never_was_reset_goes_on_in_its_fault(self):
        """It can be read, so that ticks show how it is and what is asked for."""
        backend = Recorder()
        begin, backend.begin = backend.begin, lambda rng: 1 / 0
        loop = DriverLoop(ROBOT, make_task("mock_point"), backend, 20.0, 1, auto_recover=True)
        assert {*loop.start().inputs} == {*make_task("mock_point").asked}
        assert loop.advance().safety is SafetyState.FAULT and "ZeroDivisionError" in loop.fault
        backend.begin = begin
        loop.clear()
        assert loop.advance().intact

    def test_clearing_twice_still_begins_anew(self):
        loop, backend = make(auto_recover=False)
        loop.trip("test")
        loop.clear()
        loop.clear()
        assert (loop.advance().episode, backend.calls) == (1, ["reset", "reset"])

    def test_a_pause_rests_in_place_and_goes_on_as_another_episode(self):
        loop, backend = make()
        for _ in range(2):
            answer(loop, [0.5, 0.5])
            loop.advance()
        loop.latch.pause()
        paused = [loop.advance() for _ in range(3)]
        assert {tick.safety for tick in paused} == {SafetyState.READY} and not any(tick.intact for tick in paused)
        assert paused[-1].env_steps == 2, "what does not act is no step"
        np.testing.assert_array_equal(backend.acted[-3:], [ZERO] * 3)
        loop.latch.resume()
        tick = loop.advance()
        assert (tick.safety, tick.episode, tick.step, tick.env_steps) == (SafetyState.RUNNING, 1, 0, 2)
        assert backend.calls.count("reset") == 1

    def test_until_somebody_answers_a_simulated_robot_is_kept_at_rest(self):
        robot = replace(load_robot("a1"), sensors=("joint_position", "joint_velocity", "joint_effort"))
        backend = Recorder(robot)
        backend.position = robot.home
        loop = DriverLoop(robot, make_task("mock_point"), backend, 20.0, delay=2)
        loop.attended = False
        ticks = [loop.start(), loop.advance(), loop.advance()]
        assert [tick.safety for tick in ticks] == [SafetyState.READY] * 3
        assert [tick.intact for tick in ticks] == [False] * 3
        np.testing.assert_array_equal(backend.acted, [robot.home] * 2)

    def test_and_whoever_is_to_answer_sees_what_is_asked_for(self):
        loop = DriverLoop(ROBOT, make_task("xarm_reach"), Recorder(), 20.0, delay=1)
        loop.attended = False
        tick = loop.start()
        assert tick.safety is SafetyState.READY and tick.inputs["goal_position"].shape == (3,)

    def test_what_is_stopped_takes_no_steps(self):
        loop, _ = make()
        answer(loop, ZERO)
        loop.advance()
        loop.emergency_stop()
        assert [loop.advance().env_steps for _ in range(3)] == [1, 1, 1]

    def test_an_emergency_stop_before_the_start_is_remembered(self):
        backend = Recorder()
        loop = DriverLoop(ROBOT, make_task("mock_point"), backend, 20.0, 1)
        loop.emergency_stop()
        assert loop.start().safety is SafetyState.EMERGENCY_STOP
        assert [loop.advance().safety for _ in range(2)] == [SafetyState.EMERGENCY_STOP] * 2
        assert backend.calls == ["reset", "safe", "safe"], "a simulation stands in its first state; nothing acts"

    def test_deactivation_ends_no_stop(self):
        loop, _ = make()
        loop.emergency_stop()
        loop.end()
        assert loop.start().safety is SafetyState.EMERGENCY_STOP

    def test_a_reset_that_raises_is_a_fault_with_its_text(self):
        loop, backend = make()
        begin = backend.begin
        backend.begin = lambda rng: 1 / 0
        tick = loop.advance(Verdict.TERMINATED)
        assert tick.safety is SafetyState.FAULT and loop.fault.startswith("the backend failed to reset: ZeroDivision")
        backend.begin = begin
        assert loop.advance().safety is SafetyState.FAULT, "also where guards' faults clear themselves"
        loop.clear()
        assert loop.advance().safety is SafetyState.RUNNING

    def test_a_first_reset_that_raises_leaves_its_reason(self):
        backend = Recorder()
        backend.begin = backend.safe_step = lambda *_: 1 / 0
        loop = DriverLoop(ROBOT, make_task("mock_point"), backend, 20.0, 1)
        with pytest.raises(BackendError, match="failed to reset: ZeroDivisionError"):
            loop.start()
        assert loop.safety is SafetyState.FAULT

    def test_the_guard_compares_with_what_acted_not_with_what_was_decided(self):
        robot = replace(load_robot("a1"), sensors=("joint_position", "joint_velocity", "joint_effort"))
        robot = replace(robot, safety=replace(robot.safety, joint_error=0.15, tracking_time=0.0), command_ramp=0.0)
        for delay, faults in ((0, True), (1, False)):
            backend = Recorder(robot)
            backend.position = robot.home
            loop = DriverLoop(robot, make_task("mock_point"), backend, 20.0, delay)
            loop.start()
            loop.accept(Command(loop.tick.stamp, robot.home + 0.2))
            assert (loop.advance().safety is SafetyState.FAULT) is faults
            loop.accept(Command(loop.tick.stamp, robot.home + 0.2))
            assert loop.advance().safety is SafetyState.FAULT

    @pytest.mark.parametrize(
        ("reading", "checks", "words"),
        [
            ({"age": 0.2}, 1, "the newest state is 0.200 s old"),
            ({"sequence": 7}, 4, "the state is frozen"),
        ],
    )
    def test_the_guards_are_told_how_old_a_reading_is_and_which(self, monkeypatch, reading, checks, words):
        loop, backend = make(auto_recover=False, robot=replace(ROBOT, safety=replace(ROBOT.safety, stale=0.1)))
        read = type(backend).read
        monkeypatch.setattr(type(backend), "read", lambda self: replace(read(self), **reading))
        count = 0
        while loop.safety is SafetyState.RUNNING and count < 20:
            answer(loop, [0.5, 0.5])
            loop.advance()
            count += 1
        assert count == checks and loop.fault.startswith(words)

    def test_guards_begin_anew_with_a_reset(self):
        """The robot is put elsewhere, which is no jump; and a time that ran is over."""
        loop, backend = make(auto_recover=False)
        for _ in range(5):
            answer(loop, [0.5, 0.5])
            backend.position = backend.position + 1e-3
            assert loop.advance().safety is SafetyState.RUNNING
        backend.position = backend.position + 5.0
        assert loop.advance(Verdict.TERMINATED).safety is SafetyState.RUNNING
        answer(loop, [0.5, 0.5])
        assert loop.advance().safety is SafetyState.RUNNING, loop.fault
        backend.position = backend.position + 5.0
        answer(loop, [0.5, 0.5])
        assert loop.advance().safety is SafetyState.FAULT and "axis_1_joint moved by 5.0" in loop.fault

    def test_a_tripped_guard_latches_and_the_safe_action_follows(self):
        loop, backend = make(auto_recover=False)
        backend.position = np.array([0.0, 10.6])
        answer(loop, ZERO)
        tick = loop.advance()
        assert tick.safety is SafetyState.FAULT and not tick.intact
        assert "axis_2_joint" in loop.fault and loop.faults == 1
        backend.position = ZERO
        for _ in range(3):
            answer(loop, [1.0, 1.0])
            assert loop.advance().safety is SafetyState.FAULT
        assert backend.calls == ["reset", "step", "safe", "safe", "safe"]

    def test_recovering_by_itself_starts_a_new_episode(self):
        loop, backend = make(auto_recover=True)
        backend.position = np.array([0.0, 10.6])
        answer(loop, ZERO)
        tick = loop.advance()
        assert (tick.episode, tick.step, tick.safety) == (1, 0, SafetyState.RUNNING)
        assert loop.faults == 1 and loop.fault == ""

    def test_a_cleared_fault_leads_to_a_new_episode(self):
        loop, backend = make(auto_recover=False)
        loop.trip("test")
        loop.advance()
        loop.clear()
        tick = loop.advance()
        assert (tick.episode, tick.step, tick.safety) == (1, 0, SafetyState.RUNNING)
        assert backend.calls == ["reset", "safe", "reset"]
        answer(loop, ZERO)
        assert loop.advance().episode == 1

    def test_clearing_nothing_changes_nothing(self):
        loop, _ = make()
        loop.clear()
        answer(loop, ZERO)
        assert loop.advance().episode == 0

    @pytest.mark.parametrize("verdict", list(Verdict))
    def test_no_verdict_moves_a_robot_in_the_safe_state(self, verdict):
        loop, backend = make()
        answer(loop, [1.0, 1.0])
        loop.emergency_stop()
        assert loop.advance(verdict).safety is SafetyState.EMERGENCY_STOP
        assert backend.calls == ["reset", "safe"]

    def test_the_emergency_stop_wins_over_a_fault(self):
        loop, _ = make()
        loop.trip("first")
        loop.emergency_stop()
        loop.trip("later")
        assert loop.safety is SafetyState.EMERGENCY_STOP and "emergency" in loop.fault


def test_the_origin_is_the_pose_at_the_episodes_start():
    class Walker(Recorder):
        def measure(self, call):
            self.calls.append(call)
            x = float(len(self.calls))
            turned = np.array([0.0, 0.0, np.sin(0.3), np.cos(0.3)])
            base = {"base_position": np.array([x, 2.0, 0.3]), "base_orientation": turned}
            return Measurement(joints(ZERO) | base)

    loop = DriverLoop(ROBOT, make_task("mock_point"), Walker(), 20.0, 1, auto_recover=True)
    first = loop.start()
    np.testing.assert_allclose(first.origin, [1.0, 2.0, 0.6])
    np.testing.assert_allclose(loop.advance().origin, [1.0, 2.0, 0.6])
    np.testing.assert_allclose(loop.advance(Verdict.TRUNCATED).origin, [3.0, 2.0, 0.6])


def test_without_a_whole_pose_the_origin_is_zero():
    class Half(Recorder):
        def measure(self, call):
            return Measurement(joints(ZERO) | {"base_position": np.array([1.0, 2.0, 0.3])})

    loop = DriverLoop(ROBOT, make_task("mock_point"), Half(), 20.0, 1)
    np.testing.assert_array_equal(loop.start().origin, np.zeros(3))


def test_resets_are_drawn_by_the_seed():
    class Drawing(Recorder):
        def begin(self, rng):
            return joints(rng.uniform(-1.0, 1.0, 2))

    def drawn(*seed):
        loop = DriverLoop(ROBOT, make_task("mock_point"), Drawing(), 20.0, 1, *seed)
        return [loop.start().measurement["joint_position"][0] for _ in range(2)]

    expected = [np.random.default_rng([5, 0xD21E, number]).uniform(-1.0, 1.0) for number in range(2)]
    np.testing.assert_array_equal(drawn(5), expected)
    assert drawn() == drawn(0) != drawn(1)


def test_changed_commands_are_counted():
    loop, _ = make()
    for value in (9.0, 0.0, 9.0):
        answer(loop, [value, 0.0])
        loop.advance()
    assert loop.limited == 2


def test_the_guards_are_told_how_long_it_was(monkeypatch):
    loop, _ = make()
    told = []
    check = loop._path.guards.check
    monkeypatch.setattr(loop._path.guards, "check", lambda *a, **k: told.append(k["elapsed"]) or check(*a, **k))
    start = loop.tick.stamp
    for stamp in (start + 50_000_000, start + 180_000_000, start + 180_000_001):
        answer(loop, ZERO)
        loop.advance(stamp=stamp)
    np.testing.assert_allclose(told, [0.05, 0.13, 0.05], err_msg="never less than a period")


class TestInputs:
    """The arm's task asks for a goal; somebody asks for another."""

    GOAL = np.array([0.3, 0.1, 0.2])

    def make(self, simulated: bool) -> DriverLoop:
        robot = replace(load_robot("xarm6"), sensors=("joint_position", "joint_velocity", "joint_effort"))
        backend = Recorder(robot) if simulated else SlowRobot(robot)
        backend.position = robot.home
        return DriverLoop(robot, make_task("xarm_reach"), backend, 20.0, 1)

    def test_the_task_draws_them_for_an_episode(self):
        loop = self.make(simulated=True)
        first = loop.start().inputs["goal_position"]
        np.testing.assert_array_equal(loop.advance().inputs["goal_position"], first)
        assert (loop.advance(Verdict.TRUNCATED).inputs["goal_position"] != first).all()

    def test_a_robot_has_them_from_its_first_tick_on(self):
        loop = self.make(simulated=False)
        first = loop.start().inputs["goal_position"]
        assert first.shape == (3,)
        np.testing.assert_array_equal(loop.advance().inputs["goal_position"], first)

    def test_they_change_with_the_steps_and_are_shown(self):
        class Changing(type(make_task("mock_point"))):
            observation = ("joint_position", "goal_position")

            def draw_inputs(self, rng):
                return {"goal_position": np.zeros(3)}

            def change_inputs(self, inputs, step, period, rng):
                return {"goal_position": np.array([step, rng.uniform(5.0, 6.0), 0.0])}

        backend, shown = Recorder(), []
        backend.show_inputs = lambda inputs: shown.append(inputs["goal_position"][0])
        loop = DriverLoop(ROBOT, Changing(), backend, 20.0, 1)
        loop.start()
        goals = [loop.advance().inputs["goal_position"] for _ in range(3)]
        assert [goal[0] for goal in goals] == [1, 2, 3] and shown == [0, 1, 2, 3] and goals[0][1] >= 5.0

    def test_what_is_given_acts_from_the_next_tick_on(self):
        loop = self.make(simulated=True)
        first = loop.start()
        drawn = first.inputs["goal_position"].copy()
        loop.give("goal_position", self.GOAL)
        np.testing.assert_array_equal(loop.tick.inputs["goal_position"], drawn)
        for _ in range(3):
            np.testing.assert_array_equal(loop.advance().inputs["goal_position"], self.GOAL)

    @pytest.mark.parametrize("simulated", [True, False])
    def test_it_holds_until_the_next_draw_and_on_a_robot_for_good(self, simulated):
        loop = self.make(simulated)
        loop.start()
        loop.give("goal_position", self.GOAL)
        loop.advance()
        later = loop.advance(Verdict.TRUNCATED).inputs["goal_position"]
        assert np.array_equal(later, self.GOAL) != simulated

    def test_what_is_refused_leaves_no_trace(self):
        loop = self.make(simulated=True)
        drawn = loop.start().inputs["goal_position"]
        for name, value in (("goal_position", self.GOAL * np.nan), ("velocity_command", self.GOAL)):
            with pytest.raises(CommandError):
                loop.give(name, value)
        np.testing.assert_array_equal(loop.advance().inputs["goal_position"], drawn)

    def test_on_a_robot_a_velocity_is_nobodys_until_it_is_asked_for_and_when_its_sender_went_quiet(self):
        """Half a second is ten periods at 20 Hz; the task, which would draw one, is not asked."""

        class Follow(type(make_task("mock_point"))):
            observation = ("joint_position", "velocity_command")

            def draw_inputs(self, rng):
                return {"velocity_command": np.ones(3)}

        def asked(simulated):
            backend = Recorder() if simulated else SlowRobot(ROBOT)
            loop = DriverLoop(ROBOT, Follow(), backend, 20.0, 1)
            found = [loop.start().inputs["velocity_command"][0]]
            loop.give("velocity_command", np.array([0.5, 0.0, 0.0]))
            return found + [loop.advance().inputs["velocity_command"][0] for _ in range(13)]

        assert asked(simulated=False) == [0.0, *[0.5] * 10, 0.0, 0.0, 0.0]
        assert asked(simulated=True) == [1.0, *[0.5] * 13]


class TestNoResets:
    """A driver that stays: episodes are cut, and the robot goes on from where it is."""

    HELD = np.array([0.3, -0.2])

    def make(self, delay: int = 1, robot=None, auto_recover: bool = True) -> tuple[DriverLoop, Recorder]:
        robot = robot or replace(ROBOT, interfaces=("position", "position"))
        backend = Recorder(robot)
        loop = DriverLoop(robot, make_task("mock_point"), backend, 20.0, delay, stays=True, auto_recover=auto_recover)
        loop.start()
        return loop, backend

    @pytest.mark.parametrize("verdict", [Verdict.TERMINATED, Verdict.TRUNCATED])
    @pytest.mark.parametrize("delay", [0, 1, 2])
    def test_an_episode_goes_on_under_the_command_that_acts(self, delay, verdict):
        loop, backend = self.make(delay)
        for _ in range(4):
            answer(loop, self.HELD)
            loop.advance()
        answer(loop, [0.0, 0.0])
        backend.position = np.array([0.05, -0.05])
        before = loop.tick
        tick = loop.advance(verdict)
        assert (tick.episode, tick.step, tick.index) == (1, 0, before.index + 1)
        assert tick.env_steps == before.env_steps + 1, "the period has passed on the robot"
        acting = backend.acted[-1]  # without a delay the answer, as the filter lets it through
        assert delay == 0 or (acting == self.HELD).all()
        np.testing.assert_array_equal(tick.previous_command, acting)
        np.testing.assert_array_equal(tick.pending_commands, np.tile(acting, (delay, 1)))
        assert backend.calls.count("reset") == 1 and tick.intact and tick.safety is SafetyState.RUNNING
        answer(loop, self.HELD)
        assert loop.advance().step == 1

    def test_each_episode_draws_its_conditions_and_nothing_within_one_does(self):
        loop, backend = self.make()
        drawn = []
        backend.redraw = lambda rng: drawn.append(rng.random())
        for verdict in (Verdict.CONTINUE, Verdict.TERMINATED, Verdict.CONTINUE, Verdict.TRUNCATED, Verdict.CONTINUE):
            answer(loop, self.HELD)
            loop.advance(verdict)
        assert drawn == [np.random.default_rng([0, 0xD21E, number]).random() for number in (1, 2)]

    def test_velocities_begin_an_episode_at_rest(self):
        loop, _ = self.make(robot=ROBOT)
        for _ in range(3):
            answer(loop, self.HELD)
            loop.advance()
        tick = loop.advance(Verdict.TRUNCATED)
        np.testing.assert_array_equal(tick.pending_commands, [ZERO])

    def test_a_fault_that_clears_itself_goes_on_where_the_joints_are(self):
        loop, backend = self.make()
        answer(loop, self.HELD)
        loop.advance()
        answer(loop, self.HELD)
        limit = ROBOT.limits.upper + ROBOT.safety.joint_margin
        backend.position = limit + 0.5
        tick = loop.advance()
        assert (loop.faults, tick.episode, tick.step, tick.safety) == (1, 1, 0, SafetyState.RUNNING)
        np.testing.assert_array_equal(tick.pending_commands, [ROBOT.limits.upper])  # as near as it may be
        assert backend.calls.count("reset") == 1

    def test_a_world_that_begins_again_is_not_reset(self):
        loop, backend = self.make()
        answer(loop, self.HELD)
        loop.advance()
        tick = loop.start()
        assert (tick.episode, tick.step) == (1, 0) and backend.calls.count("reset") == 1

    def test_without_auto_recovery_a_fault_stays_latched(self):
        loop, backend = self.make(auto_recover=False)
        answer(loop, self.HELD)
        backend.position = np.array([99.0, 0.0])
        assert loop.advance(Verdict.TRUNCATED).safety is SafetyState.FAULT
        assert loop.advance().safety is SafetyState.FAULT
