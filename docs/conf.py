# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The documentation as a site: ``make docs`` builds it with Sphinx, the API's pages from the sources as they stand.

Its root is that of the repository, so that links among README, ``docs/`` and ``bench/`` hold there and in the site.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[1]
_VERSION = re.search(r"<version>\s*([^<\s]+)", (_ROOT / "package.xml").read_text(encoding="utf-8"))

project = "ros_rl"
author = "the ros_rl authors"
copyright = "2026 the ros_rl authors"  # noqa: A001
release = _VERSION[1] if _VERSION else ""

extensions = ["myst_parser", "sphinx.ext.napoleon", "autoapi.extension", "sphinx_copybutton"]
root_doc = "docs/index"
include_patterns = ["*.md", "CHANGELOG.rst", "docs/**", "bench/README.md", "models/**/README.md"]
exclude_patterns = [".*", "build", "install", "log", "mutants", "ros_rl.egg-info", "runs", "docs/examples/**/build"]
html_theme = "furo"
html_title = f"ros_rl {release}"
myst_heading_anchors = 4
copybutton_prompt_text = "$ "

autoapi_dirs = [str(_ROOT / "ros_rl")]
autoapi_root = "docs/api"
autoapi_add_toctree_entry = False
autoapi_options = ["members", "show-inheritance", "show-module-summary"]
autoapi_python_class_content = "both"
autoapi_member_order = "bysource"
suppress_warnings = ["autoapi.python_import_resolution", "ref.python", "docutils"]  # of docstrings, in plain words


def _in_site(link: str, page: Path) -> str:
    """A link of a page as it is in the site: sources lead to the pages of their modules, folders to their README.

    Args:
        link: As it stands in the page, relative to it.
        page: Absolute.
    """
    path, mark, anchor = link.partition("#")
    target = (page.parent / path).resolve()
    if target.is_relative_to(_ROOT / "ros_rl") and (target.suffix == ".py" or target.is_dir()):
        module = target.relative_to(_ROOT).with_suffix("")
        module = module.parent if module.name == "__init__" else module
        return os.path.relpath(_ROOT / autoapi_root / module / "index.rst", page.parent)
    return f"{path.rstrip('/')}/README.md{mark}{anchor}" if path and (target / "README.md").is_file() else link


def _rewrite(app: Any, name: str, source: list[str]) -> None:
    page = _ROOT / f"{name}.md"
    if page.is_file():
        source[0] = re.sub(r"\]\(([^)\s]+)\)", lambda found: f"]({_in_site(found[1], page)})", source[0])


def _lead_to_root(app: Any, error: Exception | None) -> None:
    if error is None:
        way = f'<meta http-equiv="refresh" content="0; url={root_doc}.html">'
        (Path(app.outdir) / "index.html").write_text(way, encoding="utf-8")


def setup(app: Any) -> None:
    """Let links lead to pages of the site, and its address to the first of them."""
    app.connect("source-read", _rewrite)
    app.connect("build-finished", _lead_to_root)
