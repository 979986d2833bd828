# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Every source file says whose it is and under which licence."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = ["# Copyright 2026 the ros_rl authors", "# SPDX-License-Identifier: Apache-2.0"]


def test_every_source_file_has_the_header() -> None:
    files = [ROOT / "setup.py", *ROOT.glob(".ci/*")]
    for folder in ("ros_rl", "launch", "bench", "test", "examples"):
        files += sorted((ROOT / folder).rglob("*.py"))
    assert len(files) > 20
    assert [str(path.relative_to(ROOT)) for path in files if not has_header(path.read_text(encoding="utf-8"))] == []


def test_header_stands_on_top_or_after_the_interpreter_line() -> None:
    header = "\n".join(HEADER)
    assert has_header(f'{header}\n\n"""Text."""\n')
    assert has_header(f"#!/usr/bin/env python3\n{header}\n")
    assert not has_header(f'"""Text."""\n{header}\n')
    assert not has_header("")


def test_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def has_header(text: str) -> bool:
    lines = text.splitlines()
    start = 1 if lines and lines[0].startswith("#!") else 0
    return lines[start : start + 2] == HEADER
