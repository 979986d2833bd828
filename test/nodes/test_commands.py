# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Command maps over real DDS: what a graph decides, the joints are sent, and the collector gives back."""

import numpy as np
import pytest

pytest.importorskip("rclpy")

from graphs import constant_bytes
from ros_graph import activate, graph, wait_for

from ros_rl.nodes import messages
from ros_rl.nodes.collector import CollectorNode
from ros_rl.nodes.controller import ControllerNode
from ros_rl.nodes.driver import DriverNode
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings

pytestmark = pytest.mark.ros


def settings_of(*overrides: str) -> Settings:
    usual = ("task.episode_seconds=2.0", "driver.commanders=[controller, peer]")
    return load_settings("ur5_reach", overrides=[*usual, *overrides])


@pytest.mark.parametrize(
    ("overrides", "action"),
    [
        (("agent.name=random", "control.commands.name=cartesian"), [0.2, -0.1, 0.0]),
        (("agent.name=dqn", "control.commands.name=choice", "control.rate_hz=2"), [2.0]),
    ],
    ids=["cartesian", "choice"],
)
def test_the_graphs_decisions_come_back_from_what_acted(tmp_path, overrides, action) -> None:
    settings = settings_of(*overrides)
    spec = settings.observation_spec()
    with graph(settings, tmp_path, DriverNode, ControllerNode, CollectorNode) as (peer, driver, controller, _):
        peer.give_graph(constant_bytes(settings, action))
        peer.allow(6)
        activate(controller)
        activate(driver)
        wait_for(lambda: len(peer.transitions) >= 3, "three transitions")
        ticks = {tick.index: tick for tick in peer.ticks}
        decided = {messages.from_time(m.header.stamp): np.array(m.velocity) for m in peer.commands}
        for _, fields in peer.transitions[:3]:
            tick = ticks[int(fields["tick"][0])]
            np.testing.assert_array_equal(fields["observation"], spec.observe(tick))
            sent = spec.map.command(tick, np.array(action))
            np.testing.assert_allclose(decided[tick.stamp], sent, atol=1e-12)
            np.testing.assert_allclose(fields["action"], spec.map.decided(tick, sent), atol=1e-9)
        np.testing.assert_allclose(peer.transitions[2][1]["action"], action, atol=1e-6)


def test_a_controller_refuses_a_graph_for_another_map(tmp_path) -> None:
    own, other = (
        settings_of("agent.name=random", "control.commands.name=cartesian", f"control.commands.speed={speed}")
        for speed in (0.25, 0.1)
    )
    with graph(own, tmp_path, ControllerNode) as (peer, controller):
        peer.give_graph(constant_bytes(other, [0.0, 0.0, 0.0]))
        told = "control graph is for control.commands.speed 0.1, the controller has 0.25"
        wait_for(lambda: told in controller._refused, "the refusal")
