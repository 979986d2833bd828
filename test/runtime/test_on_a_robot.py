# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver on a robot that cannot be reset and whose time passes by itself: what acted, when, and what never does.

The robot and the driver share a clock that the test moves on by 2 ms, so every moment is exact on any machine.
"""

from dataclasses import replace

import numpy as np
import pytest
from slow_robot import STEP, SlowRobot, SlowRobotSettings

from ros_rl.robot import load_robot
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.pacing import Limits, RealTime
from ros_rl.runtime.sweep import Sweep
from ros_rl.tasks import make_task
from ros_rl.types import Command, Measurement, SafetyState, Tick, Verdict

PERIOD = 0.05
ANSWER = 0.02  # s after its tick, when the controller's answer comes
ROBOT = load_robot("mock")  # two velocities
BY_POSITION = replace(ROBOT, interfaces=("position", "position"))
BY_EFFORT = replace(ROBOT, interfaces=("effort", "effort"))


class World:
    """A driver, a robot and a controller under one clock."""

    def __init__(
        self,
        robot=ROBOT,
        delay=1,
        armed=True,
        limits=None,
        latch=None,
        auto_recover=False,
        stays=False,
        first=0.5,
        sweep=None,
    ):
        self.now = 100.0
        self.robot = SlowRobot(
            robot, SlowRobotSettings(0.5 if "effort" not in robot.interfaces else 0.0), clock=lambda: self.now
        )
        self.robot.connect = lambda: None
        self.loop = DriverLoop(
            robot,
            make_task("mock_point"),
            self.robot,
            1 / PERIOD,
            delay,
            auto_recover=auto_recover,
            latch=latch or Latch(),
            homing_speed=first,
            return_speed=0.5,
            lost_time=0.5,
            stays=stays,
            sweep=sweep,
            clock=lambda: self.now,
        )
        self.pacer = RealTime(self.loop, PERIOD, auto_recover, limits or Limits(unjudged=0.0))
        self.answers = True
        self.judges = False
        self.decide = lambda tick: np.zeros(robot.size)
        self.ticks: list[Tick] = []
        self.opened: list[float] = []
        self._add(self.pacer.start(self.now, self.stamp))
        if armed:
            self.loop.latch.arm()
            self.loop.latch.resume()

    @property
    def stamp(self) -> int:
        return round(self.now * 1e9)

    def _add(self, tick: Tick) -> None:
        self.ticks.append(tick)
        self.opened.append(self.now)

    def sleep(self, seconds: float) -> None:
        """Time passes, and the driver's process does not run."""
        for _ in range(round(seconds / STEP)):
            self.now += STEP
            self.robot.step()

    def period(self, count: int = 1) -> Tick:
        for _ in range(count):
            tick = self.ticks[-1]
            if self.judges:
                self.pacer.verdict(tick.stamp, Verdict.CONTINUE, self.now)
            self.sleep(ANSWER)
            if self.answers:
                self.pacer.command(Command(tick.stamp, self.decide(tick)), self.now)
            self.sleep(PERIOD - ANSWER)
            self._add(self.pacer.poll(self.now, self.stamp))
        return self.ticks[-1]

    def until(self, state: SafetyState, most: int = 200) -> Tick:
        for _ in range(most):
            if self.ticks[-1].safety is state:
                return self.ticks[-1]
            self.period()
        raise AssertionError(f"{state.name} was not reached, it is {self.ticks[-1].safety.name}: {self.loop.fault}")


