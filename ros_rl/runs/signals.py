# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Signals ask a process to end in its own order: they interrupt nothing, and a second one changes nothing.

A handler that raises would strike anywhere, also in the middle of closing or through C++; one that takes a lock may
wait for what it has interrupted. So the handlers here do nothing: Python writes the signal's number to a pipe as it
arrives, and a thread that reads the pipe acts on it, whatever the main thread is doing.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends a process of ours."""
LIMIT_VARIABLE = "ROS_RL_STOP_SECONDS"
"""Environment variable: a process that was told to stop has this long [s] before it ends in the middle."""

_lock = threading.Lock()
_stop = threading.Event()
_react: Callable[[], None] | None = None
_caught = False


def end_at_once(code: int, line: str = "") -> None:
    """From now on a signal ends the process at once: for the time in which it has nothing to close, such as imports.

    Args:
        code: Exit code.
        line: What is printed to standard error; empty for nothing.
    """

    def end() -> None:
        if line:
            _say(line)
        os._exit(code)

    _catch(end)


def stop_event() -> threading.Event:
    """From now on a signal sets this event, the same for the whole process, and does nothing else.

    Where `LIMIT_VARIABLE` is set, a process that has not ended that long after the first one is ended.
    """
    _catch(_set_stop)
    return _stop


def ignore() -> None:
    """From now on a signal does nothing: everything is closed, and the exit code stands."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held_back() -> Iterator[None]:
    """A process started meanwhile gets its first signals only once it catches them, however long it takes to load."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _set_stop() -> None:
    first = not _stop.is_set()
    _stop.set()
    limit = os.environ.get(LIMIT_VARIABLE)
    if first and limit:
        timer = threading.Timer(float(limit), _give_up, args=(limit,))
        timer.daemon = True
        timer.start()


def _give_up(limit: str) -> None:
    _say(f"not closed {limit} s after a signal: ended in the middle")
    os._exit(1)


def _say(line: str) -> None:
    """Past Python's buffers, whose locks the main thread may hold."""
    try:
        os.write(2, f"{line}\n".encode())
    except OSError:
        pass  # the terminal is gone


def _catch(react: Callable[[], None]) -> None:
    global _react, _caught
    with _lock:
        _react = react
        if _caught:
            return
        _caught = True
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    threading.Thread(target=_listen, args=(reading,), name="signals", daemon=True).start()
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in SIGNALS:
        # nohup has the hang-up ignored on purpose; whoever sends another one means it
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _do_nothing)
    os.register_at_fork(after_in_child=_leave_to_system)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _do_nothing(number: int, frame: object) -> None:
    """The pipe has the signal's number."""


def _listen(pipe: int) -> None:
    while True:
        if not set(os.read(pipe, 64)).isdisjoint(SIGNALS):
            with _lock:
                react = _react
            if react is not None:
                react()


def _leave_to_system() -> None:
    """A forked child shares the pipe: its signals would stop its parent."""
    global _caught
    _caught = False
    signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        if signal.getsignal(number) is _do_nothing:
            signal.signal(number, signal.SIG_DFL)
