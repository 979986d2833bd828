# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One graph in a ROS domain and namespace, as far as this machine and user can tell."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
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
    held = _held(namespace)
    try:
        yield
    finally:
        if held is not None:
            os.close(held)


def _held(namespace: str) -> int | None:
    """The file, open and locked; None where there can be none, and discovery alone watches."""
    domain = (os.environ.get("ROS_DOMAIN_ID") or "0").strip()
    name = sha256(f"{domain} {namespace}".encode()).hexdigest()[:16]
    try:
        path = Path(tempfile.gettempdir()) / f"ros_rl_{os.getuid()}_{name}.lock"
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(file, 0)
        os.write(file, str(os.getpid()).encode())
    except BlockingIOError:
        first = os.pread(file, 20, 0).decode(errors="replace")
        os.close(file)
        raise RosRlError(
            f"another graph runs in this ROS domain and namespace {namespace}, led by process {first}; "
            "stop it, or choose another --namespace or ROS_DOMAIN_ID"
        ) from None
    except OSError:  # a file system without locks
        os.close(file)
        return None
    return file
