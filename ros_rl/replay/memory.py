# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How much memory a replay buffer takes, against how much there is: the kernel gives it page by page, so late."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from ros_rl.errors import ConfigError
from ros_rl.layout import Field

_GB = 1e9
_BESIDE = 32
"""Bytes of a transition beside observations and action: reward, ends, and where its chain goes on."""
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def bytes_per_transition(observation_size: int, action_size: int, images: Sequence[Field] = ()) -> int:
    """Bytes that a buffer keeps of a transition.

    Args:
        observation_size: Values per observation, of which there are two.
        action_size: Values per action.
        images: Fields of the images beside the observations, each stored once.
    """
    return 4 * (2 * observation_size + action_size) + sum(math.prod(item.shape) for item in images) + _BESIDE


def told(capacity: int, observation_size: int, action_size: int, images: Sequence[Field] = ()) -> str:
    """How many transitions a buffer holds at most, and the memory that they take.

    Args:
        capacity: Transitions held.
        observation_size: See `bytes_per_transition`.
        action_size: See there.
        images: See there.
    """
    size = capacity * bytes_per_transition(observation_size, action_size, images)
    return f"at most {capacity} transitions, {f'{size / _GB:.1f} GB' if size >= _GB else f'{size / 1e6:.0f} MB'}"


def free_memory(meminfo: Path = Path("/proc/meminfo"), limits: Sequence[Path] = _LIMITS) -> float:
    """Bytes that this process can still get: of the machine, at most its container's limit; inf where nothing says.

    Args:
        meminfo: What the kernel says of the machine.
        limits: What it says of the container.
    """
    found = re.search(r"^MemAvailable:\s+(\d+) kB", _read(meminfo), re.MULTILINE)
    sizes = [1024.0 * int(found[1])] if found else []
    sizes += [float(text) for text in map(_read, limits) if text.strip().isdecimal()]
    return min(sizes, default=math.inf)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def check_memory(capacity: int, observation_size: int, action_size: int, images: Sequence[Field] = ()) -> None:
    """Refuse a buffer that will not fit, before it is made.

    Args:
        capacity: Transitions held.
        observation_size: See `bytes_per_transition`.
        action_size: See there.
        images: See there.

    Raises:
        ConfigError: It needs more memory than is free.
    """
    each, free = bytes_per_transition(observation_size, action_size, images), free_memory()
    if capacity * each > free:
        raise ConfigError(
            f"learner.replay_capacity {capacity} needs {capacity * each / _GB:.1f} GB ({each} bytes a transition), "
            f"{free / _GB:.1f} GB of memory are free; allowed: at most {int(free // each)}"
        )
