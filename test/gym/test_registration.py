# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Tasks and robots of other packages among Gymnasium's environments, also beside packages that are broken."""

from pathlib import Path

import pytest
from extensions import ROOT, run_with_package

from ros_rl.gym import environment_id
from ros_rl.tasks import TASKS

TASK = ROOT / "test" / "extending" / "command_task.py"
POINTS = """
[ros_rl.tasks]
follow_command = command_task:FollowCommand
follow_sideways = command_task:FollowCommand
broken = broken_task:Broken
nowhere = no_such_module:Task
[ros_rl.features]
odd = broken_task:ODD
[ros_rl.robots]
long_arm = own_robots:LONG_ARM
"""
BROKEN = "raise RuntimeError('it needs a licence')\n"
ROBOTS = "from pathlib import Path\nLONG_ARM = Path(__file__).with_name('long_arm.yaml')\n"
_MAKE = """
import gymnasium, ros_rl.gym
from ros_rl.errors import ConfigError

for name in ("FollowCommand", "FollowSideways", "MockPoint"):
    env = gymnasium.make(f"ros_rl/{name}-v0", settings={"driver.backend.name": "mock"})
    env.reset(seed=0)
    print(name, env.unwrapped.settings.task.name, env.step([0.1, 0.2])[0].shape)
env = gymnasium.make("ros_rl/XarmReach-v0", robot="long_arm")
print(env.unwrapped.layout.name, env.reset(seed=0)[0].shape)
print([name for name in gymnasium.registry if name.startswith("ros_rl/")])
try:
    from ros_rl.gym.robot_env import RobotEnv
    RobotEnv("broken")
except ConfigError as error:
    print(error)
"""


def test_another_packages_tasks_and_robots(tmp_path: Path) -> None:
    """Two tasks of one class are told apart; what is broken is named once and breaks nothing else."""
    package = tmp_path / "package"
    package.mkdir()
    (package / "broken_task.py").write_text(BROKEN)
    (package / "own_robots.py").write_text(ROBOTS)
    arm = (ROOT / "config" / "robots" / "xarm6.yaml").read_text()
    (package / "long_arm.yaml").write_text(arm.replace("name: xarm6", "name: long_arm"))
    done = run_with_package([TASK], POINTS, package, "-c", _MAKE)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["FollowCommand follow_command (11,)", "FollowSideways follow_command (11,)"], done.stderr
    assert lines[2:4] == ["MockPoint mock_point (8,)", "long_arm (30,)"]
    assert "'ros_rl/FollowSideways-v0'" in lines[4] and "Broken" not in lines[4] and "Nowhere" not in lines[4]
    reason = (
        "entry point broken = broken_task:Broken of ros_rl.tasks cannot be loaded: RuntimeError: it needs a licence"
    )
    assert lines[5] == reason
    said = [line for line in done.stderr.splitlines() if "entry point" in line]
    assert said.count(f"{reason}; it is left out") == 1
    assert sum("nowhere = no_such_module:Task of ros_rl.tasks" in line for line in said) == 1
    assert sum("odd = broken_task:ODD of ros_rl.features" in line for line in said) == 1 and len(said) == 3


def test_two_packages_that_give_one_name(tmp_path: Path) -> None:
    other = tmp_path / "other"
    info = other / "other-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[ros_rl.tasks]\nfollow_command = other_task:Follow\n")
    code = "import sys; sys.path.append('other'); import gymnasium, ros_rl.gym; print(*gymnasium.registry)"
    points = "[ros_rl.tasks]\nfollow_command = command_task:FollowCommand\n"
    done = run_with_package([TASK], points, tmp_path, "-c", code)
    assert "ros_rl/A1Walk-v0" in done.stdout and "FollowCommand" not in done.stdout
    assert "entry point follow_command of ros_rl.tasks is given by two packages, as command_task:FollowCommand" in (
        done.stderr
    )


def test_names_that_become_the_same(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from ros_rl.gym import register_tasks

    monkeypatch.setitem(TASKS, "mock-point", TASKS["mock_point"])
    register_tasks()
    said = "task mock-point is not registered: its environment would be ros_rl/MockPoint-v0, as that of mock_point is"
    assert said in caplog.text


@pytest.mark.parametrize(
    ("task", "name"), [("a1_walk", "A1Walk"), ("cartpole_swingup", "CartpoleSwingup"), ("my-own.task", "MyOwnTask")]
)
def test_names(task: str, name: str) -> None:
    assert environment_id(task) == f"ros_rl/{name}-v0"
