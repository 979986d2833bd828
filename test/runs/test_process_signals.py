# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Signals to one process of Python: they interrupt nothing, set an event, and reach only whom they are meant for."""

import os
import signal
import subprocess
import sys
import time

import pytest

from ros_rl.runs.parent import PARENT_VARIABLE
from ros_rl.runs.signals import LIMIT_VARIABLE, held_back

PATIENCE = 60.0  # s
_WAIT = """
import os, signal, sys, time
from ros_rl.runs import signals
stop = signals.stop_event()
print("ready", flush=True)
"""


def started(code: str, **variables: str) -> subprocess.Popen[str]:
    """A program, once it has printed its first line."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=pipe, stderr=pipe, text=True, env=os.environ | variables
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    printed, complained = process.communicate(timeout=PATIENCE)
    return process.returncode, printed, complained


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_they_set_an_event_and_interrupt_nothing(number) -> None:
    """Neither the wait of the main thread, nor its closing, nor what an interpreter does last."""
    code = _WAIT + (
        "stop.wait(); print('closing', flush=True); time.sleep(0.3); print('closed', flush=True)\n"
        "signals.ignore(); os.kill(os.getpid(), signal.SIGTERM); sys.exit(7)"
    )
    process = started(code)
    process.send_signal(number)
    assert process.stdout.readline() == "closing\n"
    for again in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(again)
    assert ended(process) == (7, "closed\n", "")


def test_a_process_that_never_looks_is_ended() -> None:
    process = started(_WAIT + "\nwhile True: pass", **{LIMIT_VARIABLE: "0.2"})
    process.send_signal(signal.SIGTERM)
    assert ended(process) == (1, "", "not closed 0.2 s after a signal: ended in the middle\n")


def test_before_there_is_something_to_close_they_end_at_once() -> None:
    code = "from ros_rl.runs import signals; signals.end_at_once(130, 'ros-rl: interrupted')\n"
    process = started(code + "print('ready', flush=True)\nwhile True: pass")
    process.send_signal(signal.SIGINT)
    assert ended(process) == (130, "", "ros-rl: interrupted\n")


def test_a_process_that_loads_gets_them_later() -> None:
    """What comes before the handlers are there waits for them."""
    code = "import time; print('ready', flush=True); time.sleep(0.3)" + _WAIT + "stop.wait(); print('told')"
    with held_back():
        process = started(code)
    process.send_signal(signal.SIGINT)
    assert ended(process) == (0, "ready\ntold\n", "")
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, []) & {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def test_a_forked_child_keeps_its_signals_to_itself() -> None:
    code = (
        "import warnings; warnings.simplefilter('ignore', DeprecationWarning)\n"
        + _WAIT
        + (
            "child = os.fork()\n"
            "if not child: time.sleep(60)\n"
            "time.sleep(0.1); os.kill(child, signal.SIGTERM); print(os.waitpid(child, 0)[1], stop.wait(0.3))"
        )
    )
    assert ended(started(code)) == (0, f"{int(signal.SIGTERM)} False\n", "")


def test_nohup_holds() -> None:
    process = started("import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)" + _WAIT + "print(stop.wait(0.5))")
    process.send_signal(signal.SIGHUP)
    assert ended(process) == (0, "False\n", "")


_ENDS_WITH_PARENT = _WAIT + "from ros_rl.runs.parent import end_with_parent; end_with_parent()\n"


def test_a_process_whose_parent_is_gone_already_is_told() -> None:
    process = started(_ENDS_WITH_PARENT + "print(stop.wait(30))", **{PARENT_VARIABLE: str(os.getppid())})
    assert ended(process) == (0, "True\n", "")


def test_a_process_whose_parent_is_killed_is_told(tmp_path) -> None:
    told = tmp_path / "told"
    child = _ENDS_WITH_PARENT + f"open({str(told)!r}, 'w').write(str(stop.wait(30)))"
    variables = f"os.environ | {{{PARENT_VARIABLE!r}: str(os.getpid())}}"
    parent = started(
        "import os, subprocess, sys, time\n"
        f"subprocess.Popen([sys.executable, '-c', {child!r}], env={variables}); time.sleep(60)"
    )
    time.sleep(0.5)
    parent.kill()
    assert ended(parent) == (-signal.SIGKILL, "", "")  # the child has closed the pipe, too
    assert told.read_text() == "True"
