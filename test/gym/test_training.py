# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Training on Gymnasium environments in this process: what is stored, the run folder, stopping and going on."""

import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gym_points
import gymnasium
import numpy as np
import pytest
import torch
from command_line import run_cli
from kept import learner_state, newest

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, RunFolderError, SimulationError
from ros_rl.gym.environment import Environment
from ros_rl.gym.graph_actor import GraphActor
from ros_rl.gym.observations import Observed
from ros_rl.gym.training import GymTraining
from ros_rl.runs.run_folder import RunFolder
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.runtime.durations import WARM_UP
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.tasks.gym_task import KNOWN_REWARDS, GymTask

ROOT = Path(__file__).resolve().parents[2]
SMALL: dict[str, Any] = {
    "agent": {"hidden": 16},
    "learner": {"steps": 60, "warmup_steps": 30, "batch_size": 8},
    "evaluator": {"every": 20, "episodes": 2, "final_episodes": 3},
}


def settings_of(env: str, *overrides: Any) -> Settings:
    return load_settings("gym", overrides=[SMALL, {"task.env": env}, *overrides])


def train(tmp_path: Path, env: str, *overrides: Any, said: list[str] | None = None) -> GymTraining:
    run = GymTraining(settings_of(env, *overrides), (said if said is not None else []).append)
    assert run.run(RunFolder(tmp_path), threading.Event())
    return run


def stored(run: GymTraining) -> Any:
    replay = run.training.replay
    return replay.at(np.arange(len(replay)))


@pytest.mark.parametrize(
    ("env", "action", "outer"),
    [
        ("Point", -1.0, -1.0),
        ("Point", 0.5, 2.0),
        ("Point", 1.0, 3.0),
        ("Point", 7.0, 3.0),
        ("Choice", 0.0, 5),
        ("Choice", 2.0, 7),
    ],
)
def test_actions_are_stretched_to_the_bounds_and_indices_shifted_to_the_start(env, action, outer) -> None:
    environment = Environment(f"test/{env}-v0")
    assert environment.outer_action(np.array([action], np.float32)) == outer
    assert environment.layout.choices == (3 if env == "Choice" else 0)


def test_every_step_is_stored_as_it_happened(tmp_path) -> None:
    """The point's own equation, from the stored numbers alone; episodes are cut at their limit, which ends nothing."""
    batch = stored(train(tmp_path, "test/Point-v0"))
    u = 2.0 * batch.action + 1.0
    np.testing.assert_allclose(batch.next_observation, batch.observation + 0.1 * u, atol=1e-6)
    np.testing.assert_allclose(batch.reward, -(batch.next_observation[:, 0] ** 2), atol=1e-6)
    assert not batch.terminated.any()
    jumps = np.flatnonzero(np.abs(batch.observation[1:] - batch.next_observation[:-1])[:, 0] > 1e-6) + 1
    assert list(jumps) == list(range(gym_points.LIMIT, 60, gym_points.LIMIT))


@pytest.mark.parametrize(("env", "length"), [("Falling", 5), ("FallingAtTheLimit", gym_points.LIMIT)])
def test_a_termination_is_none_of_the_time_limits(tmp_path, env, length) -> None:
    run = train(tmp_path, f"test/{env}-v0")
    assert list(np.flatnonzero(stored(run).terminated)) == list(range(length - 1, 60, length))
    assert run.state.progress["terminations"] == run.state.progress["episodes"] == 60 // length


@pytest.mark.parametrize(("env", "what"), [("Blind", "observation"), ("Generous", "reward")])
def test_what_is_not_finite_ends_the_run_and_is_not_stored(tmp_path, env, what) -> None:
    run = GymTraining(settings_of(f"test/{env}-v0", {"evaluator.every": 0}), print)
    with pytest.raises(
        SimulationError, match=f"'test/{env}-v0' gave {what}.* not a finite float32, in step 5 of episode 2"
    ):
        run.run(RunFolder(tmp_path), threading.Event())
    assert len(run.training.replay) == 20
    assert np.isfinite(stored(run).observation).all() and np.isfinite(stored(run).reward).all()
    assert newest(tmp_path / "checkpoint").is_dir()


