# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The toy through its client."""

from __future__ import annotations

import threading
from typing import Any

from ros_rl.errors import BackendError, MissingDependencyError, one_line
from ros_rl.settings.hardware.checks import endpoint


def open_toy(name: str, bridge: str, patience: float, reply_time: float) -> Any:
    """Find a toy, connect, wake it, and switch its motors off, whatever they do.

    Args:
        name: Its Bluetooth name; empty for the first that is found.
        bridge: HOST:PORT of the client's TCP adapter; empty for this machine's Bluetooth.
        patience: How long it may take to be found [s].
        reply_time: How long it may take to answer [s].

    Raises:
        BackendError: It is not there, or does not answer.
        MissingDependencyError: A package is missing.
    """
    try:
        from spherov2.scanner import ToyNotFoundError, find_toy
    except ImportError:
        raise MissingDependencyError("spherov2", "sphero") from None
    try:
        toy = find_toy(toy_name=name or None, adapter=_adapter(bridge), timeout=patience)
    except ToyNotFoundError:
        raise BackendError(
            f"no toy {name or 'of Sphero'} was found in {patience:g} s; is it awake, and free?"
        ) from None
    except OSError as error:
        where = f"the TCP adapter at {bridge}" if bridge else "Bluetooth of this machine"
        raise BackendError(f"{where} does not answer ({error.strerror or one_line(error)}): is it on?") from None
    toy.__enter__()
    _check_answers(toy)
    toy.wake()
    if not switch_off(toy, reply_time):
        raise BackendError(f"toy {toy.name} is connected, but has not answered in {reply_time:g} s")
    return toy


def switch_off(toy: Any, patience: float) -> bool:
    """Switch the motors off and the toy's own balance on; whether it has answered in time [s]."""

    def call() -> None:
        try:
            toy.set_raw_motors(0, 0, 0, 0)
            toy.set_stabilization(True)
        except Exception:  # clients raise anything; what counts is whether it was done
            return
        answered.set()

    answered = threading.Event()
    threading.Thread(target=call, daemon=True).start()
    return answered.wait(patience + 0.2)


def _adapter(bridge: str) -> Any:
    if bridge:
        from spherov2.adapter.tcp_adapter import get_tcp_adapter

        return get_tcp_adapter(*endpoint("driver.backend.bridge", bridge))
    try:
        from spherov2.adapter.bleak_adapter import BleakAdapter
    except ImportError:
        raise MissingDependencyError("bleak", "sphero") from None
    return BleakAdapter


def _check_answers(toy: Any) -> None:
    """The client takes any answer for a success."""
    execute = toy._execute

    def checked(packet: Any) -> Any:
        answer = execute(packet)
        answer.check_error()
        return answer

    toy._execute = checked
