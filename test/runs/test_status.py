# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a terminal is told of the nodes: on request, and once when something lasts."""

import pytest

from ros_rl.runs.status import Announcements, NodeStatus, status_screen


def driver(state: str, fault: str = "") -> dict[str, dict[str, str]]:
    return {"driver": {"safety state": state, "fault": fault}}


FINE = {"driver": (0, "active"), "collector": (0, "active")}


def test_a_screen_of_two_robots() -> None:
    entries = [
        ("/a1/driver: status", b"\x02", "tilt 1.2 rad", {"safety state": "FAULT", "fault": "tilt 1.2 rad"}),
        ("/b/controller: status", 0, "active", {}),
        ("/a1/supervisor: status", 0, "train", {"robot minutes": "0.250"}),
        ("/a1/somebody: status", 2, "not ours", {}),
    ]
    found = [one for entry in entries if (one := NodeStatus.of(*entry)) is not None]
    found.append(NodeStatus.silent("/b/driver"))
    assert status_screen(found).splitlines() == [
        "/a1",
        "  driver      ERROR  tilt 1.2 rad",
        "  supervisor  OK     train",
        "  safety state FAULT, fault: tilt 1.2 rad, robot minutes 0.250",
        "/b",
        "  controller  OK     active",
        "  driver      SILENT it hangs, or its process has just begun or ended",
        "  safety state unknown, fault: unknown, robot minutes unknown",
    ]


def test_names_stand_apart_from_their_levels() -> None:
    found = [NodeStatus("/a1", node, 0, "joint1", {}) for node in ("driver", "teleoperator")]
    assert status_screen(found).splitlines()[1:3] == ["  driver        OK     joint1", "  teleoperator  OK     joint1"]


def test_a_robot_at_rest_waits_for_the_dead_man_s_switch_if_there_is_one() -> None:
    figures = {"driver": {"safety state": "READY", "dead man's switch": "released"}}
    told = Announcements("/a1")
    said = [line for second in range(4) for line in told.lines(FINE, figures, True, float(second))]
    assert said == ["driver: READY; nothing moves until the dead man's switch is held"]


def test_an_emergency_stop_is_said_at_once_and_once() -> None:
    told = Announcements("/a1")
    assert told.lines(FINE, driver("RUNNING"), True, 0.0) == []
    stopped = FINE | {"driver": (2, "emergency stop was called")}
    for now in (1.0, 2.0, 9.0):
        lines = told.lines(stopped, driver("EMERGENCY_STOP", "emergency stop was called"), True, now)
        expected = (
            "driver: EMERGENCY_STOP (emergency stop was called); nothing moves until: ros-rl clear --namespace a1"
        )
        assert lines == ([expected] if now == 1.0 else [])
    assert told.lines(FINE, driver("RUNNING"), True, 10.0) == []
    assert told.lines(FINE, driver("RUNNING"), True, 12.0) == ["driver: acts again"]


def test_what_does_not_last_is_not_said() -> None:
    """A simulation that recovers by itself falls often; diagnostics come once a second."""
    told = Announcements("/a1")
    said = []
    for second in range(60):
        state = driver("FAULT", "tilt") if second % 2 else driver("RUNNING")
        said += told.lines({"driver": (second % 2 * 2, "tilt")}, state, True, float(second))
    assert said == []


@pytest.mark.parametrize(
    ("state", "acting", "command"),
    [
        ("DISARMED", True, "arm"),
        ("READY", True, "resume"),
        ("FAULT", True, "clear"),
        ("FAULT", False, "clear"),
        ("DISARMED", False, None),
        ("HOMING", True, None),
    ],
)
def test_what_leads_on(state, acting, command) -> None:
    told = Announcements("/")
    lines = [line for now in (0.0, 1.0, 2.0) for line in told.lines(FINE, driver(state), acting, now)]
    assert lines == ([f"driver: {state}; nothing moves until: ros-rl {command}"] if command else [])


def test_an_error_is_said_once_whatever_its_numbers() -> None:
    told = Announcements("/a1")
    said = []
    for second in range(10):
        status = FINE | {"controller": (2, f"silent for {second}.5 s")}
        said += told.lines(status, driver("RUNNING"), True, float(second))
    said += told.lines(FINE | {"controller": (2, "no graph")}, driver("RUNNING"), True, 10.0)
    said += told.lines(FINE | {"controller": (2, "no graph")}, driver("RUNNING"), True, 12.0)
    for second in (13.0, 15.0):
        said += told.lines(FINE | {"controller": (0, "active")}, driver("RUNNING"), True, second)
    assert said == ["controller: silent for 2.5 s", "controller: no graph", "controller: works again"]


def test_an_error_that_lasts_is_said_again_and_a_flicker_is_none() -> None:
    told = Announcements("/a1")
    said = []
    for second in range(130):
        level = 0 if second % 2 else 2  # diagnostics of a node that complains in every other second
        lines = told.lines({"controller": (level, f"no command for tick {second}")}, {}, True, float(second))
        said += [(second, line) for line in lines]
    assert said == [
        (2, "controller: no command for tick 2"),
        (62, "controller, for 62 s now: no command for tick 62"),
        (122, "controller, for 122 s now: no command for tick 122"),
    ]


