# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What one run learned serves another reward: exported anew, refused where it does not fit, never used by mistake."""

import numpy as np
import pytest
from graphs import constant_bytes
from saved_runs import save_run

from ros_rl.cli import main as cli
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import ConfigError, ContractError
from ros_rl.features import ObservationSpec
from ros_rl.runtime.control_loop import tick_noise
from ros_rl.settings.loading import load_settings, with_overrides
from ros_rl.tasks import TASKS, make_task
from ros_rl.training.saved_run import SavedRun, check_fits, graph_of_run


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return save_run(tmp_path_factory.mktemp("runs") / "mock")


def decisions(graph: OnnxGraph, positions: np.ndarray, last_action: float) -> np.ndarray:
    """Greedy actions at rest in some positions, after that action."""
    last = np.full(2, last_action)
    found = []
    for index, position in enumerate(positions):
        fields = {
            "joint_position": position,
            "joint_velocity": np.zeros(2),
            "last_action": last,
            "pending_actions": last,
        }
        noise = tick_noise(0, index, graph.contract.noise)
        found.append(graph.run(fields, graph.initial_carry(), noise, 0.0).action)
    return np.array(found)


POSITIONS = np.random.default_rng(0).uniform(-1, 1, (6, 2))


def test_without_a_change_it_is_the_same_controller(path):
    graph = OnnxGraph(SavedRun(path).training.graph())
    recorded = OnnxGraph((path / "agent.onnx").read_bytes())
    np.testing.assert_array_equal(decisions(graph, POSITIONS, 0.1), decisions(recorded, POSITIONS, 0.1))
    assert graph.contract.provenance["config"] == recorded.contract.provenance["config"]


def test_a_costly_action_is_avoided(path):
    """As the action's weight grows, the best action goes to zero: the smoothing's share of the last one is undone."""
    changes = ["task.action_weight=1e6", "agent.planner.samples=128", "agent.planner.iterations=4"]
    heavy = OnnxGraph(SavedRun(path, [*changes, "agent.planner.std_min=0.01"]).training.graph())
    light = OnnxGraph((path / "agent.onnx").read_bytes())
    for last in (0.0, 0.3):
        costly = np.abs(decisions(heavy, POSITIONS, last)).mean()
        assert costly < 0.08  # zero for endless samples
        assert np.abs(decisions(light, POSITIONS, last)).mean() > 1.5 * costly


def test_a_graph_made_on_the_spot_is_the_exported_one(path):
    """Driver and evaluation may differ from the run's; what the graph is made of follows the settings."""
    weight = "task.action_weight=3.0"
    settings, graph = graph_of_run(path, "mock_point", [weight, "driver.silence_limit=5.0", "seed=7"])
    assert (settings.task.action_weight, settings.driver.silence_limit, settings.seed) == (3.0, 5.0, 7)
    made, exported = OnnxGraph(graph), OnnxGraph(SavedRun(path, [weight]).training.graph())
    np.testing.assert_array_equal(decisions(made, POSITIONS, 0.1), decisions(exported, POSITIONS, 0.1))
    made.contract.check_reward(settings.task)


