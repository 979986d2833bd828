# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""MuJoCo itself, told before it is imported to draw without a display where there is none."""

from __future__ import annotations

import contextlib
import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from ros_rl.backends.display import draw_without_display
from ros_rl.errors import BackendError, MissingDependencyError

draw_without_display()
try:
    import mujoco
except ImportError as error:
    raise MissingDependencyError("mujoco", "mujoco") from error
except Exception as error:  # whatever the platform's own library raises
    asked = os.environ.get("MUJOCO_GL", "")
    raise BackendError(f"MuJoCo does not start with MUJOCO_GL '{asked}': {error}; unset it") from None

__all__ = ["drawing_problem", "mujoco", "open_renderer"]

_OFF = ("disable", "disabled", "off", "false", "0")
"""Values of MUJOCO_GL with which MuJoCo has no renderer at all."""


def open_renderer(model: Any, width: int, height: int) -> Any:
    """What draws pictures of that size [px].

    Raises:
        BackendError: There is nothing to draw with.
    """
    chosen = os.environ.get("MUJOCO_GL", "")
    if chosen.lower().strip() in _OFF:
        raise BackendError(f"MuJoCo cannot draw here: MUJOCO_GL is '{chosen}'; unset it, or set it to egl or osmesa")
    _load_triton()
    model.vis.global_.offwidth, model.vis.global_.offheight = width, height
    try:
        return mujoco.Renderer(model, height, width)
    except Exception as error:  # whatever the platform's own library raises
        raise BackendError(f"MuJoCo cannot draw here: {error}; install libegl1, or set MUJOCO_GL") from None


def drawing_problem() -> str:
    """Why nothing can be drawn here; empty if a small picture of nothing can be."""
    try:
        open_renderer(mujoco.MjModel.from_xml_string("<mujoco><worldbody/></mujoco>"), 16, 16).close()
    except BackendError as error:
        return str(error)
    return ""


def _load_triton() -> None:
    """Let triton, which torch imports late where it has CUDA, come before the platform's own renderer.

    Mesa's draws with LLVM, and triton has its own: from 3.7 on the process dies if that comes second
    (tensorflow/tensorflow issue 124205 tells the same of another library).
    """
    with contextlib.suppress(ImportError):
        if find_spec("triton"):
            import_module("triton._C.libtriton")
