# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an agent sees and what its task judges by need not be the same; images reach transitions and control graphs."""

from typing import Any

import numpy as np
import pytest

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop

PIXELS: dict[str, Any] = {
    "observation": {"cameras": ["above"], "fields": ["none"]},
    "cameras": {"width": 32, "height": 32},
    "agent": {"name": "latent_mpc", "channels": 4, "hidden": 16, "latent": 16, "embedding": 16},
    "learner": {"replay_capacity": 1000},
}


def settings_of(**more: Any) -> Any:
    return load_settings("sphero_navigate", overrides=[PIXELS, more])


def test_the_reward_is_judged_by_what_the_agent_does_not_see() -> None:
    seeing, knowing = RobotWorld(settings_of(), 3), RobotWorld(load_settings("sphero_navigate"), 3)
    assert [item.name for item in seeing.spec.inputs] == ["last_action", "image_above"]
    steps = [(seeing.begin_episode(), knowing.begin_episode())]
    rng = np.random.default_rng(0)
    for _ in range(20):
        action = rng.uniform(-1.0, 1.0, 2)
        steps.append((seeing.step(seeing.command(action)), knowing.step(knowing.command(action))))
    before = steps[0][0].tick
    for one, other in steps[1:]:
        made, known = one.transition, other.transition
        assert made is not None and known is not None and made.reward == known.reward
        assert made.observation.tolist() == known.observation[-2:].tolist(), "the last action alone"
        assert np.array_equal(made.images["image_above"], before.measurement["image_above"])
        assert np.array_equal(made.next_images["image_above"], one.tick.measurement["image_above"])
        before = one.tick
    seeing.close()
    knowing.close()


def test_a_control_graph_gets_the_images() -> None:
    settings = settings_of()
    training = TrainingLoop(settings)
    training.rounds = 1  # so that what learned acts
    graph = OnnxGraph(training.graph())
    assert graph.contract.fields[-1] == {"name": "image_above", "shape": [32, 32, 3], "dtype": "uint8", "unit": "rgb8"}
    world = RobotWorld(settings, 1)
    control = world.control_loop(0.0)
    control.use(graph)
    step = world.begin_episode()
    for _ in range(4):
        step = world.step(control.step(step.tick).command)
    with pytest.raises(ConfigError, match="image 'image_above' is not in the tick, in step 4 of episode 0"):
        del step.tick.measurement["image_above"]
        control.step(step.tick)
    world.close()


def test_depth_is_grey_up_to_its_span() -> None:
    pytest.importorskip("pybullet")
    over = {"observation": {"cameras": ["wrist"], "depth_span": 0.5}, "cameras": {"depth": True}}
    settings = load_settings("xarm_pick_place", overrides=[{"agent": {"name": "random"}}, over])
    world = RobotWorld(settings, 0)
    tick = world.begin_episode().tick
    seen, measured = world.spec.look(tick), tick.measurement["depth_wrist"]
    assert [(item.name, item.unit) for item in world.spec.images] == [
        ("image_wrist", "rgb8"),
        ("depth_wrist", "0.00196078 m"),
    ]
    grey = seen["depth_wrist"]
    assert grey.shape == (64, 64, 1) and grey.dtype == np.uint8
    near = measured < 500
    assert near.any() and np.abs(grey[..., 0].astype(float) * 500 / 255 - measured)[near].max() <= 500 / 255 / 2 + 1e-6
    assert (grey[..., 0][measured >= 500] == 255).all()
    world.close()


@pytest.mark.parametrize(
    ("over", "message"),
    [
        (
            {"observation": {"cameras": ["below"]}},
            "robot 'sphero' has no camera 'below', which observation.cameras names; it has: above",
        ),
        ({"observation": {"cameras": ["above", "above"]}}, r"observation.cameras is \['above', 'above'\], expected"),
        ({"observation": {"fields": []}}, r"observation.fields is \[\], expected names, or \[none\] alone for none"),
        ({"observation": {"fields": ["none", "smell"]}}, r"observation.fields is \['none', 'smell'\], expected names"),
        ({"observation": {"fields": ["smell"]}}, "unknown observation field 'smell'"),
        (
            {"agent": {"name": "sac"}},
            r"agent 'sac' sees no images, and observation.cameras is \['above'\]; use one of latent_mpc",
        ),
        (
            {"agent": {"name": "mpc"}, "observation": {"cameras": ["none"], "fields": ["goal_planar"]}},
            "agent 'mpc' judges what it learns from by the task's reward, which reads base_position, heading_estimate",
        ),
    ],
)
def test_refused(over: dict[str, Any], message: str) -> None:
    with pytest.raises(RosRlError, match=message):
        load_settings("sphero_navigate", overrides=[{**PIXELS, **over}]).observation_spec()
