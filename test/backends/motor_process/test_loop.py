# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The motor loop by hand, cycle by cycle, without a process: time is passed in."""

import threading
from collections import deque
from dataclasses import replace

import numpy as np
import pytest
from file_bus import state_at

from ros_rl.backends.motor_process import MotorBus, MotorCommand, MotorSpec, MotorState
from ros_rl.backends.motor_process.loop import MotorLoop
from ros_rl.backends.motor_process.mailbox import Mailbox
from ros_rl.backends.motor_process.records import Phase, SharedMemory
from ros_rl.backends.motor_process.set_point import SetPoint
from ros_rl.backends.unitree import TICK_UNITS
from ros_rl.robot import load_robot

A1 = load_robot("a1")
CYCLE = 0.002


class Recorded(MotorBus):
    """Gives the frames that it was given, and keeps what it was sent."""

    tick_units: tuple[float, ...] = (CYCLE,)
    step = 1
    """Of the tick in a cycle."""

    def __init__(self) -> None:
        super().__init__(None, A1)
        self.frames: deque[MotorState] = deque()
        self.sent: list[MotorCommand] = []
        self.broken = False

    def open(self) -> None: ...

    def close(self) -> None: ...

    def receive(self) -> MotorState | None:
        return self.frames.popleft() if self.frames else None

    def send(self, command: MotorCommand) -> None:
        if self.broken:
            raise OSError("Network is unreachable")
        self.sent.append(replace(command, position=command.position.copy()))


class Estimate:
    position = np.array([0.0, 0.0, 0.3])
    linear_velocity = np.array([0.5, 0.0, 0.0])


class Steady:
    """Estimates the same all the time."""

    def __init__(self, robot):
        self.calls = []

    def reset(self): ...

    def update(self, dt, *state):
        self.calls.append((dt, state[-2].copy(), state[-1].copy()))
        return Estimate


class Bench:
    """A loop, its bus and the driver's ends of its memory."""

    def __init__(self, bus: type[Recorded] = Recorded) -> None:
        self.bus, self.memory, self.attended = bus(), SharedMemory(12, 4), True
        self.spec = MotorSpec(A1, type(self.bus), None, 0.05, estimator=Steady)
        self.loop = MotorLoop(self.spec, self.bus, self.memory, lambda: self.attended)
        self.orders, self.reports = self.memory.orders(), self.memory.reports()
        self.now, self.tick, self.position = 100.0, 0, A1.home.copy()

    def order(self, phase: Phase, until: float = 1e9, **values) -> None:
        record = self.orders.record
        record["phase"], record["until"], record["written"] = phase, until, self.now
        for name, value in values.items():
            record[name] = value
        self.orders.write()

    def follow(self, target, until: float = 1e9) -> None:
        self.order(Phase.FOLLOW, until, target=target, number=self.orders.record["number"] + 1)

    def run(self, seconds: float = CYCLE, talks: bool = True) -> MotorCommand:
        for _ in range(round(seconds / CYCLE)):
            self.now += CYCLE
            if talks:
                self.tick += self.bus.step
                self.bus.frames.append(state_at(self.position, self.tick))
            self.loop.step(self.now)
        return self.bus.sent[-1]

    @property
    def report(self):
        self.reports.read()
        return self.reports.record[0]


@pytest.fixture
def bench() -> Bench:
    made = Bench()
    made.run()
    made.order(Phase.DAMP, arming=1)
    made.run()
    return made


def phase_of(command: MotorCommand) -> str:
    if command.stiffness.any():
        return "follow"
    return "damp" if command.damping.any() else "rest"


def test_set_point_ramps_then_rests_and_stays_within_the_limits():
    point = SetPoint(A1, 0.025)
    start = A1.home.copy()
    point.begin(start)
    point.aim(start + 0.1, 10.0)
    np.testing.assert_allclose(point.at(10.0), start)
    np.testing.assert_allclose(point.at(10.0 + 0.01), start + 0.04)
    np.testing.assert_allclose(point.at(10.0 + 0.025), start + 0.1)
    np.testing.assert_allclose(point.at(11.0), start + 0.1)
    point.aim(start - 0.1, 11.0)
    point.aim(start, 11.0125)  # on its way, at start + 0
    np.testing.assert_allclose(point.at(11.0125), start, atol=1e-9)
    point.aim(np.full(12, 9.0), 12.0)
    np.testing.assert_allclose(point.at(13.0)[:3], [0.802, 4.19, -0.916])


