# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A ROS domain for each test process of a machine, so that no two meet."""

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

_DOMAINS = range(1, 100)  # all have ports below the ephemeral ones


def reserve_domain() -> IO[str] | None:
    """Set ROS_DOMAIN_ID to one that no other test process of this user has, unless one is exported already.

    Returns:
        A lock to keep open as long as the domain is used; None where the domain was given.

    Raises:
        RuntimeError: All are taken.
    """
    if "ROS_DOMAIN_ID" in os.environ and "PYTEST_XDIST_WORKER" not in os.environ:
        return None
    for domain in _DOMAINS:
        file = (Path(tempfile.gettempdir()) / f"ros_rl_test_domain_{os.getuid()}_{domain}").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            continue
        os.environ["ROS_DOMAIN_ID"] = str(domain)
        return file
    raise RuntimeError(f"all {len(_DOMAINS)} ROS domains are in use by other tests")
