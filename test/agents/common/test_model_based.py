# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What agents with a dynamics model share: when its normalisers are fitted, and how good it is on what is new."""

import copy

import numpy as np
import pytest
import torch
from learners import spec_of
from model_based import MODEL, agent_of, filled, settings_of, small_transitions

from ros_rl.agents.common.experience import Experience, joined


def test_normalisers_are_fitted_when_the_settings_say(monkeypatch) -> None:
    when = {"early_refit_every": 20, "early_steps": 60, "refit_every": 100, "updates_per_step": 1.0}
    settings = settings_of({"name": "mbpo", "hidden": 16, "model": MODEL | when})
    agent, replay, fits = agent_of(settings), filled(spec_of(settings)), []
    original = agent.model.fit_normalisers
    monkeypatch.setattr(agent.model, "fit_normalisers", lambda *data: fits.append(env_steps) or original(*data))
    for env_steps in range(3, 310):
        agent.update_model(replay, env_steps)
    assert fits == [3, 20, 40, 100, 200, 300]  # at once, often, and then seldom


@pytest.mark.parametrize("kind", ["gaussian", "deterministic", "dropout"])
def test_what_is_new_is_held_out_until_the_model_was_judged_by_it(kind: str) -> None:
    settings = settings_of({"name": "mbpo", "hidden": 16, "model": MODEL | {"kind": kind, "updates_per_step": 1.0}})
    agent, replay = agent_of(settings), filled(spec_of(settings))
    assert "model_held_out_loss" not in agent.update_model(replay, 1)  # the model was not there before
    assert "model_held_out_loss" not in agent.update_model(replay, 2)  # nothing new
    for transition in small_transitions(agent.spec, 3, seed=5):
        replay.add(transition)
    model, e = copy.deepcopy(agent.model).eval(), agent.experience(replay.newest(3))
    random = torch.get_rng_state()
    found = agent._judge_model(replay)
    assert torch.equal(random, torch.get_rng_state())  # it costs no draws
    with torch.no_grad():
        parts = (e.state, e.last_action, e.action, e.next_state)
        each = [model.losses(*(part[None, row, None] for part in parts)).mean() for row in range(3)]
        expected = np.mean([float(loss) for loss in each])
    assert found["model_held_out_loss"] == pytest.approx(expected, rel=1e-4)
    assert agent.model.training
    other, same = agent_of(settings), filled(spec_of(settings))
    for transition in small_transitions(agent.spec, 3, seed=5):
        same.add(transition)
    other.load_state_dict(agent.state_dict())
    assert "model_held_out_loss" not in other.update_model(same, 4)  # all of it was known
    for transition in small_transitions(agent.spec, 2, seed=6):
        same.add(transition)
    late = agent_of(settings)
    late.load_state_dict(agent.state_dict())
    assert "model_held_out_loss" in late.update_model(same, 5)  # what came after the checkpoint was not
    early = agent_of(settings)
    early.load_state_dict({name: value for name, value in agent.state_dict().items() if name != "known"})
    assert "model_held_out_loss" not in early.update_model(same, 5)  # a checkpoint that does not say


def test_the_first_transitions_ever_are_new_to_a_model_that_has_looked() -> None:
    agent = agent_of(settings := settings_of({"name": "mbpo", "hidden": 16, "model": MODEL}))
    replay = filled(spec_of(settings), 0)
    assert agent._judge_model(replay) == {}
    for transition in small_transitions(agent.spec, 2):
        replay.add(transition)
    assert set(agent._judge_model(replay)) == {"model_held_out_loss"} and agent._judge_model(replay) == {}


def test_values_see_their_goal() -> None:
    agent = agent_of(settings_of({"name": "mbpo", "hidden": 16, "model": MODEL}, "xarm_reach"))
    spec, e = agent.spec, agent.experience(filled(agent.spec).at(np.arange(8)))
    scale = torch.tensor(spec.scale[: spec.state_size + spec.goal_size], dtype=torch.float32)
    found = agent.samples(e, 0.9)
    torch.testing.assert_close(found.obs, torch.cat([torch.cat([e.state, e.goal], 1) * scale, e.last_action], 1))
    torch.testing.assert_close(found.next_obs, torch.cat([torch.cat([e.next_state, e.goal], 1) * scale, e.action], 1))


