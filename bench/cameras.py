# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Milliseconds of a picture by size, in each simulator, of robots of simple shapes and of meshes as they are or coarse.

Then what a control period costs with and without cameras, and what a picture costs as a message.

    python bench/cameras.py --pictures 100
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from machine import add_output, spread, table, write_result

from ros_rl.backends import Scenario, construct
from ros_rl.robot import Camera, Robot, load_robot
from ros_rl.settings.registry import BACKEND_SETTINGS

SIZES = (32, 64, 128)
ROOM = {
    "xarm6": Camera(position=(0.9, 0.5, 0.6), target=(0.1, 0.0, 0.3), field_of_view=0.8),
    "a1": Camera(position=(0.9, 0.6, 0.4), target=(0.0, 0.0, 0.2), field_of_view=0.8),
}
"""Of robots whose files have none."""
CASES = (  # robot, scene, camera, simulator, its settings
    ("ur5e_gripper", "two_bins", "wrist", "pybullet", {}),
    ("xarm6_gripper", "two_bins_soft", "wrist", "pybullet", {}),
    ("xarm6_gripper", "two_bins_soft", "front", "pybullet", {}),
    ("xarm6_gripper", "two_bins_soft", "front", "pybullet", {"samples": 2}),
    ("xarm6", "table", "room", "pybullet", {"mesh_cell": 0.0}),
    ("xarm6", "table", "room", "pybullet", {"mesh_cell": 0.02}),
    ("a1", "plane", "room", "pybullet", {"mesh_cell": 0.0}),
    ("a1", "plane", "room", "pybullet", {"mesh_cell": 0.02}),
    ("xarm6_gripper", "two_bins_soft", "wrist", "mujoco", {}),
    ("a1", "plane", "room", "mujoco", {}),
    ("sphero", "arena", "above", "rolling", {}),
)
PERIODS = ((), ("wrist",), ("wrist", "front"))


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=100, help="of each case and size")
    add_output(parser, "cameras")
    options = parser.parse_args()
    looks = [
        {"robot": robot, "camera": camera, "simulator": simulator, **settings}
        | {str(size): look(robot, scene, camera, simulator, settings, size, options.pictures) for size in SIZES}
        for robot, scene, camera, simulator, settings in CASES
    ]
    periods = [{"cameras": names, **period(names, options.pictures)} for names in PERIODS]
    messages = {str(size): message(size, options.pictures) for size in SIZES}
    header = ("robot", "camera", "simulator", "meshes", *(f"{size} px [ms]" for size in SIZES))
    print(table(header, [[*_who(row), *(_shown(row[str(size)]) for size in SIZES)] for row in looks]))
    print()
    whole = [[", ".join(row["cameras"]) or "none", _shown(row)] for row in periods]
    print(table(("cameras", "control period [ms]"), whole))
    print()
    ways = [[size, _shown(figures)] for size, figures in messages.items()]
    print(table(("picture [px]", "into a message and out of it [ms]"), ways))
    write_result(options.out, {"looks": looks, "periods": periods, "messages": messages})


def watched(name: str, cameras: dict[str, dict[str, Any]]) -> Robot:
    """A robot with these cameras that look, by name, with what changes of each."""
    robot = load_robot(name)
    known = {**robot.optional_cameras, "room": ROOM.get(name)}
    return replace(robot, cameras={key: replace(known[key], **changes) for key, changes in cameras.items()})


def look(
    name: str, scene: str, camera: str, simulator: str, settings: dict[str, Any], size: int, pictures: int
) -> dict[str, float]:
    """Milliseconds of a picture alone."""
    robot = watched(name, {camera: {"width": size, "height": size}})
    backend: Any = construct(simulator, robot, BACKEND_SETTINGS[simulator](**settings), 0.2, Scenario(scene))
    try:
        backend.reset(np.random.default_rng(0))
        return timed(lambda: backend.look(camera), pictures)
    finally:
        backend.close()


def period(names: tuple[str, ...], periods: int) -> dict[str, float]:
    """Milliseconds of 50 ms of the xArm6 over its bins, with pictures of 64 px."""
    robot = watched("xarm6_gripper", {name: {} for name in names})
    backend = construct("pybullet", robot, BACKEND_SETTINGS["pybullet"](), 0.05, Scenario("two_bins_soft"))
    try:
        backend.reset(np.random.default_rng(0))  # type: ignore[attr-defined]
        backend.write(robot.neutral_command, 0.0)
        return timed(backend.read, periods)
    finally:
        backend.close()


def message(size: int, pictures: int) -> dict[str, float]:
    """Milliseconds of a colour picture from an array to a message and back."""
    from ros_rl.nodes.sensor_messages import camera_topics
    from ros_rl.types import Measurement

    topic = camera_topics(watched("xarm6_gripper", {"wrist": {"width": size, "height": size}}))["image_wrist"]
    m = Measurement(image_wrist=np.random.default_rng(0).integers(256, size=(size, size, 3), dtype=np.uint8))
    return timed(lambda: topic.values(topic.to_message(0, m)), pictures)


def timed(call: Callable[[], Any], times: int) -> dict[str, float]:
    """Spread of a call's duration [ms], after one that does not count."""
    call()
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        found.append(1e3 * (time.perf_counter() - begin))
    return spread(found)


def _who(row: dict[str, Any]) -> list[str]:
    cell = row.get("mesh_cell")
    meshes = "" if cell is None else f"{100 * cell:g} cm" if cell else "as they are"
    samples = f", {row['samples']} x {row['samples']} samples" if "samples" in row else ""
    return [row["robot"], row["camera"], f"{row['simulator']}{samples}", meshes]


def _shown(figures: dict[str, float]) -> str:
    """Median, and the fastest, which others on the machine held up least."""
    return f"{figures['median']:.2f} ({figures['min']:.2f})"


if __name__ == "__main__":
    main()
