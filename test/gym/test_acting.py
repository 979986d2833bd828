# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What was learned in environments acts again: judged, watched and exported, for every kind of agent."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import gym_points
import numpy as np
import pytest
from command_line import run_cli
from graphs import constant_bytes

from ros_rl.analysis.explored import explored
from ros_rl.cli import main as cli
from ros_rl.deploy.contract import Contract
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.gym.actor import OnnxActor
from ros_rl.gym.environment import Environment
from ros_rl.gym.observations import Observed
from ros_rl.gym.saved_run import saved_run
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings

ROOT = Path(__file__).resolve().parents[2]
MODEL = {"members": 2, "hidden": 16, "reward": "learned", "termination": "never"}
PLANNER = {"iterations": 1, "samples": 8, "proposals": 2, "elites": 4, "horizon": 2}
LATENT = {"memory": 16, "hidden": 16, "variables": 2, "classes": 4}
AGENTS: dict[str, dict[str, Any]] = {
    "sac": {"hidden": 16},
    "dqn": {"hidden": 16},
    "reinforce": {"hidden": 16, "episodes": 1, "epochs": 1},
    "random": {},
    "mpc": {"hidden": 16, "planner_start": 0, "smoothing": 0.3, "model": MODEL, "planner": PLANNER},
    "mbpo": {"hidden": 16, "model_start": 10, "model": MODEL},
    "bc": {"hidden": 16, "updates": 20},
    "dreamer": {"hidden": 16, "sequence": 4, "horizon": 2, "model": LATENT},
}


def env_of(agent: str) -> str:
    return "gym:test/Choice-v0" if agent == "dqn" else "gym:test/Point-v0"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of each agent; what was cloned is gone by now."""
    folder: Path = tmp_path_factory.mktemp("runs")
    learner = {"steps": 45, "warmup_steps": 20, "batch_size": 8}
    evaluator = {"every": 0, "final_episodes": 2, "video": False}
    for name, agent in AGENTS.items():
        log = {"log": str(folder / "cloned")} if name == "bc" else {}
        if log:
            shutil.copytree(folder / "sac", folder / "cloned")
        own = {"agent": {"name": name, **agent, **log}, "learner": learner, "evaluator": evaluator}
        file = folder / f"{name}.yaml"
        file.write_text(json.dumps({"/**": {"ros__parameters": own}}))
        arguments = ["train", "--env", env_of(name), "--params-file", str(file), "--seed", "3"]
        assert cli.main([*arguments, "--out", str(folder / name)]) == 0
    shutil.rmtree(folder / "cloned")
    return folder


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_is_judged_as_at_its_end_and_exported(capsys, runs, tmp_path, agent) -> None:
    """By its folder, its control graph and one that is made again: all meet the starts of the run's own evaluation."""
    expected = json.loads((runs / agent / "summary.json").read_text())["evaluation"]["returns"]
    again = tmp_path / "again.onnx"
    assert run_cli(capsys, "export", str(runs / agent), "--out", str(again))[0] == 0
    for path in (runs / agent, runs / agent / "agent.onnx", again):
        seed = [] if path.is_dir() else ["--seed", "3"]
        arguments = ["--env", env_of(agent), "--agent", str(path), "--episodes", "2", "--json", *seed]
        code, printed, error = run_cli(capsys, "eval", *arguments)
        assert (code, error) == (0, "")
        np.testing.assert_allclose(json.loads(printed)["returns"], expected, rtol=1e-4)


def test_an_actor_forgets_where_an_episode_begins(runs) -> None:
    """A graph of a planner carries its plan along; the same seed, tick and observation give the same first action."""
    graph = OnnxGraph.load(runs / "mpc" / "agent.onnx")
    actor = OnnxActor(graph, Environment("test/Point-v0", remembers=True).layout, 0.0, seed=1)
    seen = Observed(np.array([0.3, 0.0], np.float32))
    first = actor.act(seen, 0)
    actor.act(seen, 1)
    later = actor.act(seen, 0)
    actor.begin()
    np.testing.assert_array_equal(actor.act(seen, 0), first)
    assert len(graph.contract.carry) > 0 and later.shape == first.shape


def test_rows_tell_each_episode(capsys, runs) -> None:
    arguments = ["--env", "gym:test/Point-v0", "--agent", str(runs / "sac"), "--episodes", "3", "--seed", "8"]
    code, printed, error = run_cli(capsys, "eval", *arguments)
    lines = printed.splitlines()
    assert (code, error) == (0, "")
    assert [line.split()[:3] for line in lines[:3]] == [["episode", str(k), "return"] for k in (1, 2, 3)]
    assert "3 episodes" in lines[3] and "return mean" in printed and "terminations" in printed


