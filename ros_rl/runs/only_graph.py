# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One graph in a ROS domain and namespace, as far as this machine and user can tell."""

from __future__ import annotations

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ros_rl.errors import RosRlError


@contextmanager
def only_graph(namespace: str) -> Iterator[None]:
    """Hold what only one graph's supervisor can hold; the system takes it back from a process that ended.

    Discovery tells of graphs on other machines, too, but on a busy one it takes longer than a bring-up.

    Args:
        namespace: Of the graph's nodes.

    Raises:
        RosRlError: Another process of this user holds it.
    """
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    name = re.sub(r"[^\w]+", "_", f"ros_rl_{os.getuid()}_{domain}_{namespace}")
    with (Path(tempfile.gettempdir()) / f"{name}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise RosRlError(
                f"another graph runs in this ROS domain and namespace {namespace}, led by process {file.read()}; "
                "stop it, or choose another --namespace or ROS_DOMAIN_ID"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
