# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A model that learns in a thread of its own while critics do."""

import threading

import pytest
import torch
from learners import make_agent, small_settings
from model_based import filled


@pytest.mark.parametrize("kind", ["gaussian", "deterministic", "dropout"])
def test_a_thread_of_its_own_for_the_model_changes_no_number(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def trained(processors: int) -> tuple[dict[str, torch.Tensor], list[dict[str, float]]]:
        monkeypatch.setattr("ros_rl.agents.common.beside.processors", lambda: processors)
        torch.manual_seed(1)
        agent = make_agent(small_settings("mock_point", {"agent": {"model": {"kind": kind}, "model_start": 0}}))
        replay = filled(agent.spec)
        metrics = [agent.train(replay, step) for step in range(1, 8)]
        networks = {"model": agent.model, "policy": agent.policy, "targets": agent.targets}
        return {f"{n}.{k}": v for n, m in networks.items() for k, v in m.state_dict().items()}, metrics

    (alone, said_alone), (together, said_together) = trained(1), trained(2)
    assert said_alone == said_together
    assert "model_loss" in said_alone[-1]
    for name, value in alone.items():
        torch.testing.assert_close(together[name], value, rtol=0.0, atol=0.0, msg=name)


def test_the_model_learns_in_another_thread_while_critics_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ros_rl.agents.common.beside.processors", lambda: 2)
    agent, names = make_agent(small_settings("mock_point")), []
    step = agent._optimiser.step
    monkeypatch.setattr(
        agent._optimiser, "step", lambda *given: names.append(threading.current_thread().name) or step(*given)
    )
    agent.train(filled(agent.spec), 1)
    assert [name.startswith("beside") for name in names] == [True]


def test_what_fails_beside_fails_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ros_rl.agents.common.beside.processors", lambda: 2)
    agent = make_agent(small_settings("mock_point"))

    def broken(*_: object) -> None:
        raise ValueError("a loss that is none")

    monkeypatch.setattr(agent._optimiser, "step", broken)
    with pytest.raises(ValueError, match="a loss that is none"):
        agent.train(filled(agent.spec), 1)
