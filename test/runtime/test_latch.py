# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The latch: every edge, what is left by whom, what outlives the process, and threads that race."""

import json
import threading
import time
from datetime import datetime

import pytest

from ros_rl.runtime.latch import FILE, Event, Latch
from ros_rl.types import SafetyState as S

# State by state: what each event leads to. Written out by hand; what is not listed stays where it is.
TABLE = {
    S.DISARMED: {"arm": S.HOMING, "trip": S.FAULT, "emergency_stop": S.EMERGENCY_STOP},
    S.HOMING: {
        "homed": S.READY,
        "disarm": S.DISARMED,
        "trip": S.FAULT,
        "emergency_stop": S.EMERGENCY_STOP,
    },
    S.READY: {
        "run": S.RUNNING,
        "home": S.HOMING,
        "disarm": S.DISARMED,
        "trip": S.FAULT,
        "emergency_stop": S.EMERGENCY_STOP,
    },
    S.RUNNING: {
        "pause": S.READY,
        "home": S.HOMING,
        "disarm": S.DISARMED,
        "trip": S.FAULT,
        "emergency_stop": S.EMERGENCY_STOP,
    },
    S.FAULT: {"clear_fault": S.DISARMED, "recover": S.DISARMED, "emergency_stop": S.EMERGENCY_STOP},
    S.EMERGENCY_STOP: {"clear_fault": S.DISARMED},
}
WAYS = {
    S.DISARMED: [],
    S.HOMING: [Event.ARM],
    S.READY: [Event.ARM, Event.HOMED],
    S.RUNNING: [Event.ARM, Event.HOMED, Event.RUN],
    S.FAULT: [Event.TRIP],
    S.EMERGENCY_STOP: [Event.STOP],
}


def in_state(state: S, **arguments) -> Latch:
    latch = Latch(**arguments)
    for event in WAYS[state]:
        assert latch.fire(event)
    assert latch.state is state
    return latch


@pytest.mark.parametrize("event", Event, ids=lambda event: event.value)
@pytest.mark.parametrize("state", S, ids=lambda state: state.name)
def test_every_edge(state, event):
    latch = in_state(state)
    target = TABLE[state].get(event.value)
    assert latch.fire(event) is (target is not None)
    assert latch.state is (state if target is None else target)


@pytest.mark.parametrize("state", S, ids=lambda state: state.name)
def test_what_acts_and_what_is_latched(state):
    latch = in_state(state)
    assert latch.armed is (state in (S.HOMING, S.READY, S.RUNNING))
    assert latch.latched is (state in (S.FAULT, S.EMERGENCY_STOP))


class TestPeople:
    def test_a_robot_waits_for_arm_and_resume(self):
        latch = Latch()
        latch.begin()
        assert latch.state is S.DISARMED and not latch.goes_on
        assert not latch.resume() and not latch.pause(), "a disarmed robot cannot be asked to run"
        assert latch.arm() and not latch.goes_on and not latch.arm()
        assert latch.resume() and latch.goes_on and latch.state is S.HOMING

    def test_a_simulation_arms_itself_at_the_start_and_after_clear(self):
        latch = Latch(self_arming=True)
        latch.begin()
        assert latch.state is S.HOMING and latch.goes_on
        latch.emergency_stop()
        assert latch.clear() == "emergency stop was called"
        assert latch.state is S.HOMING and latch.goes_on and latch.reason == "" and latch.lasting is False

    def test_after_clear_a_robot_is_disarmed_and_does_not_go_on(self):
        latch = in_state(S.RUNNING)
        latch.goes_on = True
        latch.trip("a leg is hot")
        assert latch.clear() == "a leg is hot"
        assert latch.state is S.DISARMED and latch.goes_on is False
        assert latch.clear() == "", "nothing is left to clear"

    def test_pause_holds_until_resume_also_on_the_way_home(self):
        latch = in_state(S.RUNNING)
        latch.goes_on = True
        assert latch.pause() and latch.state is S.READY and latch.goes_on is False
        latch.fire(Event.HOME)
        assert latch.resume() and latch.pause() and latch.state is S.HOMING and not latch.goes_on

    @pytest.mark.parametrize("state", [S.FAULT, S.EMERGENCY_STOP])
    def test_what_is_latched_is_left_by_clear_alone(self, state):
        latch = in_state(state)
        latch.begin()
        for call in (latch.arm, latch.resume, latch.pause, latch.disarm):
            assert not call()
        assert latch.state is state

    def test_disarming_forgets_that_it_was_to_run(self):
        latch = in_state(S.READY, self_arming=True)
        assert latch.disarm() and latch.state is S.DISARMED and latch.goes_on is False


