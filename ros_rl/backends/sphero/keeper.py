# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The process that has the toy: it passes powers on, lets them expire, and switches off when its parent ends.

The toy itself knows no time-out for raw motors, and the client waits up to 10 s for a response. So it has a process
of its own, which outlives a driver that is killed or stopped for as long as it takes to switch the motors off.

Lines from the parent: ``on``, ``off``, and ``LEFT RIGHT UNTIL`` (powers from -255 to 255; steady clock [s]).
Lines to it: ``ready``, ``on`` (powers act from now on), ``sent LEFT RIGHT TIME``, ``problem TEXT``, and ``alive`` ten
times a second.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TextIO

from ros_rl.backends.sphero.toy import open_toy, switch_off

_STEP, _BEAT = 0.01, 0.1  # s
_AGAIN = 1.0  # s between attempts to reach a toy whose motors may be on
_LAST = 10.0  # s, for which it tries that after its parent has ended

Powers = tuple[int, int]
OFF: Powers = (0, 0)


class Keeper:
    """Sends what is asked for, as soon as the last command was answered.

    Args:
        connect: Opens the toy.
        reply_time: How long an answer may take [s].
        tell: Takes a line for the parent.
        clock: The steady clock [s].
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        reply_time: float,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect, self._reply_time, self._tell, self._clock = connect, reply_time, tell, clock
        self._toy: Any = None
        self._on = self._told_on = False
        self._asked: tuple[Powers, float] = (OFF, 0.0)
        self._sent: Powers = OFF
        self._call: _Call | None = None
        self._problem = ""
        self.ended = False
        """Whether the parent has ended."""

    def take(self, line: str) -> None:
        """Do as a line of the parent's says."""
        if line in ("on", "off"):
            self._asked, self._on, self._told_on = (OFF, 0.0), line == "on", False
            if self._on:
                self._problem = ""
            return
        left, right, until = line.split()
        self._asked = ((int(left), int(right)), float(until))

    def run(self) -> None:
        """Keep the toy until the parent ends and the motors are off."""
        self._toy = self._connect()
        self._listen(self._toy)
        self._tell("ready")
        while not (self.ended and self._sent == OFF and self._call is None):
            self.step()
            time.sleep(_STEP)
        switch_off(self._toy, self._reply_time)

    def step(self) -> None:
        """Look at what was answered, and send what is asked for now."""
        call = self._call
        if call is not None:
            self._judge(call)
            return
        if self._on and not (self._told_on or self._problem):
            self._told_on = True
            self._tell("on")
        powers, until = self._asked
        acts = self._on and not self.ended and not self._problem and self._clock() < until
        wanted = powers if acts else OFF
        if wanted != self._sent:
            self._call = _Call(partial(self._toy.set_raw_motors, *_modes(wanted)), wanted, self._clock())

    def _judge(self, call: _Call) -> None:
        if call.error:
            self._lose(call.error)
        elif call.done:
            self._sent, self._call = call.powers, None
            self._tell(f"sent {self._sent[0]} {self._sent[1]} {call.began}")
        elif self._clock() - call.began > self._reply_time:
            self._lose(f"the toy has not answered in {self._reply_time:g} s")

    def _lose(self, problem: str) -> None:
        """Reach it anew, to switch the motors off; they stay off until the parent switches them on."""
        self.fail(problem)
        deadline = self._clock() + _LAST
        while not (self.ended and self._clock() > deadline):
            if switch_off(self._toy, self._reply_time):
                break
            try:
                self._toy = self._connect()
                self._listen(self._toy)
            except Exception as error:  # clients raise anything
                self.fail(f"the toy is lost: {error or type(error).__name__}")
                time.sleep(_AGAIN)
        self._sent, self._call = OFF, None

    def fail(self, problem: str) -> None:
        """Let nothing move any more; from any thread."""
        if not self._problem:
            self._problem = problem
            self._tell(f"problem {problem}")

    def _listen(self, toy: Any) -> None:
        toy.add_will_sleep_notify_listener(lambda: self.fail("the toy is going to sleep"))
        toy.add_battery_state_changed_notify_listener(self._take_battery)

    def _take_battery(self, state: Any) -> None:
        if int(state) >= 3:  # low, critical
            self.fail("the toy's battery is low")


class _Call:
    """A command that waits for its answer, in a thread of its own."""

    def __init__(self, call: Callable[[], None], powers: Powers, began: float) -> None:
        self.powers, self.began, self.done, self.error = powers, began, False, ""
        threading.Thread(target=self._run, args=(call,), daemon=True).start()

    def _run(self, call: Callable[[], None]) -> None:
        try:
            call()
            self.done = True
        except Exception as error:  # clients raise anything
            self.error = f"the toy refused: {str(error) or type(error).__name__}"


def _modes(powers: Powers) -> list[int]:
    """Mode and speed of the left and the right motor: 0 off, 1 forward, 2 reverse."""
    return [value for power in powers for value in (0 if not power else 1 if power > 0 else 2, abs(power))]


def main(name: str, bridge: str, reply_time: str, connect_time: str) -> None:
    """Serve the parent at the standard streams."""
    lines, sys.stdout = sys.stdout, sys.stderr  # whatever the client prints is no line for the parent
    connect = partial(open_toy, name, bridge, float(connect_time), float(reply_time))
    tell = partial(_write, lines, threading.Lock())
    keeper = Keeper(connect, float(reply_time), tell)
    threading.Thread(target=_read, args=(sys.stdin, keeper), daemon=True).start()
    threading.Thread(target=_live, args=(tell,), daemon=True).start()
    try:
        keeper.run()
    except Exception as error:  # clients raise anything
        keeper.fail(f"{error or type(error).__name__}")
    os._exit(0)  # the client's own threads may wait for ever


def _read(stream: TextIO, keeper: Keeper) -> None:
    for line in stream:
        keeper.take(line.strip())
    keeper.ended = True


def _live(tell: Callable[[str], None]) -> None:
    while True:
        tell("alive")
        time.sleep(_BEAT)


def _write(stream: TextIO, lock: threading.Lock, line: str) -> None:
    try:
        with lock:
            stream.write(f"{' '.join(line.split())}\n")
            stream.flush()
    except OSError:
        pass  # the parent has ended, and so will this process


if __name__ == "__main__":
    main(*sys.argv[1:])