def test_two_errors_that_take_turns_are_both_said_and_flood_nobody() -> None:
    told = Announcements("/a1")
    texts = ("no graph", "no tick")
    said = [
        line
        for second in range(30)
        for line in told.lines({"controller": (2, texts[second % 2])}, {}, True, float(second))
    ]
    assert sorted(said) == ["controller: no graph", "controller: no tick"]


def test_a_node_that_is_gone_does_not_work_again() -> None:
    told = Announcements("/a1")
    for second in (0.0, 2.0):
        told.lines({"controller": (2, "no graph")}, {}, True, second)
    assert [line for second in (3.0, 6.0, 9.0) for line in told.lines({}, {}, True, second)] == []
    assert told.lines({"controller": (0, "active")}, {}, True, 10.0) == ["controller: works again"]


def test_a_driver_that_falls_silent_is_said_whatever_it_said_last() -> None:
    told, said = Announcements("/a1"), []
    for eighth in range(560):
        now = eighth / 8
        lines = told.lines(FINE, driver("RUNNING"), True, now, {"driver": now, "controller": 0.5})
        said += [(now, line) for line in lines]
    words = "it hangs; ros-rl stop may not reach it, use the robot's own stop"
    assert said == [
        (5.125, f"driver: silent for 5 s: {words}"),
        (65.125, f"driver, for 62 s now: silent for 65 s: {words}"),
    ]
    assert told.lines(FINE, driver("RUNNING"), True, 70.0, {"driver": 0.1}) == []
    assert told.lines(FINE, driver("RUNNING"), True, 72.0, {"driver": 0.1}) == ["driver: acts again"]


def test_what_a_driver_says_after_a_hang_is_said_though_it_is_what_it_said_before() -> None:
    told, said = Announcements("/a1"), []
    for now in range(40):
        silence = {"driver": now - 5.0} if 5 < now < 15 else {}
        said += [(now, line) for line in told.lines(FINE, driver("FAULT", "tilt"), True, float(now), silence)]
    rests = "driver: FAULT (tilt); nothing moves until: ros-rl clear --namespace a1"
    hangs = "it hangs; ros-rl stop may not reach it, use the robot's own stop"
    assert said == [(2, rests), (9, f"driver: silent for 4 s: {hangs}"), (15, rests)]


def test_a_driver_that_hangs_before_its_first_word_is_said_too() -> None:
    told, others = Announcements("/a1"), {"controller": (0, "active")}
    lines = {silent: told.lines(others, {}, True, silent, {"driver": silent}) for silent in (1.0, 4.0, 6.0)}
    assert lines[1.0] == lines[4.0] == []
    assert lines[6.0] == ["driver: silent for 6 s: it hangs; ros-rl stop may not reach it, use the robot's own stop"]
    assert told.lines(FINE, driver("RUNNING"), True, 9.0, {"driver": 0.1}) == ["driver: acts again"]


@pytest.mark.parametrize("state", ["HOMING", ""])
def test_a_driver_acts_again_once_it_runs_and_not_on_its_way(state: str) -> None:
    """Armed it goes home, and then rests until a person holds the switch."""
    told, said = Announcements("/"), []
    spoken = [("DISARMED", 3), (state, 10), ("READY", 3), (state, 5), ("RUNNING", 4)]
    states = [name for name, seconds in spoken for _ in range(seconds)]
    for now, name in enumerate(states):
        said += [(now, line) for line in told.lines(FINE, driver(name), True, float(now))]
    assert said == [
        (2, "driver: DISARMED; nothing moves until: ros-rl arm"),
        (15, "driver: READY; nothing moves until: ros-rl resume"),
        (21, "driver: acts again"),
    ]


def test_rests_that_were_too_short_to_be_said_do_not_add_up() -> None:
    told = Announcements("/")
    states = ["READY", *["HOMING"] * 10, "FAULT", "RUNNING", "RUNNING", "RUNNING"]
    assert [line for now, name in enumerate(states) for line in told.lines(FINE, driver(name), True, float(now))] == []


def test_a_new_process_is_told_of_anew_and_acts_again_once_it_is_active() -> None:
    """What the old one said last may come after its end."""
    told = Announcements("/")
    for now in range(3):
        told.lines(FINE, driver("DISARMED"), True, now - 3.0)
    told.forget("driver")
    states = [("RUNNING", False)] * 5 + [("DISARMED", True)] * 3 + [("RUNNING", True)] * 3
    said = [
        line for now, (name, acts) in enumerate(states) for line in told.lines(FINE, driver(name), acts, float(now))
    ]
    assert said == ["driver: DISARMED; nothing moves until: ros-rl arm", "driver: acts again"]
