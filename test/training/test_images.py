# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A training whose layout has an image that its agent does not look at."""

from pathlib import Path

import numpy as np
from learners import random_transition
from value_agents import plain_layout

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.layout import Field, Layout
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop

FRONT = Field("front", (2, 3, 1), "1", 1 / 255, "image", "uint8")


def training() -> TrainingLoop:
    flat = plain_layout()
    learner = {"batch_size": 16, "warmup_steps": 10, "replay_capacity": 100}
    settings = load_settings(overrides=[{"task": {"name": "gym"}, "agent": {"name": "sac", "hidden": 16}},
                                        {"learner": learner}])  # fmt: skip
    return TrainingLoop(settings, Layout(flat.name, flat.actions, (*flat.fields, FRONT)))


def add(loop: TrainingLoop, count: int) -> None:
    rng = np.random.default_rng(0)
    for index in range(count):
        before, after = ({"front": np.full(FRONT.shape, index + k, np.uint8)} for k in range(2))
        loop.add(random_transition(loop.spec, rng, index, images=before, next_images=after))


def test_it_learns_acts_and_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    loop = training()
    add(loop, 110)
    loop.train()
    graph = OnnxGraph(loop.graph())
    graph.contract.check(loop.spec, loop.settings.task.name, loop.settings.control.period)
    fields = {item.name: np.zeros(item.shape, item.dtype) for item in loop.spec.inputs}
    noise = np.zeros(graph.contract.noise, np.float32)
    assert graph.run(fields, graph.initial_carry(), noise, 0.0).action.shape == (loop.spec.action_size,)
    loop.checkpoint(tmp_path)
    resumed = training()
    resumed.resume(tmp_path)
    batch = resumed.replay.at(np.arange(100))
    assert sorted(batch.images["front"][:, 0, 0, 0]) == list(range(10, 110))
    np.testing.assert_array_equal(batch.next_images["front"], batch.images["front"] + 1)
    resumed.train()
