# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The learner's diagnostics warn when values begin to lie."""

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("rclpy")

from learners import random_transition
from ros_graph import graph, wait_for

from ros_rl.nodes.diagnostics import OK, WARN
from ros_rl.nodes.learner import LearnerNode
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros


def test_a_learner_whose_values_explode_warns_and_says_what_helps(tmp_path: Path) -> None:
    agent = {"name": "sac", "hidden": 16}
    learner = {"batch_size": 16, "warmup_steps": 10, "watch": {"window": 10}}
    settings = load_settings(
        "mock_point", overrides=[{"agent": agent, "learner": learner, "driver": {"backend": {"name": "mock"}}}]
    )
    with graph(settings, tmp_path, LearnerNode) as (peer, node):
        training, rng = node._training, np.random.default_rng(0)
        for index in range(30):
            training.add(random_transition(training.spec, rng, index))
        training.train()

        def told(text: str) -> tuple[int, str, dict[str, str]]:
            def heard() -> bool:
                node._report()
                return text in peer.diagnostics.get("learner", (0, "", {}))[1]

            wait_for(heard, text)
            return peer.diagnostics["learner"]

        level, _, figures = told("training")
        assert (level, figures["watch.beyond_total"]) == (OK, "0.0")
        with torch.no_grad():
            for parameter in training.agent.critics.online.net.net[-1].parameters():
                parameter.mul_(1e6)
        training.train()
        level, message, figures = told("beyond its bound")
        assert level == WARN and "agent.tau" in message and "agent.targets" not in message
        assert float(figures["watch.beyond_total"]) > 0.0 and float(figures["watch.q_largest"]) > 1e4
