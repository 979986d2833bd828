# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An agent that sees nothing but pictures, in a whole graph of real processes: trained, gone on with, and run."""

import json
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("torch")

from live_processes import PATIENCE, PATIENT, command
from mcap.reader import make_reader

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.formats.arrays import read_arrays
from ros_rl.runs.checkpoints import REPLAY, newest_whole
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros

TINY = ["agent.channels=4", "agent.hidden=16", "agent.latent=16", "agent.planner.samples=16", "agent.planner.elites=4"]
TINY += ["agent.planner.proposals=4", "learner.batch_size=8", "learner.warmup_steps=30", "evaluator.every=60"]
TINY += ["evaluator.seconds=2", "evaluator.episodes=1", "evaluator.final_episodes=1", "evaluator.video=false"]
SET = [word for item in TINY for word in ("--set", item)]


def run(*words: str) -> str:
    with command(*words, *PATIENT) as process:
        printed: str = process.communicate(timeout=2 * PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    return printed


def test_pictures_from_the_driver_to_the_replay_and_back_into_what_acts(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run("train", "sphero_navigate", "--preset", "sphero_pixels", "--out", str(out), *SET, "--set", "learner.steps=120")
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["transitions"], summary["updates"], summary["dropped_transitions"]) == (120, 90, 0)
    assert len(summary["curve"]) == 2 and "distance_mean" in summary["evaluation"]
    arrays, _ = read_arrays(newest_whole(out / "checkpoint").path / REPLAY)
    pictures = arrays["image.image_above"]
    assert pictures.shape == (120, 32, 32, 3) and len({picture.tobytes() for picture in pictures}) > 60
    assert arrays["observation"].shape == (120, 2), "the last action and nothing else"
    fields = {item["name"]: item for item in OnnxGraph.load(out / "agent.onnx").contract.fields}
    assert fields["image_above"] == {"name": "image_above", "shape": [32, 32, 3], "dtype": "uint8", "unit": "rgb8"}
    with (out / "log" / "log_0.mcap").open("rb") as stream:
        counts = make_reader(stream).get_summary().statistics.channel_message_counts
        channels = {item.id: item.topic for item in make_reader(stream).get_summary().channels.values()}
    logged = {channels[number]: count for number, count in counts.items()}
    assert logged["/sphero/camera/above/image_raw"] == logged["/sphero/tick"] >= 120, "each picture once"
    assert not any("transitions" in topic for topic in logged)

    longer = tmp_path / "longer"
    run("train", "sphero_navigate", "--resume", str(out), "--out", str(longer), "--set", "learner.steps=150")
    assert json.loads((longer / "summary.json").read_text())["updates"] == 120

    shown = tmp_path / "shown"
    run("run", "sphero_navigate", "--agent", str(out / "agent.onnx"), "--robot-minutes", "0.2", "--out", str(shown),
        "--preset", "sphero_pixels")  # fmt: skip
    assert json.loads((shown / "summary.json").read_text())["env_steps"] == 24
    settings = load_settings(params_file=out / "config.yaml")
    assert settings.observation.fields == ("none",) and settings.looks == ("above",)
