# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Pictures of an environment, and the film that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ros_rl.errors import SimulationError
from ros_rl.gym.environment import Environment
from ros_rl.runs.video import write_video

LONGEST_FILM = 4000
"""Steps of an environment, for the memory that their pictures take (at most 0.6 GB)."""
_FRAME_EVERY = 2  # steps
_PICTURE = 320  # pixels, of the longer side at most


class Film:
    """Takes pictures until there are enough; the first that fails is the last, and `problem` says why.

    Args:
        environment: Made to give pictures (``rgb_array``).
        steps: Of the environment that it shows at most.
    """

    def __init__(self, environment: Environment, steps: int) -> None:
        self._environment, self._steps = environment, steps
        self._taken = 0
        self.frames: list[Any] = []
        self.problem = ""

    def take(self) -> None:
        """Take a picture, if there is to be one of this step."""
        self._taken += 1
        if self.problem or self._taken > self._steps or (self._taken - 1) % _FRAME_EVERY:
            return
        try:
            self.frames.append(_smaller(self._environment.render()))
        except SimulationError as error:
            self.problem = str(error)

    def write(self, path: Path) -> None:
        """Write what there is, at the environment's own pace; nothing if there is no picture.

        Args:
            path: See `write_video`.
        """
        write_video(path, self.frames, _FRAME_EVERY / self._environment.frames_per_second)


def _smaller(picture: Any) -> Any:
    """Every n-th pixel, so that a film stays small."""
    every = -(-max(picture.shape[:2]) // _PICTURE)
    return picture[::every, ::every]
