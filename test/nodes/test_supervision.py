# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a run with nodes says on the terminal while it is on its way, and that it is alone."""

import threading
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from ros_rl.errors import RosRlError
from ros_rl.nodes import supervision
from ros_rl.nodes.supervision import Supervision
from ros_rl.runs.bringup import TRAIN
from ros_rl.runs.course import Course
from ros_rl.runs.display import Display
from ros_rl.runs.state import RunState
from ros_rl.settings.loading import load_settings


@pytest.fixture
def told(monkeypatch):
    """A supervision whose nodes are as the test says, the clock [s] and what was said."""
    keeper = SimpleNamespace(active=lambda node: True, awaits=lambda node: False, missing=None)
    monkeypatch.setattr(supervision, "Keeper", lambda *_: keeper)
    clock, said = SimpleNamespace(now=1000.0), []
    monkeypatch.setattr(time, "monotonic", lambda: clock.now)
    monitor = SimpleNamespace(state=RunState(), get_namespace=lambda: "/mock")
    settings = load_settings("mock_point")
    display = Display(Course.of_training(settings), said.append)
    return Supervision(monitor, settings, TRAIN, None, threading.Event(), display), monitor.state, clock, said


def test_the_watchs_advice_is_said_at_most_once_a_minute(told) -> None:
    leads, state, clock, said = told
    for second in range(121):
        clock.now = 1000.0 + second
        if second == 5:
            state.status["learner"] = (1, f"|Q| is beyond its bound 40 in {second} % of the last 100 batches; use sac")
        leads._tell()
    warnings = [line for line in said if line.startswith("warning: ")]
    assert warnings == ["warning: learner: |Q| is beyond its bound 40 in 5 % of the last 100 batches; use sac"] * 2


def test_what_the_driver_waits_for_is_said_while_it_does(told) -> None:
    leads, state, clock, said = told
    state.status["driver"] = (1, "nothing has come on /arm/tracked_objects about cube")
    for second, missing in enumerate(("collector", "driver", "driver", None)):
        clock.now, leads._keeper.missing = 1000.0 + 40.0 * second, missing
        leads._tell()
    warnings = [line for line in said if line.startswith("warning: ")]
    assert warnings == ["warning: driver: nothing has come on /arm/tracked_objects about cube"]


@pytest.mark.parametrize("awaited", [False, True])
def test_the_silence_of_what_acts_is_said_unless_it_is_being_brought_up(told, awaited: bool) -> None:
    """To configure or activate it may take its time; a learner may starve where it runs in what time others leave."""
    leads, state, clock, said = told
    leads._keeper.awaits = lambda node: awaited
    for node in ("driver", "controller", "learner"):
        state.hear(node, 0, "active", {})
    for clock.now in (1001.0, 1004.0, 1005.0, 1006.0):
        leads._tell()
    silent = [line.partition(":")[0] for line in said if "silent for 6 s: it hangs" in line]
    assert silent == ([] if awaited else ["driver", "controller"])


def test_how_far_it_is_is_said_every_five_seconds(told) -> None:
    leads, state, clock, said = told
    for second in range(21):
        clock.now = 1000.0 + second
        state.progress = {"env_steps": 60.0 * second, "robot_minutes": second / 20}
        leads._tell()
    ways = [line.partition(",")[0] for line in said]
    assert ways == [f"robot {minutes:.2f} of 5.00 min" for minutes in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert said[-1].startswith("robot 1.00 of 5.00 min, 20 %, 80 s left")


def test_a_second_graph_is_refused_also_where_it_is_heard_of_late(monkeypatch, tmp_path) -> None:
    """Its nodes would answer in place of ours. A process of ours that was restarted may be told of twice."""
    asked: list[str] = []
    managed = SimpleNamespace(state=lambda: asked.append("state"), step_towards=lambda target: False)
    monkeypatch.setattr("ros_rl.nodes.keeper.ManagedNode", lambda *_: managed)
    monkeypatch.setattr(supervision, "_DISCOVERY_SECONDS", 0.0)
    there = [("supervisor", "/mock"), ("controller", "/elsewhere")]
    monitor = SimpleNamespace(
        state=RunState(),
        get_namespace=lambda: "/mock",
        get_name=lambda: "supervisor",
        get_node_names_and_namespaces=lambda: there,
        get_publishers_info_by_topic=lambda topic: [],
        beat=lambda: None,
    )
    settings, folder = load_settings("mock_point"), SimpleNamespace(path=tmp_path)
    display = Display(Course.of_training(settings), lambda line: None)
    leads = Supervision(monitor, settings, TRAIN, folder, threading.Event(), display)
    leads.refuse_second_graph()
    there += [("controller", "/mock"), ("driver", "/mock")]
    leads._keeper.bring_up(ready=False)
    assert asked
    asked.clear()
    for late in ("driver", "supervisor"):
        there.append((late, "/mock"))
        with pytest.raises(RosRlError, match=f"namespace /mock: it has {late};"):
            leads._keeper.bring_up(ready=False)
        there.pop()
    leads._restarts["driver"] = 1
    there.append(("driver", "/mock"))
    assert not asked
    leads._keeper.bring_up(ready=False)
    assert asked
    with pytest.raises(RosRlError, match="it has controller"):
        leads.refuse_second_graph()
