# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A driver in a process of its own: the real backend, loop and pacing, and a controller that lets every joint wave.

It tells each change of its safety state, and each tick that held the robot, in a line of JSON, and takes misdeeds as
lines on its standard input.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from ros_rl.backends import construct
from ros_rl.config import build
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.errors import CommandError, RosRlError
from ros_rl.resources import share_path
from ros_rl.robot import Robot, load_robot
from ros_rl.runtime.control_loop import ControlLoop
from ros_rl.runtime.driver_loop import DriverLoop
from ros_rl.runtime.latch import Latch
from ros_rl.runtime.pacing import Limits, RealTime
from ros_rl.runtime.transition_builder import TransitionBuilder
from ros_rl.settings.loading import load_settings, nested
from ros_rl.settings.registry import ALL_TASKS, BACKEND_SETTINGS
from ros_rl.tasks.mock_point import MockPoint
from ros_rl.types import Array, Command, Tick, Verdict

try:
    from ros_rl.nodes import messages
except ImportError:  # faults of messages are played where ROS is
    messages = None  # type: ignore[assignment]

_WAVES_HZ = 0.4
_HOURS = 3_600_000_000_000
_NAMED: dict[str, Callable[[list[Any]], list[Any]]] = {
    "other_order": lambda items: items[::-1],
    "other_name": lambda items: [*items[:-1], "nobodys_joint" if isinstance(items[0], str) else items[-1]],
    "one_missing": lambda items: items[:-1],
    "one_twice": lambda items: [*items, items[0]],
}
"""What becomes of names and targets in a message, by the misdeed."""


class Controller:
    """Answers ticks with waves, or worse.

    Args:
        robot: Whose joints wave.
        share: Of each joint's largest action.
    """

    def __init__(self, robot: Robot, share: float) -> None:
        self._robot, self._share = robot, share
        self.misdeed = ""
        self.shift = 0

    def wave(self, seconds: float) -> Array:
        """The command at a time [s], shape (joints,)."""
        robot = self._robot
        phases = np.arange(robot.action_size) * 1.7
        return robot.command(self._share * np.sin(2.0 * np.pi * _WAVES_HZ * seconds + phases))

    def answers(self, tick: Tick, seconds: float) -> list[Command]:
        """What it says to a tick.

        Raises:
            CommandError: Its message names the joints so that the driver does not take it.
        """
        value = self.wave(seconds)
        if self.misdeed in _NAMED:
            return [self._named(tick.stamp, value)]
        if self.misdeed == "silent":
            return []
        if self.misdeed in ("nan", "inf"):
            value[0] = np.nan if self.misdeed == "nan" else np.inf
        if self.misdeed == "wrong_size":
            value = value[:-1]
        if self.misdeed == "huge":
            value = 100.0 * np.sign(np.sin(20.0 * seconds)) * np.ones_like(value)
        stamp = tick.stamp + {"stale_stamp": -_HOURS, "future_stamp": _HOURS}.get(self.misdeed, 0)
        return [Command(stamp, value)] * (100 if self.misdeed == "flood" else 1)

    def _named(self, stamp: int, value: Array) -> Command:
        """What a driver reads in a message whose names are not as they should be, or in another order."""
        message, change = messages.to_command(stamp, self._robot, value), _NAMED[self.misdeed]
        message.name = change(list(message.name))
        for kind in set(self._robot.interfaces):
            setattr(message, kind, change(list(getattr(message, kind))))
        return messages.from_command(message, self._robot)

    def verdict(self, tick: Tick) -> Verdict:
        """What a collector says to a tick."""
        return Verdict.CONTINUE


class Agent(Controller):
    """Answers ticks with the shipped agent of a task, and judges them as its collector does.

    Args:
        robot: That it moves.
        task: By its name.
    """

    def __init__(self, robot: Robot, task: str) -> None:
        super().__init__(robot, 0.0)
        settings = load_settings(task)
        spec, period = settings.observation_spec(robot), settings.control.period
        self._loop = ControlLoop(spec, task, period, seed=0, explore=0.0)
        self._loop.use(OnnxGraph.load(share_path("models", task, "agent.onnx")))
        self._builder = TransitionBuilder(spec, settings.task, period)

    def answers(self, tick: Tick, seconds: float) -> list[Command]:
        """See `Controller.answers`."""
        return [self._loop.step(tick).command]

    def verdict(self, tick: Tick) -> Verdict:
        """See `Controller.verdict`."""
        return self._builder.add(tick)[0]


