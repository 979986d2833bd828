# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a terminal shows of a run on its way: judged by the rows that a terminal has in the end."""

import signal
import subprocess
import sys

import pytest
from terminals import rows, run_in_terminal

PROGRAM = """
import logging, os, sys, time
from ros_rl.runs.course import Course
from ros_rl.runs.state import RunState
from ros_rl.runs.terminal import make_display

state = RunState(figures={"controller": {"acts": "random"}})

def work(display):
    for step in range(0, 101, 10):
        state.progress = {"env_steps": step, "episode_return": -step}
        display.show(state)
        time.sleep(0.26)
        if step == 30:
            display.say("a line of the run")
        if step == 50:
            logging.getLogger("x").warning("of Python's logging")
            print("of print")
            os.write(2, b"of a library in C\\n")
        if step == 70:
            ENDING

with make_display(Course(100)) as display:
    work(display)
print("the end")
"""


def program(ending: str = "pass") -> list[str]:
    return [sys.executable, "-c", PROGRAM.replace("ENDING", ending)]


@pytest.fixture
def live():
    pytest.importorskip("rich")


def test_the_last_row_says_how_far_it_is_and_nothing_is_garbled(live):
    seen = []
    code, written = run_in_terminal(program(), react=lambda output, process: seen.append(output.decode()))
    assert code == 0
    expected = ["a line of the run", "of Python's logging", "of print", "of a library in C", "the end"]
    assert sorted(row for row in rows(written) if row) == sorted(expected)
    assert any("step 60 of 100, 60 %" in "".join(rows(so_far)[-2:]) for so_far in seen)
    assert all("step" not in row or row.lstrip("━╸╺ ").startswith("step") for so_far in seen for row in rows(so_far))
    assert written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l"), "the cursor is there again"


def test_an_error_comes_last_and_whole(live):
    code, written = run_in_terminal(program("raise ValueError('broken')"))
    shown = [row for row in rows(written) if row]
    assert code == 1 and shown[-1] == "ValueError: broken"
    assert not any("of 100" in row for row in shown)
    assert written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l")


def test_ctrl_c_leaves_the_terminal_as_it_was(live):
    sent = []

    def interrupt(output: bytes, process: subprocess.Popen) -> None:
        if b"step 30" in output and not sent:
            sent.append(process.send_signal(signal.SIGINT))

    code, written = run_in_terminal(program(), react=interrupt)
    shown = [row for row in rows(written) if row]
    assert code in (-signal.SIGINT, 130, 1) and shown[-1] == "KeyboardInterrupt"
    assert not any("of 100" in row for row in shown)
    assert written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l")


class Gone(Exception):
    pass


def test_a_terminal_that_goes_does_not_end_the_run(live, tmp_path):
    """As of a run in the background, whose window is closed."""
    started = []

    def leave(output: bytes, process: subprocess.Popen) -> None:
        started.append(process)
        if b"step 30" in output:
            raise Gone

    source = program()[-1].replace('print("of print")', "pass")
    source = source.replace('print("the end")', f"open({str(tmp_path / 'done')!r}, 'w').close()")
    source = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n" + source
    with pytest.raises(Gone):
        run_in_terminal([sys.executable, "-c", source], react=leave)
    assert started[0].wait(timeout=20.0) == 0 and (tmp_path / "done").exists()


@pytest.mark.parametrize("why", ["no terminal", "no rich", "dumb"])
def test_elsewhere_there_are_plain_lines(why):
    without = "import sys; sys.modules['rich'] = None\n" if why == "no rich" else ""
    source = without + PROGRAM.replace("ENDING", "pass")
    if why == "no terminal":
        ended = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=60)
        written = ended.stdout
    else:
        set_dumb = "import os; os.environ['TERM'] = 'dumb'\n" if why == "dumb" else ""
        _, written = run_in_terminal([sys.executable, "-c", set_dumb + source])
    assert "\x1b" not in written
    assert written.replace("\r\n", "\n").startswith("step 0 of 100, 0 % | return 0.00 | terminations 0 | random\n")
    assert written.rstrip().endswith("the end")
