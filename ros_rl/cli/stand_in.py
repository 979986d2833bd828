# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl stand-in``: a robot that is not there, for whoever has none at hand."""

from __future__ import annotations

import argparse
import contextlib
import gc
import math
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ros_rl.backends.motor_process.priority import take_priority
from ros_rl.errors import ConfigError, MissingDependencyError, UnknownNameError
from ros_rl.robot import load_robot
from ros_rl.robot.camera import SMALLEST
from ros_rl.ros_names import check_namespace, likely_name
from ros_rl.runs.signals import stop_event
from ros_rl.stand_ins import STAND_INS, StandIn, load_stand_in
from ros_rl.stand_ins.surroundings import Surroundings

_PRIORITY = 60
_LATEST, _NOISIEST, _FASTEST, _LARGEST = 5.0, 1.0, 60.0, 1920  # s, m, Hz, px


@dataclass(frozen=True)
class Plan:
    """A fault with the time at which it begins and ends, from the start [s]."""

    fault: str
    begin: float
    end: float = float("inf")


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("stand-in", help="play a robot at its vendor's protocol, to try a driver without one")
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(sorted(STAND_INS))}")
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME@SECONDS[+FOR]",
        help="play a fault from so many seconds after the start on, for so long; may be given more than once",
    )
    parser.add_argument(
        "--with",
        action="append",
        default=[],
        dest="options",
        metavar="OPTION",
        help="let it differ from the robot that one usually meets; may be given more than once",
    )
    parser.add_argument(
        "--task",
        metavar="TASK",
        help="let it be that task's robot, in its scene and with its objects, such as xarm_pick_place",
    )
    parser.add_argument(
        "--track",
        nargs="?",
        const="",
        metavar="NAMESPACE",
        help="play a tracker, too, that publishes where that task's objects are on NAMESPACE/tracked_objects, 30 times "
        "a second; by default that of the robot's nodes",
    )
    parser.add_argument("--track-latency", type=float, default=0.05, metavar="SECONDS", help="of the tracker (0.05)")
    parser.add_argument("--track-noise", type=float, default=0.002, metavar="METRES", help="of the tracker (0.002)")
    parser.add_argument(
        "--watch",
        nargs="?",
        const="",
        metavar="NAMESPACE",
        help="play the robot's cameras, too, whose pictures are published on NAMESPACE/watched/...; see --track",
    )
    parser.add_argument("--watch-rate", type=float, default=15.0, metavar="HZ", help="of the cameras (15)")
    parser.add_argument(
        "--watch-size", default="160x120", metavar="WIDTHxHEIGHT", help="of their pictures [px] (160x120)"
    )
    parser.add_argument("--watch-latency", type=float, default=0.05, metavar="SECONDS", help="of the cameras (0.05)")
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="FILE",
        help="write where its base or its tool really is: time [s since 1970] and x, y, z [m], then those of its "
        "task's objects in their order, 20 lines a second",
    )
    parser.add_argument("--list-faults", action="store_true", help="its faults and options, and nothing else")
    parser.set_defaults(function=play)


