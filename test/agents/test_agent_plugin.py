# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The documented example of an agent of one's own, installed as another package would be."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "awr"
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


def installed(folder: Path, points: str) -> dict[str, str]:
    """An environment in which the example is installed, with these entry points."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    info = folder / "awr-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: awr\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def declared() -> str:
    """The entry points of the example's own pyproject.toml."""
    groups = re.findall(r'entry-points\."(.*?)"\]\n(\w+) = "(.*?)"', (EXAMPLE / "pyproject.toml").read_text())
    return "\n".join(f"[{group}]\n{name} = {value}" for group, name, value in groups)


def run(environment: dict[str, str], code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)


def test_example_trains_and_exports(tmp_path: Path) -> None:
    done = run(installed(tmp_path, declared()), _TRAIN)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[-1]) > 100


def test_settings_are_read_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; from ros_rl.settings.registry import AGENT_NAMES;"
        "print('awr' in AGENT_NAMES)"
    )
    done = run(installed(tmp_path, declared()), code)
    assert done.stdout.split() == ["True"], done.stderr


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        ("[ros_rl.agent_settings]\nawr = missing:AwrSettings\n", "awr = missing:AwrSettings of ros_rl.agent_settings"),
        ("[ros_rl.agent_settings]\nawr = awr_settings:AwrSettings\n", "no entry point in the group ros_rl.agents"),
    ],
)
def test_half_an_agent_is_refused(tmp_path: Path, points: str, complaint: str) -> None:
    done = run(installed(tmp_path, points), _TRAIN)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_example_is_short() -> None:
    """The documentation says that some 60 lines do."""
    lines = sum(len((EXAMPLE / name).read_text().splitlines()) for name in ("awr_agent.py", "awr_settings.py"))
    assert lines <= 65
