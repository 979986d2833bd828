# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A task from another package, `command_task.py`, that follows velocities which anyone may ask for on ``cmd_vel``.

Its package names it by one entry point: ``[ros_rl.tasks]  follow_command = command_task:FollowCommand``.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from extensions import registered, run_installed

from ros_rl.backends import make_backend
from ros_rl.features import ObservationSpec
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally
from ros_rl.types import Verdict

MODULE = Path(__file__).with_name("command_task.py")
POINTS = """
[ros_rl.tasks]
follow_command = command_task:FollowCommand
"""
COMMAND = "velocity_command"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    registered(MODULE, POINTS, monkeypatch)
    tiny = ["learner.robot_minutes=0.1", "learner.warmup_steps=40", "agent.hidden=16"]
    return load_settings("follow_command", overrides=["driver.backend.name=mock", "agent.name=sac", *tiny])


def test_the_simulation_asks_for_something_else_now_and_then(settings: Settings) -> None:
    driver = make_driver_loop(settings, settings.load_robot(), make_backend(settings), auto_recover=True)
    asked = [driver.start().inputs[COMMAND]]
    asked += [driver.advance().inputs[COMMAND] for _ in range(59)]
    changes = [step for step in range(1, 60) if not np.array_equal(asked[step], asked[step - 1])]
    assert changes == [25, 50]


def test_it_is_trained_on(settings: Settings) -> None:
    *_, last = train_locally(settings)
    assert last.training.updates > 0 and np.isfinite(last.episode_return)
    layout = last.training.spec
    assert layout.goal == slice(4, 7)
    seen = last.training.replay.newest(len(last.training.replay)).observation[:, layout.goal]
    assert len(np.unique(seen, axis=0)) > 3 and (seen[:, 2] == 0.0).all()


def test_a_step_is_judged_by_the_command_that_it_had(settings: Settings) -> None:
    *_, last = train_locally(settings)
    layout, batch = last.training.spec, last.training.replay.ordered()
    before, after = layout.split(batch.observation), layout.split(batch.next_observation)
    changed = (before[COMMAND] != after[COMMAND]).any(1)
    expected = -((after["joint_velocity"] - before[COMMAND][:, :2]) ** 2).sum(1)
    np.testing.assert_allclose(batch.reward, expected, rtol=1e-5)
    assert changed.sum() >= 2


def test_it_is_found_by_its_entry_point(tmp_path: Path) -> None:
    code = "from ros_rl.cli.main import main; main(['list', 'tasks'])"
    assert re.search(r"follow_command +\(mock\)", run_installed(MODULE, POINTS, tmp_path, code))


@pytest.fixture
def running(settings: Settings, tmp_path: Path) -> Iterator[tuple[Any, Any, Any]]:
    """A driver at its first tick, a peer that hears it, and somebody's publisher of velocities."""
    pytest.importorskip("rclpy")
    from geometry_msgs.msg import Twist
    from ros_graph import activate, graph, wait_for

    from ros_rl.nodes.driver import DriverNode

    with graph(settings, tmp_path, DriverNode) as (peer, driver):
        somebody = peer.node.create_publisher(Twist, "cmd_vel", 1)
        peer.allow(100)
        activate(driver)
        wait_for(lambda: peer.ticks and somebody.get_subscription_count(), "the first tick")
        yield peer, driver, somebody


def next_tick(peer: Any, verdict: Verdict = Verdict.CONTINUE) -> Any:
    """Answer the newest tick and wait for the one after."""
    from ros_graph import wait_for

    from ros_rl.nodes import messages, packets

    last = peer.ticks[-1]
    peer.command.publish(messages.to_command(last.stamp, peer.robot, np.zeros(2)))
    peer.verdict.publish(packets.to_verdict(last.stamp, verdict))
    return wait_for(lambda: peer.ticks[-1].index > last.index and peer.ticks[-1], "the next tick")


def twist(x: float, y: float, yaw: float) -> Any:
    from geometry_msgs.msg import Twist, Vector3

    return Twist(linear=Vector3(x=x, y=y), angular=Vector3(z=yaw))


@pytest.mark.ros
def test_a_published_velocity_is_observed_from_the_next_tick_on(running: Any, settings: Settings) -> None:
    from geometry_msgs.msg import TwistStamped
    from ros_graph import wait_for

    peer, driver, somebody = running
    shown: list[TwistStamped] = []
    peer.node.create_subscription(TwistStamped, f"task/{COMMAND}", shown.append, 1)
    spec = ObservationSpec(peer.robot, settings.task.observation, settings.control.delay)
    drawn = peer.ticks[-1].inputs[COMMAND]
    assert (np.abs(drawn) < 1.0).all() and drawn[2] == 0.0
    somebody.publish(twist(0.3, -0.2, 1.5))
    wait_for(lambda: COMMAND in driver._loop._inputs._given, "the velocity to arrive")
    np.testing.assert_array_equal(driver._loop.tick.inputs[COMMAND], drawn)  # the open tick stays as it was told
    for _ in range(2):
        seen = spec.split(spec.observe(next_tick(peer)))
        np.testing.assert_array_equal(seen[COMMAND], [0.3, -0.2, 1.5])
    message = wait_for(lambda: shown and shown[-1], "the display's message")
    assert message.header.frame_id == "base_link"
    assert (message.twist.linear.x, message.twist.linear.y, message.twist.angular.z) == (0.3, -0.2, 1.5)
    after = next_tick(peer, Verdict.TRUNCATED)
    assert after.step == 0 and (np.abs(after.inputs[COMMAND]) < 1.0).all()  # a new episode draws anew


@pytest.mark.ros
def test_a_velocity_that_is_not_finite_is_refused_and_counted(running: Any) -> None:
    from ros_graph import wait_for

    peer, driver, somebody = running
    drawn = peer.ticks[-1].inputs[COMMAND]
    somebody.publish(twist(0.3, float("nan"), 0.0))
    assert "cmd_vel refused: velocity_command is not finite" in peer.complaint("driver", "cmd_vel refused")
    wait_for(lambda: peer.figure("driver", "inputs refused") == 1.0, "the count")
    np.testing.assert_array_equal(next_tick(peer).inputs[COMMAND], drawn)
