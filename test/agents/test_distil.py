# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A planner distilled into a policy: what it answers, what the policy makes of it, and teachers from earlier runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kept import learner_state
from learners import mock_step
from model_based import (
    MODEL,
    agent_of,
    assert_steps_down,
    assert_trains_exports_and_resumes,
    filled,
    settings_of,
    small_transitions,
)

from ros_rl.errors import ConfigError, RunFolderError
from ros_rl.planning.world import ParticleState
from ros_rl.runs.run_folder import CHECKPOINT, RunFolder
from ros_rl.training.local import train_locally
from ros_rl.training.training_loop import TrainingLoop

pytestmark = pytest.mark.usefixtures("seeded")
PLANNER = {"samples": 16, "proposals": 4, "elites": 4, "horizon": 2, "iterations": 1}
SMALL = {
    "name": "distil",
    "hidden": 16,
    "model": MODEL,
    "planner": PLANNER,
    "model_start": 5,
    "planner_start": 5,
    "planner_calls": 1.5,
    "answers_kept": 50,
    "imitation_updates": 2.0,
}


def small(**changes):
    return settings_of(SMALL | changes)


def test_answers_are_the_plans_of_the_same_states() -> None:
    agent = agent_of(small())
    e = agent.experience(filled(agent.spec).at(np.arange(5)))
    torch.manual_seed(4)
    agent.ask(e)
    torch.manual_seed(4)
    for row in range(5):
        start = ParticleState(e.state[row].repeat(2, 1, 1), e.last_action[row, None], e.goal[row])
        with torch.no_grad():
            expected = agent.planner.plan(start, torch.randn(agent.planner.noise_shape)).mean[0]
        torch.testing.assert_close(agent.answers._rows["action"][row], expected)
    obs = torch.cat([e.state[:, :2], 0.1 * e.state[:, 2:], e.last_action], -1)
    torch.testing.assert_close(agent.answers._rows["obs"][:5], obs)


def test_plans_of_nothing_finite_are_no_answers() -> None:
    agent = agent_of(small())
    e = agent.experience(filled(agent.spec).at(np.arange(3)))
    e.state[1] = float("nan")
    agent.ask(e)
    assert len(agent.answers) == 2 and all(value.isfinite().all() for value in agent.answers._rows.values())
    agent.ask(e.rows(torch.tensor([1])))
    assert len(agent.answers) == 2


def test_planner_is_asked_as_often_as_set() -> None:
    agent = agent_of(small(imitation_updates=0.0))
    replay = filled(agent.spec)
    for step in range(5):
        agent.train(replay, step)
    assert len(agent.answers) == 0
    for step in range(5, 15):
        agent.train(replay, step)
    assert int(agent.answers.tensors("a")["a.added"]) == 15


def test_imitation_by_hand() -> None:
    agent = agent_of(small(learning_rate=1e-2))
    rows = {"obs": torch.randn(1, 6).repeat(20, 1), "action": torch.rand(1, 2).repeat(20, 1)}
    agent.answers.add(rows)
    loss = ((agent.student(rows["obs"][:1]) - rows["action"][:1]) ** 2).mean()
    found = assert_steps_down(loss, agent.student.parameters(), 1e-2, agent.imitate)
    assert found == pytest.approx(loss.item(), rel=1e-4)


def test_policy_comes_near_the_planner_in_states_it_was_not_told_about() -> None:
    """A planner on the mock robot's exact dynamics, without critics: the policy's actions follow its answers."""
    planner = PLANNER | {"samples": 64, "horizon": 4, "elites": 8, "iterations": 3, "terminal_value": False}
    agent = agent_of(small(planner=planner, learning_rate=3e-3, answers_kept=1000, hidden=32))
    agent.model.predict = lambda state, last, action: mock_step(state, action)  # type: ignore[method-assign]
    e = agent.experience(filled(agent.spec, 300).at(np.arange(300)))
    e.state[:] *= 3.0
    agent.ask(e.rows(torch.arange(240)))
    first = agent.imitate()
    for _ in range(400):
        last = agent.imitate()
    assert last < 0.2 * first
    held_out = e.rows(torch.arange(240, 300))
    told = agent.answers._rows["action"][:240].clone()
    agent.ask(held_out)
    answers = agent.answers._rows["action"][240:300]
    obs = agent.spaces.network_input(held_out.state, held_out.goal, held_out.last_action)
    with torch.no_grad():
        distance = (agent.student(obs) - answers).pow(2).mean()
    assert distance < 0.3 * (answers - told.mean(0)).pow(2).mean()


@pytest.mark.parametrize("changes", [{"execution": "open_loop"}, {"warm_start": True}])
def test_plans_that_need_the_last_one_are_refused(changes) -> None:
    with pytest.raises(ConfigError, match="replayed states have no last plan"):
        small(planner=PLANNER | changes)


def test_trains_exports_and_resumes(tmp_path) -> None:
    last = assert_trains_exports_and_resumes(small(), tmp_path)
    assert last.losses["imitation_loss"] > 0.0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs")
    saved_run(path, {"hidden": 16, "model": {"members": 3, "hidden": 16}, "planner": PLANNER})
    return path


def saved_run(path: Path, networks: Mapping[str, Any]) -> None:
    """Of an `mpc` agent that learned for a few rounds."""
    training = TrainingLoop(settings_of(networks))
    for transition in small_transitions(training.spec, 60):
        training.add(transition)
    for _ in range(3):
        training.train()
    RunFolder(path).write_config(training.settings)
    training.checkpoint(path / CHECKPOINT)


TAUGHT = {"name": "distil", "hidden": 16, "planner": PLANNER, "planner_calls": 1.0}


def test_teacher_answers_and_learns_no_more(run) -> None:
    settings = settings_of(TAUGHT | {"model": {"members": 3, "hidden": 16}, "teacher": str(run)})
    teacher = learner_state(run / CHECKPOINT)["agent"]
    *_, last = train_locally(settings)
    agent = last.training.agent
    for name in ("model", "policy", "critics", "targets"):
        for key, value in agent.parts()[name].state_dict().items():
            assert torch.equal(value, teacher[name][key])
    assert set(last.losses) == {"imitation_loss"} and last.training.updates == 120
    assert len(agent.answers) == 40


def test_teacher_brings_what_it_learned_about_the_task(tmp_path) -> None:
    networks = {"hidden": 16, "model": {"members": 3, "hidden": 16, "reward": "learned"}, "planner": PLANNER}
    saved_run(tmp_path, networks)
    teacher = learner_state(tmp_path / CHECKPOINT)["agent"]["learned_task"]
    learned = TrainingLoop(settings_of(TAUGHT | networks | {"teacher": str(tmp_path)})).agent.learned.state_dict()
    assert all(torch.equal(value, teacher[key]) for key, value in learned.items())


def test_teachers_that_do_not_fit_are_refused(run, tmp_path) -> None:
    def refused(error, **changes) -> str:
        with pytest.raises(error) as caught:
            TrainingLoop(settings_of(TAUGHT | {"model": {"members": 3, "hidden": 16}, "teacher": str(run)} | changes))
        return str(caught.value)

    assert "does not fit agent.hidden" in refused(RunFolderError, hidden=8)
    assert "holds no run" in refused(RunFolderError, teacher=str(tmp_path))
    with pytest.raises(
        ConfigError, match="agent.teacher .* control.delay 1, this run's is 2: use --set control.delay=1"
    ):
        TrainingLoop(settings_of(TAUGHT | {"teacher": str(run)}, "mock_point", {"control": {"delay": 2}}))