def say(**what: Any) -> None:
    """A line for who started this."""
    print(json.dumps({"time": time.monotonic(), **what}), flush=True)


def main() -> None:
    """Drive until the standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("robot")
    parser.add_argument("driver")
    parser.add_argument("--rate", type=float, default=20.0)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--agent", default="", help="task whose shipped agent acts, instead of waves")
    parser.add_argument("--misses", type=int, default=Limits.misses)
    parser.add_argument("--set", default="{}")
    args = parser.parse_args()
    robot, period = load_robot(args.robot), 1.0 / args.rate
    task = next((kind for kind in ALL_TASKS.values() if kind.robot == robot.name), MockPoint)()
    values: dict[str, Any] = {}
    for key, value in json.loads(args.set).items():
        values |= nested(key, value)
    settings = build(BACKEND_SETTINGS[args.driver], values, "driver.backend")
    latch = Latch()
    try:
        settings.check_robot(robot)
        backend = construct(args.driver, robot, settings, period)
        backend.connect()
    except Exception as error:  # it is told, whatever it is
        say(refused=f"{type(error).__name__}: {error}")
        return
    loop = DriverLoop(robot, task, backend, args.rate, 1, latch=latch, lost_time=0.5)
    pacer = RealTime(loop, period, False, Limits(misses=args.misses))
    controller = Agent(robot, args.agent) if args.agent else Controller(robot, args.share)
    inbox: list[str] = []
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    try:
        _drive(pacer, loop, controller, latch, inbox, period)
    finally:
        loop.end()
        backend.close()


def _listen(inbox: list[str]) -> None:
    for line in sys.stdin:
        inbox.append(line.strip())
    inbox.append("end")


def _drive(
    pacer: RealTime, loop: DriverLoop, controller: Controller, latch: Latch, inbox: list[str], period: float
) -> None:
    orders: dict[str, Callable[[], object]] = {
        "arm": latch.arm,
        "disarm": latch.disarm,
        "resume": latch.resume,
        "pause": latch.pause,
        "home": latch.home,
        "clear": latch.clear,
        "emergency_stop": loop.emergency_stop,
        "hang": lambda: time.sleep(1.0),
        "clock_back": lambda: setattr(controller, "shift", -_HOURS),
        "clock_on": lambda: setattr(controller, "shift", _HOURS),
    }
    begin, due, state, held = time.monotonic(), time.monotonic(), None, 0
    tick = _first(pacer)
    say(ready=os.getpid())
    while True:
        now = time.monotonic()
        while inbox:
            order = inbox.pop(0)
            if order == "end":
                return
            say(took=order)
            if order in orders:
                say(order=order, answer=str(orders[order]()))
            else:
                controller.misdeed = order
        try:
            for command in controller.answers(tick, now - begin):
                pacer.command(command, now)
        except CommandError:
            pass  # counted as a miss
        if controller.misdeed != "no_verdict":
            verdict = controller.verdict(tick)
            pacer.verdict(tick.stamp, verdict, now)
            if verdict is Verdict.TERMINATED:
                say(terminated=tick.index)
        if loop.held_back + loop.missed > held:
            held = loop.held_back + loop.missed
            say(held=loop.held_back, missed=loop.missed)
        if loop.safety is not state:
            state = loop.safety
            say(state=state.name, reason=loop.fault)
        due += period
        time.sleep(max(due - time.monotonic(), 0.0))
        due = max(due, time.monotonic() - period)
        tick = pacer.poll(time.monotonic(), time.time_ns() + controller.shift) or tick


def _first(pacer: RealTime) -> Tick:
    end = time.monotonic() + 10.0
    while True:  # a robot that was just connected to may need a moment
        try:
            return pacer.start(time.monotonic(), time.time_ns())
        except RosRlError as error:
            if time.monotonic() > end:
                say(refused=str(error))
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    main()
