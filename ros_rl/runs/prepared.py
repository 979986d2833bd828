# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A node's process that starts before its run is known: what takes time is loaded while others do their part.

It takes requests from standard input, a line of JSON each (`ros_rl.nodes.start`): first a check, if there is one, which
it answers, then what it needs to begin. At the end of its input it ends.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ros_rl.errors import ConfigError, RosRlError
from ros_rl.runs import bringup
from ros_rl.runs.processes import end_variables, own_group
from ros_rl.runs.signals import held_back

CHECK, ARGUMENTS, LOG, ENVIRONMENT = "check", "arguments", "log", "environment"
"""Entries of requests."""
ERROR, USAGE = "error", "usage"
"""Entries of answers: a reason, and whether it is the user's to mend."""


class Prepared:
    """Such a process.

    Args:
        spec: Of the node.
        stop_timeout: What it has for closing [s].
        heard: Whether it may print errors to this process's before it begins.
    """

    def __init__(self, spec: bringup.NodeSpec, stop_timeout: float, heard: bool = False) -> None:
        self.spec = spec
        with held_back():
            self.process = subprocess.Popen(
                bringup.prepared_command(spec),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None if heard else subprocess.DEVNULL,
                env={**bringup.environment(), **end_variables(stop_timeout)},
                **own_group(),
            )

    def ask(self, settings: Mapping[str, Any], resume: Path | None) -> None:
        """Let it check what a run is to begin with; `check` waits for the answer.

        Args:
            settings: Of the run, as plain data.
            resume: Folder of the checkpoint to go on from.
        """
        self._send({CHECK: {"settings": settings, "resume": str(resume) if resume is not None else None}})

    def check(self) -> None:
        """Wait for the answer.

        Raises:
            RosRlError: The run cannot begin so; a ConfigError if that is the user's to mend.
        """
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RosRlError(f"{self.spec.name} ended with exit code {self.process.wait()} before the run began")
        answer = json.loads(line)
        if answer[ERROR]:
            raise (ConfigError if answer[USAGE] else RosRlError)(answer[ERROR])

    def begin(self, command: list[str], log: Path) -> subprocess.Popen[bytes]:
        """Let it be the node; gives the process, which is no longer this object's.

        Args:
            command: The node's command line, see `bringup.command`.
            log: What it prints is appended to it.
        """
        arguments = command[command.index(self.spec.module) + 1 :]
        ours = {name: value for name, value in os.environ.items() if name.startswith("ROS")}
        self._send({ARGUMENTS: arguments, LOG: str(log), ENVIRONMENT: ours})
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):  # see `_send`
                pipe.close()
        return self.process

    def _send(self, request: Mapping[str, Any]) -> None:
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: whoever looks after it will see
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()

    def close(self) -> None:
        """End it, unless it has begun."""
        if self.process.stdin is not None and not self.process.stdin.closed:
            self.process.kill()
            self.process.communicate()
