# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whether motors and gears would survive a gait: figures of a walking robot in PyBullet, for agents of quadrupeds.

Each agent walks some episodes under its own task's world (noise, friction, delay); the first second of each is left
out. ``--picture`` draws feet on the ground over time.

    python bench/gait.py models/a1_walk/agent.onnx models/go2_walk/agent.onnx --picture runs/gait.png
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from gaits.figures import Gait, gait_of
from gaits.recorder import GaitRecorder
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import RosRlError
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.types import SafetyState

BARS = Gait(0.6, 0.10, 0.8, 2.5, 0.01, 0.4, (), {})
"""What is wanted: at least this velocity, at most these."""
_BEGINS = 1.0  # s


def settings_for(agent: OnnxGraph, more: list[str]) -> Settings:
    """Those of the task that it was made for."""
    return load_settings(agent.contract.task, overrides=more)


def walk(graph: OnnxGraph, settings: Settings, episodes: int, seconds: float, seed: int) -> tuple[list[Gait], Any, int]:
    """Gaits of the episodes, the contacts of the first, and how many fell."""
    world = RobotWorld(settings.headless().resetting(), seed)
    backend = world._backend
    assert isinstance(backend, PyBulletBackend)
    recorder, robot = GaitRecorder(backend), world.robot
    control = world.control_loop(explore=0.0)
    control.use(graph)
    world.restart(seed, seconds)
    calves = np.array(["calf" in name for name in robot.joints])
    rate = settings.driver.backend.physics_rate_hz
    gaits, shown, fallen = [], None, 0
    for _ in range(episodes):
        recorder.clear()
        *_, step = world.episode(lambda tick: control.step(tick).command)
        fallen += step.verdict.name == "TERMINATED" or step.tick.safety is not SafetyState.RUNNING
        cut = slice(round(_BEGINS * rate), None)
        if len(recorder.loads) <= cut.start + rate:
            continue
        rows = (recorder.loads, recorder.foot_velocities, recorder.joint_velocities, recorder.efforts)
        parts = [part[cut] for part in (*rows, recorder.base_positions)]
        gaits.append(gait_of(*parts, robot.limits.effort, calves, recorder.weight, 1.0 / rate))
        shown = parts[0] if shown is None else shown
    world.close()
    return gaits, shown, fallen


def main() -> None:
    """Let each agent walk and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("agents", type=Path, nargs="+", help="files of agents of quadrupeds")
    parser.add_argument("--episodes", type=int, default=5, help="of each")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of an episode [s]")
    parser.add_argument("--seed", type=int, default=7000, help="of starts, noise and friction")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="settings of the world")
    parser.add_argument("--picture", type=Path, help="draw the feet on the ground over two seconds (*.png)")
    add_output(parser, "gait")
    options = parser.parse_args()
    rows: list[list[Any]] = [["wanted", *_cells(BARS), "", "", ""]]
    found, pictures = {}, {}
    for path in options.agents:
        name = path.parent.name if path.name.startswith("agent") else path.stem
        graph = OnnxGraph(path.read_bytes())
        settings = settings_for(graph, options.set)
        gaits, shown, fallen = walk(graph, settings, options.episodes, options.seconds, options.seed)
        if not gaits:
            raise RosRlError(f"{path} falls within two seconds in every episode")
        mean = _mean(gaits)
        rows.append([name, *_cells(mean), _duty(mean), _pairs(mean), f"{fallen} of {options.episodes}"])
        found[name] = [asdict(gait) for gait in gaits]
        pictures[name] = (shown, 1.0 / settings.driver.backend.physics_rate_hz)
    header = ["agent", "velocity [m/s]", "air", "touchdown [m/s]", "peak load [weights]", "calf > 70 %", "transport"]
    print(table([*header, "duty of the feet", "contact together", "falls"], rows))
    machine = describe_machine()
    print(describe_line(machine))
    write_result(options.out, {"machine": machine, "gaits": found})
    if options.picture:
        draw(options.picture, pictures)


def _mean(gaits: list[Gait]) -> Gait:
    """Over episodes; of the peak load the largest."""
    numbers = {name: float(np.mean([getattr(gait, name) for gait in gaits])) for name in _NUMBERS}
    duty = tuple(np.mean([gait.duty for gait in gaits], axis=0).tolist())
    together = {name: float(np.mean([gait.together[name] for gait in gaits])) for name in gaits[0].together}
    return Gait(**(numbers | {"peak_load": max(gait.peak_load for gait in gaits)}), duty=duty, together=together)


_NUMBERS = ("velocity", "air", "touchdown", "peak_load", "calf_torque", "transport")


def _cells(gait: Gait) -> list[str]:
    return [f"{getattr(gait, name):.{3 if name == 'calf_torque' else 2}f}" for name in _NUMBERS]


def _duty(gait: Gait) -> str:
    return ", ".join(f"{share:.2f}" for share in gait.duty)


def _pairs(gait: Gait) -> str:
    return ", ".join(f"{name} {value:+.2f}" for name, value in gait.together.items())


def draw(path: Path, pictures: dict[str, Any]) -> None:
    """Feet on the ground over time, darker with load."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(len(pictures), 1, figsize=(10, 1.6 * len(pictures)), squeeze=False)
    for axis, (name, (loads, step)) in zip(axes[:, 0], pictures.items(), strict=True):
        part = loads[: round(2.0 / step)]
        axis.imshow(
            part.T, aspect="auto", cmap="Greys", extent=(0.0, len(part) * step, 3.5, -0.5), vmin=0.0, vmax=100.0
        )
        axis.set_yticks(range(4), ["FR", "FL", "RR", "RL"])
        axis.set_title(name, fontsize=8)
    axes[-1, 0].set_xlabel("time [s]; dark: load on the foot, 100 N and more are black")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


if __name__ == "__main__":
    main()
