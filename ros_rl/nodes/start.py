# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The first thing in a node's process: it looks after signals and the parent, and only then loads what takes time.

Run as a file (``python .../start.py -m ros_rl.nodes.driver``), the working directory is not on Python's path:
a ``queue.py`` that lies there replaces nothing. As an executable (``ros2 run ros_rl driver``) its name says which node.
"""

from __future__ import annotations

import os.path
import sys
from importlib import import_module

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
    code = int(import_module(module).main())
    signals.ignore()
    return code


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
