# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A simulated camera whose pictures stop coming stops the robot as a real one's do; one that loses some does not."""

import numpy as np
import pytest

from ros_rl.backends import make_backend
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.types import Command, SafetyState


def made(frames: dict, rate_hz: float, recovers: bool = False) -> DriverLoop:
    over = {"cameras": {"names": ["above"]}, "control": {"rate_hz": rate_hz}, "agent": {"name": "random"}}
    over["driver"] = {"backend": {"name": "rolling", "frames": frames, "latency": 0.05}}
    settings = load_settings("sphero_navigate", overrides=[over])
    robot = settings.load_robot()
    loop = make_driver_loop(settings, robot, make_backend(settings, 3), 3, recovers)
    loop.start()
    return loop


def run(loop: DriverLoop, ticks: int) -> list[float]:
    """Go round in a circle; of each tick the way to the next one [m], as long as commands act."""
    ways = []
    for _ in range(ticks):
        tick = loop.tick
        loop.accept(Command(tick.stamp, np.array([2.0, 3.0])))
        after = loop.advance()
        ways.append(float(np.linalg.norm(after.measurement["base_position"] - tick.measurement["base_position"])))
        if loop.fault:
            break
    return ways


@pytest.mark.parametrize(("rate_hz", "text"), [(10.0, "0.60 s old, limit 0.5 s"), (2.0, "3.00 s old, limit 2.5 s")])
def test_pictures_that_never_come_are_a_fault_that_stays(rate_hz: float, text: str) -> None:
    loop = made({"dropped": 0.95}, rate_hz)
    run(loop, 400)
    assert loop.fault == f"the newest picture is {text}" and loop.safety is SafetyState.FAULT
    for _ in range(5):  # the ball rolls out
        loop.advance()
    place = loop.tick.measurement["base_position"]
    for _ in range(20):  # some pictures come
        tick = loop.tick
        loop.accept(Command(tick.stamp, np.array([2.0, 3.0])))
        loop.advance()
    assert loop.safety is SafetyState.FAULT and loop.faults == 1
    assert np.linalg.norm(loop.tick.measurement["base_position"] - place) < 0.02  # its noise is 3 mm
    assert loop.clear() and loop.advance().safety is SafetyState.RUNNING


def test_where_faults_clear_themselves_an_episode_begins_anew() -> None:
    loop = made({"dropped": 0.95}, 10.0, recovers=True)
    run(loop, 200)
    assert loop.faults > 1 and loop.safety is SafetyState.RUNNING and loop.tick.episode > 1


@pytest.mark.parametrize(
    ("rate_hz", "dropped", "late"), [(10.0, 0.2, [0, 1]), (2.0, 0.2, [0, 1]), (10.0, 0.0, [0, 1]), (2.0, 0.0, [8, 8])]
)
def test_one_that_loses_some_or_is_late_as_it_is_set_stops_nobody(rate_hz: float, dropped: float, late: list) -> None:
    loop = made({"dropped": dropped, "late": late}, rate_hz)
    ways = run(loop, 300)
    assert loop.faults == 0 and len(ways) == 300 and max(ways) > 0.01
