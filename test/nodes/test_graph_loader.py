# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Graphs are loaded, and dropped, when no tick waits."""

import time
import weakref
from typing import Any

import pytest
from graphs import constant_bytes

from ros_rl.nodes.graph_loader import GraphLoader
from ros_rl.settings.loading import load_settings

SETTINGS = load_settings("mock_point", overrides=["control.rate_hz=5"])


@pytest.fixture
def loader() -> Any:
    loader = GraphLoader(SETTINGS.observation_spec(), SETTINGS, lambda version, reason: None)
    yield loader
    loader.close()


def taken(loader: GraphLoader, seconds: float) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if (ready := loader.take()) is not None:
            return ready
        time.sleep(0.01)
    return None


def test_the_first_waits_for_nobody_the_next_for_an_answered_tick(loader: GraphLoader) -> None:
    model = memoryview(constant_bytes(SETTINGS, [0.5, 0.5]))
    loader.load(1, model)
    version, first = taken(loader, 60.0)
    assert version == 1
    old = weakref.ref(first)
    del first
    loader.load(2, model)
    assert taken(loader, 0.1) is None
    loader.rest()
    version, _ = taken(loader, 60.0)
    assert version == 2
    assert old() is not None, "dropped while a tick may wait"
    loader.load(3, model)
    assert taken(loader, 60.0)[0] == 3, "ticks that do not come hold nothing up"
    assert old() is None


def test_only_a_graph_that_lasts_is_optimised(loader: GraphLoader, monkeypatch: pytest.MonkeyPatch) -> None:
    model, asked = memoryview(constant_bytes(SETTINGS, [0.5, 0.5])), []
    load = loader._trials.load
    monkeypatch.setattr(
        loader._trials, "load", lambda *given, **how: asked.append(how["optimise"]) or load(*given, **how)
    )
    for version in (1, 2, 3):
        loader.load(version, model)
        assert taken(loader, 60.0)[0] == version
    assert asked == [True, False, False]
