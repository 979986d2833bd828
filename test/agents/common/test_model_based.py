# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What agents with a dynamics model share: when its normalisers are fitted."""

from learners import spec_of
from model_based import MODEL, agent_of, filled, settings_of


def test_normalisers_are_fitted_when_the_settings_say(monkeypatch) -> None:
    when = {"early_refit_every": 20, "early_steps": 60, "refit_every": 100, "updates_per_step": 1.0}
    settings = settings_of({"name": "mbpo", "hidden": 16, "model": MODEL | when})
    agent, replay, fits = agent_of(settings), filled(spec_of(settings)), []
    original = agent.model.fit_normalisers
    monkeypatch.setattr(agent.model, "fit_normalisers", lambda *data: fits.append(env_steps) or original(*data))
    for env_steps in range(3, 310):
        agent.update_model(replay, env_steps)
    assert fits == [3, 20, 40, 100, 200, 300]  # at once, often, and then seldom
