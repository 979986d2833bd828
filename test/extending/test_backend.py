# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A backend of another package, `null_robot.py`: two entry points, and every command knows it."""

from pathlib import Path

import pytest
from extensions import run_with_package

BACKEND = Path(__file__).with_name("null_robot.py")
SETTINGS_POINT = "[ros_rl.backend_settings]\nnull_robot = null_robot:NullSettings\n"
BOTH_POINTS = SETTINGS_POINT + "[ros_rl.backends]\nnull_robot = null_robot:NullRobot\n"
_TRAIN = """
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally

overrides = ["driver.backend.name=null_robot", "driver.backend.spread=0.5", "agent.name=random", "learner.steps=200"]
settings = load_settings("mock_point", overrides=overrides)
*_, last = train_locally(settings)
print(last.training.env_steps, settings.driver.backend, settings.driver.recovers)
"""


def test_it_trains(tmp_path: Path) -> None:
    done = run_with_package([BACKEND], BOTH_POINTS, tmp_path, "-c", _TRAIN)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["200", "NullSettings(spread=0.5)", "True"]


def test_it_does_what_it_is_told(tmp_path: Path) -> None:
    """Through the driver's filter and delay: at 20 Hz and 1 rad/s, 0.05 rad a tick."""
    code = """
import null_robot  # before anything else of the package
import numpy as np
from ros_rl.runtime.making import make_driver_loop
from ros_rl.backends import make_backend
from ros_rl.settings.loading import load_settings
from ros_rl.types import Command

settings = load_settings("mock_point", overrides=["driver.backend.name=null_robot", "driver.backend.spread=0"])
loop = make_driver_loop(settings, settings.load_robot(), make_backend(settings), auto_recover=True)
tick = loop.start()
for _ in range(11):
    loop.accept(Command(tick.stamp, np.ones(2)))
    tick = loop.advance()
print(np.round(tick.measurement["joint_position"], 9).tolist())
"""
    done = run_with_package([BACKEND], BOTH_POINTS, tmp_path, "-c", code)
    assert done.stdout.strip() == "[0.5, 0.5]", done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["list"], ("  null_robot",)),
        (
            ["settings", "mock_point", "--set", "driver.backend.name=null_robot"],
            ("driver.backend.spread = 1.0", "[rad]"),
        ),
    ],
)
def test_commands_know_it(tmp_path: Path, arguments: list[str], words: tuple[str, ...]) -> None:
    done = run_with_package([BACKEND], BOTH_POINTS, tmp_path, "-m", "ros_rl.cli", *arguments)
    assert done.returncode == 0 and all(word in done.stdout for word in words), done.stderr


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        (SETTINGS_POINT, "an entry point in the group ros_rl.backend_settings, but none in ros_rl.backends"),
        (BOTH_POINTS.replace("NullRobot", "Nothing"), "null_robot:Nothing of ros_rl.backends cannot be loaded"),
        (BOTH_POINTS.replace("NullSettings", "Nothing"), "null_robot:Nothing of ros_rl.backend_settings cannot be"),
    ],
)
def test_half_a_backend_is_refused(tmp_path: Path, points: str, complaint: str) -> None:
    done = run_with_package([BACKEND], points, tmp_path, "-c", _TRAIN)
    assert done.returncode != 0
    assert complaint in done.stderr.splitlines()[-1]


def test_it_is_short() -> None:
    code = [line for line in BACKEND.read_text().splitlines() if line.strip() and not line.startswith("#")]
    assert len(code) <= 40