def play(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    kind = load_stand_in(options.name)
    if options.list_faults:
        width = max(map(len, [*kind.faults, *kind.options]), default=0)
        for name, text in kind.faults.items():
            print(f"{name:{width}}  {text}")
        for name, text in kind.options.items():
            print(f"{name:{width}}  (--with) {text}")
        return 0
    for name in options.options:
        if name not in kind.options:
            raise UnknownNameError("option", name, kind.options)
    plans = [read_plan(text, kind) for text in options.fault]
    around = Surroundings.of_task(options.task) if options.task else None
    if options.track is not None:
        _check_tracking(around, options)
    if options.watch is not None:
        _check_watching(around, options)
    names = tuple(options.options)
    stand_in = kind.with_options(names) if around is None else kind.around(around, names)
    gc.freeze()  # lest each of Python's collections goes through all that stays, while the robot is silent
    take_priority(_PRIORITY)  # a robot has processors of its own
    stop = stop_event()
    with contextlib.closing(stand_in), _opened(options.truth) as truth, contextlib.ExitStack() as stack:
        stand_in.start()
        if around is not None and options.track is not None:
            stack.enter_context(contextlib.closing(_tracker(stand_in, around, options)))
        if around is not None and options.watch is not None:
            stack.enter_context(contextlib.closing(_watcher(stand_in, around, options)))
        print(f"{options.name} stands in at {stand_in.address}; Ctrl-C ends it", flush=True)
        _serve(stand_in, plans, stop, truth)
    return 0


def _check_tracking(around: Surroundings | None, options: argparse.Namespace) -> None:
    if around is None or not around.objects:
        raise ConfigError("--track: there is nothing to track; give the --task whose objects that are")
    if not (0.0 <= options.track_latency <= _LATEST and 0.0 <= options.track_noise <= _NOISIEST):
        raise ConfigError(f"--track-latency and --track-noise are 0 to {_LATEST:g} s and 0 to {_NOISIEST:g} m")


def _check_watching(around: Surroundings | None, options: argparse.Namespace) -> None:
    if around is None or not load_robot(around.robot).optional_cameras:
        raise ConfigError("--watch: there is nothing to see by; give a --task whose robot has cameras")
    size = re.fullmatch(r"(\d+)x(\d+)", options.watch_size)
    if size is None or not all(SMALLEST <= int(side) <= _LARGEST for side in size.groups()):
        raise ConfigError(
            f"--watch-size {options.watch_size}: expected WIDTHxHEIGHT, such as 160x120, each {SMALLEST} to {_LARGEST}"
        )
    check_namespace(options.watch)
    if not (0.0 < options.watch_rate <= _FASTEST and 0.0 <= options.watch_latency <= _LATEST):
        raise ConfigError(f"--watch-rate and --watch-latency are up to {_FASTEST:g} Hz and 0 to {_LATEST:g} s")


def _tracker(stand_in: StandIn, around: Surroundings, options: argparse.Namespace) -> Any:
    with _ros_needed():
        from ros_rl.nodes.late_camera import LateCamera
        from ros_rl.nodes.tracker import Tracker
    camera, namespace = LateCamera(latency=options.track_latency), options.track or likely_name(around.robot)
    robot, names = load_robot(around.robot), around.objects
    tracker = Tracker(lambda: stand_in.things, robot, names, namespace, camera, options.track_noise)
    print(f"a tracker publishes {', '.join(names)} on {tracker.topic}", flush=True)
    return tracker


def _watcher(stand_in: StandIn, around: Surroundings, options: argparse.Namespace) -> Any:
    with _ros_needed():
        from ros_rl.nodes.late_camera import LateCamera
        from ros_rl.nodes.watcher import Posture, Sight, Watcher
    camera, namespace = (
        LateCamera(options.watch_rate, options.watch_latency),
        options.watch or likely_name(around.robot),
    )
    width, height = map(int, options.watch_size.split("x"))
    sight = Sight(load_robot(around.robot), around.scene, namespace, camera, width, height)
    watcher = Watcher(lambda: Posture(stand_in.posture, stand_in.things), sight)
    print(f"cameras publish on {', '.join(watcher.topics)}", flush=True)
    return watcher


@contextlib.contextmanager
def _ros_needed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise MissingDependencyError((error.name or "").partition(".")[0], "ros") from None


def _opened(path: Path | None) -> contextlib.AbstractContextManager[TextIO | None]:
    if path is None:
        return contextlib.nullcontext()
    try:
        return path.open("w", buffering=1)
    except OSError as error:
        raise ConfigError(f"--truth {path} cannot be written: {error.strerror}") from None


def _serve(stand_in: StandIn, plans: list[Plan], stop: threading.Event, truth: TextIO | None) -> None:
    begun, told = time.monotonic(), 0.0
    while not stop.wait(0.05):
        elapsed = time.monotonic() - begun
        if truth is not None:
            places = [stand_in.place, *(pose.position for pose in stand_in.things.values())]
            truth.write(f"{time.time():.3f} {' '.join(f'{value:.5f}' for place in places for value in place)}\n")
        _follow(stand_in, plans, elapsed)
        if elapsed - told >= 1.0:
            told = elapsed
            print(f"{elapsed:.0f} s: {stand_in.describe()}", flush=True)


def _follow(stand_in: StandIn, plans: list[Plan], elapsed: float) -> None:
    """Play the faults that any plan has now, and heal the others."""
    for fault in dict.fromkeys(plan.fault for plan in plans):
        due = any(plan.begin <= elapsed < plan.end for plan in plans if plan.fault == fault)
        if due != stand_in.plays(fault):
            (stand_in.play if due else stand_in.heal)(fault)
            print(f"{elapsed:.1f} s: fault {fault} {'begins' if due else 'ends'}", flush=True)


def read_plan(text: str, kind: type[StandIn]) -> Plan:
    """Read ``NAME@SECONDS[+FOR]``.

    Raises:
        UnknownNameError: The stand-in knows no such fault.
        ConfigError: It is written otherwise.
    """
    name, _, when = text.partition("@")
    if name not in kind.faults:
        raise UnknownNameError("fault", name, kind.faults)
    begin, _, length = (when or "0").partition("+")
    try:
        start, duration = float(begin), float(length or "inf")
    except ValueError:
        start, duration = -1.0, -1.0
    if not (0.0 <= start < math.inf and duration > 0.0):
        raise ConfigError(f"--fault {text}: expected NAME@SECONDS or NAME@SECONDS+FOR, such as {name}@5+0.5")
    return Plan(name, start, start + duration)
