# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Runs of the recording robot (`test/stand_ins/recording_robot.py`), from processes that have it installed."""

from __future__ import annotations

from pathlib import Path

from live_processes import ROOT, installed, wait_for

_ROBOT = ROOT / "test" / "stand_ins" / "recording_robot.py"
_POINTS = (
    "[ros_rl.backend_settings]\n"
    "recording = recording_robot:RecordingSettings\nreal = recording_robot:RealSettings\n"
    "[ros_rl.backends]\nrecording = recording_robot:RecordingRobot\nreal = recording_robot:RecordingRobot\n"
)


class Recorded:
    """What reached the robot.

    Args:
        folder: For the record and the installed package.
        name: Of the backend: ``recording``, a simulator, or ``real``, hardware to its driver.
    """

    def __init__(self, folder: Path, name: str = "recording") -> None:
        self.file = folder / "record"
        self.environment = installed(folder / "site", _ROBOT, _POINTS)
        chosen = {"driver.backend.name": name, "driver.backend.file": self.file}
        self.overrides = [f"{key}={value}" for key, value in chosen.items()]
        self.options = [word for override in self.overrides for word in ("--set", override)]

    @property
    def words(self) -> list[str]:
        return self.file.read_text().split() if self.file.exists() else []

    @property
    def acts(self) -> bool:
        return self.words[-1:] == ["write"]

    def wait(self) -> None:
        wait_for(lambda: self.acts, "the robot to act")

    @property
    def safe_at_last(self) -> bool:
        """Nothing was written after the safe action, and the robot was released."""
        last = self.words[::-1]
        last = last[: last.index("write")]  # another process may have connected since
        return "close" in last and "safe" in last[last.index("close") :]

    @property
    def safe_at_first(self) -> bool:
        """The same of the first process, whatever the next one has done since."""
        words = self.words
        first = words[: words.index("connect", 1)] if words.count("connect") > 1 else words
        last = first[len(first) - first[::-1].index("write") :]
        return "close" in last and "safe" in last[: last.index("close")]
