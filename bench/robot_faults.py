# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Faults against the drivers of real robots, at their stand-ins: how soon is the robot safe, and does it stay so.

The driver, with the real backend, filter, guards and pacing, is a process of its own and lets all joints wave. The
motors of the stand-in are watched 500 times a second. For every fault: the control periods from its beginning until
the motors followed nothing any more, for good.

    python bench/robot_faults.py --robots a1 xarm
"""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from machine import add_output, describe_line, describe_machine, table, write_result
from robot_campaign.robots import SUBJECTS, Subject, arm_driven
from robot_campaign.visit import Outcome, Visit

SETTLE = 1.0
"""For which it acts before anything happens [s]."""
WATCH = 2.5
"""For which it is watched after a fault began [s]."""
SAFE, ON, REFUSED = "safe", "goes on", "refused"
RATE = 20.0

Act = Callable[[Visit], object]


def told(order: str) -> Act:
    """The driver's controller or operator does something."""
    return lambda visit: visit.tell(order)


def killed(number: signal.Signals, motors: bool = False) -> Act:
    """A signal for the driver's process, or for those that it started."""

    def act(visit: Visit) -> None:
        if motors:
            for process in visit.motor_processes():
                process.send_signal(number)
        else:
            visit.send(number)

    return act


def driver_faults(subject: Subject) -> dict[str, tuple[str, Act]]:
    """Faults of everything but the robot: what has to follow, and what is done."""
    found: dict[str, tuple[str, Act]] = {
        "controller: silent": (SAFE, told("silent")),
        "controller: NaN": (SAFE, told("nan")),
        "controller: inf": (SAFE, told("inf")),
        "controller: wrong size": (SAFE, told("wrong_size")),
        "controller: stale stamp": (SAFE, told("stale_stamp")),
        "controller: stamp from the future": (SAFE, told("future_stamp")),
        "controller: flood": (ON, told("flood")),
        "controller: huge commands": (ON if subject.driven is arm_driven else SAFE, told("huge")),  # legs fall by them
        "collector: no verdict": (SAFE, told("no_verdict")),
        "operator: emergency stop": (SAFE, told("emergency_stop")),
        "operator: disarm": (SAFE, told("disarm")),
        "operator: pause": (SAFE if subject.driven is arm_driven else ON, told("pause")),
        "operator: clear without cause": (ON, told("clear")),
        "operator: arm twice": (ON, told("arm")),
        "clock: an hour back": (ON, told("clock_back")),
        "clock: an hour on": (ON, told("clock_on")),
        "driver: hangs for 1 s": (SAFE, told("hang")),
        "driver: SIGSTOP": (SAFE, killed(signal.SIGSTOP)),
        "driver: SIGKILL": (SAFE, killed(signal.SIGKILL)),
        "driver: SIGTERM": (SAFE, killed(signal.SIGTERM)),
    }
    if subject.motor_process:
        found["motor process: SIGSTOP"] = (SAFE, killed(signal.SIGSTOP, motors=True))
        found["motor process: SIGKILL"] = (SAFE, killed(signal.SIGKILL, motors=True))
    return found


def robot_faults(subject: Subject, names: dict[str, str]) -> dict[str, tuple[str, Act]]:
    """Those that the stand-in plays."""

    def played(name: str) -> Act:
        return lambda visit: visit.stand_in.play(name)

    return {
        f"robot: {name}": (ON if name in subject.harmless else SAFE, played(name))
        for name in names
        if name not in subject.start_only
    }


def judge(subject: Subject, name: str, expected: str, act: Act, visit: Visit) -> Outcome:
    """Do it, watch, and say what was found."""
    outcome = Outcome(subject.robot, name, expected)
    if not visit.run():
        outcome.wrong.append(f"does not act: {visit.state()} {visit.said('refused')}")
        return outcome
    time.sleep(SETTLE)
    if visit.last_driven(time.monotonic() - SETTLE) is None:
        outcome.wrong.append("was not driven before the fault")
    began = time.monotonic()
    act(visit)
    time.sleep(WATCH)
    last = visit.last_driven(began)
    outcome.reaction = None if last is None else (last - began) / visit.period
    outcome.state, outcome.reason = visit.state()
    still = last is not None and time.monotonic() - last < 0.5
    if expected == SAFE and still:
        outcome.wrong.append("is still driven")
    if expected == ON and outcome.state in ("FAULT", "EMERGENCY_STOP"):
        outcome.wrong.append("was stopped without need")
    return outcome


