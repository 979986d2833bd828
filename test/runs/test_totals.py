# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is counted goes on counting when nodes are started again and when a run goes on."""

import math
from pathlib import Path

import numpy as np
import pytest

from ros_rl.runs.state import RunState
from ros_rl.runs.totals import TOTALS, Times, Totals, read_totals


def driver(faults: int, ticks: int) -> dict[str, str]:
    return {"faults": str(faults), "deadline misses": "1", "tick count": str(ticks)}


def test_a_restarted_node_loses_no_count() -> None:
    """Whoever restarts it: the supervisor says so, launch does not."""
    state = RunState()
    state.hear("driver", 0, "", driver(3, 100))
    state.hear("driver", 0, "", driver(4, 200))
    assert state.totals.counts == {"faults": 4, "deadline_misses": 1}
    state.forget("driver")
    assert state.totals.counts["faults"] == 4 and "driver" not in state.status
    state.hear("driver", 0, "", driver(0, 5))
    state.hear("driver", 0, "", driver(2, 50))
    assert state.totals.counts == {"faults": 6, "deadline_misses": 2}
    state.hear("driver", 0, "", driver(1, 3))
    assert state.totals.counts == {"faults": 7, "deadline_misses": 3}


def test_a_run_that_goes_on_begins_with_what_it_had(tmp_path: Path) -> None:
    first, elsewhere = tmp_path / "first", tmp_path / "elsewhere"
    first.mkdir()
    elsewhere.mkdir()
    state = RunState()
    state.go_on(first)
    state.hear("driver", 0, "", driver(3, 100))
    state.keep_totals()
    kept = read_totals(first)
    for folder, earlier in ((first, None), (elsewhere, first)):
        again = RunState()
        again.go_on(folder, earlier)
        again.hear("driver", 0, "", driver(2, 100))
        assert again.totals.counts == {"faults": 5, "deadline_misses": 2}
        assert kept.wall_minutes <= again.totals.wall_minutes < kept.wall_minutes + 1.0
    again.keep_totals()
    assert read_totals(elsewhere).counts["faults"] == 5 and read_totals(first) == kept


def test_totals_are_written_now_and_then(tmp_path: Path) -> None:
    state = RunState()
    state.go_on(tmp_path)
    state.keep_totals(60.0)
    (tmp_path / TOTALS).unlink()
    state.keep_totals(60.0)
    assert not (tmp_path / TOTALS).exists()
    state.keep_totals()
    assert (tmp_path / TOTALS).exists()


def test_times_of_parts_are_weighted_by_ticks() -> None:
    rng = np.random.default_rng(0)
    parts = [rng.gamma(4.0, 2.0, size) for size in (300, 900)]  # of one distribution, so that all of it is known
    told = [Times(len(part), *np.percentile(part, (50, 99, 100))) for part in parts]
    whole = np.concatenate(parts)
    merged = told[0].plus(told[1])
    assert merged == told[1].plus(told[0])
    assert (merged.ticks, merged.max) == (1200, whole.max())
    assert merged.p50 == pytest.approx(np.percentile(whole, 50), rel=0.05)
    assert merged.p99 == pytest.approx(np.percentile(whole, 99), rel=0.1)
    assert math.isnan(Totals().percentiles("plan_ms")["p50"])


@pytest.mark.parametrize("text", ["", "[]", '{"counts": {}}', '{"wall_minutes": 1, "counts": 3, "times": {}}'])
def test_damaged_totals_stop_nobody_and_are_told(tmp_path: Path, text: str, caplog) -> None:
    (tmp_path / TOTALS).write_text(text)
    assert read_totals(tmp_path) == Totals()
    assert [message.startswith(f"{tmp_path / TOTALS} is damaged: ") for message in caplog.messages] == [True]


def test_a_run_that_counted_nothing_yet_has_no_damaged_totals(tmp_path: Path, caplog) -> None:
    assert read_totals(tmp_path) == Totals() and not caplog.messages
