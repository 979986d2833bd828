# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An input of another package, `height_input.py`: drawn in simulation, heard on its topic, observed, learned from."""

from pathlib import Path

import numpy as np
import pytest
from extensions import registered, run_installed, run_with_package

from ros_rl.sensors.inputs import INPUTS
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.training.local import train_locally

MODULE = Path(__file__).with_name("height_input.py")
POINTS = """
[ros_rl.inputs]
height = height_input:HEIGHT
[ros_rl.features]
height = height_input:HEIGHT_FIELD
[ros_rl.tasks]
hold_height = height_input:HoldHeight
"""


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    registered(MODULE, POINTS, monkeypatch)
    tiny = ["learner.robot_minutes=0.1", "learner.warmup_steps=40", "agent.hidden=16"]
    return load_settings("hold_height", overrides=["driver.backend.name=mock", "agent.name=sac", *tiny])


def test_it_is_a_goal_that_is_learned_from(settings: Settings) -> None:
    *_, last = train_locally(settings)
    assert last.training.updates > 0 and last.training.spec.goal == slice(4, 5)
    asked = last.training.replay.newest(80).observation[:, last.training.spec.goal]
    assert len(np.unique(asked)) == 2 and (np.abs(asked) <= 0.5).all()


def test_its_entry_points_are_found(tmp_path: Path) -> None:
    code = "from ros_rl.sensors.inputs import INPUTS; print(INPUTS['height'].topic, len(INPUTS))"
    assert run_installed(MODULE, POINTS, tmp_path, code) == f"height {len(INPUTS) + 1}\n"


def test_a_name_that_ros_rl_gives_stays_its_own(tmp_path: Path) -> None:
    code = "from ros_rl.sensors.inputs import INPUTS; print(INPUTS['goal_position'].topic)"
    points = POINTS.replace("\nheight = height_input:HEIGHT\n", "\ngoal_position = height_input:HEIGHT\n")
    done = run_with_package([MODULE], points, tmp_path, "-c", code)
    assert done.stdout == "goal\n"
    assert "entry point goal_position of ros_rl.inputs has a name that ros_rl itself gives: it is" in done.stderr


@pytest.mark.ros
def test_a_published_height_is_in_the_next_ticks_and_shown(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("rclpy")
    from geometry_msgs.msg import Point, PointStamped
    from ros_graph import activate, graph, wait_for

    from ros_rl.nodes import messages, packets
    from ros_rl.nodes.driver import DriverNode
    from ros_rl.types import Verdict

    with graph(settings, tmp_path, DriverNode) as (peer, driver):
        somebody, shown = peer.node.create_publisher(PointStamped, "height", 1), []
        peer.node.create_subscription(PointStamped, "task/height", shown.append, 1)
        peer.allow(100)
        activate(driver)
        wait_for(lambda: peer.ticks and somebody.get_subscription_count(), "the first tick")
        somebody.publish(PointStamped(point=Point(z=0.75)))
        wait_for(lambda: "height" in driver._loop._inputs._given, "the height to arrive")
        last = peer.ticks[-1]
        peer.command.publish(messages.to_command(last.stamp, peer.robot, np.zeros(2)))
        peer.verdict.publish(packets.to_verdict(last.stamp, Verdict.CONTINUE))
        tick = wait_for(lambda: peer.ticks[-1].index > last.index and peer.ticks[-1], "the next tick")
        assert tick.inputs["height"].tolist() == [0.75]
        wait_for(lambda: shown and shown[-1].point.z == 0.75, "the display's message")
