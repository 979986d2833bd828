# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a ring holds, as the transitions that were added to it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ros_rl.replay.ring import Ring
from ros_rl.replay.sum_tree import Index
from ros_rl.types import Transition


def chained(ring: Ring, place: Index) -> Iterator[Transition]:
    """Transitions anew, their ticks and episodes numbered so that what was one chain is one again, wherever it begins.

    Args:
        ring: Holds them.
        place: Of each, robot by robot, in order of age, shape (transitions,).
    """
    observation, action, after = (part[place] for part in (ring.observation, ring.action, ring.next_observation))
    images, next_images = ring.images.at(place), ring.images.after(place, ring.successor)
    distance = ring.successor[place[:-1]]
    follows = np.zeros(len(place), bool)
    follows[1:] = (distance > 0) & ((place[:-1] + distance) % ring.capacity == place[1:])
    names = ring.sources
    for tick, (chain, where) in enumerate(zip(np.cumsum(~follows), place, strict=True)):
        yield Transition(
            tick=tick,
            episode=int(chain),
            observation=observation[tick],
            action=action[tick],
            reward=float(ring.reward[where]),
            next_observation=after[tick],
            terminated=bool(ring.terminated[where]),
            truncated=bool(ring.truncated[where]),
            source=names[ring.source[where]],
            images={name: value[tick] for name, value in images.items()},
            next_images={name: value[tick] for name, value in next_images.items()},
        )
