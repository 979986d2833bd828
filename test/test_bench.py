# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Benchmarks speak of what the package has: their runs are too long for tests, and nothing else would say so."""

import ast
import functools
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHES = sorted((ROOT / "bench").rglob("*.py"))
PLACE = re.compile(r"(ros_rl(?:\.\w+)+):(\w+(?:\.\w+)*)")
"""A function as ``bench/profile_step.py`` names it: module and attribute."""


def module_file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.exists()), None)


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that the statements of a module bind."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name))
        elif isinstance(node, ast.If | ast.Try):
            yield from defined([*node.body, *node.orelse])


def names(module: Path) -> set[str]:
    return set(defined(ast.parse(module.read_text()).body)) | {path.stem for path in module.parent.iterdir()}


@pytest.mark.parametrize("bench", BENCHES, ids=lambda path: str(path.relative_to(ROOT / "bench")))
def test_what_is_imported_is_there(bench: Path) -> None:
    for node in ast.walk(ast.parse(bench.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "ros_rl":
            file = module_file(node.module)
            assert file is not None, f"{node.module} (line {node.lineno})"
            assert {alias.name for alias in node.names} <= names(file), f"line {node.lineno}"


def test_what_is_profiled_is_there() -> None:
    places = [place for bench in BENCHES for place in PLACE.findall(bench.read_text())]
    assert len(places) > 20
    for module, path in places:
        found: Any = functools.reduce(getattr, path.split("."), importlib.import_module(module))
        assert callable(found), f"{module}:{path}"
