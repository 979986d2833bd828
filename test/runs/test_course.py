# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far a run is and how long it will take, against runs whose end is known."""

import pytest

from ros_rl.runs.course import Course, spoken
from ros_rl.runs.state import RunState
from ros_rl.settings.loading import load_settings

EVERY, JUDGING, PACE, TOTAL, WARM_UP = 200, 8.0, 20.0, 2000, 300  # steps, s, steps/s, steps, steps


def a_run(resolution: float = 0.1):
    """Time [s] and state of a run that warms up ten times as fast and stands still while it is judged."""
    now, done, state, at = 0.0, 0.0, RunState(), 0
    while done < TOTAL:
        done = min(TOTAL, done + resolution * PACE * (10.0 if done < WARM_UP else 1.0))
        now += resolution
        state.progress = {"env_steps": int(done)}
        yield now, state
        if int(done) // EVERY > at:
            at = int(done) // EVERY
            now += JUDGING if done < TOTAL else 3 * JUDGING  # the last one has three times the episodes
            state.add_evaluation({"env_steps": int(done), "final": done >= TOTAL})
            yield now, state


def test_the_end_is_foretold_evaluations_and_all() -> None:
    whole = [(now, int(state.progress["env_steps"])) for now, state in a_run()]
    end = whole[-1][0]
    course, errors = Course(TOTAL, slow_from=WARM_UP, final_share=3.0), []
    for now, state in a_run():
        course.follow(state, now)
        if course.seconds_left is not None and len(state.evaluations) >= 3 and state.progress["env_steps"] < TOTAL:
            errors.append((course.seconds_left - (end - now)) / (end - now))
    assert len(errors) > 500
    assert max(abs(error) for error in errors) < 0.35
    assert sum(errors) / len(errors) == pytest.approx(0.0, abs=0.15)


def test_nothing_is_foretold_from_the_warm_up_or_without_an_end() -> None:
    course, endless = Course(TOTAL, slow_from=WARM_UP), Course(None)
    for now, state in a_run():
        course.follow(state, now)
        endless.follow(state, now)
        assert (endless.share, endless.seconds_left) == (None, None)
        if state.progress["env_steps"] <= WARM_UP:
            assert course.seconds_left is None
        assert course.share == pytest.approx(state.progress["env_steps"] / TOTAL)


def test_what_is_counted() -> None:
    walk = Course.of_training(load_settings("a1_walk"))
    assert (walk.total, walk.minutes, walk.counted) == (4800, 4.0, "env_steps")
    gym = Course.of_training(load_settings("gym", overrides=["task.env=CartPole-v1", "agent.name=dqn"]))
    assert (gym.total, gym.minutes) == (100_000, None)
    cloning = load_settings("mock_point", overrides=["agent.name=bc", "agent.log=x.mcap", "agent.updates=700"])
    cloned = Course.of_training(cloning)
    assert (cloned.counted, cloned.total) == ("updates", 700)
    acting = Course.of_acting(load_settings("a1_walk"), 0.5)
    assert (acting.total, acting.minutes) == (600, 0.5)
    assert Course.of_acting(load_settings("a1_walk"), None).total is None


def test_times_as_people_say_them() -> None:
    spoken_ones = [spoken(seconds) for seconds in (3.4, 89.0, 90.0, 600.0, 5430.0)]
    assert spoken_ones == ["3 s", "89 s", "2 min", "10 min", "1 h 30 min"]
