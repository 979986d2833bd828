# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The body of a stand-in."""

import gc
import os
import time

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.stand_ins.quadruped import Told
from ros_rl.stand_ins.unitree_a1 import A1StandIn


def test_a_legged_one_finds_ground_however_far_it_walks() -> None:
    stand_in = A1StandIn(port=0, start="standing")
    body, robot = stand_in.body, stand_in.body.robot
    try:
        for far in (0.0, 150.0, -3600.0, 4900.0):
            body.reset()
            body.carry(np.array([far, -far, 0.28]), np.array([0.0, 0.0, 0.0, 1.0]))
            for _ in range(400):
                measured = body.measurement
                effort = 80.0 * (robot.home - measured["joint_position"]) - 2.0 * measured["joint_velocity"]
                body.step(np.clip(effort, -robot.limits.effort, robot.limits.effort))
            x, y, height = body.truth().base_position
            assert (x, y, height) == pytest.approx((far, -far, 0.27), abs=0.03)
            assert body.measurement["contact_force"].sum() == pytest.approx(body.weight, rel=0.1)
    finally:
        body.close()


def test_what_reached_a_legged_one_is_nothing_to_collect() -> None:
    """Python's collector went through 200,000 commands of some minutes for 0.1 s, and no state was sent meanwhile."""
    stand_in = A1StandIn(port=0, start="standing")
    try:
        told = Told.of(np.arange(60.0).reshape(5, 12))
        for what in (told, "a datagram has 3 bytes", told):
            stand_in.note(what)
        gc.collect()
        assert not any(map(gc.is_tracked, stand_in._noted))
        first, middle, last = (item.what for item in stand_in.since(0.0))
        assert middle == "a datagram has 3 bytes" and isinstance(first, Told)
        np.testing.assert_array_equal(last.effort, np.arange(24.0, 36.0))
        assert last.follows and stand_in.since(time.monotonic()) == []
    finally:
        stand_in.body.close()


def test_one_that_is_behind_listens_after_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in, did = A1StandIn(port=0, start="standing"), list[str]()
    monkeypatch.setattr(stand_in, "_step", lambda: did.append("steps"))

    def exchange() -> None:
        did.append("listens")
        if len(did) == 2:
            time.sleep(0.03)
        if len(did) > 20:
            stand_in._ended.set()

    monkeypatch.setattr(stand_in, "exchange", exchange)
    try:
        stand_in._live()
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        stand_in.body.close()
    assert did[:20] == ["steps", "listens"] * 10
