# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Fields with shape and dtype; images stand beside the flat observation."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ros_rl.errors import ConfigError
from ros_rl.layout import Field, Layout

FRONT = Field("front", (4, 6, 3), "1", 1 / 255, "image", "uint8")
REAR = replace(FRONT, name="rear", shape=(2, 2, 1))
FIELDS = (
    Field("grid", (2, 3), "m", 0.5, "state"),
    FRONT,
    Field("goal", (1,), "m", 2.0, "goal"),
    Field("last_action", (2,), "1", 1.0, "action"),
    Field("pending_actions", (4,), "1", 1.0, "action"),
    REAR,
)


def test_flat_fields_as_if_there_were_no_images() -> None:
    layout = Layout("seer", ["a", "b"], FIELDS, 2)
    plain = Layout("seer", ["a", "b"], [item for item in FIELDS if item.kind != "image"], 2)
    assert [item.name for item in layout.fields] == ["grid", "goal", "last_action", "pending_actions"]
    assert (layout.size, layout.state_size, layout.goal_size) == (13, 6, 1)
    assert layout.slices == plain.slices and layout.slices["last_action"] == slice(7, 9)
    assert layout.scale.tolist() == plain.scale.tolist() == [0.5] * 6 + [2.0] + [1.0] * 6
    assert list(layout.split(np.zeros(13))) == ["grid", "goal", "last_action", "pending_actions"]


def test_what_was_sent_is_what_acted_last_and_what_is_pending() -> None:
    layout, flat = Layout("seer", ["a", "b"], FIELDS, 2), np.arange(13.0)
    assert layout.sent(flat).tolist() == [[7.0, 8.0], [9.0, 10.0], [11.0, 12.0]]
    assert layout.sent(np.stack([flat, flat + 1.0]))[1].tolist() == [[8.0, 9.0], [10.0, 11.0], [12.0, 13.0]]


def test_images_are_named_and_described() -> None:
    layout = Layout("seer", ["a", "b"], FIELDS, 2)
    assert layout.images == (FRONT, REAR) and FRONT.size == 72
    assert [item.name for item in layout.inputs] == [*layout.slices, "front", "rear"]
    described = {item["name"]: (item["shape"], item["dtype"]) for item in layout.describe()}
    assert described["grid"] == ([2, 3], "float32") and described["front"] == ([4, 6, 3], "uint8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("x", (3,), "1", 1.0, "image", "uint8"), r"image 'x' has shape \(3,\)"),
        (("x", (0, 4, 3), "1", 1.0, "image", "uint8"), r"shape \(0, 4, 3\)"),
        (("x", (4, 4, 3), "1", 1.0, "image"), "is float32, allowed: uint8"),
        (("x", (3,), "1", 1.0, "state", "uint8"), "is uint8, allowed: float32"),
        (("x", (3,), "1", 1.0, "colour"), "of kind 'colour', allowed: state, goal, action, image"),
    ],
)
def test_fields_that_cannot_be_are_refused(arguments: tuple[Any, ...], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Field(*arguments)
