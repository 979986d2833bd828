# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether there is a display to open a window on; a simulator's own attempt may end the process without a word."""

from __future__ import annotations

import ctypes
import os
import sys

from ros_rl.errors import ConfigError


def check_display() -> None:
    """Refuse to open a window where there is none to see (Linux: no X server that answers).

    Raises:
        ConfigError: With the reason.
    """
    reason = _problem()
    if reason:
        raise ConfigError(
            f"driver.backend.gui (--gui, render_mode 'human') opens a window, but there is no display here: {reason}; "
            "leave it out, log in with ssh -X, or start under xvfb-run"
        )


def has_display() -> bool:
    """Whether a window can be opened here."""
    return not _problem()


def draw_without_display() -> None:
    """Let MuJoCo draw by EGL where no display answers, EGL is installed and nobody chose by ``MUJOCO_GL``.

    MuJoCo reads that as it is imported.
    """
    if "MUJOCO_GL" in os.environ or has_display():
        return
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        return  # it simulates, but cannot draw
    os.environ["MUJOCO_GL"] = "egl"


def _problem() -> str:
    """Why no window can be opened here; empty if one can."""
    if not sys.platform.startswith("linux"):
        return ""
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "DISPLAY is not set"
    try:
        library = ctypes.CDLL("libX11.so.6")
    except OSError:
        return "libX11.so.6 is not installed"
    library.XOpenDisplay.restype = ctypes.c_void_p
    library.XCloseDisplay.argtypes = [ctypes.c_void_p]
    opened = library.XOpenDisplay(None)
    if opened is None:
        return f"no X server answers at DISPLAY={display}"
    library.XCloseDisplay(opened)
    return ""