def test_set_point_asks_for_no_more_than_the_effort():
    """33.5 N m by 80 N m/rad are 0.41875 rad."""
    point = SetPoint(A1, 0.0)
    point.begin(A1.home)
    np.testing.assert_allclose(point.within_reach(0.0, A1.home + 1.0), A1.home + 1.0 - 0.41875)
    np.testing.assert_allclose(point.within_reach(0.0, A1.home - 1.0), A1.home - 1.0 + 0.41875)
    np.testing.assert_allclose(point.within_reach(0.0, A1.home + 0.3), A1.home)


def test_targets_are_reached_over_the_ramp(bench):
    bench.follow(A1.home + 0.1)
    first = bench.run()
    assert phase_of(first) == "follow"
    np.testing.assert_allclose(first.position, A1.home)
    half = bench.run(0.012)  # of a ramp of 50 ms
    np.testing.assert_allclose(half.position, A1.home + 0.1 * 12 / 50)
    np.testing.assert_array_equal(half.stiffness, A1.stiffness)
    np.testing.assert_array_equal(half.damping, A1.damping)
    np.testing.assert_allclose(bench.run(0.04).position, A1.home + 0.1)


def test_it_begins_where_the_joints_are_and_not_where_they_were_sent(bench):
    bench.position = A1.home - 0.2
    bench.run()
    bench.follow(A1.home)
    np.testing.assert_allclose(bench.run().position, A1.home - 0.2)


def test_expiry_damps_in_the_next_cycle(bench):
    bench.follow(A1.home, until=bench.now + 0.1)
    assert phase_of(bench.run(0.1)) == "follow"
    damped = bench.run()
    assert phase_of(damped) == "damp"
    np.testing.assert_array_equal(damped.damping, np.full(12, 3.0))
    np.testing.assert_array_equal(damped.velocity, np.zeros(12))
    assert phase_of(bench.run(0.99)) == "damp"
    assert phase_of(bench.run(0.02)) == "rest"
    bench.follow(A1.home)
    assert phase_of(bench.run(0.1)) == "rest"
    bench.order(Phase.DAMP, arming=2)
    bench.follow(A1.home)
    assert phase_of(bench.run()) == "follow"
    assert bench.report["expired"] == 1


def test_the_end_of_the_driver_is_final(bench):
    bench.follow(A1.home)
    bench.run()
    bench.attended = False
    assert phase_of(bench.run()) == "damp" and not bench.loop.over
    bench.attended = True
    assert phase_of(bench.run()) == "damp"
    assert phase_of(bench.run(1.0)) == "rest"
    bench.attended = False
    bench.run()
    assert bench.loop.over


def test_disarming_is_final_even_where_more_orders_follow_before_it_is_seen(bench):
    bench.follow(A1.home)
    bench.run()
    bench.order(Phase.DAMP, disarmed=1)
    bench.follow(A1.home)
    assert phase_of(bench.run()) == "damp"
    assert phase_of(bench.run(1.1)) == "rest"


def test_damping_lasts_until_the_next_target(bench):
    bench.order(Phase.DAMP)
    assert phase_of(bench.run(3.0)) == "damp"
    bench.follow(A1.home)
    assert phase_of(bench.run()) == "follow"


