# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Warnings on the terminal: at once, and once a minute while they last."""

from ros_rl.runs.warnings import Warnings


def test_a_warning_is_said_at_once_and_every_minute_whatever_its_numbers() -> None:
    said: list[str] = []
    warnings = Warnings(said.append)
    for second in range(130):
        warnings.tell([f"|Q| is beyond its bound {second}.5"], float(second), "learner")
    assert said == [f"warning: learner: |Q| is beyond its bound {second}.5" for second in (0, 60, 120)]


def test_another_warning_does_not_wait_for_the_first() -> None:
    said: list[str] = []
    warnings = Warnings(said.append)
    warnings.tell(["the disk is full"], 0.0)
    warnings.tell(["the disk is full", "the rank fell to 3"], 1.0)
    warnings.tell([], 2.0)
    warnings.tell(["the disk is full"], 3.0, "collector")
    assert said == ["warning: the disk is full", "warning: the rank fell to 3", "warning: collector: the disk is full"]
