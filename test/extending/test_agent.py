# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The documented example of an agent of one's own, installed as another package would be."""

import re
import subprocess
from pathlib import Path

import pytest
from extensions import run_with_package

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "awr"
FILES = (EXAMPLE / "awr_agent.py", EXAMPLE / "awr_settings.py")
_TRAIN = """
from ros_rl.training.local import train_locally
from ros_rl.settings.loading import load_settings

overrides = ["agent.name=awr", "agent.hidden=32", "learner.robot_minutes=0.5", "learner.warmup_steps=100"]
*_, last = train_locally(load_settings("mock_point", overrides=["driver.backend.name=mock", *overrides]))
assert type(last.training.agent).__name__ == "AwrAgent"
assert last.graph.contract.provenance["config"]["agent"] | {"name": "awr", "temperature": 1.0} == (
    last.graph.contract.provenance["config"]["agent"]
)
print("updates", last.training.updates)
"""


def declared() -> str:
    """The entry points of the example's own pyproject.toml."""
    groups = re.findall(r'entry-points\."(.*?)"\]\n(\w+) = "(.*?)"', (EXAMPLE / "pyproject.toml").read_text())
    return "\n".join(f"[{group}]\n{name} = {value}" for group, name, value in groups)


def run(folder: Path, points: str, code: str) -> subprocess.CompletedProcess[str]:
    return run_with_package(FILES, points, folder, "-c", code)


def test_example_trains_and_exports(tmp_path: Path) -> None:
    done = run(tmp_path, declared(), _TRAIN)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 100


def test_settings_are_read_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from ros_rl.settings.registry import AGENT_NAMES;"
        "print('awr' in AGENT_NAMES)"
    )
    done = run(tmp_path, declared(), code)
    assert done.stdout.split() == ["True"], done.stderr


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ("[ros_rl.agent_settings]\nawr = missing:AwrSettings\n", "awr = missing:AwrSettings of ros_rl.agent_settings"),
        ("[ros_rl.agent_settings]\nawr = awr_settings:AwrSettings\n", "no entry point in the group ros_rl.agents"),
        (
            "[ros_rl.agent_settings]\nsac = awr_settings:AwrSettings\n",
            "sac of ros_rl.agent_settings has a name that",
        ),
    ],
)
def test_half_an_agent_is_refused(tmp_path: Path, points: str, complaint: str) -> None:
    done = run(tmp_path, points, _TRAIN)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_example_is_short() -> None:
    """The documentation says that some 60 lines do."""
    lines = sum(len(file.read_text().splitlines()) for file in FILES)
    assert lines <= 65
