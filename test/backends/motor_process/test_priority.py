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


def test_who_has_none_is_left_alone() -> None:
    with without_priority():
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert take_priority(0) == "normal"