class TestWhatActed:
    @pytest.mark.parametrize("delay", [0, 1, 2])
    @pytest.mark.parametrize("robot", [ROBOT, BY_POSITION, BY_EFFORT], ids=["velocity", "position", "effort"])
    def test_what_a_tick_says_acted_is_what_the_joints_did_then(self, robot, delay):
        world = World(robot, delay)
        world.decide = lambda tick: robot.neutral_command + 0.003 * (tick.index % 7) * np.array([1.0, -1.0])
        world.until(SafetyState.RUNNING)
        begun = len(world.ticks)
        world.period(20)
        pairs = list(zip(world.ticks[begun:], world.opened[begun - 1 :], world.opened[begun:], strict=False))
        assert len(pairs) == 20 and all(after.intact for after, _, _ in pairs)
        for after, opened, closed in pairs:
            first = opened + (ANSWER if delay == 0 else 0.0)  # without a delay a decision acts when it comes
            for moment in np.arange(first + STEP, closed - STEP / 2, STEP):
                np.testing.assert_array_equal(world.robot.doing(moment + 1e-6), after.previous_command)

    @pytest.mark.parametrize("delay", [0, 1, 2])
    def test_a_decision_acts_the_delay_after_its_tick(self, delay):
        world = World(BY_POSITION, delay)
        world.until(SafetyState.RUNNING)
        world.period(3)
        decided_at = world.ticks[-1]
        home = BY_POSITION.home
        world.decide = lambda tick: home + (0.01 if tick.stamp == decided_at.stamp else 0.0)
        world.period(delay + 2)
        moved = [
            line.time for line in world.robot.done if line.target is not None and np.allclose(line.target, home + 0.01)
        ]
        due = world.opened[world.ticks.index(decided_at)] + (delay * PERIOD if delay else ANSWER)
        assert moved and abs(moved[0] - due) <= STEP + 1e-9
        acted = [tick.index for tick in world.ticks if np.allclose(tick.previous_command, home + 0.01)]
        assert acted == [decided_at.index + delay + 1]

    def test_nothing_acts_after_its_expiry_when_the_drivers_process_stands_still(self):
        world = World()
        world.decide = lambda tick: np.array([0.5, 0.5])
        world.until(SafetyState.RUNNING)
        world.period(5)
        written = world.opened[-1]
        world.sleep(4.0)
        assert world.robot.doing(written + 1.9 * PERIOD) is not None
        assert world.robot.doing(written + 2.0 * PERIOD + 2 * STEP) is None
        assert world.robot.done[-1].target is None

    def test_lost_time_is_no_step_and_above_the_limit_a_fault(self):
        world = World()
        world.until(SafetyState.RUNNING)
        world.period(3)
        world.sleep(0.6 * PERIOD)
        late = world.period()
        assert late.safety is SafetyState.RUNNING and not late.intact
        assert world.period().intact
        steps = world.ticks[-1].env_steps
        world.sleep(4.0)
        fault = world.period()
        assert fault.safety is SafetyState.FAULT and not fault.intact and "held up for 4.00 s" in world.loop.fault
        assert fault.env_steps == steps
        world.period(5)
        assert world.ticks[-1].safety is SafetyState.FAULT, "answers end nothing"
        assert world.robot.doing(world.now) is None

    @pytest.mark.parametrize("call", ["read", "write"])
    def test_a_call_that_blocks_is_a_fault_before_anything_acts_again(self, call):
        world = World()
        world.decide = lambda tick: np.ones(2)
        world.until(SafetyState.RUNNING)
        world.period(5)
        original, slept = getattr(world.robot, call), []

        def block(*arguments):
            if not slept:
                world.sleep(3.0)
                slept.append(world.now)
            return original(*arguments)

        setattr(world.robot, call, block)
        world.period()
        assert world.loop.safety is SafetyState.FAULT and f"took 3.00 s to {call}, limit 0.5 s" in world.loop.fault
        world.period(3)
        assert all(line.target is None for line in world.robot.done if line.time >= slept[0])

    def test_a_call_that_takes_less_than_the_limit_is_none(self):
        world = World(limits=Limits(misses=20, unjudged=0.0))
        world.until(SafetyState.RUNNING)
        original = world.robot.read
        world.robot.read = lambda: (world.sleep(0.4), original())[1]
        assert world.period(2).safety is SafetyState.RUNNING


