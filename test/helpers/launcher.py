# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A stand-in for `ros2 launch`: starts the nodes in its own process group, and again when one dies; when told to
stop it tells them, too.

``python launcher.py FOLDER AGENT OVERRIDE...`` runs a control graph, or trains where AGENT is empty, and leaves the
exit codes in ``FOLDER/codes.json``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from ros_rl.runs import bringup
from ros_rl.runs.processes import end_variables
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings


def main(path: Path, agent: str, overrides: list[str]) -> None:
    told = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: told.append(number))
    mode = bringup.RUN if agent else bringup.TRAIN
    settings, folder = load_settings("mock_point", overrides=overrides), RunFolder(path)
    folder.write_config(settings)
    parameters = {"run.folder": str(folder.path), "run.mode": mode} | ({"run.agent_file": agent} if agent else {})
    supervisor = bringup.NodeSpec("supervisor", nice=0, parameters=tuple(parameters.items()))
    environment = bringup.environment() | end_variables(settings.supervisor.stop_timeout)
    specs = {spec.name: spec for spec in [*bringup.nodes(settings, mode, folder.path), supervisor]}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    while not told:
        for name, spec in specs.items():
            if name not in processes or processes[name].poll() is not None:
                line = bringup.command(spec, "t", folder.config)
                with folder.log_file(name).open("ab") as output:
                    processes[name] = subprocess.Popen(line, stdout=output, stderr=output, env=environment)
        time.sleep(0.02)
    for process in processes.values():
        if process.poll() is None:
            os.kill(process.pid, signal.SIGINT)
    codes = {name: process.wait() for name, process in processes.items()}
    (path / "codes.json").write_text(json.dumps(codes))
    os._exit(0)  # while the interpreter finishes, a signal would end it its own way


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
