# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm's driver moves a thing at its stand-in, in real time, with a tracker that is late: filter, guards and all."""

import time

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("xarm")

from xarm_stand_ins import served

from ros_rl.backends import make_backend
from ros_rl.experts import make_expert
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.tracked_objects import TrackedObjects, WithTracker
from ros_rl.settings.loading import load_settings
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.tasks.arm.bins import TWO_BINS
from ros_rl.types import Command, SafetyState

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work
BY_JOINTS = ("control.rate_hz=20", "control.delay=1", "control.commands.name=joints", "agent.name=mpc")
LATE, PATIENCE = 0.05, 40.0  # s


def test_the_expert_moves_the_sponge_through_the_xarms_driver() -> None:
    with served(around=Surroundings.of_task("xarm_pick_place")) as stand_in:
        where = {"address": stand_in.host, "control_port": stand_in.control_port, "report_port": stand_in.report_port}
        chosen = ["driver.backend.name=xarm", "driver.mode=real_time", "learner.replay.n_step=1", *BY_JOINTS]
        chosen += [f"driver.backend.{key}={value}" for key, value in where.items()]
        settings = load_settings("xarm_pick_place", overrides=chosen)
        robot, period = settings.load_robot(), settings.control.period
        tracker = TrackedObjects("tracked_objects", robot.objects, settings.driver.objects_limit)
        backend = WithTracker(make_backend(settings), tracker)
        expert = make_expert("pick_place", robot, settings.task, period)

        def look() -> None:
            tracker.take({"object_position": stand_in.things["sponge"].position}, time.time_ns(), LATE)

        look()
        backend.connect()
        try:
            loop = make_driver_loop(settings, robot, backend)
            tick = loop.start()
            loop.latch.arm(), loop.latch.resume()
            due = end = time.monotonic()
            held = []
            while time.monotonic() < end + PATIENCE and not moved(stand_in):
                look()
                if tick.safety is SafetyState.RUNNING:
                    loop.accept(Command(tick.stamp, robot.command(expert.act(tick))))
                    held.append(float(tick.inputs["grasp"][0]))
                due += period
                time.sleep(max(0.0, due - time.monotonic()))
                tick = loop.advance()
                assert not loop.fault
        finally:
            backend.close()
        assert moved(stand_in) and np.ptp(held) == 1.0 and max(held) == 1.0, "it was felt to be held, from the left bin"


def moved(stand_in: object) -> bool:
    place = stand_in.things["sponge"].position
    return bool(TWO_BINS.side(place) == -1.0 and place[2] < 0.03)
