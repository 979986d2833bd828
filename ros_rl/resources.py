# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Finds what ships with the package beside its code: ``config/``, ``models/``, ``sim/``, ``launch/``.

The files lie in one place of four, and the code finds them in each without importing ROS:

- a checkout (also one installed with ``pip install -e`` or ``colcon build --symlink-install``): beside the package;
- an install (pip, colcon, a distribution's package): ``share/ros_rl`` of the prefix that the code was installed to;
- the running interpreter's prefix;
- the ROS 2 workspaces on ``AMENT_PREFIX_PATH``.

The first that exists is used alone, so code never meets another version's files.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ros_rl.errors import ResourceNotFound

_PACKAGE_DIR = Path(__file__).resolve().parent


def share_path(*parts: str) -> Path:
    """Return the path of a file or folder that ships with the package.

    Args:
        *parts: Path below the package's shared files, e.g. ``"config", "robots", "a1.yaml"``. None gives their root.

    Returns:
        The existing, absolute path.

    Raises:
        ResourceNotFound: If there is no such file, or the package's shared files are not installed at all.
    """
    roots = list(dict.fromkeys(_candidate_roots()))
    for root in roots:
        if _is_share(root):
            path = root.joinpath(*parts)
            if not path.exists():
                raise ResourceNotFound(f"no {'/'.join(parts)} among the files of ros_rl in {root}")
            return path
    raise ResourceNotFound(f"the files of ros_rl are not installed; looked in {', '.join(map(str, roots))}")


def package_version() -> str:
    """Return the version of the package, as its ``package.xml`` says."""
    manifest = share_path("package.xml")
    match = re.search(r"<version>\s*([^<\s]+)\s*</version>", manifest.read_text(encoding="utf-8"))
    if match is None:
        raise ResourceNotFound(f"no <version> in {manifest}")
    return match.group(1)


def _candidate_roots() -> Iterator[Path]:
    yield _PACKAGE_DIR.parent
    for prefix in _PACKAGE_DIR.parents:
        yield prefix / "share" / "ros_rl"
    yield Path(sys.prefix) / "share" / "ros_rl"
    for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if entry:
            yield Path(entry) / "share" / "ros_rl"


def _is_share(root: Path) -> bool:
    return (root / "package.xml").is_file() and (root / "config").is_dir()
