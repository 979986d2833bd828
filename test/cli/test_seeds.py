# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`ros-rl train --seeds`: a folder for each, one table, Ctrl-C, going on, and a seed that fails."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from command_line import run_cli

from ros_rl.config import to_mapping
from ros_rl.settings.recorded import load_run

pytest.importorskip("gymnasium")
pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
FRAIL = '''
import gymnasium
import numpy as np
from gymnasium.envs.registration import register


class Frail(gymnasium.Env):
    """Fails where it is begun with seed 1."""

    observation_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)
    action_space = gymnasium.spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        if seed == 1:
            raise RuntimeError("worn out")
        return np.zeros(1, np.float32), {}

    def step(self, action):
        return np.zeros(1, np.float32), float(self.np_random.normal()), False, False, {}


register("test/Frail-v0", Frail, max_episode_steps=10)
'''
TINY = ["--set", "learner.warmup_steps=20", "--set", "agent.hidden=8", "--set", "evaluator.video=false"]


def start(*arguments: str, folder: Path) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    command = [sys.executable, "-m", "ros_rl.cli", "train", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=folder
    )


def rows(printed: str) -> dict[str, list[str]]:
    """The table's rows by their first word."""
    table = printed[printed.index("\n  seed ") :].splitlines()[2:]
    return {line.split()[0]: line.split()[1:] for line in table if line.strip()}


def test_each_seed_has_a_folder_one_that_fails_is_told_and_the_table_has_median_and_range_of_the_others(
    tmp_path,
) -> None:
    (tmp_path / "frail.py").write_text(FRAIL)
    process = start(
        *("--env", "gym:frail:test/Frail-v0", "--steps", "60", "--eval-every", "40", "--seeds", "3", "1", "2"),
        *("--out", "all", *TINY),
        folder=tmp_path,
    )
    printed = process.communicate(timeout=240)[0]
    assert process.returncode == 1, printed
    found, returns = rows(printed), []
    assert "2 of 3 seeds finished" in printed
    assert found["1"][0] == "failed" and "worn out" in " ".join(found["1"])
    for seed in (2, 3):
        run = tmp_path / "all" / f"seed_{seed}"
        assert load_run(run / "config.yaml").seed == seed
        returns.append(json.loads((run / "summary.json").read_text())["evaluation"]["return_mean"])
        assert f"seed {seed} | final evaluation: return {returns[-1]:.2f}" in printed
        assert found[str(seed)][:3] == ["finished", "60", f"{returns[-1]:.3f}"]
    assert returns[0] != returns[1]
    assert found["median"][1] == f"{np.median(returns):.3f}"
    assert (found["from"][1], found["to"][1]) == (f"{min(returns):.3f}", f"{max(returns):.3f}")
    assert (tmp_path / "all" / "curves.png").read_bytes()[:4] == b"\x89PNG"


def test_ctrl_c_stops_all_and_resume_does_what_is_missing(tmp_path) -> None:
    task = ("--env", "gym:CartPole-v1")
    process = start(
        *(*task, "--agent", "dqn", "--steps", "1500", "--eval-every", "0", "--eval-episodes", "1"),
        *("--seeds", "0", "1", "2", "--out", "all", *TINY),
        folder=tmp_path,
    )
    first, second = tmp_path / "all" / "seed_0" / "summary.json", tmp_path / "all" / "seed_1" / "config.yaml"
    end = time.monotonic() + 240
    while not second.exists():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed = process.communicate(timeout=60)[0]
    assert process.returncode == 130, printed
    found = rows(printed)
    assert (found["0"][0], found["1"][0], found["2"][:2]) == ("finished", "stopped", ["not", "begun"])
    assert "go on with: ros-rl train --env gym:CartPole-v1 --resume " in printed
    written = first.stat().st_mtime_ns
    process = start(*task, "--resume", "all", folder=tmp_path)
    printed = process.communicate(timeout=240)[0]
    assert process.returncode == 0, printed
    assert {seed: row[:2] for seed, row in rows(printed).items() if seed.isdecimal()} == {
        seed: ["finished", "1500"] for seed in "012"
    }
    assert first.stat().st_mtime_ns == written
    same = [to_mapping(load_run(tmp_path / "all" / f"seed_{k}" / "config.yaml")) | {"seed": None} for k in range(3)]
    assert same[0] == same[1] == same[2]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--seeds", "0", "1", "0"], "--seeds: 0 stands twice"),
        (["--seeds", "-1"], "--seeds: -1 is no seed, allowed: 0 to 2147483647"),
        (["--seeds", "1", "--seed", "1"], "--seed cannot stand with several seeds"),
        (["--seeds", "0", "--set", "learner.nope=1"], "unknown setting 'learner.nope'"),
        (["--seeds", "0", "--resume", "none"], "none holds no seeds"),
        (["--seeds", "0", "--out", "kept"], "kept holds seeds already (settings.yaml); --resume it"),
        (["--resume", "kept", "--out", "there"], "--out cannot stand with --resume kept"),
        (
            ["--resume", "kept", "--set", "agent.gamma=0.5"],
            "goes on with the settings of its seeds: their agent.gamma is 0.97, the other options make it 0.5",
        ),
        (
            ["--resume", "kept", "--params-file", "kept/settings.yaml"],
            "goes on with the settings of its seeds; --params-file cannot",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_starts(
    capsys, tmp_path, monkeypatch, arguments, complaint
) -> None:
    from ros_rl.runs.run_folder import RunFolder
    from ros_rl.runs.seeds import SETTINGS
    from ros_rl.settings.loading import load_settings

    monkeypatch.chdir(tmp_path)
    RunFolder(tmp_path / "kept").write_config(load_settings("mock_point"), SETTINGS)
    code, printed, error = run_cli(capsys, "train", "mock_point", *arguments)
    assert (code, printed, error.count("\n")) == (2, "", 1)
    assert complaint in error
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
