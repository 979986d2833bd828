# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How many of a model's updates are due."""

import math

import pytest

from ros_rl.dynamics.deterministic import DeterministicEnsemble
from ros_rl.dynamics.need import UpdatesNeeded


def told(excess: float, times: int = 400, least: float = 0.2) -> UpdatesNeeded:
    needed = UpdatesNeeded(least)
    for _ in range(times):
        needed.note_fitted(-0.6)
        needed.note_held_out(-0.6 + excess)
    return needed


@pytest.mark.parametrize(
    ("excess", "share"), [(-0.3, 0.2), (0.0, 0.2), (0.1, 0.2), (0.25, 0.5), (0.4, 0.8), (0.5, 1.0), (3.0, 1.0)]
)
def test_the_worse_new_transitions_are_predicted_the_more_updates_are_due(excess: float, share: float) -> None:
    assert told(excess).share == pytest.approx(share)


def test_all_are_due_until_both_losses_are_known_and_never_less_than_the_least() -> None:
    needed = UpdatesNeeded(0.3)
    assert needed.share == 1.0
    needed.note_held_out(-5.0)  # before anything was fitted it says nothing
    assert needed.share == 1.0
    needed.note_fitted(-1.0)
    assert needed.share == 1.0
    needed.note_held_out(-1.0)
    assert needed.share == 0.3
    assert told(-1.0, least=1.0).share == 1.0 and told(-1.0, least=0.0).share == 0.0


def test_one_fall_does_not_make_the_model_bad_for_long_and_no_number_counts_for_nothing() -> None:
    needed = told(0.0)
    needed.note_held_out(1e6)
    assert needed.excess == pytest.approx(0.2)  # a fiftieth of 10 nat
    for loss in (math.nan, math.inf, -math.inf):
        needed.note_fitted(loss)
    assert needed.fitted == pytest.approx(-0.6)
    needed.note_held_out(math.nan)
    assert needed.share == pytest.approx(0.4)


def test_a_new_gait_brings_all_updates_back() -> None:
    needed, steps = told(0.0), 0
    while needed.share < 1.0:
        needed.note_held_out(0.4)  # 1 nat worse than what is known
        steps += 1
    assert steps == math.ceil(math.log(0.5) / math.log(0.98))


def test_what_is_due_goes_on_after_a_resume() -> None:
    needed, other = told(0.3), UpdatesNeeded(0.2)
    other.restore(needed.state())
    assert (other.share, other.fitted) == (needed.share, needed.fitted)
    other.restore(UpdatesNeeded(0.2).state())
    assert other.share == 1.0


def test_squared_errors_are_told_in_nats() -> None:
    """A Gaussian's likelihood at its best variance: half as large an error is ln 2 better."""
    model = DeterministicEnsemble(2, 3, 1, 8, 1)
    assert model.nats(0.04) - model.nats(0.01) == pytest.approx(math.log(2.0))
    assert model.nats(0.0) == -math.inf
