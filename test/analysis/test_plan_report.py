# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One decision taken apart: it is the one that the control graph took, and an exact model predicts what happens."""

import json

import numpy as np
import pytest
import torch
from learners import mock_step
from saved_runs import save_run

from ros_rl.analysis.decision import decide, rewards, values
from ros_rl.analysis.plan_report import CLOSED_LOOP, OPEN_LOOP, analyse_plan, play
from ros_rl.analysis.trajectories import HELD_OUT_SEED
from ros_rl.cli import main as cli
from ros_rl.cli.main import make_parser
from ros_rl.config import to_mapping
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError
from ros_rl.formats.parameters_file import write_parameters_file
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.training.saved_run import SavedRun

SEED = 9


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return save_run(tmp_path_factory.mktemp("runs") / "mock")


@pytest.fixture(scope="module")
def run(path):
    return SavedRun(path)


def test_the_decision_is_the_control_graphs(run):
    graph, spec = OnnxGraph(run.training.graph()), run.training.spec
    ticks = play(run.settings, graph, SEED)
    loop = ControlLoop(spec, "mock_point", run.settings.control.period, SEED, explore=0.0)
    loop.use(graph)
    for tick, _ in ticks[3:16:6]:
        decision, ours = loop.step(tick), decide(run.agent, run.spec, tick, SEED)
        np.testing.assert_allclose(spec.robot.action(decision.command.value), ours.actions[1], atol=1e-4)
        assert ours.plan_return.mean() == pytest.approx(float(decision.telemetry["plan_return"]), rel=1e-4)
        np.testing.assert_allclose(ours.states[:, 2:].mean(0), decision.telemetry["plan_states"], atol=1e-4)
        planner = run.settings.agent.planner
        fresh = planner.samples - planner.proposals
        assert len(ours.candidates.returns) == planner.proposals + planner.iterations * fresh
        last = np.r_[0 : planner.proposals, len(ours.candidates.returns) - fresh : len(ours.candidates.returns)]
        np.testing.assert_allclose(ours.candidates.returns[last], decision.telemetry["candidate_returns"], rtol=1e-3)
        assert np.ptp(ours.candidates.states[:, 0], axis=0).max() == 0.0  # all begin in the same state


def test_an_exact_model_foresees_what_happens(run, monkeypatch):
    def exact(state, last_action, action):
        return mock_step(state, action).expand(run.agent.model.members, -1, -1)

    monkeypatch.setattr(run.agent.model, "predict", exact)
    report = analyse_plan(run, step=10, seed=SEED)
    real, predicted = report.numbers["real"][OPEN_LOOP], report.numbers["predicted"]
    assert real["steps"] == 1 + run.settings.agent.planner.horizon
    assert max(real["error"]) < 1e-5 and max(predicted["disagreement"]) < 1e-6
    np.testing.assert_allclose(real["reward"], predicted["reward"], atol=1e-5)
    np.testing.assert_allclose(real["value"], predicted["value"], atol=1e-4)
    assert real["return"] == pytest.approx(report.numbers["plan_return"]["mean"], abs=1e-3)
    np.testing.assert_allclose(report.real[OPEN_LOOP].actions, report.expectation.actions, atol=1e-6)


def test_both_continuations_begin_alike_and_the_open_loop_executes_the_plan(run):
    report = analyse_plan(run, step=10, seed=SEED)
    opened, closed = report.real[OPEN_LOOP], report.real[CLOSED_LOOP]
    np.testing.assert_allclose(opened.states[:3], closed.states[:3], atol=1e-5)  # the first decision is the same
    assert np.abs(opened.states[4] - closed.states[4]).max() > 1e-5
    np.testing.assert_allclose(opened.actions, report.expectation.actions, atol=1e-6)
    assert report.numbers["real"][OPEN_LOOP]["error"][0] < 1e-6  # both begin in the measured state
    assert report.numbers["candidates"]["best"] >= report.numbers["candidates"]["median"]