def at_start(subject: Subject, name: str) -> Outcome:
    """A fault that is there before the driver comes: refused, or safe as soon as it is armed."""
    visit = Visit(subject, RATE)
    outcome = Outcome(subject.robot, f"at the start: {name}", REFUSED)
    try:
        visit.stand_in.play(name)
        began = time.monotonic()
        visit.run()
        time.sleep(0.5)
        refused = visit.said("refused")
        outcome.state, outcome.reason = ("REFUSED", refused[0]["refused"]) if refused else visit.state()
        last = visit.last_driven(began)
        if not refused and outcome.state not in ("FAULT", "EMERGENCY_STOP", "DISARMED"):
            outcome.wrong.append("is not refused")
        outcome.reaction = None if last is None else (last - began) / visit.period
    finally:
        visit.close()
    return outcome


def campaign(name: str, only: list[str]) -> list[Outcome]:
    """All faults of a robot, each with a driver and a stand-in of its own."""
    subject = SUBJECTS[name]
    probe = subject.stand_in()
    names = dict(probe.faults)
    probe.close()
    outcomes = []
    for fault, (expected, act) in {**driver_faults(subject), **robot_faults(subject, names)}.items():
        if only and not any(word in fault for word in only):
            continue
        visit = Visit(subject, RATE)
        try:
            outcomes.append(judge(subject, fault, expected, act, visit))
        except Exception as error:
            outcomes.append(Outcome(subject.robot, fault, expected, wrong=[f"{type(error).__name__}: {error}"]))
        finally:
            visit.close()
        print(line(outcomes[-1]), flush=True)
    for fault in sorted(subject.start_only):
        if not only or any(word in fault for word in only):
            outcomes.append(at_start(subject, fault))
            print(line(outcomes[-1]), flush=True)
    return outcomes


def line(outcome: Outcome) -> str:
    """One fault, for the terminal."""
    reaction = "   -" if outcome.reaction is None else f"{outcome.reaction:4.1f}"
    wrong = f"  WRONG: {'; '.join(outcome.wrong)}" if outcome.wrong else ""
    return (
        f"{outcome.robot:6} {outcome.fault:36} {outcome.expected:8} {reaction}  {outcome.state} {outcome.reason}{wrong}"
    )


def summary(outcomes: list[Outcome]) -> str:
    """A row for each robot."""
    rows: list[list[Any]] = []
    for robot in dict.fromkeys(outcome.robot for outcome in outcomes):
        own = [outcome for outcome in outcomes if outcome.robot == robot]
        times = [outcome.reaction for outcome in own if outcome.expected == SAFE and outcome.reaction is not None]
        times.sort()
        quick = sum(time <= 2.0 for time in times)
        middle = f"{times[len(times) // 2]:.1f}" if times else ""
        rows.append(
            [robot, len(own), sum(not outcome.wrong for outcome in own), middle, f"{max(times, default=0):.1f}", quick]
        )
    header = ["robot", "faults", "as expected", "periods until safe, median", "largest", "within 2 periods"]
    return table(header, rows)


def main() -> None:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robots", nargs="+", choices=tuple(SUBJECTS), default=list(SUBJECTS))
    parser.add_argument("--only", nargs="*", default=[], metavar="WORD", help="faults whose names hold one of these")
    add_output(parser, "robot_faults")
    args = parser.parse_args()
    print(describe_line(describe_machine()), "\n", flush=True)
    outcomes = [outcome for robot in args.robots for outcome in campaign(robot, args.only)]
    print()
    print(summary(outcomes))
    write_result(args.out, {"rate_hz": RATE, "faults": [asdict(outcome) for outcome in outcomes]})


if __name__ == "__main__":
    main()
