# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The settings of every agent answer what generic code asks, and hold only what has an effect."""

import pytest

from ros_rl.config import build, iterate, to_mapping
from ros_rl.errors import ConfigError
from ros_rl.settings.agent import AgentSettings
from ros_rl.settings.registry import AGENT_SETTINGS
from ros_rl.settings.replay import HOW_DRAWN

DISCRETE, EITHER, OFFLINE, LEARN_NOTHING = {"dqn", "drq_dqn"}, {"dreamer"}, {"bc"}, {"random"}
MODEL, PLANNER = {"mpc", "mbpo", "distil"}, {"mpc", "distil", "latent_mpc"}
SEQUENCES = {"latent_mpc", "dreamer"}
NEW_DATA = {"reinforce", "actor_critic"}
WITHOUT = {
    "random": {"gamma", "hidden", "learning_rate", "mirror", "relabel_fraction"},
    "bc": {"gamma", "critics", "mirror", "relabel_fraction"},
    "dqn": {"smoothing"},
    "dreamer": {"critics", "targets", "mirror", "relabel_fraction", "beta1"},
    "naf": {"critics", "target_critics"},
    "td7": {"targets", "tau", "polyak_every", "normalisation", "dropout"},
    "mbpo": {"policy_tau", "loss", "reward_scale"},
    "mpc": {"beta1", "targets", "polyak_every", "dropout", "policy_hidden"},
}
"""Settings that would have no effect."""


@pytest.mark.parametrize("name", AGENT_SETTINGS)
def test_every_agent_answers(name: str) -> None:
    settings = AGENT_SETTINGS[name]()
    assert isinstance(settings, AgentSettings)
    assert settings.discrete is (None if name in EITHER else name in DISCRETE)
    assert (settings.acts(True), settings.acts(False)) == (name in DISCRETE | EITHER, name not in DISCRETE)
    assert settings.learns == (name not in LEARN_NOTHING)
    assert settings.offline == (name in OFFLINE)
    assert (settings.learns_model, settings.plans) == (name in MODEL, name in PLANNER)
    assert settings.replays == (name not in NEW_DATA)
    assert bool(settings.whole_episodes()) == (name in NEW_DATA)
    assert set(settings.unused_replay()) == (
        set(HOW_DRAWN) if name in MODEL | NEW_DATA | OFFLINE | SEQUENCES else set()
    )
    assert 0.0 < settings.gamma <= 1.0 and 0.0 <= settings.smoothing < 1.0
    assert (settings.log, settings.teacher) == ("", "")


@pytest.mark.parametrize("name", AGENT_SETTINGS)
def test_every_setting_can_be_set_to_something_else(name: str) -> None:
    settings = AGENT_SETTINGS[name]()
    found = {key: info for key, _, info in iterate(settings)}
    assert not found.keys() & WITHOUT.get(name, set())
    assert [key for key, info in found.items() if info.low >= info.high or len(info.choices) == 1] == []
    assert build(type(settings), to_mapping(settings)) == settings


@pytest.mark.parametrize("name", AGENT_SETTINGS)
def test_what_weights_mean_is_named_by_settings(name: str) -> None:
    values = to_mapping(AGENT_SETTINGS[name]())
    meaning = AGENT_SETTINGS[name].meaning(values)
    assert meaning.keys() <= values.keys()
    assert AGENT_SETTINGS[name].meaning({}).keys() == meaning.keys()  # of a checkpoint that says less
    assert (meaning == {}) == (name in LEARN_NOTHING)


@pytest.mark.parametrize("name", ["sac", "actor_critic", "mpc", "mbpo", "dqn"])
def test_checks_of_all_parts_are_made(name: str) -> None:
    with pytest.raises(ConfigError, match="agent.gamma is 0.0"):
        build(AGENT_SETTINGS[name], {"gamma": 0.0})
    if name in {"sac", "actor_critic", "mbpo", "dqn"}:
        with pytest.raises(ConfigError, match="agent.target_critics 3 is above agent.critics 2"):
            build(AGENT_SETTINGS[name], {"critics": 2, "target_critics": 3})


@pytest.mark.parametrize("name", ["sac", "drq_sac"])
@pytest.mark.parametrize(("setting", "value", "only"), [("bins", 51, 101), ("largest_value", 10.0, 5.0)])
def test_bins_without_a_distribution_are_refused(name: str, setting: str, value: float, only: float) -> None:
    message = (
        f"agent.{setting} is {value}, which has no effect with agent.loss 'squared': use {only}, or agent.loss cat"
    )
    with pytest.raises(ConfigError, match=message):
        build(AGENT_SETTINGS[name], {setting: value})
    settings = build(AGENT_SETTINGS[name], {"loss": "categorical", setting: value})
    assert getattr(settings, setting) == value
