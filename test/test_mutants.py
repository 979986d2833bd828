# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The list of faults that no test can tell from the original: read as it is meant, and of lines that there are."""

from pathlib import Path

import pytest
from mutants import EQUIVALENT, EVERYWHERE, Known, load

ROOT = Path(__file__).parents[1]
TEXT = """# Why this list is here.
[everywhere]
# A reason.
- strict=True
+ strict=False
- x
+ y

[ros_rl/a.py]
# One line, and two.
- a = 1
+ a = 2
- b = 1
- c = 1
+ b = 2
+ c = 2
"""


@pytest.fixture
def known(tmp_path: Path) -> Known:
    path = tmp_path / "list.txt"
    path.write_text(TEXT, encoding="utf-8")
    return load(path)


def test_lines_hold_in_their_file_alone(known: Known) -> None:
    assert known.holds("ros_rl/a.py", ("a = 1",), ("a = 2",))
    assert not known.holds("ros_rl/b.py", ("a = 1",), ("a = 2",))
    assert not known.holds("ros_rl/a.py", ("a = 1",), ("a = 3",))
    assert known.holds("ros_rl/a.py", ("b = 1", "c = 1"), ("b = 2", "c = 2"))
    assert not known.holds("ros_rl/a.py", ("b = 1",), ("b = 2",))


def test_parts_hold_wherever_they_stand_once(known: Known) -> None:
    one = ("f(zip(a, b, strict=True), zip(c, d, strict=True))",)
    assert known.holds("any.py", one, ("f(zip(a, b, strict=False), zip(c, d, strict=True))",))
    assert known.holds("any.py", one, ("f(zip(a, b, strict=True), zip(c, d, strict=False))",))
    assert not known.holds("any.py", one, ("f(zip(a, b, strict=False), zip(c, d, strict=False))",))
    assert not known.holds("any.py", one, ("f(zip(a, a, strict=False), zip(c, d, strict=True))",))


def test_the_list_names_lines_that_there_are() -> None:
    """A line that was changed since must be looked at again."""
    for path, pairs in load(ROOT / EQUIVALENT).lines.items():
        assert path != EVERYWHERE
        lines = {line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()}
        for removed, added in pairs:
            assert removed and set(removed) <= lines, f"{path}: {removed}"
            assert removed != added
