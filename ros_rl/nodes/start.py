# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The first thing in a node's process: it looks after signals and the parent, and only then loads what takes time.

Run as a file (``python .../start.py -m ros_rl.nodes.driver``), the working directory is not on Python's path:
a ``queue.py`` that lies there replaces nothing. As an executable (``ros2 run ros_rl driver``) its name says which node.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))


def start(module: str) -> int:
    """Run a node; until it is loaded, a signal ends the process at once.

    Args:
        module: Has ``main``.

    Returns:
        Exit code.
    """
    from ros_rl.runs import signals
    from ros_rl.runs.parent import end_with_parent

    signals.end_at_once(0)
    end_with_parent()
    from ros_rl.runs.bringup import PREPARE

    node = import_module(module)
    if sys.argv[1:] == [PREPARE] and not _wait_for_arguments(node):
        return 0
    code = int(node.main())
    signals.ignore()
    return code


def _wait_for_arguments(node: Any) -> bool:
    """Answer requests, see `ros_rl.runs.prepared`, until it is known what to run; False if it never is."""
    from ros_rl.runs import prepared

    for line in sys.stdin:
        request = json.loads(line)
        if prepared.CHECK in request:
            print(json.dumps(_checked(node, request[prepared.CHECK])), flush=True)
            continue
        output = os.open(request[prepared.LOG], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        for stream, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, output), (2, output)):
            os.dup2(file, stream)
            os.set_inheritable(stream, True)
        os.environ.update(request[prepared.ENVIRONMENT])
        sys.argv[1:] = request[prepared.ARGUMENTS]
        return True
    return False


def _checked(node: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with what a run is to begin with, as an answer."""
    from ros_rl.config import build
    from ros_rl.errors import ConfigError, RosRlError, RunFolderError, UnknownNameError
    from ros_rl.runs.prepared import ERROR, USAGE
    from ros_rl.settings.tree import Settings

    resume = given["resume"]
    try:
        node.check_beginning(build(Settings, given["settings"]), Path(resume) if resume is not None else None)
    except RosRlError as error:
        return {ERROR: str(error), USAGE: isinstance(error, ConfigError | UnknownNameError | RunFolderError)}
    return {ERROR: ""}


def main() -> int:
    """Run the node that the executable is named after."""
    return start(f"ros_rl.nodes.{os.path.basename(sys.argv[0])}")


def _find_package() -> None:
    """Load the package that this file is of, without its folder (where Python looks first) or any other on the path."""
    sys.path[:] = [path for path in sys.path if path != _HERE]
    root = os.path.dirname(os.path.dirname(_HERE))
    sys.path.insert(0, root)
    import_module("ros_rl")
    sys.path.remove(root)


if __name__ == "__main__":
    _find_package()
    _, module = sys.argv[1:3]
    del sys.argv[1:3]
    sys.exit(start(module))