def test_the_arguments_of_the_run_hold_where_it_acts(capsys, runs, tmp_path) -> None:
    out, small = tmp_path / "run", ["--set", "agent.hidden=8", "--set", "evaluator.video=false"]
    train = ["train", "--env", "gym:test/Point-v0", "--env-args", "ends_at=4", "--env-args", "max_episode_steps=6"]
    early = ["--steps", "12", "--set", "learner.warmup_steps=8", "--eval-episodes", "1"]
    assert run_cli(capsys, *train, *small, *early, "--out", str(out))[0] == 0
    for agent in (out, out / "agent.onnx"):
        judge = ["eval", "--env", "gym:test/Point-v0", "--agent", str(agent), "--episodes", "2", "--json"]
        assert json.loads(run_cli(capsys, *judge)[1])["lengths"] == [4, 4]
        changed = [*judge, "--env-args", "ends_at=0"]
        assert json.loads(run_cli(capsys, *changed)[1])["lengths"] == [6, 6]
        elsewhere = ["eval", "--env", "gym:test/Timed-v0", *judge[3:], "--env-args", "length=11"]
        assert json.loads(run_cli(capsys, *elsewhere)[1])["lengths"] == [11, 11]


def test_what_a_run_learned_is_not_written_over_and_a_broken_graph_is_named(capsys, runs, tmp_path) -> None:
    before = (runs / "sac" / "agent.onnx").read_bytes()
    code, printed, error = run_cli(capsys, "export", str(runs / "sac"), "--out", str(runs / "sac" / "agent.onnx"))
    assert (code, printed) == (2, "") and "is what a run learned; write the control graph to another file" in error
    assert (runs / "sac" / "agent.onnx").read_bytes() == before
    cut = tmp_path / "cut.onnx"
    cut.write_bytes(before[: len(before) // 2])
    code, printed, error = run_cli(capsys, "eval", "--env", "gym:test/Point-v0", "--agent", str(cut))
    assert (code, printed, error.count("\n")) == (1, "", 1) and f"agent file {cut}: " in error


def test_a_run_in_an_environment_fills_a_film_or_a_window(capsys, monkeypatch, runs, tmp_path) -> None:
    act = ["run", "--env", "gym:test/Point-v0", "--agent", str(runs / "sac" / "agent.onnx")]
    film = tmp_path / "film.gif"
    code, printed, error = run_cli(capsys, *act, "--video", str(film))
    assert (code, error) == (0, "") and film.stat().st_size > 100
    assert printed.count("\nepisode") + printed.startswith("episode") == 1 and f"video in {film}" in printed
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    assert "there is no display here" in run_cli(capsys, *act)[2]
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setitem(gym_points.Point.metadata, "render_modes", ["rgb_array", "human"])
    code, printed, error = run_cli(capsys, *act, "--episodes", "2")
    assert (code, error) == (0, "")
    assert [line.split(",")[1:] for line in printed.splitlines()[:2]] == [[" 8 steps", " truncated"]] * 2


def test_a_run_goes_on_until_it_is_interrupted(runs, tmp_path) -> None:
    """An endless environment, for a film: what was filmed is written."""
    film = tmp_path / "film.gif"
    command = [sys.executable, "-m", "ros_rl.cli", "run", "--env", "gym:gym_points:test/Timed-v0", "--agent"]
    command += [
        str(runs / "sac" / "agent.onnx"),
        "--video",
        str(film),
        "--env-args",
        "length=20",
        "--episodes",
        "9999999",
    ]
    where = {**os.environ, "PYTHONPATH": f"{ROOT}/test/helpers:{os.environ.get('PYTHONPATH', '')}"}
    process = subprocess.Popen(command, cwd=ROOT, env=where, text=True, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline().startswith("episode 1 ")
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and "return mean" in printed and film.exists()


@pytest.mark.parametrize("agent", ["mpc", "mbpo", "dreamer"])
def test_models_of_environments_are_judged(capsys, runs, tmp_path, agent) -> None:
    """By new episodes, each as long as Gymnasium lets it be."""
    asked = ["--episodes", "3", "--horizon", "3", "--out", str(tmp_path)]
    looks = ["--looks", "2"] if agent == "dreamer" else []
    code, printed, error = run_cli(capsys, "analyse", "model", str(runs / agent), *asked, *looks)
    assert (code, error) == (0, "")
    numbers = json.loads((tmp_path / "report.json").read_text())
    assert (numbers["task"], numbers["control_period"]) == ("gym:test/Point-v0", None)
    assert (numbers["episodes"], numbers["steps"]["held-out"]) == (3, 3 * gym_points.LIMIT)
    assert "observation" in printed and "k = 3" in printed


@pytest.mark.parametrize("explore", [0.0, 1.0])
def test_new_episodes_obey_the_environment(runs, explore) -> None:
    """x' = x + 0.1 u where 0 stands for u = 1 and 1 for 3; cut where an evaluation would be, each with its start."""
    run = saved_run(runs / "mpc", ["task.evaluation_steps=5"])
    found = explored(run, 2, 7, explore).ordered()
    x, u, after = found.observation[:, 0], found.action[:, 0], found.next_observation[:, 0]
    np.testing.assert_allclose(after, x + 0.1 * (1.0 + 2.0 * u), atol=1e-6)
    np.testing.assert_allclose(found.reward, -(after**2), atol=1e-6)
    assert len(x) == 10 and x[5] != after[4] and x[1] == after[0] and x[0] != x[5]


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["eval", "--env", "gym:test/Tree-v0", "--agent", "sac"], 1, "observes 1 values, 'test/Tree-v0' gives 7"),
        (
            ["eval", "--env", "gym:test/Choice-v0", "--agent", "sac/agent.onnx"],
            1,
            "among 0 actions, 'test/Choice-v0' has 3",
        ),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "dqn"], 1, "among 3 actions, 'test/Point-v0' has 0"),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "none.onnx"], 1, "none.onnx: No such file"),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "."], 2, "holds no run (config.yaml)"),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "robot"], 1, "is a run of the robot task 'mock_point'"),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "robot/agent.onnx"], 1, "is for robot 'mock' and its task"),
        (["eval", "mock_point", "--agent", "sac"], 2, "is a run of gym:test/Point-v0, not of a robot: --env gym:test/"),
        (["eval", "mock_point", "--agent", "sac/agent.onnx"], 1, "for robot test/Point-v0, the controller has mock"),
        (["eval", "mock_point", "--agent", "sac", "--env-args", "a=1"], 2, "--env-args is for environments and stands"),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "sac", "--seconds", "3"], 2, "--seconds is for robots"),
        (
            ["eval", "--env", "gym:test/Point-v0", "--agent", "sac", "--set", "agent.gamma=0.5"],
            2,
            "the run has 0.99; only",
        ),
        (
            ["eval", "--env", "gym:test/Plain-v0", "--agent", "sac", "--video", "x.gif"],
            2,
            "be shown as 'rgb_array'; its",
        ),
        (["eval", "--env", "gym:test/Point-v0", "--agent", "sac", "--video", "x.avi"], 2, "allowed: .gif, .mp4"),
        (
            ["eval", "--env", "gym:test/Point-v0", "--agent", "sac/agent.onnx", "--set", "agent.gamma=1"],
            2,
            "cannot change",
        ),
        (["run", "mock_point", "--agent", "sac", "--episodes", "2"], 2, "--episodes is for environments"),
        (
            ["run", "--env", "gym:test/Point-v0", "--agent", "sac", "--video", "x.gif", "--out", "x"],
            2,
            "--out is for robots",
        ),
        (
            ["export", "sac", "--set", "task.env=test/Tree-v0", "--out", "x.onnx"],
            2,
            "'task.env' is 'test/Tree-v0', the run",
        ),
        (
            ["analyse", "plan", "mpc"],
            2,
            "of gym:test/Point-v0, not of a robot, whose steps can be taken twice: ros-rl an",
        ),
        (
            ["analyse", "model", "mpc", "--log", "x"],
            2,
            "is a run of gym:test/Point-v0, not of a robot, which leave logs",
        ),
        (["analyse", "model", "sac"], 2, "is a run of agent 'sac', which learns no model"),
        (["analyse", "model", "mpc", "--seed", "3"], 2, "seed 3 is the one that the run trained with"),
    ],
)
def test_what_does_not_fit_is_one_line(capsys, monkeypatch, runs, arguments, code, complaint) -> None:
    monkeypatch.chdir(runs)
    settings = load_settings("mock_point")
    RunFolder(runs / "robot").write_config(settings)
    (runs / "robot" / "agent.onnx").write_bytes(constant_bytes(settings, [0.0, 0.0]))
    found, printed, error = run_cli(capsys, *arguments)
    assert (found, printed, error.count("\n")) == (code, "", 1)
    assert complaint in error


