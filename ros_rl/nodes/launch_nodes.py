# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A run's nodes as actions of launch: restarted as often as by `ros-rl`, with the same logs, and ended with launch."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from launch.actions import RegisterEventHandler, Shutdown
from launch.event_handlers import OnProcessIO
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from ros_rl.runs import bringup
from ros_rl.runs.processes import end_variables, last_error
from ros_rl.runs.run_folder import LOGS, RunFolder
from ros_rl.settings.tree import Settings

_RESPAWN_SECONDS = 1.0
_KILL_SECONDS = 0.5


class Nodes:
    """Makes the actions.

    Args:
        settings: Of the run.
        namespace: Of all nodes.
        folder: Of the run.
        log_level: Of all nodes.
    """

    def __init__(self, settings: Settings, namespace: str, folder: RunFolder, log_level: str) -> None:
        self._supervisor, self._namespace, self._folder = settings.supervisor, namespace, folder
        self._log_level = log_level.lower()
        timeout = settings.supervisor.stop_timeout
        self._environment = bringup.environment({}) | end_variables(timeout)  # of the launch process
        self._environment["ROS_LOG_DIR"] = str(folder.path / LOGS / "ros")

    def start(self, spec: bringup.NodeSpec) -> list[Any]:
        """A node that is started again when it dies, up to ``supervisor.restarts`` times."""
        return self._actions(
            spec, respawn=True, respawn_delay=_RESPAWN_SECONDS, on_exit=self._end_of_patience(spec.name)
        )

    def start_supervisor(self, spec: bringup.NodeSpec) -> list[Any]:
        """The node whose end is the run's."""
        return self._actions(spec, on_exit=Shutdown(reason="the run has ended"))

    def _actions(self, spec: bringup.NodeSpec, **options: Any) -> list[Any]:
        if spec.prefix:
            options["prefix"] = " ".join(spec.prefix)
        # as text: launch reads values as YAML, and a path may hold a #
        own = {name: ParameterValue(value, value_type=str) for name, value in spec.parameters}
        node = Node(
            package=bringup.PACKAGE,
            executable=spec.executable,
            exec_name=spec.name,  # else a process with a prefix is called by that
            name=spec.name,
            namespace=self._namespace,
            parameters=[str(self._folder.config), own],
            remappings=list(spec.remappings),
            ros_arguments=["--log-level", self._log_level],
            additional_env=self._environment,
            output="both",
            sigterm_timeout=str(self._supervisor.stop_timeout),
            sigkill_timeout=str(_KILL_SECONDS),
            **options,
        )
        keep = self._keep_output(spec.name)
        return [node, RegisterEventHandler(OnProcessIO(target_action=node, on_stdout=keep, on_stderr=keep))]

    def _keep_output(self, name: str) -> Callable[[Any], None]:
        """Append what a process prints to its log in the run folder."""

        def keep(event: Any) -> None:
            with contextlib.suppress(OSError), self._folder.log_file(name).open("ab") as log:  # the disk may be full
                log.write(event.text)

        return keep

    def _end_of_patience(self, name: str) -> Callable[[Any, Any], Any]:
        """What happens when a process has ended: nothing, since it is started again, or the end of all."""
        ends = 0

        def judge(event: Any, context: Any) -> Any:
            nonlocal ends
            ends += 1
            reason = last_error(self._folder.log_file(name))
            if reason:
                return Shutdown(reason=f"{name}: {reason}")
            if ends > self._supervisor.restarts:
                return Shutdown(
                    reason=f"{name} ended with exit code {event.returncode} once too often; see logs/{name}.log"
                )
            return None

        return judge
