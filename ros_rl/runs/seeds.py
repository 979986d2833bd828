# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One training with several seeds: a folder of run folders, and how far each of them came."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ros_rl.errors import ConfigError, one_line
from ros_rl.runs.checkpoints import resumable
from ros_rl.runs.run_folder import CHECKPOINT, CONFIG, SUMMARY, is_finished
from ros_rl.settings.recorded import load_run
from ros_rl.settings.tree import Settings

SETTINGS = "settings.yaml"
"""All settings of all seeds; no `CONFIG`, since the folder of the seeds is itself no run."""
FINISHED, FAILED, STOPPED, MISSING = "finished", "failed", "stopped", "not begun"
_SEED = re.compile(r"seed_(\d+)")
_LARGEST = 2**31 - 1


def check_seeds(seeds: Sequence[int]) -> None:
    """Refuse what is no set of seeds.

    Raises:
        ConfigError: One is negative or too large, or stands twice.
    """
    for place, seed in enumerate(seeds):
        if not 0 <= seed <= _LARGEST:
            raise ConfigError(f"--seeds: {seed} is no seed, allowed: 0 to {_LARGEST}")
        if seed in seeds[:place]:
            raise ConfigError(f"--seeds: {seed} stands twice")


@dataclass(frozen=True)
class SeedRun:
    """The run of one seed.

    Attributes:
        seed: Of all its random numbers.
        folder: Of the run; it need not be there.
    """

    seed: int
    folder: Path

    @property
    def ended(self) -> tuple[str, str]:
        """How it ended, and why if it failed; of one that goes on, as if it had been stopped."""
        if not is_finished(self.folder):
            return (STOPPED if (self.folder / CONFIG).is_file() else MISSING), ""
        try:
            shortfall = json.loads((self.folder / SUMMARY).read_bytes()).get("shortfall", "")
        except (OSError, ValueError, AttributeError) as error:
            shortfall = f"{SUMMARY} cannot be read: {one_line(error)}"
        return (FAILED, shortfall) if shortfall else (FINISHED, "")

    @property
    def resumable(self) -> bool:
        """Whether there is anything to go on from."""
        return resumable(self.folder / CHECKPOINT)

    def make_way(self) -> None:
        """Move a folder that nothing can go on from out of the way, so that the seed can begin anew."""
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}_broken_{number}")).exists():
            number += 1
        self.folder.rename(aside)


def seed_runs(parent: Path, seeds: Sequence[int] = ()) -> list[SeedRun]:
    """Those that are in a folder of seeds and those that shall be, in the order of the seeds."""
    there = [int(found[1]) for folder in parent.glob("seed_*") if (found := _SEED.fullmatch(folder.name))]
    return [SeedRun(seed, parent / f"seed_{seed}") for seed in sorted({*there, *seeds})]


def is_parent(folder: Path | None) -> bool:
    """Whether it is a folder of seeds."""
    return folder is not None and (folder / SETTINGS).is_file()


def read_settings(parent: Path) -> Settings:
    """What holds for all seeds.

    Raises:
        ConfigError: See `load_run`.
    """
    return load_run(parent / SETTINGS)