class TestArming:
    def test_nothing_moves_before_it_is_armed(self):
        world = World(armed=False)
        world.decide = lambda tick: np.ones(2)
        world.period(20)
        assert {tick.safety for tick in world.ticks} == {SafetyState.DISARMED}
        assert all(line.target is None for line in world.robot.done) and world.robot.calls == []

    def test_one_that_stays_begins_where_it_is_and_goes_on_there(self):
        """Nothing is homed, when it is armed or when an episode ends; its joints are held until a command acts."""
        world, start = World(BY_POSITION, armed=False, stays=True), BY_POSITION.home + 0.5
        world.period(2)
        assert world.loop.latch.arm()
        assert world.period().safety is SafetyState.READY and world.robot.calls == ["arm"]
        world.period(5)
        np.testing.assert_allclose(world.robot.position, start)
        world.loop.latch.resume()
        begun = world.until(SafetyState.RUNNING)
        np.testing.assert_allclose(begun.previous_command, start)
        world.decide = lambda tick: start + 0.1
        world.period(6)
        np.testing.assert_allclose(world.robot.position, start + 0.1)
        world.pacer.verdict(world.ticks[-1].stamp, Verdict.TERMINATED, world.now)
        after = world.period()
        assert (after.safety, after.episode, after.step) == (SafetyState.RUNNING, begun.episode + 1, 0)
        np.testing.assert_allclose(after.pending_commands, [start + 0.1])
        world.period(10)
        assert {tick.safety for tick in world.ticks[world.ticks.index(begun) :]} == {SafetyState.RUNNING}
        sent = [line.target for line in world.robot.done if line.target is not None]
        assert min(np.min(target) for target in sent) >= np.min(start) - 1e-9, "never towards home"

    @pytest.mark.parametrize("stays", [False, True], ids=["goes home", "stays"])
    @pytest.mark.parametrize("robot", [ROBOT, BY_POSITION], ids=["velocity", "position"])
    def test_motors_that_follow_late_are_sent_nothing_before_and_begin_where_the_robot_is_then(self, robot, stays):
        """1.02 s; it sags within the last period, and who resumes early waits with it."""
        world = World(robot, armed=False, stays=stays)
        world.robot.takes = 1.02
        world.period(2)
        assert world.loop.latch.arm() and world.loop.latch.resume()
        assert world.period(21).safety is SafetyState.HOMING and world.robot.pending
        world.robot.position = world.robot.position - 0.02
        sagged = world.robot.position.copy()
        assert world.period(1).safety is SafetyState.HOMING and not world.robot.pending
        assert all(line.target is None for line in world.robot.done) and world.robot.calls == ["arm"]
        world.period(2)
        first = next(line.target for line in world.robot.done if line.target is not None)
        if robot is BY_POSITION:
            way = 0.0 if stays else 0.5 * robot.limits.velocity * PERIOD
            np.testing.assert_allclose(first, sagged - way, atol=1e-9)
        assert world.until(SafetyState.RUNNING).intact

    def test_motors_that_never_follow_are_a_fault_that_says_what_was_waited_for(self):
        world = World(armed=False)
        world.robot.takes = 1e9
        world.loop.latch.arm()
        assert world.period(1198).safety is SafetyState.HOMING
        world.period(5)
        assert (
            world.loop.fault == "the motors do not follow 60 s after they were armed; they wait for its brakes to open"
        )
        assert all(line.target is None for line in world.robot.done)

    @pytest.mark.parametrize("how", ["stop", "fault", "disarm"])
    def test_whatever_latches_breaks_an_arming_off_and_the_next_one_begins_anew(self, how):
        world = World(armed=False)
        world.robot.takes = 1.0
        world.loop.latch.arm()
        world.period(10)
        {
            "stop": world.loop.emergency_stop,
            "fault": lambda: world.loop.trip("test"),
            "disarm": world.loop.latch.disarm,
        }[how]()
        world.period(40)
        assert world.robot.pending and all(line.target is None for line in world.robot.done)
        world.loop.clear()
        assert world.loop.latch.arm()  # before a tick saw it disarmed
        world.until(SafetyState.READY)
        assert world.robot.calls.count("arm") == 2

    @pytest.mark.parametrize("what", ["health", "limits"])
    def test_the_guards_look_on_while_motors_are_switched_on(self, what):
        world = World(armed=False)
        world.robot.takes = 10.0
        world.loop.latch.arm()
        world.period(10)
        read = world.robot.read
        if what == "health":
            world.robot.read = lambda: replace(read(), health="a servo is hot")
        else:
            world.robot.position = ROBOT.limits.upper + 1.0
        assert world.period().safety is SafetyState.FAULT
        assert world.loop.fault == "a servo is hot" or "limit" in world.loop.fault or "moved by" in world.loop.fault

    @pytest.mark.parametrize("robot", [ROBOT, BY_POSITION], ids=["velocity", "position"])
    def test_it_goes_home_slowly_and_waits_for_resume(self, robot):
        world = World(robot, armed=False)
        world.period(2)
        assert world.loop.latch.arm()
        homing = world.period()
        assert homing.safety is SafetyState.HOMING and world.robot.calls == ["arm"]
        start = robot.home + 0.5
        np.testing.assert_allclose(world.robot.position, start, atol=0.5 * robot.limits.velocity[0] * PERIOD + 1e-9)
        world.until(SafetyState.READY)
        np.testing.assert_allclose(world.robot.position, robot.home, atol=0.06)
        targets = np.array([line.target for line in world.robot.done if line.target is not None])
        if robot is BY_POSITION:
            steps = np.abs(np.diff(targets, axis=0))
            assert steps.max() <= 0.5 * robot.limits.velocity[0] * PERIOD + 1e-9
        else:
            assert np.abs(targets).max() <= 0.5 * robot.limits.velocity[0] + 1e-9
        world.period(10)
        assert world.ticks[-1].safety is SafetyState.READY and not world.ticks[-1].intact
        assert world.loop.latch.resume()
        first = world.period()
        assert (first.safety, first.step, first.episode, first.env_steps) == (SafetyState.RUNNING, 0, 0, 0)

    @pytest.mark.parametrize("robot", [ROBOT, BY_POSITION], ids=["velocity", "position"])
    def test_a_verdict_leads_home_slowly_and_on_every_time(self, robot):
        world = World(robot)
        away = robot.command(np.array([1.0, -1.0]))
        world.decide = lambda tick: away
        slow = 0.5 * robot.limits.velocity * PERIOD + 1e-9
        for episode in (1, 2, 3):
            world.until(SafetyState.RUNNING)
            world.period(25)  # by positions it is at rest then
            assert np.abs(world.robot.position).min() > 1.0
            world.pacer.verdict(world.ticks[-1].stamp, Verdict.TRUNCATED, world.now)
            assert world.period().safety is SafetyState.HOMING
            before = world.robot.position
            while world.period().safety is SafetyState.HOMING:
                assert (np.abs(world.robot.position - before) <= slow).all() or robot is ROBOT  # it brakes first
                before = world.robot.position
            again = world.until(SafetyState.RUNNING)
            assert (again.episode, again.step) == (episode, 0)
            np.testing.assert_allclose(world.robot.position, robot.home, atol=0.06)
            np.testing.assert_array_equal(again.pending_commands, [robot.neutral_command])
            np.testing.assert_array_equal(again.previous_command, robot.neutral_command)

    def test_the_first_way_home_is_slower_than_the_way_back_and_so_is_one_after_a_rest(self):
        world = World(BY_POSITION, armed=False, first=0.1)
        world.decide = lambda tick: BY_POSITION.command(np.array([1.0, -1.0]))
        limit = BY_POSITION.limits.velocity[0] * PERIOD

        def way_home() -> float:
            """The longest step of a set point on it, as a share of the limit."""
            world.until(SafetyState.HOMING)
            begun = len(world.robot.done)
            while world.ticks[-1].safety is SafetyState.HOMING:
                world.period()
            targets = np.array([line.target for line in world.robot.done[begun:] if line.target is not None])
            return float(np.abs(np.diff(targets, axis=0)).max() / limit)

        assert world.loop.latch.arm() and way_home() == pytest.approx(0.1)
        assert world.loop.latch.resume()
        for _ in range(2):
            world.until(SafetyState.RUNNING)
            world.period(25)
            world.pacer.verdict(world.ticks[-1].stamp, Verdict.TRUNCATED, world.now)
            assert way_home() == pytest.approx(0.5)
        world.until(SafetyState.RUNNING)
        world.period(25)
        assert world.loop.latch.disarm()
        world.until(SafetyState.DISARMED)
        world.period(2)
        assert world.loop.latch.arm() and way_home() == pytest.approx(0.1)

    @pytest.mark.parametrize("robot", [ROBOT, BY_POSITION], ids=["velocity", "position"])
    def test_one_that_a_person_moved_goes_home_from_there(self, robot):
        """Disarmed at work or half way home: what it measures may jump then, what it is told may not."""
        world = World(robot)
        world.until(SafetyState.RUNNING)
        for place in (1.0, -1.0):
            world.period(3)
            world.loop.latch.disarm()
            world.period(3)
            world.robot.position = robot.home + place
            world.period(3)
            sent = len(world.robot.done)
            assert world.loop.latch.arm() and world.period(2).safety is SafetyState.HOMING
            first = next(line.target for line in world.robot.done[sent:] if line.target is not None)
            slow = 0.5 * robot.limits.velocity
            from_there = robot.home + place - np.sign(place) * slow * PERIOD if robot is BY_POSITION else 0.0
            np.testing.assert_allclose(first, from_there, atol=1e-9 if robot is BY_POSITION else slow.max() + 1e-9)

    @pytest.mark.parametrize("delay", [1, 2])
    def test_while_no_command_acts_a_tick_tells_what_holds_the_robot_and_will_go_on_to(self, delay):
        world = World(delay=delay)
        world.decide = lambda tick: np.array([0.3, -0.3])
        world.until(SafetyState.RUNNING)
        world.period(5)
        world.pacer.verdict(world.ticks[-1].stamp, Verdict.TRUNCATED, world.now)
        world.loop.latch.pause()
        begun = len(world.ticks)
        world.until(SafetyState.READY)
        world.period(3)
        for tick in world.ticks[begun + 1 :]:
            np.testing.assert_array_equal(tick.pending_commands, [tick.previous_command] * delay)

    def test_what_a_robot_says_that_it_applied_on_its_way_home_is_told(self):
        world = World(armed=False)
        read, applied = world.robot.read, np.array([0.01, -0.02])
        world.robot.read = lambda: replace(read(), applied=applied)
        world.loop.latch.arm()
        np.testing.assert_array_equal(world.period(2).previous_command, applied)
        assert world.ticks[-1].safety is SafetyState.HOMING

    def test_a_home_that_cannot_be_reached_is_a_fault(self):
        world = World(armed=False)
        world.robot._speed = lambda target: np.full(2, -1e-6)
        world.loop.latch.arm()
        world.until(SafetyState.FAULT, most=1000)
        assert "homing has not arrived" in world.loop.fault and "0.50 rad from home" in world.loop.fault
        world.sleep(2 * STEP)
        assert world.robot.doing(world.now) is None

    @pytest.mark.parametrize("delay", [1, 2, 3])
    @pytest.mark.parametrize("robot", [ROBOT, BY_POSITION], ids=["velocity", "position"])
    def test_a_state_that_is_late_holds_at_once_and_what_comes_back_goes_on(self, robot, delay):
        """Its readings may be half a second old, so from a quarter on it is held; which is no fault."""
        world = World(robot, delay)
        world.decide = lambda tick: robot.neutral_command + 0.01 * (tick.index % 7) * np.array([1.0, -1.0])
        world.until(SafetyState.RUNNING)
        world.period(10)
        begun = len(world.ticks)
        world.robot.frozen = True
        world.period(8)
        world.robot.frozen = False
        world.period(4 + delay)
        ticks, acted = world.ticks[begun:], [tick.previous_command for tick in world.ticks[begun:]]
        assert all(tick.safety is SafetyState.RUNNING for tick in ticks)
        # measured 0.05, 0.1 ... 0.4 s ago: more than 0.25 s from the sixth on, then fresh ones
        doubted = [5, 6, 7, 8]  # the last one is that whose command was decided from the seventh
        assert world.loop.held_back == len(doubted)
        assert [tick.intact for tick in ticks] == [not (i in doubted or i - 1 in doubted) for i in range(len(ticks))]
        still = acted[5] if robot is BY_POSITION else np.zeros(2)  # braking takes no longer than a period here
        for index in doubted:
            np.testing.assert_array_equal(ticks[index].pending_commands, [still] * delay)
            np.testing.assert_array_equal(acted[index + 1], still)
        for after, opened, closed in zip(ticks, world.opened[begun - 1 :], world.opened[begun:], strict=False):
            for moment in np.arange(opened + STEP, closed - STEP / 2, STEP):
                np.testing.assert_array_equal(world.robot.doing(moment + 1e-6), after.previous_command)
        assert any((command != still).any() for command in acted[-3:])

    def test_a_state_that_is_late_holds_a_robot_on_its_way_home(self):
        world = World(first=0.02)
        world.until(SafetyState.HOMING)
        world.period(4)
        begun = len(world.ticks)
        assert (world.ticks[-1].previous_command != 0.0).any()
        world.robot.frozen = True
        world.period(9)
        world.robot.frozen = False
        ticks = world.ticks[begun:]
        assert all(tick.safety is SafetyState.HOMING for tick in ticks)
        # more than 0.25 s from the sixth on
        assert [bool((tick.previous_command != 0.0).any()) for tick in ticks[1:]] == [True] * 5 + [False] * 3
        world.until(SafetyState.RUNNING, most=2000)

    @pytest.mark.parametrize("delay", [0, 1])
    def test_a_state_that_is_late_without_end_is_a_fault(self, delay):
        """Old by 0.3 s, where 0.5 s are allowed; held back where something was decided before it acts."""
        world = World(delay=delay)
        world.until(SafetyState.RUNNING)
        read = world.robot.read
        world.robot.read = lambda: replace(read(), age=0.3)
        world.period(15)
        assert world.loop.safety is SafetyState.RUNNING and world.loop.held_back == (15 if delay else 0)
        assert all(tick.intact for tick in world.ticks[-15:]) is (delay == 0)
        world.until(SafetyState.FAULT, most=10)
        assert world.loop.fault.startswith("states come late: more than 0.25 s old for 1")

    @pytest.mark.parametrize("delay", [0, 1, 2])
    def test_a_robot_that_goes_silent_is_a_fault(self, delay):
        """Its readings may be half a second old; 10 ms before and 12 periods later."""
        world = World(delay=delay)
        world.decide = lambda tick: np.array([0.5, -0.5])
        world.until(SafetyState.RUNNING)
        world.robot.frozen = True
        assert world.period(9).safety is SafetyState.RUNNING
        world.until(SafetyState.FAULT, most=3)
        assert world.loop.fault.startswith("the newest state is 0.5")
        world.sleep(2 * STEP)
        assert world.robot.doing(world.now) is None

    def test_the_way_of_a_long_period_is_no_jump(self):
        """2 m/s allow 0.1 m in a period; the target acts for two of them, at 1.5 m/s, until it expires."""
        world = World(replace(ROBOT, safety=replace(ROBOT.safety, velocity=1.0)))
        world.decide = lambda tick: np.array([1.5, -1.5])
        world.until(SafetyState.RUNNING)
        world.period(3)
        world.sleep(3 * PERIOD)
        before = world.robot.position.copy()
        world.period()
        assert world.loop.fault == "" and world.ticks[-1].safety is SafetyState.RUNNING
        moved = world.ticks[-1].measurement["joint_position"] - world.ticks[-2].measurement["joint_position"]
        assert abs(moved).min() > 0.1 and abs(world.robot.position - before).max() < 0.1

    def test_a_pause_holds_and_goes_on_from_there(self):
        world = World(BY_POSITION)
        world.decide = lambda tick: BY_POSITION.home + 0.2
        world.until(SafetyState.RUNNING)
        world.period(6)
        world.loop.latch.pause()
        world.period(6)
        assert world.ticks[-1].safety is SafetyState.READY
        steps = world.ticks[-1].env_steps
        np.testing.assert_allclose(world.robot.doing(world.now), BY_POSITION.home + 0.2)
        world.period(10)
        assert world.ticks[-1].env_steps == steps, "what does not act is no step"
        world.loop.latch.resume()
        first = world.until(SafetyState.RUNNING)
        assert (first.step, first.episode) == (0, 1)
        np.testing.assert_allclose(first.previous_command, BY_POSITION.home + 0.2)

    @pytest.mark.parametrize("delay", [1, 2])
    def test_a_pause_holds_what_was_sent_last_and_what_follows_begins_there(self, delay):
        """Steps of 0.02 at most, so that whatever began elsewhere would be seen on its way."""
        robot = replace(BY_POSITION, limits=replace(BY_POSITION.limits, step=np.full(2, 0.02)))
        world = World(robot, delay)
        world.decide = lambda tick: robot.home + 0.02 * (tick.step + 1)
        world.until(SafetyState.RUNNING)
        world.period(8)
        world.sleep(2 * STEP)
        held = world.robot.done[-1].target
        paused = len(world.robot.done)
        world.loop.latch.pause()
        world.period(5)
        world.loop.latch.resume()
        world.decide = lambda tick: held + 0.02
        world.until(SafetyState.RUNNING)
        assert len(world.robot.done) == paused and held[0] > robot.home[0] + 0.1, "nothing else was sent"
        world.period(delay + 2)
        np.testing.assert_allclose(world.robot.done[paused].target, held + 0.02)

    def test_the_way_home_begins_at_what_holds_the_robot_not_where_it_sags(self):
        world = World(BY_POSITION)
        world.decide = lambda tick: BY_POSITION.home + 0.2
        world.until(SafetyState.RUNNING)
        world.period(6)
        read = world.robot.read

        def sagging():
            found = read()
            below = Measurement(found.measurement | {"joint_position": found.measurement["joint_position"] - 0.05})
            return replace(found, measurement=below)

        world.robot.read = sagging
        world.period()
        world.pacer.verdict(world.ticks[-1].stamp, Verdict.TRUNCATED, world.now)
        world.period(2)
        first = next(line.target for line in world.robot.done[::-1] if line.target is not None)
        slow = 0.5 * BY_POSITION.limits.velocity * PERIOD
        np.testing.assert_allclose(first, BY_POSITION.home + 0.2 - slow, atol=1e-9)

    def test_a_reset_that_is_asked_for_leads_home_and_on(self):
        world = World()
        world.decide = lambda tick: np.array([1.0, -1.0])
        world.until(SafetyState.RUNNING)
        world.period(8)
        world.sleep(STEP)
        tick = world.pacer.start(world.now, world.stamp)
        assert (tick.safety, tick.stamp) == (SafetyState.HOMING, world.stamp)
        world._add(tick)
        assert world.until(SafetyState.RUNNING).episode == 1

    @pytest.mark.parametrize("end", ["disarm", "end"])
    def test_disarming_is_safe_and_switches_off(self, end):
        world = World()
        world.decide = lambda tick: np.ones(2)
        world.until(SafetyState.RUNNING)
        world.period(3)
        world.loop.latch.disarm() if end == "disarm" else world.loop.end()
        world.period(3)
        assert world.robot.doing(world.now) is None and world.robot.calls == ["arm", "disarm"]
        assert world.ticks[-1].safety is SafetyState.DISARMED


