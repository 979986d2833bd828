# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A campaign of faults against a robot that lives in a process of its own: what reached its joints after each.

pip install 'ros_rl[learn,ros,bench]' && python bench/faults.py --list
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import rclpy
from fault_campaign import bad_graphs, files, folders, kills, links, remembered, signals, stops, words
from fault_campaign.fault import Fault, Outcome
from fault_campaign.report import row, screen
from fault_campaign.scene import Scene
from machine import add_output, describe_line, describe_machine, write_result
from rclpy.signals import SignalHandlerOptions

sys.path.append(str(Path(__file__).parents[1] / "test" / "helpers"))
from ros_domain import reserve_domain  # noqa: E402 - no run of a campaign meets a test's


def all_faults(rate: float) -> list[Fault]:
    """The campaign, at a control rate [Hz]."""
    live = [*kills.faults(rate), *stops.faults(), *links.faults(rate), *words.faults(), *bad_graphs.faults()]
    return [*live, *remembered.faults(), *signals.faults(), *files.faults(), *folders.faults()]


def chosen(faults: list[Fault], words: list[str]) -> list[Fault]:
    """Those whose names hold one of the words; all without words."""
    return [fault for fault in faults if not words or any(word in fault.name for word in words)]


def part_of(faults: list[Fault], part: str) -> list[Fault]:
    """Part ``i/n``: one of n stretches of the campaign, so that n campaigns may run side by side."""
    index, _, count = part.partition("/")
    size = -(-len(faults) // int(count))
    return faults[(int(index) - 1) * size : int(index) * size]


def joined(files: Sequence[Path]) -> dict[str, Any]:
    """The results of the parts as those of one campaign."""
    results = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return results[0] | {
        "seconds": max(result["seconds"] for result in results),
        "side_by_side": len(results),
        "faults": [outcome for result in results for outcome in result["faults"]],
    }


def judged(scene: Scene, fault: Fault) -> Outcome:
    """What was found; what cannot be judged is not safe, and the next fault gets a run of its own."""
    try:
        return fault.judge(scene, fault)
    except Exception as error:
        traceback.print_exc()
        scene.end()
        return Outcome(fault.name, fault.holds.value, [f"{type(error).__name__}: {error}"])


def campaign(faults: list[Fault], folder: Path, args: argparse.Namespace) -> list[Outcome]:
    """Run all faults, and tell each."""
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
    scene = Scene(folder, args.rate, args.set, random.Random(args.seed))
    outcomes = []
    try:
        for fault in faults:
            outcome = judged(scene, fault)
            outcome.told = [text.replace(f"{folder.resolve()}/", "") for text in outcome.told]
            outcomes.append(outcome)
            print(row(outcomes[-1]), flush=True)
    finally:
        scene.close()
        rclpy.try_shutdown()
    return outcomes


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="faults whose names hold one of these")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="the I-th of N stretches of the campaign")
    parser.add_argument("--join", nargs="*", type=Path, default=[], metavar="FILE", help="show parts as one, and end")
    parser.add_argument("--list", action="store_true", help="name the faults and end")
    parser.add_argument("--seed", type=int, default=0, help="of the moments at which faults begin")
    parser.add_argument("--rate", type=float, default=10.0, help="control rate [Hz]")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the runs")
    parser.add_argument("--keep", type=Path, help="folder that keeps the runs' files")
    add_output(parser, "faults")
    args = parser.parse_args()
    faults = part_of(chosen(all_faults(args.rate), args.only), args.part)
    if args.list:
        print("\n".join(f"{fault.name:40} {fault.holds.value}" for fault in faults))
        return
    if args.join:
        result = joined(args.join)
        print(screen([Outcome(**outcome) for outcome in result["faults"]]))
        write_result(args.out, result)
        return
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    lock = reserve_domain()
    print(describe_line(describe_machine()), "\n", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults_") as temporary:
        outcomes = campaign(faults, args.keep or Path(temporary), args)
    print(screen(outcomes))
    result = {"rate_hz": args.rate, "seed": args.seed, "set": args.set, "seconds": round(time.monotonic() - began)}
    write_result(args.out, result | {"faults": [asdict(outcome) for outcome in outcomes]})
    if lock is not None:
        lock.close()


if __name__ == "__main__":
    main()
