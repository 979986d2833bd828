# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What trackers and cameras say, as part of a robot's readings: how old it is, and what that stops."""

from types import SimpleNamespace

import numpy as np
import pytest

from ros_rl.backends.backend import Reading
from ros_rl.errors import BackendError, CommandError
from ros_rl.runtime.onlookers import Onlooker, WithOnlookers
from ros_rl.types import Measurement

HERE = {"object_position": np.array([0.4, 0.1, 0.02])}
SECOND = 1_000_000_000  # ns


class At:
    """A steady clock."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[At, Onlooker]:
    clock = At()
    return clock, Onlooker("/arm/tracked_objects", "about sponge, can", 0.5, clock)


def test_its_age_counts_from_the_picture_and_ends_at_the_limit() -> None:
    clock, tracker = made()
    tracker.take(lambda: HERE, SECOND, 0.2)
    assert tracker.age == pytest.approx(0.2) and tracker.health == ""
    clock.now += 0.29
    assert tracker.health == ""
    clock.now += 0.02
    assert tracker.health == "/arm/tracked_objects is 0.51 s old, limit 0.5 s"
    tracker.take(lambda: HERE, 2 * SECOND, -0.1)  # the sender's clock is a little ahead
    assert tracker.age == 0.0 and tracker.health == ""


@pytest.mark.parametrize("late", [0.51, -0.51, float("nan")])
def test_what_was_seen_at_another_time_is_refused(late: float) -> None:
    _, tracker = made()
    with pytest.raises(CommandError, match="s old by its stamp, limit 0.5 s"):
        tracker.take(lambda: HERE, SECOND, late)
    assert tracker.health.startswith("nothing has come on /arm/tracked_objects")


def test_what_is_told_again_is_no_news_until_the_first_is_too_old() -> None:
    clock, tracker = made()
    tracker.take(lambda: HERE, 5 * SECOND, 0.0)
    clock.now += 0.4
    for stamp in (5 * SECOND, 4 * SECOND):
        with pytest.raises(CommandError, match="not newer than that of the last"):
            tracker.take(lambda: HERE, stamp, 0.0)
    assert tracker.age == pytest.approx(0.4)
    clock.now += 0.2
    tracker.take(lambda: HERE, 4 * SECOND, 0.0)  # of a tracker that began anew after its clock was put back
    assert tracker.health == ""


def test_a_robot_reads_as_one_with_its_tracker_and_not_without_it() -> None:
    clock, tracker = made()
    joints = {"joint_position": np.zeros(2)}
    robot = SimpleNamespace(read=lambda: Reading(Measurement(joints), 0.01, 7, told[0]))
    told, both = [""], WithOnlookers(robot, [tracker])
    with pytest.raises(
        BackendError,
        match="nothing has come on /arm/tracked_objects about sponge, can",
    ):
        both.read()
    tracker.take(lambda: HERE, SECOND, 0.0)
    reading = both.read()
    assert dict(reading.measurement) == {**joints, **HERE}
    assert (reading.age, reading.sequence, reading.health) == (0.01, 7, "")
    clock.now += 1.0
    assert both.read().health == "/arm/tracked_objects is 1.00 s old, limit 0.5 s"
    told[0] = "the arm is stopped"
    assert both.read().health == "the arm is stopped"


def test_each_of_several_must_go_on_telling_and_nothing_is_worked_out_that_nobody_reads() -> None:
    clock, tracker = made()
    camera = Onlooker("/arm/watched/wrist/image_raw", "of camera 'wrist'", 0.3, clock)
    looked: list[int] = []

    def look() -> dict[str, np.ndarray]:
        looked.append(1)
        return {"image_wrist": np.full((2, 2, 3), len(looked), np.uint8)}

    both = WithOnlookers(SimpleNamespace(read=lambda: Reading(Measurement())), [tracker, camera])
    tracker.take(lambda: HERE, SECOND, 0.0)
    with pytest.raises(BackendError, match="nothing has come on /arm/watched/wrist/image_raw of camera 'wrist'"):
        both.read()
    for number in range(3):  # it comes more often than it is read
        camera.take(look, number * SECOND, 0.0)
    assert looked == []
    first, second = both.read(), both.read()
    assert looked == [1] and set(first.measurement) == {"object_position", "image_wrist"}
    assert first.measurement["image_wrist"] is second.measurement["image_wrist"] and second.health == ""
    clock.now += 0.4
    assert both.read().health == "/arm/watched/wrist/image_raw is 0.40 s old, limit 0.3 s"
    camera.take(look, 9 * SECOND, 0.0)
    assert both.read().health == "" and len(looked) == 2
