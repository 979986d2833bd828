# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""`docs/extending.md` shows the examples as they are, and every group of entry points."""

import re
from pathlib import Path

import pytest

from ros_rl import plugins

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "extending.md"
EXAMPLES = ("foot_contact.py", "null_robot.py", "command_task.py", "height_input.py")
AWR = ROOT / "docs" / "examples" / "awr"
GROUPS = sorted(value for name, value in vars(plugins).items() if name.endswith("_GROUP"))
LICENCE_LINES = 2


def text() -> str:
    return TUTORIAL.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text(), re.MULTILINE | re.DOTALL)


def code_of(path: Path) -> str:
    """Without the licence."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("# ") for line in lines[:LICENCE_LINES])
    return "\n".join(lines[LICENCE_LINES:]).strip() + "\n"


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_stands_in_it_verbatim(name: str) -> None:
    assert code_of(Path(__file__).with_name(name)) in blocks("python")


@pytest.mark.parametrize("name", ["awr_settings.py", "awr_agent.py"])
def test_excerpts_of_the_agent_are_verbatim(name: str) -> None:
    code = (AWR / name).read_text(encoding="utf-8")
    assert [block for block in blocks("python") if block in code]


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_of_entry_points_is_shown(group: str) -> None:
    assert f"| `{group}` |" in text()
    assert any(f'[project.entry-points."{group}"]\n' in block for block in blocks("toml"))


def test_python_parses_and_links_lead_somewhere() -> None:
    for block in blocks("python"):
        compile(block, str(TUTORIAL), "exec")
    found = re.findall(r"(?:\]\(|^\[\w+\]: )([^)\s]+)", text(), re.MULTILINE)
    links = [link.split("#")[0] for link in found]
    assert [link for link in links if not (TUTORIAL.parent / link).exists()] == []
