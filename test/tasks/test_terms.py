# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Parts of rewards, by hand; numpy and torch give the same."""

import math

import numpy as np
import pytest
import torch

from ros_rl.rotations import from_rotation_vector, multiply, rotation_columns
from ros_rl.tasks.terms import distance, in_base, near, turn

KINDS = (np.array, lambda value: torch.as_tensor(np.array(value), dtype=torch.float64))
kinds = pytest.mark.parametrize("kind", KINDS, ids=("numpy", "torch"))


@kinds
def test_distance(kind):
    here, there = kind([[[0.0, 0.0, 0.0], [1.0, 2.0, 2.0]]]), kind([1.0, 2.0, 2.0])
    assert distance(here, there).tolist() == [pytest.approx([3.0, 1e-6])]
    assert near(distance(here, there), 1.0).tolist() == [pytest.approx([0.25, 1.0])]


@kinds
@pytest.mark.parametrize("angle", [0.0, 0.01, 0.5, math.pi / 2, 3.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_turn_depends_on_the_angle_alone(kind, angle, seed):
    rng = np.random.default_rng(seed)
    start, axis = from_rotation_vector(rng.normal(size=3)), rng.normal(size=3)
    end = multiply(from_rotation_vector(angle * axis / np.linalg.norm(axis)), start)
    found = turn(kind([rotation_columns(start)] * 2), kind([rotation_columns(end)] * 2))
    assert found.tolist() == pytest.approx([2.0 * math.sin(angle / 2.0)] * 2, abs=2e-6)


@kinds
@pytest.mark.parametrize(
    ("base", "yaw", "point", "seen"),
    [
        ((0.0, 0.0), 0.0, (2.0, 1.0), (2.0, 1.0)),
        ((1.0, 1.0), math.pi / 2, (1.0, 3.0), (2.0, 0.0)),
        ((1.0, 1.0), math.pi / 2, (0.0, 1.0), (0.0, 1.0)),
        ((1.0, 0.0), math.pi, (0.0, 0.5), (1.0, -0.5)),
    ],
)
def test_a_point_is_seen_from_the_base(kind, base, yaw, point, seen):
    forward, left = in_base(kind([point] * 3), kind([base] * 3), kind([[math.sin(yaw), math.cos(yaw)]] * 3))
    assert forward.tolist() == pytest.approx([seen[0]] * 3) and left.tolist() == pytest.approx([seen[1]] * 3)


def test_gradients_are_finite_where_nothing_is_away():
    columns = torch.tensor(rotation_columns(np.array([0.0, 0.0, 0.0, 1.0])), requires_grad=True)
    (distance(columns, columns.detach()) + turn(columns, columns.detach())).backward()
    assert torch.isfinite(columns.grad).all()
