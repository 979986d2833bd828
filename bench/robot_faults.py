# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Faults against the drivers of real robots, at their stand-ins: how soon is the robot safe, and does it stay so.

The driver, with the real backend, filter, guards and pacing, is a process of its own and lets all joints wave. The
motors of the stand-in are watched 500 times a second. For every fault: the control periods from its beginning until
the last order that led on gave way to one that brakes, holds or lets go (the reaction), and until the motors followed
nothing any more, for good, also when what was wrong is right again; and whether what the robot received was within its
limits.

    python bench/robot_faults.py --robots a1 xarm

Results of robots and faults that are not asked for stay in the file.

    python bench/robot_faults.py --only controller --misses 1 --out bench/results/robot_faults_one_miss.json

The same of a driver that bears no missed deadline (`driver.miss_limit: 1`).

    python bench/robot_faults.py --walk 60 --robots a1

The shipped agent walks for so many minutes and nothing is done to it: whatever stops it does so falsely, unless the
stand-in itself was late by its own clock, since then the robot really was silent. These stops are told apart,
and falls, after which it is picked up. Ctrl-C ends a walk early, and what there is is kept.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from machine import add_output, describe_line, describe_machine, table, write_result
from robot_campaign.faults import Fault, faults_of
from robot_campaign.reaction import led_until
from robot_campaign.received import beyond
from robot_campaign.robots import GOES_ON, REFUSED, SAFE, SUBJECTS, TOLD, Subject
from robot_campaign.visit import Outcome, Visit, preferred
from robot_campaign.walk import WALKERS, walk

from ros_rl.robot import POSITION, load_robot
from ros_rl.runtime.pacing import Limits

SETTLE = 1.0
"""For which it acts before anything happens [s]."""
WATCH = 2.5
"""For which it is watched after a fault began [s]."""
AFTER = 0.7
"""For which it is watched when what was wrong is right again [s]."""
PATIENCE = 15.0
"""For which a robot that nothing moves may take to say so [s]."""
BEFORE = 0.5
"""From which on orders are looked at, before a fault [s]."""
WANTED = 2.0
"""Control periods from a fault until it is reacted to."""


def judge(name: str, fault: Fault, visit: Visit) -> Outcome:
    """Do it, watch, and say what was found."""
    outcome = Outcome(name, fault.name, fault.expected)
    if not visit.run():
        outcome.wrong.append(f"does not act: {visit.state()} {visit.said('refused')}")
        return outcome
    time.sleep(SETTLE)
    began = time.monotonic()
    if visit.last_driven(began - SETTLE) is None or visit.state()[0] != "RUNNING":
        outcome.wrong.append(f"was not driven before the fault: {visit.state()}")
    fault.begin(visit)
    time.sleep(WATCH)
    over = time.monotonic()
    outcome.state, outcome.reason = visit.state()
    if fault.expected != GOES_ON:
        fault.end(visit)
        time.sleep(AFTER)
    _measure(outcome, fault, visit, began, over)
    return outcome


def _measure(outcome: Outcome, fault: Fault, visit: Visit, began: float, over: float) -> None:
    """Fill in what was seen, and what is wrong with it."""
    began = visit.taken(began) or began
    robot, last, all_orders = (
        load_robot(visit.subject.robot),
        visit.last_driven(began, over),
        visit.orders(began - BEFORE),
    )
    orders = [order for order in all_orders if order.time >= began]
    moving = [order.time for order in orders if order.moves]
    led = led_until([order for order in all_orders if order.time < over], robot.commanded_by(POSITION))
    outcome.received = len(orders)
    outcome.last_moving = (moving[-1] - began) / visit.period if moving else None
    outcome.rest = None if last is None else (last - began) / visit.period
    if last is not None and led is not None and led > began:
        outcome.reaction = (min(led, last) - began) / visit.period
    bad = beyond(robot, orders)
    if bad:
        outcome.wrong.append(bad)
    if fault.expected == GOES_ON and outcome.state in ("FAULT", "EMERGENCY_STOP"):
        outcome.wrong.append("was stopped without need")
    if fault.expected == SAFE and last is not None and over - last < 0.5:
        outcome.wrong.append("is still driven")
    if fault.expected == SAFE and visit.last_driven(over) is not None:
        outcome.wrong.append("moves when it is over")
    if fault.expected == TOLD:
        when = visit.faulted()
        outcome.reaction = None if when is None else (when - began) / visit.period
        if when is None:
            outcome.wrong.append("is not told")
        elif moving and moving[-1] > when + visit.period:
            outcome.wrong.append("is told to move after that")


def at_start(name: str, subject: Subject, fault: str) -> Outcome:
    """A fault that is there before the driver comes: refused, or safe when it is armed, and nothing has moved."""
    visit = Visit(subject)
    outcome = Outcome(name, f"at the start: {fault}", REFUSED)
    try:
        visit.stand_in.play(fault)
        began = time.monotonic()
        visit.run()
        visit.wait(lambda: bool(visit.said("refused")) or visit.state()[0] != "RUNNING", PATIENCE)
        refused = visit.said("refused")
        outcome.state, outcome.reason = ("REFUSED", refused[0]["refused"]) if refused else visit.state()
        orders = visit.orders(began)
        outcome.received = len(orders)
        if not refused and outcome.state not in ("FAULT", "EMERGENCY_STOP", "DISARMED"):
            outcome.wrong.append("is not refused")
        if visit.last_driven(began) is not None and any(order.moves for order in orders):
            outcome.wrong.append("was moved")
    finally:
        visit.close()
    return outcome


