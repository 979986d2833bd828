# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads YAML that people write, told in one line what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ros_rl.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, of which YAML's own would silently take the last."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """One mapping of the document."""
        node = super().compose_mapping_node(anchor)
        seen = set()
        for key, _ in node.value:
            name = (key.tag, str(key.value))
            if name in seen:
                shown = str(key.value) if str(key.value).isprintable() else repr(key.value)[1:-1]
                raise yaml.composer.ComposerError(None, None, f"key '{shown}' stands twice", key.start_mark)
            seen.add(name)
        return node


def read_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        ConfigError: No such file, not text in UTF-8, not YAML, nested too deep, or a key stands twice.
    """
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: byte {error.start} is not text in UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"{path}: not valid YAML: {line}{error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:  # a date that is none is a ValueError
        raise ConfigError(f"{path}: not valid YAML: {str(error).splitlines()[0]}") from None
    except RecursionError:
        raise ConfigError(f"{path}: not valid YAML: nested too deep") from None


def first_comment(path: Path) -> str:
    """What a file says of itself in its first line; empty if that is no comment."""
    line = path.read_text(encoding="utf-8").partition("\n")[0]
    return line.lstrip("# ") if line.startswith("#") else ""