class TestSweeping:
    """Between episodes from home to a corner and back, at a quarter of the limits."""

    CORNER = ROBOT.home + np.array([0.6, -0.4])
    PLACES = np.array([ROBOT.home, CORNER, CORNER, ROBOT.home])

    def swept(self) -> World:
        """One that has just set out for the corner."""
        world = World(sweep=Sweep(ROBOT, PERIOD, self.PLACES, 0.25))
        world.until(SafetyState.RUNNING)
        assert self.nearest(world, 0) > 0.1, "it is homed at first without a sweep"
        world.decide = lambda tick: np.array([-0.3, 0.0])
        world.period(5)
        world.decide = lambda tick: np.zeros(2)
        world.pacer.verdict(world.ticks[-1].stamp, Verdict.TRUNCATED, world.now)
        for _ in range(200):
            if world.period().safety is not SafetyState.HOMING or world.robot.position[0] > ROBOT.home[0] + 0.2:
                return world
        raise AssertionError("it does not sweep")

    def nearest(self, world: World, since: int) -> float:
        """How near it came to the corner, at ticks since one."""
        way = [tick.measurement["joint_position"] - self.CORNER for tick in world.ticks[since:]]
        return float(np.abs(way).max(axis=1).min())

    def test_it_goes_along_its_way_and_home_and_another_episode_begins(self):
        world = self.swept()
        episode = world.ticks[-1].episode
        after = world.until(SafetyState.RUNNING)
        assert (after.episode, after.step, after.intact) == (episode + 1, 0, True)
        assert self.nearest(world, 0) < 0.02
        np.testing.assert_allclose(world.robot.position, ROBOT.home, atol=0.06)
        targets = np.array([line.target for line in world.robot.done if line.target is not None])
        assert np.abs(targets).max() <= 0.5 * ROBOT.limits.velocity[0] + 1e-9
        assert not [tick for tick in world.ticks if tick.safety is SafetyState.HOMING and tick.intact]

    @pytest.mark.parametrize("how", ["stop", "fault", "disarm"])
    def test_whatever_latches_stops_it_and_what_follows_goes_straight_home(self, how):
        world = self.swept()
        {
            "stop": world.loop.emergency_stop,
            "fault": lambda: world.loop.trip("test"),
            "disarm": world.loop.latch.disarm,
        }[how]()
        world.period(3)
        stopped = world.robot.position.copy()
        world.period(10)
        np.testing.assert_array_equal(world.robot.position, stopped)
        world.loop.clear()
        assert world.loop.latch.arm() and world.loop.latch.resume()
        begun = len(world.ticks)
        world.until(SafetyState.RUNNING)
        assert self.nearest(world, begun) > np.abs(stopped - self.CORNER).max() - 1e-6

    def test_one_that_is_armed_anew_at_once_goes_straight_home_too(self):
        world = self.swept()
        world.loop.latch.disarm()
        assert world.loop.latch.arm() and world.loop.latch.resume()
        begun, left = len(world.ticks), np.abs(world.robot.position - self.CORNER).max()
        world.until(SafetyState.RUNNING)
        assert self.nearest(world, begun) > left - 0.1

    def test_one_that_is_paused_ends_it_and_waits_at_home(self):
        world = self.swept()
        assert world.loop.latch.pause()
        world.until(SafetyState.READY)
        assert self.nearest(world, 0) < 0.02
        assert world.period(20).safety is SafetyState.READY

    def test_one_that_a_person_sends_home_does_not_sweep(self):
        world = World(sweep=Sweep(ROBOT, PERIOD, self.PLACES, 0.25))
        world.until(SafetyState.RUNNING)
        world.period(5)
        assert world.loop.latch.home()
        world.until(SafetyState.READY)
        assert self.nearest(world, 0) > 0.1


