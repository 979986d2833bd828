# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Makes an environment by its name: one of Gymnasium's, or what a function or a class of the user's gives."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import gymnasium

from ros_rl.errors import ConfigError, one_line

RENDER_MODE = "render_mode"


def make(name: str, arguments: Mapping[str, Any], render_mode: str | None = None) -> gymnasium.Env[Any, Any]:
    """An environment.

    Args:
        name: Gymnasium's, e.g. ``HalfCheetah-v5``, with a module to import before it if it needs one
            (``module:HalfCheetah-v5``); or ``module:function`` or ``module:Class``, which is called.
        arguments: That it is made with.
        render_mode: Gymnasium's, such as ``rgb_array``; a function that does not take one is not given it.

    Raises:
        ConfigError: There is no such environment, it refuses an argument, or something that it needs is missing.
    """
    drawn: dict[str, Any] = {RENDER_MODE: render_mode} if render_mode is not None else {}
    try:
        function = _function(name)
        if function is None:
            return gymnasium.make(name, **arguments, **drawn)
        made = function(**arguments, **(drawn if _takes(function, RENDER_MODE) else {}))
    except ConfigError:
        raise
    except (gymnasium.error.Error, ImportError) as error:
        raise ConfigError(f"environment '{name}' cannot be made: {one_line(error)}") from None
    except (Exception, SystemExit) as error:  # each environment fails in its own way
        raise ConfigError(f"environment '{name}' cannot be made: {told(error)}") from error
    if not isinstance(made, gymnasium.Env):
        raise ConfigError(f"environment '{name}' is {type(made).__name__}, expected a gymnasium.Env")
    for space in ("observation_space", "action_space"):
        if getattr(made, space, None) is None:
            raise ConfigError(f"environment '{name}' has no {space}")
    return made


def told(error: BaseException) -> str:
    """An error of somebody's code in one line, with its type."""
    return f"{type(error).__name__}: {one_line(error)}" if str(error) else type(error).__name__


def _function(name: str) -> Callable[..., Any] | None:
    """What ``module:function`` names; None if it is Gymnasium's name of an environment."""
    module, sign, attribute = name.rpartition(":")
    if not sign or not attribute.isidentifier():
        return None
    found = getattr(importlib.import_module(module), attribute, None)  # the import may register it, too
    if attribute in gymnasium.registry:
        return None
    if not callable(found):
        raise ConfigError(f"environment '{name}' cannot be made: module {module} has no function '{attribute}'")
    return found


def _takes(function: Callable[..., Any], argument: str) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of some built-in classes nothing is known
        return False
    return any(item.name == argument or item.kind is item.VAR_KEYWORD for item in parameters)
