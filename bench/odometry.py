# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How well a walking A1 knows its own velocity and height: its estimates against the simulator's truth.

The shipped agent walks with ``driver.backend.odometry`` estimated, with each friction and seed; for each friction the
table has the root mean square of what is told less what is true, over all ticks of all seeds. Beside it: the truth with
noise, as trainings had it before, the sensors' settings changed for the worse, and what an update costs.

    python bench/odometry.py --frictions 0.5 0.8 1.25 --seeds 0 1 2 --plot docs/figures/odometry.png
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import add_output, describe_line, describe_machine, spread, table, write_result

from ros_rl.backends.gravity import FORCE_AT_REST
from ros_rl.backends.legged_odometry import LeggedOdometry
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings

_SETTLED = 20  # ticks after which an episode counts
CASES: dict[str, dict[str, Any]] = {
    "estimated": {},
    "contacts known 10 ms late": {"odometry_sensors": {"contact_delay": 0.01}},
    "leaning IMU (0.03 rad, 0.15 m/s^2)": {"odometry_sensors": {"tilt_bias": 0.03, "accelerometer_bias": 0.15}},
    "joints 5 times as noisy": {"odometry_sensors": {"joint_position": 0.005, "joint_velocity": 0.5}},
    "read at 500 Hz": {"odometry_sensors": {"rate_hz": 500.0}},
    "read at 100 Hz": {"odometry_sensors": {"rate_hz": 100.0}},
    "truth with noise": {"odometry": "truth"},
}
"""Settings of the backend that differ."""


def walk(friction: float, seed: int, seconds: float, backend: dict[str, Any]) -> dict[str, np.ndarray]:
    """One episode; told and true velocity [m/s] and height [m] at each tick, shape (ticks, 4), and its length [s]."""
    chosen = {"odometry": "estimated", "friction_low": friction, "friction_high": friction, **backend}
    settings = load_settings("a1_walk", overrides=[{"driver": {"backend": chosen}}])
    world, told, true, before = RobotWorld(settings, seed), [], [], None
    world.restart(seed, seconds)
    control = world.control_loop(explore=0.0)
    control.use(OnnxGraph.load(share_path("models", "a1_walk", "agent.onnx")))
    for step in world.episode(lambda tick: control.step(tick).command):
        truth, measured = world.truth(), step.tick.measurement
        if before is not None:
            moved = (truth.base_position - before) / settings.control.period
            true.append([*(quaternion_to_matrix(truth.base_orientation).T @ moved), truth.base_position[2]])
            told.append([*measured["base_linear_velocity"], measured["base_position"][2]])
        before = truth.base_position
    world.close()
    return {"told": np.array(told), "true": np.array(true)}


def errors(walks: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """RMS over the ticks of walks, and the mean forward velocity."""
    wrong = np.concatenate([(one["told"] - one["true"])[_SETTLED:] for one in walks])
    forward = float(np.mean([one["true"][_SETTLED:, 0].mean() for one in walks]))
    rms = np.sqrt(np.mean(np.square(wrong), axis=0)).tolist()
    shortest = min(len(one["true"]) for one in walks)
    return dict(zip(("vx", "vy", "vz", "height"), rms, strict=True)) | {"forward": forward, "ticks": shortest}


def cost(updates: int) -> dict[str, float]:
    """Time of an update [us]."""
    robot = load_robot("a1")
    odometry, taken = LeggedOdometry(robot, mean_over=0.05), []
    still = (robot.home, np.zeros(robot.size), np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3), FORCE_AT_REST)
    for _ in range(updates):
        begin = time.perf_counter()
        odometry.update(0.002, *still, np.array([True, False, False, True]))
        taken.append(1e6 * (time.perf_counter() - begin))
    return spread(taken)


def draw(path: Path, walks: dict[float, dict[str, np.ndarray]], period: float) -> None:
    """The last seconds of a walk on each friction."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = ("forward [m/s]", "left [m/s]", "up [m/s]", "height [m]")
    figure, axes = pyplot.subplots(4, len(walks), figsize=(4 * len(walks), 8), sharex=True, sharey="row", squeeze=False)
    for column, (friction, one) in enumerate(walks.items()):
        shown = slice(-80, None)
        seconds = np.arange(len(one["true"]))[shown] * period
        for row, name in enumerate(names):
            axes[row, column].plot(seconds, one["true"][shown, row], label="true", color="black", linewidth=1.0)
            axes[row, column].plot(seconds, one["told"][shown, row], label="estimated", color="tab:red", linewidth=1.0)
            axes[row, 0].set_ylabel(name)
        axes[0, column].set_title(f"friction {friction:g}")
        axes[-1, column].set_xlabel("time [s]")
    axes[0, 0].legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Walk, compare and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frictions", nargs="+", type=float, default=[0.5, 0.8, 1.25])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each episode")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--plot", type=Path, help="where to draw the estimates of the first seed")
    add_output(parser, "odometry")
    args = parser.parse_args()
    results, rows, drawn = [], [], {}
    for case in args.cases:
        for friction in args.frictions:
            walks = [walk(friction, seed, args.seconds, CASES[case]) for seed in args.seeds]
            found = errors(walks)
            results.append({"case": case, "friction": friction, **found})
            rows.append([case, f"{friction:g}", *(f"{found[name]:.3f}" for name in ("vx", "vy", "vz", "height"))])
            rows[-1].append(f"{found['forward']:.2f}")
            print(rows[-1], flush=True)
            if case == "estimated":
                drawn[friction] = walks[0]
    update = cost(2000)
    if args.plot and drawn:
        draw(args.plot, drawn, load_settings("a1_walk").control.period)
    header = ["odometry", "friction", "vx [m/s]", "vy [m/s]", "vz [m/s]", "height [m]", "walks at [m/s]"]
    print(f"\n{describe_line(describe_machine())}\n\n{table(header, rows)}")
    print(f"\nan update: median {update['median']:.0f} us, quartiles {update['q1']:.0f} to {update['q3']:.0f} us")
    write_result(args.out, {"walks": results, "update_us": update})


if __name__ == "__main__":
    main()