def test_silence_damps_and_ends_where_the_states_come_again(bench):
    bench.follow(A1.home)
    assert phase_of(bench.run(0.04, talks=False)) == "follow"
    assert phase_of(bench.run(0.02, talks=False)) == "damp"
    assert phase_of(bench.run()) == "follow"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"fault": "remote control: stop"}, "remote control: stop"),
        (
            {"temperature": np.array([30.0] * 4 + [61.0] + [30.0] * 7)},
            "motor of FL_thigh_joint has 61 degC, limit 60 degC",
        ),
        ({"position": np.array([np.nan] + [0.0] * 11)}, "the robot reports a position that is not finite"),
    ],
)
def test_what_the_robot_reports_damps_until_the_next_arming(bench, change, told):
    bench.follow(A1.home)
    bench.run()
    bench.tick += 1
    bench.bus.frames.append(replace(state_at(A1.home, bench.tick), **change))
    bench.bus.frames.append(state_at(A1.home, bench.tick + 1))  # well again, in the same cycle
    bench.tick += 1
    assert phase_of(bench.run(talks=False)) == "damp"
    assert bench.report["fault"].decode().startswith(told)
    assert np.isfinite(bench.report["position"]).all()
    assert phase_of(bench.run(0.1)) == "damp"
    bench.order(Phase.DAMP, arming=2)
    bench.follow(A1.home)
    assert phase_of(bench.run()) == "follow"
    assert bench.report["fault"] == b""


def test_states_twice_or_out_of_order_are_left_out(bench):
    taken = int(bench.report["sequence"])
    for tick in (bench.tick, bench.tick - 1, bench.tick - 2, bench.tick):
        bench.bus.frames.append(state_at(A1.home + 1.0, tick))
    bench.run(talks=False)
    assert bench.report["disordered"] == 4 and bench.report["sequence"] == taken
    np.testing.assert_allclose(bench.report["position"], A1.home)


def test_a_robot_that_starts_anew_is_told_of(bench):
    bench.tick = 100_000
    bench.follow(A1.home)
    bench.run()
    bench.tick = 0
    bench.run(0.02)
    assert bench.report["fault"].decode() == "the robot has started anew: its tick went from 100001 back to 5"
    assert bench.report["tick"] == bench.tick
    assert phase_of(bench.bus.sent[-1]) == "damp"


def test_ticks_may_run_over():
    bench = Bench()
    bench.tick = 2**32 - 3
    bench.run()
    before = int(bench.report["sequence"])
    for tick in (2**32 - 1, 0, 1):
        bench.bus.frames.append(state_at(A1.home, tick))
    bench.run(talks=False)
    assert bench.report["sequence"] == before + 3


def test_a_network_that_fails_ends_nothing(bench):
    bench.bus.broken = True
    bench.run()
    assert bench.report["complaint"] == b"cannot send to the robot: Network is unreachable"


def test_a_flood_does_not_stop_the_loop(bench):
    bench.bus.frames.extend(state_at(A1.home, bench.tick + 1) for _ in range(1000))
    bench.run(talks=False)
    assert len(bench.bus.frames) > 900


def test_sums_give_means(bench):
    before = bench.report.copy()
    bench.run(0.1)
    passed = bench.report["time"] - before["time"]
    np.testing.assert_allclose(passed, 0.1)
    mean = (bench.report["base_velocity_sum"] - before["base_velocity_sum"]) / passed
    np.testing.assert_allclose(mean, [0.5, 0.0, 0.0])
    np.testing.assert_allclose(bench.report["base_position"], [0.0, 0.0, 0.3])
    mean = (bench.report["acceleration_sum"] - before["acceleration_sum"]) / passed
    np.testing.assert_allclose(mean, [0.0, 0.0, 9.81])


def test_odometry_takes_every_second_state_and_the_mean_of_both_forces(bench):
    """500 states a second, 250 estimates; 9.81 and 11.81 m/s^2 are 10.81 in the middle."""
    steady = bench.loop._intake._estimator
    before = len(steady.calls)
    for push in (0.0, 2.0) * 5:
        bench.tick, bench.now = bench.tick + 1, bench.now + CYCLE
        state = state_at(A1.home, bench.tick)
        bench.bus.frames.append(replace(state, linear_acceleration=np.array([0.0, 0.0, 9.81 + push])))
        bench.loop.step(bench.now)
    calls = steady.calls[before:]
    assert len(calls) == 5
    np.testing.assert_allclose([dt for dt, _, _ in calls], 2 * CYCLE)
    np.testing.assert_allclose([force for _, force, _ in calls], np.tile([0.0, 0.0, 10.81], (5, 1)))


