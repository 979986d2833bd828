# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Names as ROS 2 allows them: namespaces, and the patterns that name nodes in parameters files."""

from __future__ import annotations

import re

from ros_rl.errors import ConfigError

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST = 200  # a topic's whole name may have 255 characters
_WILDCARDS = {"*": r"/\w+", "**": r"(/\w+)*"}


def likely_name(text: str) -> str:
    """A valid name of one token that is like this text, which is returned as it is if it is valid."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text)
    found = re.fullmatch(r"(\d+)_*(.*)", name)
    if found is None:
        return name or "robot"
    digits, rest = found.groups()
    return f"{rest or 'robot'}{'_' if rest[-1:].isdigit() else ''}{digits}"


def check_namespace(text: str) -> str:
    """A namespace without the slashes around it; empty for the root.

    Args:
        text: One or more tokens with slashes between them.

    Raises:
        ConfigError: ROS 2 does not allow it; it says what would be right.
    """
    namespace = text.strip("/")
    tokens = namespace.split("/") if namespace else []
    if len(namespace) > _LONGEST:
        raise ConfigError(f"namespace {text[:20]!r}... has {len(namespace)} characters, allowed: {_LONGEST}")
    if not all(_TOKEN.fullmatch(token) for token in tokens):
        right = "/".join(likely_name(token) for token in tokens if token)
        raise ConfigError(
            f"namespace {text!r} is no name that ROS allows: letters, digits and _, not beginning with a digit, "
            f"with single slashes between them; '{right}' is one"
        )
    return namespace


class NodePattern:
    """What a section of a parameters file is called: a node's full name, with ``*`` for one token, ``**`` for any.

    Args:
        text: Its tokens with slashes between them; one at the beginning may be left out.

    Raises:
        ConfigError: It is no name.
    """

    def __init__(self, text: str) -> None:
        tokens = text.removeprefix("/").split("/")
        for token in tokens:
            if token not in _WILDCARDS and not _TOKEN.fullmatch(token):
                raise ConfigError(f"'{text}' is no name of a node: '{token}' is none of *, **, and letters, digits, _")
        self.text, self.node = text, tokens[-1]
        self.names_namespace = any(token not in _WILDCARDS for token in tokens[:-1])
        """Whether it is for some namespaces only, whose name or part of it stands in it."""
        self._regex = re.compile("".join(_WILDCARDS.get(token, f"/{token}") for token in tokens))

    def is_for(self, namespace: str, node: str) -> bool:
        """Whether it is for a node.

        Args:
            namespace: Of the node, without slashes around it.
            node: Its name.
        """
        return self._regex.fullmatch(f"/{namespace}/{node}" if namespace else f"/{node}") is not None
