# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The driver of `docs/driver_contract.md` under the real controller, collector and learner, and what the page says."""

import re
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from ros_graph import activate, graph, wait_for

from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.learner import LearnerNode
from ros_rl.nodes.messages import from_time
from ros_rl.nodes.tick_messages import to_tick
from ros_rl.runtime.latch import FILE
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement, SafetyState, Tick, Verdict

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]  # it follows the wall clock

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = Path(__file__).parent
PAGE = (ROOT / "docs" / "driver_contract.md").read_text(encoding="utf-8")
SETTINGS = {
    "driver": {"backend": {"name": "external", "guard": False}, "mode": "real_time"},
    "agent": {"name": "sac", "hidden": 16},
    "learner": {"steps": 10_000, "warmup_steps": 10, "batch_size": 8},
    "collector.log": False,
}


@pytest.fixture
def own_driver(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLE)
    for name in ("own_driver", "two_joints"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import own_driver

    yield own_driver
    for name in ("own_driver", "two_joints"):
        sys.modules.pop(name, None)


def running(own_driver, folder, *kinds):
    """The example beside these nodes."""
    return graph(load_settings("mock_point", overrides=[SETTINGS]), folder, own_driver.OwnDriver, *kinds)


def newest(peer) -> Tick:
    return max(peer.ticks, key=lambda tick: tick.index)


def test_a_learner_learns_from_it(own_driver, tmp_path) -> None:
    """What acted is what the controller decided one tick before, and it is what the transitions say."""
    stop = threading.Event()
    with running(own_driver, tmp_path, ControllerNode, CollectorNode, LearnerNode) as nodes:
        peer, driver, controller, collector, learner = nodes
        thread = threading.Thread(target=learner.work, args=(stop,))
        thread.start()
        try:
            activate(controller)
            assert peer.call("arm").success and peer.call("resume").success
            wait_for(lambda: learner._run.training.updates > 20 and newest(peer).episode > 0, "learning")
        finally:
            stop.set()
            thread.join()
        ticks = {tick.index: tick for tick in peer.ticks}
        commands = {from_time(message.header.stamp): np.array(message.velocity) for message in peer.commands}
        applied = {from_time(message.header.stamp): np.array(message.velocity) for message in peer.applied}
        scale, checked = 1.5, 0  # rad/s, of config/robots/mock.yaml
        for header, fields in peer.transitions:
            k = int(fields["tick"][0])
            if header.version != collector._session or not {k, k + 1} <= ticks.keys():
                continue
            assert ticks[k + 1].intact and ticks[k + 1].episode == ticks[k].episode
            assert ticks[k + 1].env_steps == ticks[k].env_steps + 1
            decided = commands[ticks[k].stamp]
            np.testing.assert_allclose(fields["action"] * scale, decided, atol=1e-9)
            np.testing.assert_allclose(ticks[k + 1].pending_commands[0], decided, atol=1e-9)
            if ticks[k + 1].stamp in applied:
                np.testing.assert_allclose(applied[ticks[k + 1].stamp], decided, atol=1e-9)
                checked += 1
        assert checked > 10
        assert learner._training.env_steps <= newest(peer).env_steps


def test_an_emergency_stop_holds_until_it_is_cleared_also_for_the_next_process(own_driver, tmp_path) -> None:
    with running(own_driver, tmp_path, CollectorNode) as (peer, driver, _):
        wait_for(lambda: peer.ticks and newest(peer).safety is SafetyState.DISARMED, "the first tick")
        assert not peer.call("resume").success
        peer.call("arm")
        assert peer.call("emergency_stop").success and (tmp_path / FILE).is_file()
        wait_for(lambda: newest(peer).safety is SafetyState.EMERGENCY_STOP, "the stop")
        assert not peer.call("arm").success
    with running(own_driver, tmp_path, CollectorNode) as (peer, driver, _):
        wait_for(lambda: peer.ticks and newest(peer).safety is SafetyState.EMERGENCY_STOP, "the stop of before")
        assert peer.call("clear_fault").success
        wait_for(lambda: newest(peer).safety is SafetyState.DISARMED, "disarmed")
        assert not (tmp_path / FILE).exists()


def test_a_controller_that_falls_silent_is_a_fault(own_driver, tmp_path) -> None:
    with running(own_driver, tmp_path, CollectorNode) as (peer, driver, _):
        wait_for(lambda: peer.ticks, "the first tick")
        peer.call("arm")
        peer.call("resume")
        wait_for(lambda: newest(peer).safety is SafetyState.FAULT, "the fault")
        assert "controller missed" in driver.latch.reason
        faulty = newest(peer).index
        assert sum(tick.safety is SafetyState.RUNNING for tick in peer.ticks) <= own_driver.MISSES + 1
        wait_for(lambda: newest(peer).index > faulty + 3, "more ticks")
        assert newest(peer).safety is SafetyState.FAULT and not newest(peer).intact


def test_a_target_that_is_not_renewed_expires(own_driver) -> None:
    joints = sys.modules["two_joints"].TwoJoints()
    joints.write(np.array([1.0, -1.0]), time.monotonic() + 0.3)
    wait_for(lambda: joints.read()["joint_velocity"][0] > 0.3, "motion")
    wait_for(lambda: np.abs(joints.read()["joint_velocity"]).max() < 1e-3, "rest")


@pytest.mark.parametrize("name", ["own_driver.py", "two_joints.py"])
def test_the_page_shows_the_example_verbatim(name) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    code = (EXAMPLE / name).read_text(encoding="utf-8").split("\n", 3)  # without the licence
    assert code[3] in blocks


def test_the_page_names_every_field_in_its_order_and_every_code() -> None:
    tick = Tick(0, 0, 0, 0, SafetyState.RUNNING, True, np.zeros(3), np.zeros(2), np.zeros((1, 2)), Measurement())
    labels = [dimension.label for dimension in to_tick(tick, [True]).layout.dim]
    rows = re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)
    assert [name for name in rows if name in labels] == labels
    for state in SafetyState:
        assert f"| {int(state)} | `{state.name}` |" in PAGE
    for verdict in Verdict:
        assert f"| {int(verdict)} | `{verdict.name}` |" in PAGE


def test_links_lead_somewhere() -> None:
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", PAGE)]
    assert links and [link for link in links if not (ROOT / "docs" / link).exists()] == []
