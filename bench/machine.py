# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every bench reports besides its figures: machine, versions, load, and how results are written."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
PACKAGES = ("numpy", "torch", "onnx", "onnxruntime", "pybullet", "stable-baselines3", "ros-rclpy")


def describe_machine() -> dict[str, Any]:
    """CPU model, cores, memory [GB], load average of the last minute, and versions of what is installed."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: version for name in PACKAGES if (version := _version(name)) is not None},
    }


def describe_line(machine: dict[str, Any]) -> str:
    """The same in one line."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return (
        f"{machine['cpu']}, {machine['cores']} cores, load {machine['load_1min']}; "
        f"python {machine['python']}, {versions}"
    )


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, smallest, largest and quartiles."""
    ordered = sorted(values)
    quartiles = statistics.quantiles(ordered, n=4) if len(ordered) > 1 else [ordered[0]] * 3
    return {
        "median": statistics.median(ordered),
        "min": ordered[0],
        "max": ordered[-1],
        "q1": quartiles[0],
        "q3": quartiles[2],
        "count": len(ordered),
    }


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def add_output(parser: argparse.ArgumentParser, name: str) -> None:
    """Add ``--out``, by default ``bench/results/<name>.json``."""
    parser.add_argument("--out", type=Path, default=RESULTS / f"{name}.json", help="where to write the figures")


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write figures as JSON, with machine and time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(timezone.utc).isoformat(timespec="seconds")
    path.write_text(json.dumps({"machine": describe_machine(), "time": stamp, **result}, indent=2) + "\n")


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