def test_a_model_of_walking_serves_walking_back():
    recorded = load_settings("a1_walk")
    check_fits(recorded, with_overrides(recorded, task={"name": "a1_back"}))
    walk, back = make_task("a1_walk", {"target_velocity": 0.4}), make_task("a1_back")
    spec = ObservationSpec(recorded.load_robot(), walk.observation, 1)
    flat = np.random.default_rng(0).normal(size=(50, spec.size))
    turned = flat.copy()
    turned[:, spec.slices["base_velocity"].start] *= -1.0
    u = np.random.default_rng(1).uniform(-1, 1, (2, 50, spec.action_size))
    rewards = [
        task.reward({}, u[0], u[1], spec.split(values)) for task, values in ((walk, flat), (back, turned), (back, flat))
    ]
    np.testing.assert_allclose(rewards[0], rewards[1], atol=1e-12)
    assert np.abs(rewards[0] - rewards[2]).max() > 0.5


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("agent.model.hidden=32", "'agent.model.hidden' is 32, the run has 16"),
        ("agent.smoothing=0.5", "'agent.smoothing' is 0.5, the run has 0.3"),
        ("control.delay=2", "'control.delay' is 2, the run has 1"),
        ("robot=a1", "'robot' is 'a1', the run has ''"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_values(path, override, complaint):
    with pytest.raises(ConfigError) as caught:
        SavedRun(path, [override])
    assert complaint in str(caught.value)


def test_a_task_with_another_observation_is_refused():
    recorded = load_settings("mock_point", overrides=["driver.backend.name=external"])
    check_fits(recorded, with_overrides(recorded, task={"bound": 1.0}))
    with pytest.raises(ConfigError) as caught:
        check_fits(recorded, with_overrides(recorded, task={"name": "xarm_reach"}))
    assert "task 'xarm_reach' observes joint_position[6], joint_velocity[6], tool_position[3]" in str(caught.value)
    assert "made for joint_position[2], joint_velocity[2], last_action[2], pending_actions[2]" in str(caught.value)


class TestCommand:
    def test_an_exported_agent_acts_under_its_own_reward_only(self, path, tmp_path, capsys):
        made = tmp_path / "heavy.onnx"
        weight = "task.action_weight=3.0"
        assert cli.main(["export", str(path), "--set", weight, "--out", str(made)]) == 0
        assert f"control graph in {made}" in capsys.readouterr().out
        judge = ["eval", "mock_point", "--driver", "mock", "--agent", str(made), "--episodes", "1", "--seconds", "0.5"]
        assert cli.main([*judge, "--set", weight]) == 0
        assert cli.main([*judge, "--set", weight, "--set", "task.episode_seconds=9"]) == 0
        capsys.readouterr()
        assert cli.main(judge) == 1
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "made for task.action_weight=3.0 and cannot change it, the settings say 0.01" in error
        assert "--set task.action_weight=3.0," in error
        assert "ros-rl export RUN --set task.action_weight=0.01 --out FILE" in error

    @pytest.mark.parametrize("command", ["run", "eval"])
    def test_a_reward_that_the_graph_does_not_have_is_refused(self, tmp_path, capsys, command):
        settings = load_settings("mock_point")
        provenance = {"config": {"task": {"name": "mock_point", "bound": 2.0, "action_weight": 0.01}}}
        (tmp_path / "agent.onnx").write_bytes(constant_bytes(settings, [0.0, 0.0], provenance=provenance))
        arguments = [command, "mock_point", "--agent", str(tmp_path / "agent.onnx"), "--set", "task.bound=1.0"]
        assert cli.main(arguments) == 1
        assert "task.bound=2.0 and cannot change it, the settings say 1.0" in capsys.readouterr().err

    def test_a_runs_folder_acts_under_what_is_asked_for(self, path, capsys):
        judge = ["eval", "mock_point", "--agent", str(path), "--episodes", "1", "--seconds", "0.5", "--json"]
        assert cli.main([*judge, "--set", "task.action_weight=3.0", "--set", "agent.planner.horizon=2"]) == 0
        assert '"episodes": 1' in capsys.readouterr().out
        assert cli.main([*judge, "--set", "agent.model.hidden=32"]) == 2
        assert "'agent.model.hidden' is 32, the run has 16" in capsys.readouterr().err
        assert cli.main([*judge, "--params-file", str(path / "config.yaml")]) == 2
        assert "a run brings its own settings" in capsys.readouterr().err
        assert cli.main(["eval", "xarm_reach", *judge[2:]]) == 2
        assert capsys.readouterr().err.count("\n") == 1

    @pytest.mark.parametrize("command", ["run", "eval"])
    def test_settings_that_an_agent_file_cannot_follow_are_refused(self, path, capsys, command):
        arguments = [command, "mock_point", "--driver", "mock", "--agent", str(path / "agent.onnx")]
        assert cli.main([*arguments, "--set", "agent.planner.horizon=2"]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1
        assert "--set 'agent.planner.horizon=2' cannot change the agent file" in error
        assert "ros-rl export RUN --set agent.planner.horizon=2 --out FILE" in error

    def test_an_output_that_cannot_be_written_is_told_first(self, tmp_path, capsys):
        assert cli.main(["export", str(tmp_path), "--out", str(tmp_path / "none" / "agent.onnx")]) == 2
        assert f"agent.onnx cannot be written: there is no folder {tmp_path / 'none'}" in capsys.readouterr().err


def test_a_graph_without_provenance_is_not_compared():
    settings = load_settings("mock_point", overrides=["task.bound=1.0"])
    OnnxGraph(constant_bytes(settings, [0.0, 0.0])).contract.check_reward(settings.task)
    made = OnnxGraph(constant_bytes(settings, [0.0, 0.0], provenance={"config": {"task": {"bound": 2.0}}}))
    with pytest.raises(ContractError, match=r"task\.bound=2\.0"):
        made.contract.check_reward(settings.task)


def _another(value):
    if isinstance(value, str):
        return "arena_obstacles"
    if value is None:  # the only one: a place that may be given
        return [0.5, 0.3]
    return value + 1 if isinstance(value, int) else 0.9 * value


@pytest.mark.parametrize("name", sorted(TASKS))
def test_settings_that_are_not_planned_change_neither_reward_nor_termination(name):
    task, rng = make_task(name), np.random.default_rng(0)
    robot = load_settings(name).load_robot()
    spec = ObservationSpec(robot, task.observation, 1)
    before, after = (spec.split(rng.normal(size=(50, spec.size))) for _ in range(2))
    u = rng.uniform(-1, 1, (2, 50, spec.action_size))
    for setting in task.not_planned:
        value = getattr(task, setting)
        other = make_task(name, {setting: _another(value)})
        np.testing.assert_array_equal(
            task.reward(before, u[0], u[1], after), other.reward(before, u[0], u[1], after), err_msg=setting
        )
        np.testing.assert_array_equal(task.terminated(after), other.terminated(after), err_msg=setting)