def test_the_first_steps_are_random_and_the_same_for_the_same_seed(tmp_path) -> None:
    runs = [train(tmp_path / str(k), "test/Point-v0", {"seed": seed}) for k, seed in enumerate((0, 0, 1))]
    actions = [stored(run).action[:, 0] for run in runs]
    np.testing.assert_array_equal(actions[0], actions[1])
    assert np.abs(actions[0] - actions[2]).max() > 0.1
    warmup = np.sort(actions[0][:30])
    assert np.abs(warmup - np.linspace(-1.0, 1.0, 30)).max() < 0.35  # uniform: Kolmogorov-Smirnov at 1 in 1000
    assert runs[0].training.rounds == 30


def test_fresh_evaluations_meet_other_starts_by_their_draw() -> None:
    def returns(*draws: int, **changes: bool) -> list[float]:
        run = GymTraining(settings_of("test/Point-v0", {"evaluator": changes}), print)
        return [run._evaluator.evaluate(run._judged, 2, draw=draw)["return_mean"] for draw in draws]

    assert len(set(returns(0, 20, 40))) == 1
    first, second, again = returns(20, 40, 20, fresh=True)
    assert first == again != second


def test_evaluation_does_not_explore() -> None:
    """The random agent's action is then 0, which is u = 1 here: the return follows from the start alone."""
    run = GymTraining(settings_of("test/Point-v0", {"agent": {"name": "random"}}))
    found = run._evaluator.evaluate(run._judged, 1)
    env = gymnasium.make("test/Point-v0")
    x = env.reset(seed=1000)[0][0] + 0.1 * np.arange(1, gym_points.LIMIT + 1)
    assert found["return_mean"] == pytest.approx(-(x**2).sum(), rel=1e-5)
    assert found["length_mean"] == gym_points.LIMIT and found["terminations"] == 0


def test_an_agent_that_plans_sees_its_last_action(tmp_path) -> None:
    environment = Environment("test/Point-v0", remembers=True)
    np.testing.assert_allclose(environment.reset(seed=0).flat[1:], [0.0])
    observation, *_ = environment.step(np.array([0.25], np.float32))
    assert observation.flat[environment.layout.slices["last_action"]] == [0.25]


def test_planning_time_is_without_the_warm_up(monkeypatch) -> None:
    run = GymTraining(settings_of("test/Point-v0"), lambda line: None)
    graph, slow = run.training.agent.graph, [0.3] * WARM_UP + [0.0] * 10
    act = graph.act
    monkeypatch.setattr(graph, "act", lambda *inputs: (time.sleep(slow.pop(0)), act(*inputs))[1])
    actor = GraphActor(graph, 0.0, 0)
    for tick in range(WARM_UP):
        actor.act(Observed(np.zeros(run.training.spec.size, np.float32)), tick)
    assert actor.durations.milliseconds() == {}
    for tick in range(10):
        actor.act(Observed(np.zeros(run.training.spec.size, np.float32)), tick)
    assert 0.0 < actor.durations.milliseconds()["max"] < 300.0


@pytest.mark.parametrize("chunk", [1, 2])
def test_what_acts_is_what_is_exported(tmp_path, chunk: int) -> None:
    run = train(tmp_path, "test/Point-v0", {"agent.chunk": chunk})
    exported = OnnxGraph.load(tmp_path / "agent.onnx")
    actor, carry = GraphActor(run.training.agent.graph, 1.0, 5), exported.initial_carry()
    for tick, x in enumerate((-0.8, 0.1, 2.0)):
        observation = np.array([x], np.float32)
        noise = tick_noise(5, tick, exported.contract.noise)
        expected = exported.run({"observation": observation}, carry, noise, 1.0)
        np.testing.assert_allclose(actor.act(Observed(observation), tick), expected.action, atol=1e-5)
        carry = expected.carry


@pytest.mark.parametrize("chunk", [1, 2])
def test_sac_learns_to_hold_the_point(tmp_path, chunk: int) -> None:
    learner = {"learner": {"steps": 500, "warmup_steps": 100, "batch_size": 64}, "agent": {"hidden": 32, "gamma": 0.9}}
    faster = {
        "agent.chunk": chunk,
        "agent.learning_rate": 5e-3,
        "agent.alpha_learning_rate": 1e-2,
        "agent.initial_alpha": 0.1,
    }
    run = train(tmp_path, "test/Point-v0", learner, faster, {"evaluator": {"every": 100, "final_episodes": 5}})
    # from x uniform in +-1: standing still pays -2.7 on average, the best policy -0.5
    assert run.state.final_evaluation["return_mean"] > -1.2


