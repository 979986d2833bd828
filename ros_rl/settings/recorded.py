# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Settings that a run wrote down, perhaps one of an earlier version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ros_rl.config import added, build, completed
from ros_rl.errors import ConfigError, warn_once
from ros_rl.formats.parameters_file import END, ends_whole, read_parameters_file
from ros_rl.settings.loading import load_settings
from ros_rl.settings.nodes import NODES
from ros_rl.settings.tree import Settings

_CUT = f"it was cut, or an earlier version of ros_rl wrote it; if it is whole, put '{END}' below it as a line"


def load_run(path: Path, overrides: Iterable[str | Mapping[str, Any]] = (), namespace: str | None = None) -> Settings:
    """Settings that a run wrote down, of which it wrote all that its version had.

    What was no setting yet is what it was then (`ros_rl.config.completed`), whatever the task's file says now; a
    warning names it, with its value.

    Args:
        path: The file.
        overrides: Settings that replace the run's own.
        namespace: Of the nodes; see `load_settings`.

    Raises:
        ConfigError: As `load_settings`, as of a setting that is there no more; or the file seems to be cut.
    """
    try:
        found = read_parameters_file(path, NODES, namespace)
        build(Settings, found, source=str(path))
    except ConfigError as error:
        if not path.is_file() or ends_whole(path):
            raise
        raise ConfigError(f"{error}; {_CUT}") from None
    whole = completed(Settings, found)
    taken = dict(added(whole, found))
    if not ends_whole(path):
        _refuse_cut(path, [*added(whole, {})][-1][0], taken)
    if taken:
        warn_once(f"{path} is of an earlier version of ros_rl; what it does not say is taken as {_shown(taken)}")
    return load_settings(None, path, [taken, *overrides], namespace)


def _refuse_cut(path: Path, last: str, taken: Iterable[str]) -> None:
    """Refuse a file without its last setting, or whose last line goes on: what is lost had another value, perhaps."""
    lacks = f"says nothing of '{last}', its last setting" if last in taken else ""
    if not lacks and not path.read_bytes().endswith(b"\n"):
        lacks = "breaks off within its last line"
    if lacks:
        raise ConfigError(f"{path} {lacks}: {_CUT}")


def _shown(settings: Mapping[str, Any]) -> str:
    pairs = ((key, list(value) if isinstance(value, tuple) else value) for key, value in settings.items())
    return ", ".join(f"{key}={value!r}" for key, value in pairs)
