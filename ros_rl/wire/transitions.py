# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A transition, and the task's metrics that come with it, as named fields and back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from ros_rl.errors import ContractError
from ros_rl.types import Transition
from ros_rl.wire.fields import number, vector, whole

SOURCE = "source."
"""The rest of the one label of a transition that begins so names the robot that it is experience of."""

IMAGES, NEXT_IMAGES = "images.", "next_images."
"""Labels of a transition that begin so are its images before and after the step."""

BY_PERSON = "by_person"
"""Empty field of a tick or a transition whose decision was a person's; others do not have it."""

METRICS = "metrics."
"""Labels of a transition that begin so are the task's metrics, not part of the experience."""

_LONGEST_NAME = 255  # characters of a robot's name


def transition_fields(transition: Transition) -> dict[str, ArrayLike]:
    """A transition without its images as named vectors."""
    fields: dict[str, ArrayLike] = {
        "tick": transition.tick,
        "episode": transition.episode,
        "observation": transition.observation,
        "action": transition.action,
        "reward": transition.reward,
        "next_observation": transition.next_observation,
        "terminated": transition.terminated,
        "truncated": transition.truncated,
    }
    if transition.source:
        fields[f"{SOURCE}{transition.source}"] = ()
    if transition.by_person:
        fields[BY_PERSON] = ()
    return fields


def transition_arrays(transition: Transition) -> dict[str, np.ndarray]:
    """A transition with its images as named arrays."""
    arrays: dict[str, np.ndarray] = {
        name: np.atleast_1d(np.asarray(value, np.float64)) for name, value in transition_fields(transition).items()
    }
    for prefix, images in ((IMAGES, transition.images), (NEXT_IMAGES, transition.next_images)):
        arrays |= {f"{prefix}{name}": image for name, image in images.items()}
    return arrays


def transition_from(fields: Mapping[str, np.ndarray]) -> Transition:
    """The inverse of `transition_fields` and of `transition_arrays`.

    What its sizes have to be is the layout's to say: `ros_rl.layout.Layout.check`.

    Raises:
        ContractError: A field is missing, holds several values where one is meant, or is not finite.
    """
    try:
        return Transition(
            tick=whole(fields, "tick"),
            episode=whole(fields, "episode"),
            observation=vector(fields, "observation"),
            action=vector(fields, "action"),
            reward=number(fields, "reward"),
            next_observation=vector(fields, "next_observation"),
            terminated=bool(whole(fields, "terminated", 1)),
            truncated=bool(whole(fields, "truncated", 1)),
            source=_source(fields),
            images=_under(IMAGES, fields),
            next_images=_under(NEXT_IMAGES, fields),
            by_person=BY_PERSON in fields,
        )
    except ContractError as error:
        raise ContractError(f"transition {error}") from None


def _source(fields: Mapping[str, np.ndarray]) -> str:
    """The robot's name."""
    names = list(_under(SOURCE, fields))
    if len(names) > 1 or any(len(name) > _LONGEST_NAME for name in names):
        raise ContractError(f"names {len(names)} sources: {', '.join(names)[:_LONGEST_NAME]}")
    return names[0] if names else ""


def _under(prefix: str, fields: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The fields whose labels begin so, by the rest of them."""
    return {name[len(prefix) :]: value for name, value in fields.items() if name.startswith(prefix)}


def metrics_from(fields: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The task's metrics that came with a transition, by their labels.

    Raises:
        ContractError: One is not one finite number.
    """
    try:
        return {name: number(fields, name) for name in fields if name.startswith(METRICS)}
    except ContractError as error:
        raise ContractError(f"transition {error}") from None