def test_values_beyond_what_rewards_allow_are_told(tmp_path) -> None:
    said: list[str] = []
    watch = {"reward_bound": 1e-6, "window": 10}
    agent = {"name": "td3", "hidden": 16}  # without an entropy that widens the bound
    run = train(tmp_path, "test/Point-v0", {"agent": agent, "learner": {"watch": watch}}, said=said)
    told = [line for line in said if line.startswith("warning: |Q| is beyond its bound")]
    assert len(told) == 1 and "learner.replay.n_step" in told[0]
    assert run.state.progress["watch.beyond_total"] > 0.9 and run.state.progress["watch.q_bound"] > 0


@pytest.mark.parametrize("agent", ["sac", "td3"])
def test_settings_of_the_agent_that_is_asked_for_hold(capsys, tmp_path, agent) -> None:
    """--agent replaces the agent of the task's file; --set is about the new one, wherever it stands."""
    arguments = ["--preset", "debug", "--set", "agent.hidden=8", "--steps", "3", "--set", "learner.warmup_steps=2"]
    out = ["--out", str(tmp_path / agent)]
    code, _, error = run_cli(capsys, "train", *arguments, "--env", "gym:test/Point-v0", "--agent", agent, *out)
    assert (code, error) == (0, "")
    assert load_settings(params_file=tmp_path / agent / "config.yaml").agent.hidden == 8


@pytest.fixture
def small_file(tmp_path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(json.dumps({"/**": {"ros__parameters": SMALL}}))
    return path


def test_a_run_leaves_its_folder(capsys, tmp_path, small_file) -> None:
    out = tmp_path / "run"
    arguments = ["--params-file", str(small_file), "--steps", "50", "--seed", "3", "--out", str(out)]
    code, printed, error = run_cli(capsys, "train", "--env", "gym:test/Falling-v0", "--agent", "td3", *arguments)
    assert (code, error) == (0, "")
    for name in ("config.yaml", "agent.onnx", "evaluation.gif", "checkpoint", "evaluations.jsonl", "tensorboard"):
        assert (out / name).exists(), name
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["task"], summary["driver"], summary["agent"]) == ("gym:test/Falling-v0", "gymnasium", "td3")
    assert (summary["env_steps"], summary["transitions"], summary["seed"], summary["updates"]) == (50, 50, 3, 20)
    assert (summary["episodes"], summary["terminations"], summary["evaluation"]["episodes"]) == (10, 10, 3)
    assert [point["env_steps"] for point in summary["curve"]] == [20, 40, 50]
    assert summary["evaluation"]["terminations"] == 3 and summary["plan_ms"]["p50"] > 0.0
    assert "evaluation at 20 steps: return " in printed and "gym:test/Falling-v0 with td3 on gymnasium" in printed
    settings = load_settings(params_file=out / "config.yaml")
    assert settings.task == GymTask(env="test/Falling-v0") and settings.learner.steps == 50


def test_stopping_leaves_a_checkpoint_from_which_the_run_goes_on(tmp_path) -> None:
    settings, stop = settings_of("test/Point-v0"), threading.Event()
    first = GymTraining(settings, lambda line: stop.set())  # told to stop at the first evaluation
    assert not first.run(RunFolder(tmp_path), stop)
    assert first.training.env_steps == 20
    second = GymTraining(settings, print)
    second.resume(tmp_path / "checkpoint")
    assert second.run(RunFolder(tmp_path), threading.Event())
    assert second.training.env_steps == 60 and len(second.training.replay) == 60
    assert [item["env_steps"] for item in second.state.evaluations] == [20, 40, 60]
    assert second.training.rounds == 30


def test_a_finished_run_that_goes_on_tells_its_newest_final_evaluation(tmp_path) -> None:
    train(tmp_path, "test/Point-v0")
    longer = GymTraining(settings_of("test/Point-v0", {"learner": {"steps": 80}}))
    longer.resume(tmp_path / "checkpoint")
    assert longer.run(RunFolder(tmp_path), threading.Event())
    assert [item["env_steps"] for item in longer.state.evaluations] == [20, 40, 60, 80]
    assert longer.state.final_evaluation["env_steps"] == 80


