# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Robots that learn their own controller, on ROS 2, from minutes of their own data."""

from typing import TYPE_CHECKING

__version__: str

if not TYPE_CHECKING:  # a type checker would take every misspelt name for a string

    def __getattr__(name: str) -> str:
        """Read the version from ``package.xml``, where it stands once, when somebody asks for it."""
        if name == "__version__":
            from ros_rl.resources import package_version

            return package_version()
        raise AttributeError(f"module 'ros_rl' has no attribute '{name}'")
