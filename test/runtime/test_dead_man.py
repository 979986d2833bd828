# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The robot acts while the button is held; one that was never seen released, or that comes back held, does nothing."""

import pytest

from ros_rl.runtime.dead_man import DeadMan
from ros_rl.runtime.latch import Event, Latch
from ros_rl.types import SafetyState


@pytest.fixture
def latch() -> Latch:
    latch = Latch()
    latch.arm()
    latch.fire(Event.HOMED)
    return latch


def test_pressed_it_goes_on_and_released_it_rests(latch: Latch) -> None:
    switch = DeadMan(latch, 0.5)
    switch.hear(False, 0.0)
    assert not latch.goes_on
    switch.hear(True, 0.1)
    assert latch.goes_on and latch.fire(Event.RUN)
    switch.hear(True, 0.5)
    switch.poll(0.9)
    assert latch.state is SafetyState.RUNNING and switch.held
    switch.hear(False, 1.0)
    assert latch.state is SafetyState.READY and not latch.goes_on


def test_silence_releases_and_what_comes_back_held_does_not_count(latch: Latch) -> None:
    switch = DeadMan(latch, 0.5)
    switch.hear(False, 0.0)
    switch.hear(True, 0.1)
    latch.fire(Event.RUN)
    switch.poll(0.7)
    assert latch.state is SafetyState.READY and not switch.held
    for now in (0.8, 0.9, 5.0):
        switch.hear(True, now)
        assert not latch.goes_on
    switch.hear(False, 5.1)
    switch.hear(True, 5.2)
    assert latch.goes_on


def test_a_late_message_ends_the_silence_only_after_it_was_noticed(latch: Latch) -> None:
    switch = DeadMan(latch, 0.5)
    switch.hear(False, 0.0)
    switch.hear(True, 0.1)
    switch.hear(True, 2.0)  # nobody polled meanwhile
    assert not switch.held and not latch.goes_on


def test_held_from_the_start_it_does_nothing(latch: Latch) -> None:
    switch = DeadMan(latch, 0.5)
    switch.hear(True, 0.0)
    assert not latch.goes_on and not switch.held


def test_someone_elses_resume_is_taken_back(latch: Latch) -> None:
    switch = DeadMan(latch, 0.5)
    latch.resume()
    switch.poll(0.0)
    assert not latch.goes_on