def test_a_checkpoint_of_another_agent_is_refused(tmp_path) -> None:
    train(tmp_path, "test/Point-v0")
    other = GymTraining(settings_of("test/Point-v0", {"agent": {"name": "td3", "hidden": 16}}))
    with pytest.raises(RunFolderError, match=r"is a checkpoint of another agent \(sac\), this run's is td3"):
        other.resume(tmp_path / "checkpoint")
    wider = GymTraining(settings_of("test/Point-v0", {"agent": {"hidden": 24}}))
    with pytest.raises(RunFolderError, match="does not fit this agent: agent.hidden was 16, this run's is 24"):
        wider.resume(tmp_path / "checkpoint")


def test_who_goes_on_with_a_run_of_an_earlier_version_writes_its_settings_whole(capsys, tmp_path, small_file) -> None:
    out, config = tmp_path / "run", tmp_path / "run" / "config.yaml"
    small = ["--params-file", str(small_file), "--steps", "50", "--out", str(out)]
    assert run_cli(capsys, "train", "--env", "gym:test/Point-v0", "--agent", "td3", *small)[0] == 0
    whole = config.read_text()
    config.write_text("".join(line for line in whole.splitlines(True) if "warmup_hold" not in line))
    again = ["--resume", str(out), "--steps", "55", "--out", str(tmp_path / "more")]
    assert run_cli(capsys, "train", "--env", "gym:test/Point-v0", *again)[0] == 0
    assert (tmp_path / "more" / "config.yaml").read_text() == whole.replace(" steps: 50\n", " steps: 55\n")