def test_rewards_and_values_along_a_plan(run):
    rng = np.random.default_rng(0)
    states, first, actions = rng.normal(size=(3, 5, 4)), rng.uniform(-1, 1, 2), rng.uniform(-1, 1, (4, 2))
    expected = -(states[:, 1:, :2] ** 2).sum(-1) - 0.01 * (actions**2).sum(-1)
    np.testing.assert_allclose(rewards(run.agent, states, np.zeros(0), first, actions), expected, rtol=1e-5)
    last = np.concatenate([first[None], actions])
    found = values(run.agent, states, np.zeros(0), last)
    agent, state, u = run.agent, torch.tensor(states[1, 2:3]).float(), torch.tensor(last[2:3]).float()
    seen = agent.spaces.network_input(state, torch.zeros(0), u)
    acted = 0.7 * agent.policy.act(seen, torch.zeros(1)) + 0.3 * u
    assert found.shape == (3, 5)
    assert found[1, 2] == pytest.approx(float(agent.targets(seen, acted).detach().min()), rel=1e-4)


def test_a_tick_beyond_the_episode_is_refused(run):
    with pytest.raises(ConfigError, match=rf"tick 999 is beyond the episode of seed {SEED}, which ends at tick \d+"):
        analyse_plan(run, step=999, seed=SEED)


def test_commands_write_reports_and_print_a_screen(path, tmp_path, capsys):
    commands = {
        "model": ["--episodes", "1", "--horizon", "5"],
        "plan": ["--tick", "5", "--set", "agent.planner.horizon=5", "--out", str(tmp_path / "plan")],
    }
    for subject, options in commands.items():
        assert cli.main(["analyse", subject, str(path), *options]) == 0
    printed = capsys.readouterr().out
    assert "GaussianEnsemble of 3 members" in printed and "decision at tick 5" in printed
    model, plan = path / "analysis" / "model", tmp_path / "plan"
    numbers = json.loads((model / "report.json").read_text())
    assert numbers["seed"] == HELD_OUT_SEED and len(numbers["k_step"]["held-out"]["joint_position"]["rmse"]) == 5
    assert {item.stem for item in model.glob("*.png")} == {
        "k_step_error",
        "k_step_normalised",
        "rollouts",
        "coverage",
        "disagreement",
    }
    numbers = json.loads((plan / "report.json").read_text())
    assert numbers["horizon"] == 5 and len(numbers["predicted"]["value"]) == 7
    assert {item.stem for item in plan.glob("*.png")} == {"candidates", "predicted_and_real", "along_the_plan"}
    assert all(item.read_bytes()[:4] == b"\x89PNG" for item in plan.glob("*.png"))


def test_help_names_the_default_seed(capsys):
    parser = make_parser()
    for subject in ("model", "plan"):
        with pytest.raises(SystemExit):
            parser.parse_args(["analyse", subject, "--help"])
        assert f"the run's plus {HELD_OUT_SEED}" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["model", "{none}"], "holds no run (config.yaml)"),
        (["model", "{unfinished}"], "holds no checkpoint: nothing is learned there, or not yet, or it was removed"),
        (["plan", "{random}"], "is a run of agent 'random', which plans nothing"),
        (["model", "{random}"], "is a run of agent 'random', which learns no model"),
        (["plan", "{run}", "--set", "agent.hidden=32"], "'agent.hidden' is 32, the run has 16"),
        (["plan", "{run}", "--set", "agent.planner.horizon=0"], "'agent.planner.horizon' is 0, out of range"),
        (["plan", "{run}", "--tick", "-1"], "-1 is not a whole number in [0,"),
        (["model", "{run}", "--horizon", "0"], "0 is not a whole number in [1, 200]"),
        (["model", "{run}", "--episodes", "few"], "few is not a whole number in [1, 1000]"),
        (["nothing"], "invalid choice: 'nothing'"),
    ],
)
def test_wrong_usage_is_one_line(path, tmp_path, capsys, arguments, complaint):
    own = load_settings(params_file=path / "config.yaml")
    for name, settings in (("unfinished", own), ("random", with_overrides(own, agent={"name": "random"}))):
        (tmp_path / name).mkdir()
        write_parameters_file(tmp_path / name / "config.yaml", to_mapping(settings), nodes=())
    folders = {name: str(tmp_path / name) for name in ("none", "unfinished", "random")} | {"run": str(path)}
    try:
        code = cli.main(["analyse", *(word.format(**folders) for word in arguments)])
    except SystemExit as end:
        code = end.code
    error = capsys.readouterr().err
    assert code == 2
    assert error.startswith("ros-rl: error: ") and error.count("\n") == 1
    assert complaint in error
