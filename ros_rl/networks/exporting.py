# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether what is computed becomes a control graph; a thread may export while another one trains."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_THREAD = threading.local()


@contextmanager
def exporting() -> Iterator[None]:
    """What this thread computes inside becomes a control graph; torch's own sign of it is one for all threads."""
    _THREAD.exports = True
    try:
        yield
    finally:
        _THREAD.exports = False


def is_exporting() -> bool:
    """Whether this thread is inside `exporting`."""
    return getattr(_THREAD, "exports", False)
