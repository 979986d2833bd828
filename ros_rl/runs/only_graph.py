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


def graphs_here() -> set[str]:
    """Namespaces of this ROS domain whose graph a process of this user on this machine leads, whether it hangs or not.

    It asks the system who holds locks, and takes none: a graph that begins meanwhile would be refused.
    """
    try:
        locks = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    except OSError:
        return set()
    held = {(words[4], words[5].rpartition(":")[2]) for words in locks if words[1:2] == ["FLOCK"] and len(words) > 5}
    found = set()
    for path in Path(tempfile.gettempdir()).glob(_name("*")):
        try:
            if path.is_symlink() or not path.is_file():
                continue
            process, domain, namespace = path.read_text().split()
            if (process, str(path.stat().st_ino)) in held and domain == _domain():
                found.add(namespace)
        except (OSError, ValueError):  # it is being written
            continue
    return found


def _domain() -> str:
    return (os.environ.get("ROS_DOMAIN_ID") or "0").strip()


def _name(graph: str) -> str:
    return f"ros_rl_{os.getuid()}_{graph}.lock"


def _held(namespace: str) -> int | None:
    """The file, open and locked; None where there can be none, and discovery alone watches."""
    name = sha256(f"{_domain()} {namespace}".encode()).hexdigest()[:16]
    try:
        path = Path(tempfile.gettempdir()) / _name(name)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(file, 0)
        os.write(file, f"{os.getpid()} {_domain()} {namespace}".encode())
    except BlockingIOError:
        first = os.pread(file, 20, 0).decode(errors="replace").partition(" ")[0]
        os.close(file)
        raise RosRlError(
            f"another graph runs in this ROS domain and namespace {namespace}, led by process {first}; "
            "stop it, or choose another --namespace or ROS_DOMAIN_ID"
        ) from None
    except OSError:  # a file system without locks
        os.close(file)
        return None
    return file