def test_what_is_learned_of_the_task_is_in_the_checkpoint() -> None:
    learned = {"reward": "learned", "termination": "learned"}
    agent, plain = (
        agent_of(settings_of({"name": "mbpo", "hidden": 16, "model": MODEL | extra})) for extra in (learned, {})
    )
    assert agent.parts()["learned_task"] is agent.learned and "learned_task" not in plain.parts()
    after = {"joint_position": np.zeros((3, 2), np.float32), "joint_velocity": np.ones((3, 2), np.float32)}
    ends = agent.learned.terminated({name: torch.from_numpy(value) for name, value in after.items()})
    assert agent.relabel_judge.terminated(after).tolist() == ends.tolist() and plain.relabel_judge is None
    e = agent.experience(filled(agent.spec).at(np.arange(4)))
    assert agent.imagine(e.state, e.goal, e.last_action, e.action).terminated.dtype == torch.float32


def test_rows_by_number_and_by_mask_and_one_after_the_other() -> None:
    e = Experience(*(torch.arange(4.0)[:, None] + 10.0 * part for part in range(7)))
    chosen, kept = e.rows(torch.tensor([3, 0])), e.rows(torch.tensor([False, True, False, False]))
    whole = joined([chosen, kept])
    for part, values in enumerate(vars(whole).values()):
        assert values[:, 0].tolist() == [10.0 * part + row for row in (3.0, 0.0, 1.0)]


def test_learned_reward_and_termination_learn_beside_the_model() -> None:
    learned = {"reward": "learned", "termination": "learned", "updates_per_step": 1.0}
    agent = agent_of(settings_of({"name": "mbpo", "hidden": 16, "model": MODEL | learned}, "xarm_reach"))
    spec, replay, given, own = agent.spec, filled(agent.spec), [], agent.learned.losses
    agent.learned.losses = lambda *parts: (given.append(parts), own(*parts))[1]
    fitted, fit = [], agent.learned.fit_normalisers
    agent.learned.fit_normalisers = lambda *parts: (fitted.append(parts), fit(*parts))[1]
    before = torch.cat([part.detach().flatten() for part in agent.learned.parameters()])
    torch.manual_seed(3)
    found = agent.update_model(replay, 1)
    assert set(found) == {"model_loss", "reward_loss", "termination_loss"}
    moved = torch.cat([part.detach().flatten() for part in agent.learned.parameters()]) - before
    assert moved.abs().max() > 1e-5
    ((state, last, action, following, reward, ended),) = given
    assert [len(part) for part in (last, action, reward, ended)] == [2 * 16] * 4  # each member's own share, together
    rows = agent.experience(replay.at(np.arange(60)))
    place = [(rows.action == u).all(1).nonzero()[0, 0] for u in action]
    drawn = rows.rows(torch.stack(place))
    for fields, part in ((state, drawn.state), (following, drawn.next_state)):
        tool = spec.slices["tool_position"]
        assert torch.equal(fields["tool_position"], part[:, tool]) and torch.equal(fields["goal_position"], drawn.goal)
    assert torch.equal(last, drawn.last_action)
    assert torch.equal(reward, drawn.reward) and torch.equal(ended, drawn.terminated)
    ((everything, rewards),) = fitted
    assert torch.equal(everything["tool_position"], rows.state[:, tool]) and torch.equal(rewards, rows.reward)
    assert torch.equal(everything["goal_position"], rows.goal)


def test_normalisers_are_fitted_on_time_whatever_the_number_of_updates() -> None:
    when = {"early_refit_every": 5, "early_steps": 100, "updates_per_step": 0.3}
    agent = agent_of(settings_of({"name": "mbpo", "hidden": 16, "model": MODEL | when}))
    replay, fitted, fit = filled(agent.spec), [], agent.model.fit_normalisers
    agent.model.fit_normalisers = lambda *data: (fitted.append(step), fit(*data))[1]
    for step in range(1, 21):
        agent.update_model(replay, step)
    assert fitted == [1, 5, 10, 15, 20]
