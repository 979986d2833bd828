# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Real runs whose processes are killed without a word: what was received is there, and the run goes on where it was."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("torch")

from live_processes import PATIENCE, PATIENT, command, family, pid_of, read_until, stop_seconds, wait_for

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runs.checkpoints import checkpoints
from ros_rl.runs.records import Record, Stepped, Taken
from ros_rl.runs.write_ahead import read_since, segments

pytestmark = pytest.mark.ros
RATE = 20.0  # Hz
SMALL = ["--set", "agent.hidden=16", "--set", "learner.batch_size=16", "--set", "learner.warmup_steps=60"]
SMALL += ["--set", "evaluator.seconds=1", "--set", "evaluator.video=false", "--eval-episodes", "1"]


def since_checkpoint(out: Path) -> list[Record]:
    root = out / "checkpoint"
    found = checkpoints(root)
    return read_since(root, found[0].number if found else 0)


def summary_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "summary.json").read_text())


def steps_of(records: list[Record]) -> list[int]:
    return [record.env_steps for record in records if isinstance(record, Stepped)]


def test_a_killed_learner_misses_nothing(tmp_path: Path) -> None:
    """In real time the robot goes on meanwhile; what was sent while nobody listened is heard later."""
    out = tmp_path / "run"
    options = ["--mode", "real_time", "--robot-minutes", "0.3", "--eval-every", "0", "--agent", "random"]
    options += ["--set", "evaluator.seconds=1"]
    with command("train", "mock_point", *options, "--out", str(out), *PATIENT) as process:
        learner = pid_of(process.pid, "learner")
        wait_for(lambda: len(since_checkpoint(out)) > 60, "some steps")
        os.kill(learner, signal.SIGKILL)
        printed = process.communicate(timeout=2 * PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    assert "learner ended with exit code -9; restarting it" in printed
    summary = summary_of(out)
    assert summary["env_steps"] >= 360
    broken = summary["deadline_misses"] + summary["faults"] + 3  # each ends a chain, or two
    assert summary["transitions"] >= summary["env_steps"] - 2 * broken - RATE, "a second at most"


def test_all_killed_at_once_and_the_run_goes_on_where_it_was(tmp_path: Path) -> None:
    """Twice, in a folder whose name needs quotes; the second time before the learner has caught up with the first."""
    out = tmp_path / "a1 #2: 'x'"
    options = ["--agent", "sac", "--robot-minutes", "0.6", "--eval-every", "200"]
    with command("train", "mock_point", *options, *SMALL, "--out", str(out), *PATIENT) as process:
        read_until(process, "evaluation at 0.17 min")
        wait_for(lambda: len(steps_of(since_checkpoint(out))) > 40, "steps after the checkpoint")
        children = family(process.pid)
        for pid in (process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        process.wait()
    first = since_checkpoint(out)
    known, evaluated = steps_of(first)[-1], (out / "evaluations.jsonl").read_text().splitlines()
    assert 200 < known < 720 and len(evaluated) >= 1
    again = ["train", "mock_point", "--resume", str(out), *PATIENT]
    with command(*again) as process:
        learner = pid_of(process.pid, "learner")
        read_until(process, "files in")
        os.kill(learner, signal.SIGKILL)
        read_until(process, "learner ended with exit code -9; restarting it")
        printed = process.communicate(timeout=2 * PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    summary = summary_of(out)
    assert summary["env_steps"] == 720 and summary["robot_minutes"] == pytest.approx(0.6)
    assert summary["updates"] == 3 * (720 - 60), "no more and no fewer than without a break"
    taken = [record for record in first if isinstance(record, Taken)]
    assert len(taken) > 30
    assert summary["transitions"] >= 720 - RATE, "a second at most"
    points = [point["env_steps"] for point in summary["curve"]]
    assert points == sorted(points) and 200 <= points[0] < 250 and points[-1] == 720 and len(points) >= 4
    assert not segments(out / "checkpoint") or not since_checkpoint(out)


def test_a_stopped_run_leaves_what_the_end_leaves_and_its_summary_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "run"
    options = ["--agent", "sac", "--robot-minutes", "5", "--eval-every", "150"]
    with command("train", "mock_point", *options, *SMALL, "--out", str(out), *PATIENT) as process:
        read_until(process, "evaluation at 0.25 min")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        printed = process.communicate(timeout=PATIENCE)[0].decode()
        assert process.returncode == 130, printed
        assert time.monotonic() - began < stop_seconds() and not family(process.pid)
    stopped = summary_of(out)
    assert not stopped["finished"] and stopped["updates"] > 0 and len(stopped["curve"]) >= 2
    assert OnnxGraph.load(out / "agent.onnx").contract.provenance["env_steps"] >= stopped["best"]["env_steps"]
    assert OnnxGraph.load(out / "best.onnx").contract.provenance["score"] == stopped["best"]["score"]
    assert (
        "best controller  best.onnx" in printed and "stopped; go on with: ros-rl train mock_point --resume" in printed
    )
    more = ["--robot-minutes", f"{stopped['robot_minutes'] + 0.15:.2f}"]
    with command("train", "mock_point", "--resume", str(out), *more, *PATIENT) as process:
        printed = process.communicate(timeout=2 * PATIENCE)[0].decode()
        assert process.returncode == 0, printed
    whole = summary_of(out)
    assert whole["finished"] and whole["env_steps"] > stopped["env_steps"]
    assert whole["wall_minutes"] > stopped["wall_minutes"] and whole["plan_ms"]["max"] >= stopped["plan_ms"]["max"]
    assert whole["curve"][: len(stopped["curve"])] == stopped["curve"]
    best = max(whole["curve"], key=lambda point: (point["return"], point["env_steps"]))
    assert (whole["best"]["return_mean"], whole["best"]["env_steps"]) == (best["return"], best["env_steps"])