class TestStops:
    @pytest.mark.parametrize(
        "state", [SafetyState.DISARMED, SafetyState.HOMING, SafetyState.READY, SafetyState.RUNNING]
    )
    def test_the_emergency_stop_acts_at_once_in_every_state_and_no_answer_ends_it(self, state):
        world = World(armed=False)
        world.decide = lambda tick: np.ones(2)
        if state is not SafetyState.DISARMED:
            world.loop.latch.arm()
            world.until(state if state is not SafetyState.RUNNING else SafetyState.READY)
        if state is SafetyState.RUNNING:
            world.loop.latch.resume()
            world.until(state)
            world.period(2)
        world.sleep(PERIOD / 5)
        world.loop.emergency_stop()
        world.sleep(2 * STEP)
        assert world.robot.doing(world.now) is None, "before the period ends"
        stopped = world.now
        for _ in range(5):
            world.pacer.verdict(world.ticks[-1].stamp, Verdict.TERMINATED, world.now)
            assert world.period().safety is SafetyState.EMERGENCY_STOP
        assert all(line.target is None for line in world.robot.done if line.time >= stopped)

    def test_a_pending_recovery_does_not_end_an_emergency_stop(self):
        """A silent controller answers again, then the stop is called, before the driver's next period."""
        world = World(auto_recover=True)
        world.until(SafetyState.RUNNING)
        world.period(3)
        world.answers = False
        world.until(SafetyState.FAULT)
        world.answers = True
        tick = world.ticks[-1]
        world.pacer.command(Command(tick.stamp, np.zeros(2)), world.now)
        world.loop.emergency_stop()
        world.period(10)
        assert world.ticks[-1].safety is SafetyState.EMERGENCY_STOP

    def test_without_recovery_a_silence_stays_a_fault_whoever_answers_again(self):
        world = World()
        world.until(SafetyState.RUNNING)
        world.period(3)
        world.answers = False
        world.until(SafetyState.FAULT)
        world.answers = True
        world.period(10)
        assert world.ticks[-1].safety is SafetyState.FAULT and "missed 2 deadlines in a row" in world.loop.fault
        assert world.loop.clear() and world.period().safety is SafetyState.DISARMED, "a person arms it again"

    def test_a_collector_that_judges_nothing_is_a_fault(self):
        world = World(limits=Limits(unjudged=1.0))
        world.judges = True
        world.until(SafetyState.RUNNING)
        world.period(50)
        world.judges = False
        world.period(18)
        assert world.ticks[-1].safety is SafetyState.RUNNING
        world.period(5)
        assert world.ticks[-1].safety is SafetyState.FAULT and "collector has given no verdict" in world.loop.fault

    @pytest.mark.parametrize(("every", "faults"), [(2, True), (4, True), (6, False)])
    def test_scattered_misses_are_a_fault_by_their_share(self, every, faults):
        world = World()
        world.until(SafetyState.RUNNING)
        for index in range(400):
            world.answers = index % every != 0
            world.period()
            if world.ticks[-1].safety is not SafetyState.RUNNING:
                break
        assert (world.ticks[-1].safety is SafetyState.FAULT) is faults
        assert not faults or "of the last" in world.loop.fault

    def test_an_answer_ends_a_row_of_misses(self):
        world = World()
        world.until(SafetyState.RUNNING)
        for answers in [True] * 8 + [False, True] * 4:
            world.answers = answers
            world.period()
        assert world.ticks[-1].safety is SafetyState.RUNNING


