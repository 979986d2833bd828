# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The terminal is left as it was, however the program ends; where there is none, one line says so."""

import os
import pty
import subprocess
import sys
import termios

import pytest

PROGRAM = """
import os, signal, sys, threading
from ros_rl.runs.signals import stop_event
from ros_rl.teleop.console import Console
stop = stop_event()
with Console() as console:
    console.status("at rest")
    console.say("ready")
    while not stop.is_set():
        data = console.read(0.05)
        if data is None: break
        if data == b"!": raise RuntimeError("broken")
        if data: console.say(f"got {data!r}")
"""


@pytest.mark.parametrize("end", [b"\x03", b"!"], ids=["Ctrl-C", "an exception"])
def test_it_is_left_as_it_was(end) -> None:
    own, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-c", f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{PROGRAM}"]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=os.environ
    )
    try:
        written = read_until(own, b"ready")
        during = termios.tcgetattr(theirs)
        assert not during[3] & (termios.ICANON | termios.ECHO) and during[3] & termios.ISIG
        assert not during[0] & termios.IXON, "Ctrl-S halts nothing"
        os.write(own, b"\x1a")  # Ctrl-Z is a key like any other
        written += read_until(own, b"got b'\\x1a'")
        assert b"at rest" in written and process.poll() is None
        os.write(own, end)
        process.wait(timeout=20.0)
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(own)
        os.close(theirs)


def read_until(terminal: int, text: bytes) -> bytes:
    found = b""
    while text not in found:
        found += os.read(terminal, 1024)
    return found


@pytest.mark.parametrize("arguments", [["teleop"], ["run", "mock_point", "--driver", "mock", "--teleop", "keyboard"]])
def test_without_a_terminal_one_line_says_so(arguments) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ros_rl.cli", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 2 and not done.stdout
    assert (
        done.stderr.startswith("ros-rl: error: keyboard: standard input is no terminal")
        and done.stderr.count("\n") == 1
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["run", "mock_point"], "who is to act? --agent FILE or --teleop keyboard"),
        (["run", "--env", "gym:Pendulum-v1", "--teleop", "joystick"], "--teleop is for robots and cannot stand with"),
        (["run", "gym", "--teleop", "joystick"], "which environment?"),
        (
            ["run", "mock_point", "--teleop", "joystick", "--mode", "lock_step"],
            "driver.mode is 'lock_step', but teleop",
        ),
        (["run", "mock_point", "--teleop", "joystick", "--set", "teleop.axes=[elbow]"], "'teleop.axes[0]' is 'elbow'"),
        (["run", "mock_point", "--teleop", "wheel"], "invalid choice: 'wheel'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(arguments, complaint, capsys, monkeypatch, tmp_path) -> None:
    from ros_rl.cli.main import main

    monkeypatch.chdir(tmp_path)
    try:
        code = main(arguments)
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr().err
    assert code == 2 and complaint in told and told.count("\n") == 1
    assert not list(tmp_path.iterdir())
