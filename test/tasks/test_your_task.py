# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`docs/your_task.md` shows whole tasks as they are, they conform and are learned from, its tables are whole."""

import configparser
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from extensions import registered, run_with_package

from ros_rl.conformance import check_task
from ros_rl.features import FEATURES
from ros_rl.sensors.inputs import INPUTS
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import ALL_TASKS
from ros_rl.tasks import TASKS, Task, goal_measures, measures
from ros_rl.training.local import train_locally

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "your_task.md").read_text(encoding="utf-8")
EXAMPLES = ROOT / "docs" / "examples" / "tasks"
FILES = sorted(EXAMPLES.glob("*.py"))
NOTHING = ROOT / "docs" / "examples" / "two_link"
_LICENCE = "# Copyright 2026 the ros_rl authors\n# SPDX-License-Identifier: Apache-2.0\n\n"
REMARKS = {
    "push_cube": [
        "field 'contact' does not change in elements 0",
        "field 'goal_position' does not change in elements 2",
    ],
}
"""What is meant as it is."""


def declared() -> str:
    """The entry points of the package's own pyproject.toml."""
    parts = re.findall(
        r'^\[project.entry-points."(.*?)"\]\n(.*?)\n\n', (EXAMPLES / "pyproject.toml").read_text(), re.M | re.S
    )
    return "\n".join(f"[{group}]\n{lines}" for group, lines in parts).replace('"', "")


def tasks() -> list[str]:
    parser = configparser.ConfigParser()
    parser.read_string(declared())
    return list(parser["ros_rl.tasks"])


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples, registered in this process."""
    registered(EXAMPLES / "reach_pose.py", declared(), monkeypatch)


def overrides(task: str) -> list[str]:
    return ["driver.backend.name=mock"] if task == "close_grip" else []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_stands_on_the_page_verbatim(file: Path) -> None:
    code = "\n".join(file.read_text(encoding="utf-8").splitlines()[2:]).strip() + "\n"
    assert code in blocks("python")


@pytest.mark.parametrize("task", tasks())
def test_it_conforms(package: None, task: str) -> None:
    assert check_task(task, overrides(task)) == REMARKS.get(task, [])


@pytest.mark.parametrize("task", ["reach_pose", "push_cube", "close_grip"])
def test_it_is_learned_from(package: None, task: str) -> None:
    """A few seconds of it, in its own simulator; how well it is learned in minutes, the page tells."""
    tiny = ["agent.name=sac", "agent.hidden=16", "learner.robot_minutes=0.15", "learner.warmup_steps=60"]
    *_, last = train_locally(load_settings(task, overrides=[*overrides(task), "task.episode_seconds=4", *tiny]))
    assert last.training.updates > 50 and np.isfinite(last.episode_return)
    goals = last.training.replay.ordered().observation[:, last.training.spec.goal]
    assert len(np.unique(goals, axis=0)) >= 2


def test_a_robot_and_a_task_from_nothing_stand_on_the_page_in_less_than_a_hundred_lines() -> None:
    package = NOTHING / "two_link"
    files = [package / "two_link.urdf", package / "two_link.yaml", package / "__init__.py", NOTHING / "pyproject.toml"]
    lines = 0
    for file, language in zip(files, ("xml", "yaml", "python", "toml"), strict=True):
        code = file.read_text(encoding="utf-8").removeprefix(_LICENCE)
        assert code in blocks(language)
        lines += len(code.splitlines())
    assert lines < 100


def test_they_are_known_where_they_are_installed_and_learned_from(tmp_path: Path) -> None:
    code = """
import numpy as np
from ros_rl.conformance import check_task
from ros_rl.settings.loading import load_settings
from ros_rl.training.local import train_locally
remarks = check_task("two_link_reach", [])
tiny = ["agent.name=sac", "agent.hidden=16", "learner.robot_minutes=0.15", "learner.warmup_steps=60"]
*_, last = train_locally(load_settings("two_link_reach", overrides=tiny))
print(remarks, last.training.updates > 50 and np.isfinite(last.episode_return))
"""
    points = "[ros_rl.robots]\ntwo_link = two_link:ROBOT\n[ros_rl.tasks]\ntwo_link_reach = two_link:TwoLinkReach\n"
    done = run_with_package([NOTHING / "two_link"], points, tmp_path, "-c", code)
    remark = "field 'goal_position' does not change in elements 2"  # it is a plane
    assert done.stdout.splitlines()[-1] == f'["{remark}"] True', done.stderr


def test_the_page_tests_a_task_as_it_says(package: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, "push_cube", ALL_TASKS["push_cube"])  # which it registers, and nobody else is to see
    (code,) = [block for block in blocks("python") if "def test_push_cube" in block]
    names: dict[str, object] = {}
    exec(compile(code, "your_task.md", "exec"), names)
    names["test_push_cube_conforms"]()  # type: ignore[operator]


def test_the_installed_package_is_known_by_its_entry_points(tmp_path: Path) -> None:
    code = """
from ros_rl.settings.loading import load_settings
for name in ("reach_pose", "push_cube", "patrol"):
    print(name, load_settings(name).observation_spec().goal_size)
print(load_settings("close_grip", overrides=["driver.backend.name=mock"]).observation_spec().goal_size)
"""
    done: subprocess.CompletedProcess[str] = run_with_package(FILES, declared(), tmp_path, "-c", code)
    assert done.stdout.split() == ["reach_pose", "9", "push_cube", "3", "patrol", "10", "2"], done.stderr


def test_every_entry_point_stands_on_the_page() -> None:
    _, shown = blocks("toml")
    assert declared().replace("[ros_rl", "").split() == re.sub(r'\[project.entry-points."ros_rl|"', "", shown).split()


def cells(header: str) -> list[str]:
    """What stands in backticks in the first cells of a table."""
    lines = iter(PAGE.splitlines())
    next(line for line in lines if line.startswith(f"| {header} |"))
    next(lines)
    found: list[str] = []
    for line in lines:
        if not line.startswith("|"):
            return found
        found += re.findall(r"`(\w+)", line.split("|")[1])
    return found


def test_all_inputs_fields_and_members_are_there() -> None:
    assert sorted(cells("input")) == sorted(INPUTS)
    assert sorted(cells("state")) == sorted(name for name, feature in FEATURES.items() if not feature.input)
    members = {name for name in vars(Task) if not name.startswith("_")} - {"title", "inputs"}
    assert members <= {*cells("member")}, members - {*cells("member")}


def test_all_measures_are_there() -> None:
    made = [name for module in (goal_measures, measures) for name, value in vars(module).items()]
    own = {name for name in made if name.isupper() and not name.startswith("_")} | {
        n for n in made if n.endswith("_measure")
    }
    assert {*cells("measure")} == own | {"Measure"}


def test_the_topics_are_those_of_the_inputs() -> None:
    for name, item in INPUTS.items():
        (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
        topic = f"`{item.topic}`, {item.message.replace('/msg/', '/')}"
        assert topic in row or "the same message" in row, name