def test_statistics_are_in_seconds(bench):
    bench.run(0.2)
    assert bench.memory.percentiles("periods", (50.0, 100.0)) == pytest.approx([CYCLE, CYCLE], abs=2e-5)
    assert np.isnan(bench.memory.percentiles("ages", (50.0,))[0])
    bench.follow(A1.home)
    bench.run()
    assert bench.memory.percentiles("ages", (99.9,)) == pytest.approx([CYCLE], abs=2e-5)


def test_no_record_is_torn():
    """A writer as fast as it can, and a reader that holds each record against itself."""
    memory, ended, wrong = SharedMemory(12, 4), threading.Event(), []
    writer, reader = memory.orders(), memory.orders()

    def write() -> None:
        while not ended.is_set():
            writer.record["number"] += 1
            writer.record["target"] = writer.record["number"]
            writer.write()

    thread = threading.Thread(target=write)
    thread.start()
    got = 0
    while got < 50:
        if reader.read():
            got += 1
            wrong += [reader.record.copy()] if (reader.record["target"] != reader.record["number"]).any() else []
    ended.set()
    thread.join()
    assert not wrong


def test_a_writer_that_stops_halfway_keeps_nobody_waiting():
    memory = SharedMemory(12, 4)
    writer, reader = memory.orders(), memory.orders()
    writer.record["number"] = 1
    writer.write()
    halfway = Mailbox(memory._memory, 0, writer.record.dtype)
    halfway._heads[0]["number"] = 0  # of the second record, whose writer died then
    halfway._bodies[0][:10] = 1
    assert reader.read() and reader.record["number"] == 1
    writer.record["number"] = 2
    writer.write()
    assert reader.read() and reader.record["number"] == 2


def test_half_a_record_is_never_given():
    memory = SharedMemory(12, 4)
    writer, reader = memory.orders(), memory.orders()
    writer.record["number"] = 1
    writer.write()
    assert reader.read() and not reader.read()
    writer.record["number"] = 2
    writer.write()
    damaged = Mailbox(memory._memory, 0, writer.record.dtype)
    damaged._bodies[0][0] ^= 4  # whose stores came in another order
    assert not reader.read()
    damaged._bodies[0][0] ^= 4
    damaged._heads[0]["number"] = 4  # which was written over meanwhile
    assert not reader.read()
    assert reader.record["number"] == 1
    writer.write()
    assert reader.read() and reader.record["number"] == 2


def test_no_reader_misses_what_is_there():
    """A reader as slow as a driver, beside a writer that is writing nearly all the time."""
    memory, ended = SharedMemory(12, 4), threading.Event()
    writer, reader = memory.reports(), memory.reports()

    def write() -> None:
        while not ended.is_set():
            writer.record["sequence"] += 1
            writer.write()

    thread = threading.Thread(target=write)
    thread.start()
    missed = 0
    for _ in range(50):
        ended.wait(0.002)
        new = int(reader._newest[0]) != reader._seen  # or the writer had no turn meanwhile
        missed += new and not reader.read()
    ended.set()
    thread.join()
    assert missed <= 5


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_joint_that_jumps_from_one_state_to_the_next_damps_at_once(bench, sign):
    """Twice 21 rad/s for two steps of the tick, as both ends are rounded: 0.168 rad."""
    bench.follow(A1.home)
    bench.position[4] += sign * 0.16
    assert phase_of(bench.run()) == "follow" and bench.report["fault"] == b""
    bench.position[4] += sign * 0.18
    assert phase_of(bench.run()) == "damp"
    expected = "FL_thigh_joint moved by 0.18 rad from one state to the next, limit 0.17 rad: is its encoder broken?"
    assert bench.report["fault"].decode() == expected


class InMilliseconds(Recorded):
    tick_units, step = TICK_UNITS, 2


