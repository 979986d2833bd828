# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What of a plan acts, and what of it lies in the carry, by hand: three steps of two actions."""

from typing import Any

import numpy as np
import pytest
import torch

from ros_rl.planning.execution import Execution
from ros_rl.planning.plan import Carried
from ros_rl.settings.planner import PlannerSettings

PLAN = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
OLD = [[-0.1, -0.2], [-0.3, -0.4], [-0.5, -0.6]]


def execution_of(**settings: Any) -> Execution:
    return Execution(PlannerSettings(horizon=3, samples=8, proposals=2, elites=2, **settings), 2)


def carried(left: float) -> Carried:
    return Carried(torch.tensor(OLD), torch.tensor([left]))


def test_a_carry_holds_how_much_is_left_and_the_actions() -> None:
    execution = execution_of(warm_start=True)
    assert execution.carry_size == 7
    last = execution.read(torch.tensor([2.0, *np.reshape(OLD, -1)], dtype=torch.float32))
    assert last.left.tolist() == [2.0]
    np.testing.assert_allclose(last.actions, OLD)


def test_without_a_use_for_it_nothing_is_carried() -> None:
    execution = execution_of()
    assert execution.carry_size == 0 and execution.read(torch.zeros(0)) is None
    actions, carry = execution.choose(torch.tensor(PLAN), None)
    np.testing.assert_allclose(actions, PLAN)
    assert carry.shape == (0,)


@pytest.mark.parametrize("left", [0.0, 1.0, 2.0])
def test_a_receding_horizon_acts_by_the_new_plan_and_carries_its_rest(left: float) -> None:
    actions, carry = execution_of(warm_start=True).choose(torch.tensor(PLAN), carried(left))
    np.testing.assert_allclose(actions, PLAN)
    np.testing.assert_allclose(carry, [2.0, 0.3, 0.4, 0.5, 0.6, 0.5, 0.6])  # the last action is repeated


@pytest.mark.parametrize(("left", "acting", "then"), [(2.0, OLD, 1.0), (1.0, OLD, 0.0), (0.0, PLAN, 2.0)])
def test_open_loop_acts_by_a_plan_to_its_end(left: float, acting: Any, then: float) -> None:
    execution = execution_of(execution="open_loop")
    actions, carry = execution.choose(torch.tensor(PLAN), carried(left))
    np.testing.assert_allclose(actions, acting)
    np.testing.assert_allclose(carry, [then, *np.reshape([acting[1], acting[2], acting[2]], -1)])
    following = execution.read(carry)
    assert following.left.tolist() == [then]


def test_open_loop_plans_once_in_as_many_ticks_as_the_plan_is_long() -> None:
    execution, carry, acted = execution_of(execution="open_loop"), torch.zeros(7), []
    for tick in range(7):
        plan = torch.tensor(PLAN) + 10.0 * tick
        actions, carry = execution.choose(plan, execution.read(carry))
        acted.append(round(float(actions[0, 0]), 3))
    assert acted == [0.1, 0.3, 0.5, 30.1, 30.3, 30.5, 60.1]