class TestFaults:
    def test_the_first_reason_stays_until_the_emergency_stop(self):
        latch = in_state(S.RUNNING)
        assert latch.trip("first") and not latch.trip("second")
        assert latch.reason == "first"
        latch.emergency_stop()
        assert not latch.trip("third") and latch.reason == "emergency stop was called"
        assert latch.recover() == "" and latch.state is S.EMERGENCY_STOP

    def test_recovery_is_for_faults_that_do_not_last(self):
        latch = in_state(S.RUNNING, self_arming=True)
        latch.trip("the backend failed", lasting=True)
        assert latch.recover() == "" and latch.state is S.FAULT
        latch.clear()
        latch.trip("tilt")
        assert latch.recover() == "tilt" and latch.state is S.HOMING


class TestKept:
    @pytest.mark.parametrize("stop", ["emergency_stop", "trip"])
    def test_it_outlives_the_process(self, tmp_path, stop):
        file = tmp_path / "runs" / "run" / FILE
        latch = Latch(file, self_arming=True)
        latch.emergency_stop() if stop == "emergency_stop" else latch.trip("too hot")
        kept = json.loads(file.read_text(encoding="utf-8"))
        assert set(kept) == {"state", "reason", "since"} and [path.name for path in file.parent.iterdir()] == [FILE]
        assert datetime.strptime(kept["since"], "%Y-%m-%dT%H:%M:%S%z").timestamp() == pytest.approx(time.time(), abs=60)
        again = Latch(file, self_arming=True)
        again.begin()
        assert (again.state, again.reason, again.goes_on) == (latch.state, latch.reason, False)
        assert again.recover() == "" and again.latched, "nothing recovers from what was found"
        again.clear()
        assert not file.exists() and again.state is S.HOMING
        assert not Latch(file).latched

    def test_faults_that_a_simulation_recovers_from_are_not_written(self, tmp_path):
        latch = Latch(tmp_path / FILE, self_arming=True, keep_faults=False)
        latch.trip("tilt")
        assert not (tmp_path / FILE).exists()
        latch.recover()
        latch.trip("the backend failed", lasting=True)
        assert json.loads((tmp_path / FILE).read_text())["reason"] == "the backend failed"
        latch.emergency_stop()
        assert json.loads((tmp_path / FILE).read_text())["state"] == "EMERGENCY_STOP"

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"state": "RUNNING", "reason": ""}', '{"state": "x"}'])
    def test_what_cannot_be_read_is_a_fault(self, tmp_path, content):
        (tmp_path / FILE).write_text(content)
        latch = Latch(tmp_path / FILE, self_arming=True)
        assert latch.state is S.FAULT and FILE in latch.reason
        latch.clear()
        assert not Latch(tmp_path / FILE).latched

    def test_a_stop_that_cannot_be_kept_stops_and_says_so(self, tmp_path):
        (tmp_path / "run").write_text("a file where the folder should be")
        latch = Latch(tmp_path / "run" / FILE)
        latch.emergency_stop()
        assert latch.state is S.EMERGENCY_STOP and "cannot be written" in latch.problem
        (tmp_path / "run").unlink()
        latch.clear()
        assert latch.problem == ""
        latch.emergency_stop()
        assert latch.problem == "" and (tmp_path / "run" / FILE).exists()

    def test_a_stop_that_cannot_be_forgotten_says_so(self, tmp_path):
        latch = Latch(tmp_path / FILE)
        latch.emergency_stop()
        (tmp_path / FILE).unlink()
        (tmp_path / FILE).mkdir()
        latch.clear()
        assert latch.state is S.DISARMED and "a restart is stopped again" in latch.problem


def test_no_race_of_threads_ends_an_emergency_stop():
    latch, stopped, wrong = in_state(S.RUNNING, self_arming=True), threading.Event(), []

    def disturb():
        while not stopped.is_set():
            latch.trip("x")
            latch.recover()
            latch.begin()
            latch.resume()
            for event in (Event.HOMED, Event.RUN, Event.HOME, Event.DISARM):
                latch.fire(event)

    threads = [threading.Thread(target=disturb) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(200):
        latch.emergency_stop()
        wrong += [latch.state] * (latch.state is not S.EMERGENCY_STOP)
        latch.clear()
    stopped.set()
    for thread in threads:
        thread.join()
    assert wrong == []
