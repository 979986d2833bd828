# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a tracker says of objects, as part of a robot's readings: how old it is, and what that stops."""

from types import SimpleNamespace

import numpy as np
import pytest

from ros_rl.backends.backend import Reading
from ros_rl.errors import BackendError, CommandError
from ros_rl.runtime.tracked_objects import TrackedObjects, WithTracker
from ros_rl.types import Measurement

HERE = {"object_position": np.array([0.4, 0.1, 0.02])}
SECOND = 1_000_000_000  # ns


class At:
    """A steady clock."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[At, TrackedObjects]:
    clock = At()
    return clock, TrackedObjects("/arm/tracked_objects", ("sponge", "can"), 0.5, clock)


def test_its_age_counts_from_the_picture_and_ends_at_the_limit() -> None:
    clock, tracker = made()
    tracker.take(HERE, SECOND, 0.2)
    assert tracker.age == pytest.approx(0.2) and tracker.health == ""
    clock.now += 0.29
    assert tracker.health == ""
    clock.now += 0.02
    assert tracker.health == "/arm/tracked_objects is 0.51 s old, limit 0.5 s"
    tracker.take(HERE, 2 * SECOND, -0.1)  # the sender's clock is a little ahead
    assert tracker.age == 0.0 and tracker.health == ""


@pytest.mark.parametrize("late", [0.51, -0.51, float("nan")])
def test_what_was_seen_at_another_time_is_refused(late: float) -> None:
    _, tracker = made()
    with pytest.raises(CommandError, match="s old by its stamp, limit 0.5 s"):
        tracker.take(HERE, SECOND, late)
    assert tracker.health.startswith("nothing has come on /arm/tracked_objects")


def test_what_is_told_again_is_no_news_until_the_first_is_too_old() -> None:
    clock, tracker = made()
    tracker.take(HERE, 5 * SECOND, 0.0)
    clock.now += 0.4
    for stamp in (5 * SECOND, 4 * SECOND):
        with pytest.raises(CommandError, match="not newer than that of the last"):
            tracker.take(HERE, stamp, 0.0)
    assert tracker.age == pytest.approx(0.4)
    clock.now += 0.2
    tracker.take(HERE, 4 * SECOND, 0.0)  # of a tracker that began anew after its clock was put back
    assert tracker.health == ""


def test_a_robot_reads_as_one_with_its_tracker_and_not_without_it() -> None:
    clock, tracker = made()
    joints = {"joint_position": np.zeros(2)}
    robot = SimpleNamespace(read=lambda: Reading(Measurement(joints), 0.01, 7, told[0]))
    told, both = [""], WithTracker(robot, tracker)
    with pytest.raises(
        BackendError,
        match=r"nothing has come on /arm/tracked_objects \(sensor_msgs/MultiDOFJointState\) about sponge, can",
    ):
        both.read()
    tracker.take(HERE, SECOND, 0.0)
    reading = both.read()
    assert dict(reading.measurement) == {**joints, **HERE}
    assert (reading.age, reading.sequence, reading.health) == (0.01, 7, "")
    clock.now += 1.0
    assert both.read().health == "/arm/tracked_objects is 1.00 s old, limit 0.5 s"
    told[0] = "the arm is stopped"
    assert both.read().health == "the arm is stopped"