def test_a_graph_that_does_not_say_its_choices_has_none(runs) -> None:
    """As those before choices were told; the others keep theirs through text."""
    contract = OnnxGraph.load(runs / "dqn" / "agent.onnx").contract
    assert (contract.choices, Contract.from_json(contract.to_json()).choices) == (3, 3)
    older = {key: value for key, value in json.loads(contract.to_json()).items() if key != "choices"}
    assert Contract.from_json(json.dumps(older)).choices == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["--env", "gym:test/Point-v0"],
            ["agent.name = 'sac'", "task.env = 'test/Point-v0'", "learner.steps = 100000"],
        ),
        (["--env", "gym:X", "--agent", "dqn", "--env-args", "a=1"], ["agent.name = 'dqn'", "task.env_args = {'a': 1}"]),
        (
            ["mock_point", "--agent", "td3"],
            ["agent.name = 'td3'", "task.name = 'mock_point'", "agent.policy_delay = 2"],
        ),
        (["--agent", "sac"], ["agent.name = 'sac'", "task.name = 'a1_walk'"]),
    ],
)
def test_settings_are_those_of_agent_and_environment(capsys, arguments, expected) -> None:
    code, printed, error = run_cli(capsys, "settings", *arguments)
    assert (code, error) == (0, "")
    for line in expected:
        assert f"{line}\n" in printed


def test_settings_of_an_agent_that_does_not_exist_are_refused(capsys) -> None:
    code, _, error = run_cli(capsys, "settings", "--env", "gym:test/Point-v0", "--agent", "nope")
    assert code == 2 and "unknown agent 'nope'; valid: " in error