def campaign(name: str, only: list[str], misses: int = Limits.misses) -> Iterable[Outcome]:
    """All faults of a robot, each with a driver and a stand-in of its own; see `Visit` for `misses`."""
    subject = SUBJECTS[name]
    probe = subject.stand_in()
    played = dict(probe.faults)
    probe.close()
    for fault in faults_of(subject, played):
        if only and not any(word in fault.name for word in only):
            continue
        visit = Visit(subject, misses=misses)
        try:
            yield judge(name, fault, visit)
        except Exception as error:
            yield Outcome(name, fault.name, fault.expected, wrong=[f"{type(error).__name__}: {error}"])
        finally:
            visit.close()
    for start in sorted(subject.start_only):
        if not only or any(word in start for word in only):
            yield at_start(name, subject, start)


def line(outcome: Outcome) -> str:
    """One fault, for the terminal."""
    reaction, rest = ("   -" if value is None else f"{value:4.1f}" for value in (outcome.reaction, outcome.rest))
    wrong = f"  WRONG: {'; '.join(outcome.wrong)}" if outcome.wrong else ""
    return (
        f"{outcome.robot:12} {outcome.fault:36} {outcome.expected:8} {reaction} {rest}  "
        f"{outcome.state} {outcome.reason}{wrong}"
    )


def summary(outcomes: list[dict[str, Any]]) -> str:
    """A row for each robot, and one for each fault that is reacted to later than is wanted."""
    rows: list[list[Any]] = []
    slow: list[list[Any]] = []
    for robot in dict.fromkeys(outcome["robot"] for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome["robot"] == robot]
        timed = [outcome for outcome in own if outcome["expected"] in (SAFE, TOLD) and outcome["reaction"] is not None]
        right = sum(not outcome["wrong"] for outcome in own)
        late = [outcome for outcome in timed if round(outcome["reaction"], 1) > WANTED]
        within = f"{len(timed) - len(late)} of {len(timed)}"
        rest = [outcome for outcome in timed if outcome["expected"] == SAFE]
        rows.append([robot, len(own), right, _middle(timed, "reaction"), within, _middle(rest, "rest")])
        slow += [[robot, one["fault"], f"{one['reaction']:.1f}"] for one in late]
    header = ["robot", "faults", "as expected", "reaction, median", "within 2 periods", "until rest, median"]
    return table(header, rows) + "\n\n" + table(["robot", "fault", "periods until the reaction"], slow)


def _middle(outcomes: list[dict[str, Any]], key: str) -> str:
    """The median of a figure, the upper one of two."""
    values = sorted(outcome[key] for outcome in outcomes)
    return f"{values[len(values) // 2]:.1f}" if values else ""


def kept(path: Path) -> dict[str, Any]:
    """What the file has."""
    found = json.loads(path.read_text()) if path.exists() else {}
    return {key: found[key] for key in ("faults", "walks") if key in found}


def stroll(robots: list[str], minutes: float, path: Path) -> None:
    """Let robots walk without a fault, and say what stopped them."""
    before = kept(path)
    walks = {one["robot"]: one for one in before.get("walks", [])}
    for robot in robots:
        with preferred():
            found = walk(robot, minutes)
        walks[robot] = asdict(found)
        print(
            f"{robot}: {found.minutes:.1f} min, {found.metres:.0f} m, {len(found.falls)} falls, "
            f"{len(found.trips)} false stops, {len(found.silences)} of a robot that was silent; held at "
            f"{found.held} ticks, {found.missed} missed; "
            f"its longest silence {1e3 * found.longest:.0f} ms"
        )
        for reason in (*found.falls, *found.trips, *found.silences):
            print(f"  {reason}")
    write_result(path, before | {"walks": list(walks.values())})


def merged(path: Path, outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """What the file has of other robots and faults, and what is new."""
    rows = {(row["robot"], row["fault"]): row for row in kept(path).get("faults", [])}
    rows |= {(one.robot, one.fault): asdict(one) for one in outcomes}
    order = {name: place for place, name in enumerate(SUBJECTS)}
    return sorted(rows.values(), key=lambda row: order.get(row["robot"], len(order)))


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robots", nargs="+", choices=tuple(SUBJECTS), default=list(SUBJECTS))
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="faults whose names hold one of these")
    parser.add_argument("--misses", type=int, default=Limits.misses, metavar="N", help="the driver's miss_limit")
    parser.add_argument("--walk", type=float, default=0.0, metavar="MINUTES", help="walk instead: a1, go2")
    add_output(parser, "robot_faults")
    args = parser.parse_args()
    print(describe_line(describe_machine()), "\n", flush=True)
    if args.walk:
        stroll([name for name in args.robots if name in WALKERS], args.walk, args.out)
        return
    for robot in args.robots:
        outcomes = []
        with preferred():
            for outcome in campaign(robot, args.only, args.misses):
                outcomes.append(outcome)
                print(line(outcome), flush=True)
        write_result(args.out, kept(args.out) | {"faults": merged(args.out, outcomes)})
    print()
    print(summary(json.loads(args.out.read_text())["faults"]))


if __name__ == "__main__":
    main()
