# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What learning a new world's dynamics alone brings: one run of `mpc`, in other worlds, before and after.

Each world is tried by the run as it is, then the run adapts to it (``ros-rl train --resume RUN --adapt dynamics``) for
some time of the robot, and is tried again, from the same starts.

    python bench/adapting.py runs/a1_walk_20260101_120000 --minutes 1
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.training.earlier_run import run_settings

WORLDS: dict[str, list[str]] = {
    "its own": [],
    "MuJoCo": ["driver.backend.name=mujoco"],
    "payload of 5 kg": ["driver.backend.world.payload=[5.0, 5.0]"],
    "friction of 0.3": ["driver.backend.friction_low=0.3", "driver.backend.friction_high=0.3"],
    "motors at 75 %": ["driver.backend.world.motor_strength=[0.75, 0.75]"],
    "stiffness at 80 %": ["driver.backend.world.stiffness=[0.8, 0.8]"],
}
"""Settings of each."""


def ros_rl(*arguments: str) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "ros_rl.cli", *arguments]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with code {done.returncode}: {done.stdout[-500:]}")
    return done.stdout


def judged(task: str, run: Path, world: list[str], episodes: int) -> dict[str, Any]:
    """A run's controller in a world."""
    changes = [part for change in world for part in ("--set", change)]
    told = ros_rl("eval", task, "--agent", str(run), "--episodes", str(episodes), "--json", "--seed", "6000", *changes)
    found: dict[str, Any] = json.loads(told)
    return found


def adapted(task: str, run: Path, world: list[str], minutes: float, out: Path) -> None:
    """Let a run adapt to a world."""
    changes = [part for change in world for part in ("--set", change)]
    own = ["--resume", str(run), "--adapt", "dynamics", "--robot-minutes", f"{minutes:g}", "--out", str(out)]
    ros_rl("train", task, *own, "--eval-every", "0", "--eval-episodes", "1", *changes)


def main() -> None:
    """Try, adapt and try again in every world that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="run folder of a finished training of mpc")
    parser.add_argument("--worlds", nargs="+", default=list(WORLDS), choices=list(WORLDS))
    parser.add_argument("--minutes", type=float, default=1.0, help="robot minutes of adapting")
    parser.add_argument("--episodes", type=int, default=10, help="of each trial")
    parser.add_argument("--runs", type=Path, default=Path("runs/bench_adapting"), help="where the run folders go")
    add_output(parser, "adapting")
    options = parser.parse_args()
    settings = run_settings(options.run)
    task, total = settings.task.name, settings.training_steps / settings.control.rate_hz / 60.0 + options.minutes
    rows, found = [], {}
    for name in options.worlds:
        out = options.runs / f"{options.run.name}_{name.replace(' ', '_')}"
        before = judged(task, options.run, WORLDS[name], options.episodes)
        adapted(task, options.run, WORLDS[name], total, out)
        after = judged(task, out, WORLDS[name], options.episodes)
        found[name] = {"before": before, "after": after}
        rows.append([name, *(text for each in (before, after) for text in _told(each))])
        print(table(["world", "before [m/s]", "falls", "after [m/s]", "falls"], rows), flush=True)
    machine = describe_machine()
    print(describe_line(machine))
    write_result(options.out, {"machine": machine, "minutes": options.minutes, "worlds": found})


def _told(result: dict[str, Any]) -> tuple[str, str]:
    velocity = f"{result['forward_velocity_mean']:.2f} ({result['forward_velocity_min']:.2f})"
    return velocity, f"{result['terminations']} of {result['episodes']}"


if __name__ == "__main__":
    main()