def test_ctrl_c_prints_the_line_that_goes_on(tmp_path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "ros_rl.cli", "train", "--env", "gym:gym_points:test/Point-v0", "--out", str(out)]
    command += ["--set", "agent.hidden=16", "--set", "learner.batch_size=8", "--steps", "1000000", "--eval-every", "10"]
    command += ["--set", "learner.warmup_steps=5"]
    where = {
        "cwd": ROOT,
        "env": {**os.environ, "PYTHONPATH": f"{ROOT}/test/helpers"},
        "text": True,
        "stdout": subprocess.PIPE,
    }
    process = subprocess.Popen(command, **where)
    for line in process.stdout:
        if line.startswith("evaluation at"):
            break
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    again = shlex.split(printed.partition("go on with: ")[2])
    assert again[0] == "ros-rl" and "--params-file" not in again
    steps = learner_state(out / "checkpoint")["env_steps"]
    stopped = json.loads((out / "summary.json").read_text())
    assert (stopped["finished"], stopped["env_steps"]) == (False, steps)
    assert OnnxGraph.load(out / "agent.onnx").contract.provenance["env_steps"] == steps
    finish = [sys.executable, "-m", "ros_rl.cli", *again[1:], "--steps", str(steps + 3), "--eval-episodes", "1"]
    done = subprocess.run(finish, timeout=60, **where)
    assert done.returncode == 0
    whole = json.loads((out / "summary.json").read_text())
    assert whole["finished"] and whole["env_steps"] == steps + 3
    assert whole["wall_minutes"] > stopped["wall_minutes"] and len(whole["curve"]) > len(stopped["curve"])
    resumed = load_settings(params_file=out / "config.yaml")
    assert (resumed.agent.hidden, resumed.learner.batch_size, resumed.learner.warmup_steps) == (16, 8, 5)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--env", "gym:NoSuch-v0"], "environment 'NoSuch-v0' cannot be made: Environment `NoSuch` doesn't exist"),
        (["--env", "gym:nosuch:Point-v0"], "environment 'nosuch:Point-v0' cannot be made: No module named 'nosuch'"),
        (["--env", "gym:test/Failing-v0"], "environment 'test/Failing-v0' cannot be made: RuntimeError: no licence"),
        (
            ["--env", "gym:test/Point-v0", "--steps", "1000"],
            "learner.warmup_steps 1000 leaves none of 1000 environment",
        ),
        (
            [
                "--env",
                "gym:test/Point-v0",
                "--agent",
                "reinforce",
                "--set",
                "learner.replay_capacity=100",
                "--set",
                "agent.episodes=13",
            ],
            "learner.replay_capacity 100 does not hold agent.episodes 13 of 'test/Point-v0', of 8 steps each",
        ),
        (["--env", "gym:test/Talking-v0"], "observations['say'] of 'test/Talking-v0' are Text, allowed: Box, Discrete"),
        (["--env", "gym:test/Endless-v0"], "actions of 'test/Endless-v0' range from -inf to inf, allowed: finite"),
        (["--env", "gym:test/Several-v0"], "actions of 'test/Several-v0' are MultiDiscrete, allowed: Box, Discrete"),
        (["--env", "gym:test/Choice-v0"], "agent 'sac' chooses continuous actions, those of 'test/Choice-v0' are"),
        (["--env", "gym:test/Point-v0", "--agent", "dqn"], "agent 'dqn' chooses discrete actions, those of 'test/Po"),
        *(
            (["--env", "gym:test/Point-v0", "--agent", name], "reward and termination of 'test/Point-v0' are not known")
            for name in ("mpc", "mbpo", "distil")
        ),
        (["--env", "HalfCheetah-v5"], "--env 'HalfCheetah-v5': expected gym:NAME"),
        (["--env", "gym:"], "--env 'gym:': expected gym:NAME"),
        (["a1_walk", "--env", "gym:test/Point-v0"], "both of TASK and --env given; name one"),
        ([], "neither of TASK and --env given; name one"),
        (["gym"], "which environment? --env gym:NAME"),
        (["--env", "gym:test/Point-v0", "--robot-minutes", "1"], "--robot-minutes is for robots"),
        (["--env", "gym:test/Point-v0", "--steps", "0"], "--steps: 0 is not a whole number in [1, 2147483647]"),
        (["--env", "gym:test/Point-v0", "--steps", "1e5"], "--steps: 1e5 is not a whole number"),
        (["--env", "gym:test/Point-v0", "--agent", "nope"], "unknown agent 'nope'; valid:"),
        (["--env", "gym:test/Point-v0", "--set", "learner.replay.n_step=9"], "n_step 9 is longer than an episode of"),
        (
            ["--env", "gym:test/Point-v0", "--agent", "latent_mpc", "--set", "agent.length=9"],
            "agent.length 9 is longer than an episode of",
        ),
        (["--env", "gym:test/Point-v0", "--resume", "/none"], "/none holds no checkpoint"),
    ],
)
def test_wrong_usage_is_one_line_and_leaves_nothing(capsys, tmp_path, arguments, complaint) -> None:
    code, printed, error = run_cli(capsys, "train", *arguments, "--out", str(tmp_path / "out"))
    assert (code, printed) == (2, "")
    assert error.startswith("ros-rl: error: ") and error.count("\n") == 1
    assert complaint in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("env", "error"), [("Reacher-v5", 1e-5), ("Pusher-v5", 1e-5), ("HalfCheetah-v5", 0.25)])
def test_known_rewards_are_the_environments(env, error) -> None:
    """Exactly for the arms; for the cheetah as far as two velocities give the way between them."""
    assert set(KNOWN_REWARDS) == {"Reacher-v5", "Pusher-v5", "HalfCheetah-v5"}
    pytest.importorskip("mujoco")
    environment, rng = Environment(env), np.random.default_rng(0)
    task, before = GymTask(env=env), environment.reset(seed=0).flat
    differences = []
    for _ in range(40):
        action = rng.uniform(-1.0, 1.0, environment.layout.action_size).astype(np.float32)
        seen, reward, terminated, _ = environment.step(action)
        after = seen.flat
        known = task.reward(
            {"observation": torch.tensor(before)}, None, torch.tensor(action), {"observation": torch.tensor(after)}
        )
        differences.append(float(known) - reward)
        assert not terminated and not task.terminated({"observation": after})
        before = after
    assert np.sqrt(np.mean(np.square(differences))) < error