class InMicroseconds(Recorded):
    tick_units, step = TICK_UNITS, 2000


@pytest.mark.parametrize(("bus", "unit", "limit"), [(InMilliseconds, 1e-3, 0.126), (InMicroseconds, 1e-6, 0.084)])
@pytest.mark.parametrize("first", [0, 2**32 - 20_001])
def test_the_unit_of_the_tick_is_found_out_and_a_jump_stops_in_either(bus, unit, limit, first):
    """Twice 21 rad/s for the cycle's 2 ms, and for a step of the tick."""
    bench = Bench(bus)
    bench.tick = first
    bench.run(0.05)
    assert bench.report["tick_seconds"] == np.inf
    bench.run(0.1)
    assert bench.report["tick_seconds"] == unit
    bench.order(Phase.DAMP, arming=1)
    bench.run()
    bench.follow(A1.home)
    bench.position[4] += 0.95 * limit
    assert phase_of(bench.run()) == "follow" and bench.report["fault"] == b""
    bench.position[4] += 1.05 * limit
    assert phase_of(bench.run()) == "damp"
    assert b"FL_thigh_joint moved by" in bench.report["fault"]


def test_a_loop_that_is_held_up_mistakes_no_unit():
    bench = Bench(InMicroseconds)
    bench.run(0.02)
    bench.now += 30.0
    bench.run(0.08)
    assert bench.report["tick_seconds"] == np.inf
    bench.run(0.1)
    assert bench.report["tick_seconds"] == 1e-6


def test_a_joint_may_have_gone_far_while_states_were_lost(bench):
    bench.follow(A1.home)
    bench.tick += 10
    bench.position[4] += 0.45
    assert phase_of(bench.run()) == "follow" and bench.report["fault"] == b""


def limp(bench: Bench, share: float, cycles: int = 100, loaded: int = 12) -> str:
    """Let some joints follow a target 0.1 rad away, with no effort in a share of states; what is said of it."""
    bench.follow(A1.home + 0.1 * (np.arange(12) < loaded))
    done = 0.0
    for _ in range(cycles):
        bench.now, bench.tick, done = bench.now + CYCLE, bench.tick + 1, done + share
        state = state_at(bench.position, bench.tick)
        if done >= 1.0:
            state.effort, done = np.zeros(12), done - 1.0
        bench.bus.frames.append(state)
        bench.loop.step(bench.now)
    return bench.report["fault"].decode()


def test_motors_that_another_program_commands_half_of_the_time_damp(bench):
    expected = "the motors exert nothing in many states, though told to: does another program command them?"
    assert limp(bench, 0.5) == expected
    assert phase_of(bench.bus.sent[-1]) == "damp"


def test_a_few_joints_that_exert_nothing_as_of_legs_in_the_air_follow(bench):
    assert limp(bench, 1.0, loaded=3) == ""
    assert phase_of(bench.bus.sent[-1]) == "follow"


def test_states_of_motors_that_were_damped_do_not_count_when_they_begin_to_follow(bench):
    assert limp(bench, 1.0, cycles=25) == ""
    assert phase_of(bench.bus.sent[-1]) == "follow"
    assert limp(bench, 1.0, cycles=12) != "", "11 of them, by which a share in 25 exceeds 0.35, and a cycle"


def test_motors_that_exert_nothing_now_and_then_follow(bench):
    assert limp(bench, 0.1) == ""
    assert phase_of(bench.bus.sent[-1]) == "follow"


def test_the_same_state_many_times_over_as_after_a_silence_is_one_look_at_the_motors(bench):
    """The answers to what was sent meanwhile come all at once; motors may exert nothing for an instant."""
    bench.follow(A1.home + 0.1)
    bench.run(0.1)
    bench.tick += 1
    idle = state_at(bench.position, bench.tick)
    idle.effort = np.zeros(12)
    bench.bus.frames.extend([idle] * 60)
    assert phase_of(bench.run(talks=False)) == "follow" and bench.report["fault"] == b""
    assert bench.report["disordered"] == 59
