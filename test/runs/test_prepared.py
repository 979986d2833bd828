# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A node's process that is there before its run: it checks, begins when it is told to, and never outlives its use."""

import sys
from pathlib import Path
from typing import Any

import pytest

from ros_rl.config import to_mapping
from ros_rl.errors import ConfigError, RosRlError
from ros_rl.runs import bringup
from ros_rl.runs.prepared import Prepared
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros
SETTINGS = load_settings("mock_point")


def prepared(name: str, heard: bool = False) -> Prepared:
    (spec,) = (spec for spec in bringup.nodes(SETTINGS, bringup.TRAIN, Path()) if spec.name == name)
    return Prepared(spec, 4.0, heard)


@pytest.fixture(scope="module")
def learner() -> Any:
    learner = prepared("learner")
    yield learner
    learner.close()
    assert learner.process.poll() is not None


def test_it_checks_what_a_run_is_to_begin_with(learner: Prepared, tmp_path: Path) -> None:
    learner.ask(to_mapping(SETTINGS), None)
    learner.check()
    wrong = load_settings("mock_point", overrides=["learner.steps=10", "learner.warmup_steps=10"])
    learner.ask(to_mapping(wrong), None)
    with pytest.raises(ConfigError, match="warmup_steps"):
        learner.check()
    learner.ask(to_mapping(SETTINGS), tmp_path / "none")
    with pytest.raises(RosRlError, match="none"):
        learner.check()


def test_it_begins_with_the_arguments_of_a_node_and_prints_to_its_log(tmp_path: Path) -> None:
    node, log = prepared("collector"), tmp_path / "collector.log"
    command = bringup.command(node.spec, "t", tmp_path / "config.yaml")
    process = node.begin(command, log)
    assert process.wait(60.0) == 1
    assert "config.yaml" in log.read_text()
    node.close()
    assert process.poll() == 1


def test_one_that_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bringup, "prepared_command", lambda spec: [sys.executable, "-c", "raise SystemExit(3)"])
    node = prepared("learner")
    node.ask({}, None)
    with pytest.raises(RosRlError, match="exit code 3 before the run began"):
        node.check()
    node.close()