def test_a_planner_acts_on_a_known_reward(tmp_path) -> None:
    pytest.importorskip("mujoco")
    planner = {"samples": 16, "proposals": 4, "elites": 4, "horizon": 2}
    small = {"name": "mpc", "hidden": 16, "model": {"members": 2, "hidden": 16}, "planner": planner, "planner_start": 0}
    once = {"evaluator": {"every": 0, "final_episodes": 1, "video": False}, "learner.steps": 34}
    run = train(tmp_path, "Reacher-v5", {"agent": small}, once)
    assert run.training.updates == 4
    assert -100.0 < run.state.final_evaluation["return_mean"] < 0.0


@pytest.mark.parametrize(("env", "termination"), [("Point", "never"), ("Falling", "learned")])
def test_a_planner_learns_the_reward_that_nobody_knows(tmp_path, env, termination) -> None:
    model = {"members": 2, "hidden": 16, "reward": "learned", "termination": termination}
    planner = {"samples": 8, "proposals": 2, "elites": 4, "horizon": 2}
    small = {"name": "mpc", "hidden": 16, "planner_start": 0, "model": model, "planner": planner}
    run = train(tmp_path, f"test/{env}-v0", {"agent": small, "learner.steps": 34, "evaluator.every": 0})
    assert run.training.updates == 4 and np.isfinite(run.state.final_evaluation["return_mean"])


@pytest.mark.parametrize("file", sorted((ROOT / "config" / "agents").glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_files_of_settings_train(tmp_path, file) -> None:
    learner = {"steps": 34, "warmup_steps": 30, "batch_size": 20}
    once = {"evaluator": {"every": 0, "final_episodes": 1, "video": False}, "learner": learner, "agent.hidden": 16}
    env = "Choice" if file.stem == "dqn" else "Falling"
    run = GymTraining(load_settings("gym", file, [f"task.env=test/{env}-v0", once]))
    assert run.run(RunFolder(tmp_path), threading.Event())
    assert run.training.updates >= 4 and np.isfinite(run.state.final_evaluation["return_mean"])


def test_an_agent_that_chooses_does_so_from_the_environments_own_numbers(tmp_path) -> None:
    run = train(tmp_path, "test/Choice-v0", {"agent": {"name": "dqn", "hidden": 16}})
    batch = stored(run)
    u = batch.action - 1.0
    assert set(batch.action[:30, 0]) == {0.0, 1.0, 2.0}
    np.testing.assert_allclose(batch.next_observation, batch.observation + 0.1 * u, atol=1e-6)


def test_the_watch_looks_at_the_values(tmp_path) -> None:
    run = train(tmp_path, "test/Point-v0")
    assert run.training.watch.updates == run.training.updates == 30
    assert any(name.startswith("watch.") for name in run.state.progress)


def test_robot_tasks_are_among_the_environments(tmp_path) -> None:
    run = train(
        tmp_path,
        "ros_rl/MockPoint-v0",
        {"learner.steps": 40, "evaluator.every": 0, "task.env_args": {"task": {"episode_seconds": 1.0}}},
    )
    assert run.state.final_evaluation["length_mean"] == 20


def test_an_environment_that_needs_a_name_says_so() -> None:
    with pytest.raises(ConfigError, match="cannot be made"):
        Environment("")


def test_environment_without_pictures_is_learned_from(tmp_path) -> None:
    assert train(tmp_path, "test/Plain-v0").training.updates > 0


@pytest.mark.parametrize("agent", ["dqn", "naf", "qt_opt", "sac"])
def test_acting_is_as_exported_whatever_the_dropout(tmp_path, agent: str) -> None:
    """Without dropout, and without a step of the random numbers that training draws."""
    env = f"test/{'Choice' if agent == 'dqn' else 'Point'}-v0"
    run = train(tmp_path, env, {"agent": {"name": agent, "dropout": 0.5}})
    graph, onnx = run.training.agent.graph, OnnxGraph(run.training.graph())
    state = torch.get_rng_state()
    for tick in range(5):
        seen = np.array([0.3 * tick - 0.5], np.float32)
        found = GraphActor(graph, 0.0, 0).act(Observed(seen), tick)
        noise = tick_noise(0, tick, graph.noise_shape)
        expected = onnx.run({"observation": seen}, onnx.initial_carry(), noise, 0.0).action
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert torch.equal(torch.get_rng_state(), state)
