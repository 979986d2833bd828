# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Real-time priority: who takes it, and who does not inherit it."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from ros_rl.backends.motor_process.priority import take_priority, without_priority

_TELLS = [sys.executable, "-c", "import os; print(os.sched_getscheduler(0))"]


@pytest.fixture
def real_time() -> Iterator[None]:
    if not take_priority(7).startswith("SCHED_FIFO"):
        pytest.skip("this user may not ask for real-time priority")
    yield
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def test_a_process_that_is_started_without_it_imports_without_it(real_time: None) -> None:
    assert int(subprocess.check_output(_TELLS)) == os.SCHED_FIFO
    with without_priority():
        assert int(subprocess.check_output(_TELLS)) == os.SCHED_OTHER
    assert (os.sched_getscheduler(0), os.sched_getparam(0).sched_priority) == (os.SCHED_FIFO, 7)


def test_a_process_is_started_between_giving_it_back_and_taking_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, wherever nobody may ask for it: by what the system is asked for."""
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "sched_getscheduler", lambda pid: os.SCHED_FIFO)
    monkeypatch.setattr(os, "sched_getparam", lambda pid: os.sched_param(7))
    monkeypatch.setattr(os, "sched_setscheduler", lambda pid, policy, p: asked.append((policy, p.sched_priority)))
    with without_priority():
        assert asked == [(os.SCHED_OTHER, 0)]
    assert asked == [(os.SCHED_OTHER, 0), (os.SCHED_FIFO, 7)]


def test_who_yields_to_all_others_and_may_not_yield_less_starts_it_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, policy: int, parameters: os.sched_param) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "sched_setscheduler", refuse)
    with without_priority():
        assert int(subprocess.check_output(_TELLS)) == os.sched_getscheduler(0)


def test_who_has_none_is_left_alone() -> None:
    with without_priority():
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert take_priority(0) == "normal"