class TestBackendsThatFail:
    @pytest.mark.parametrize("call", ["write", "read", "show_inputs"])
    def test_whatever_it_raises_is_a_fault_with_its_text_and_ticks_go_on(self, call):
        world = World()
        world.decide = lambda tick: np.ones(2)
        world.until(SafetyState.RUNNING)
        world.period(3)

        def fail(*_):
            raise RuntimeError("the cable is out\nof its socket")

        original, index = getattr(world.robot, call), world.ticks[-1].index
        setattr(world.robot, call, fail)
        world.period(4)
        assert world.ticks[-1].safety is SafetyState.FAULT and world.ticks[-1].index == index + 4
        assert world.loop.fault == f"the backend failed to {call.replace('_', ' ')}: RuntimeError: the cable is out"
        assert world.robot.doing(world.now) is None
        setattr(world.robot, call, original)
        world.period(4)
        assert world.ticks[-1].safety is SafetyState.FAULT, "it comes back, and nothing moves"

    def test_recovery_by_itself_is_not_for_backends_that_failed(self):
        world = World(auto_recover=True, latch=Latch(self_arming=True))
        world.until(SafetyState.RUNNING)
        original = world.robot.read
        world.robot.read = lambda: 1 / 0
        world.period(2)
        world.robot.read = original
        world.period(5)
        assert world.ticks[-1].safety is SafetyState.FAULT and "ZeroDivisionError" in world.loop.fault

    def test_a_safe_action_that_fails_is_told(self):
        world = World(armed=False)

        def fail():
            raise OSError("no link")

        world.robot.safe = fail
        world.loop.emergency_stop()
        assert world.loop.safety is SafetyState.EMERGENCY_STOP
        world.loop.clear()
        world.loop.be_safe()
        assert world.loop.fault == "the backend failed to be safe: OSError: no link"

    def test_a_robots_own_complaint_is_a_fault(self):
        world = World()
        world.until(SafetyState.RUNNING)
        original = world.robot.read
        world.robot.read = lambda: replace(original(), health="joint 2: motor error 11")
        assert world.period().safety is SafetyState.FAULT and world.loop.fault == "joint 2: motor error 11"
