# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a DDS library writes to stderr on its own, past rclpy, of what harms nobody."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_STDERR = 2
_NOISE = b"RTPS_TRANSPORT_SHM"
"""Fast DDS, of shared memory that a process holds which hangs or was killed; it takes other memory."""


@contextmanager
def without_noise() -> Iterator[None]:
    """Keep back what is written to stderr, and write it without the noise at the end."""
    try:
        kept = tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        own = os.dup(_STDERR)
    except OSError:  # no place, or no stderr: a stop does not fail of that
        yield
        return
    sys.stderr.flush()
    os.dup2(kept.fileno(), _STDERR)
    try:
        yield
    finally:
        with suppress(OSError):
            sys.stderr.flush()
        os.dup2(own, _STDERR)
        os.close(own)
        with kept, suppress(OSError):  # a stderr that takes nothing stops no stop
            kept.seek(0)
            for line in kept:
                if _NOISE not in line:
                    os.write(_STDERR, line)
