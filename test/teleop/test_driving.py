# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person steers the simulated robot: held keys ask for a velocity, dead ones for none, a fall begins it anew."""

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from graphs import constant_graph

pytest.importorskip("pybullet")

from ros_rl.errors import CommandError  # noqa: E402
from ros_rl.runtime.robot_world import RobotWorld  # noqa: E402
from ros_rl.sensors.inputs import VELOCITY_COMMAND  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402
from ros_rl.teleop.driving import Drive, Keys, Sticks  # noqa: E402
from ros_rl.teleop.gamepad import Gamepad  # noqa: E402

TRACK = load_settings("a1_track")
PERIOD = 0.05
FALLING = [1.0, -1.0, 1.0, -1.0, -1.0, -1.0] * 2


def keys() -> Keys:
    return Keys(TRACK.steering, None)  # pressed by hand


def hold(pressed: Keys, key: str, now: float, seconds: float = 0.6) -> float:
    """As keyboards send it: once, after a pause again and again; gives the time of the last."""
    pressed.press([key], now)
    now += 0.3
    end = now + seconds
    while now < end:
        now += 0.04
        pressed.press([key], now)
    return now


class TestKeys:
    @pytest.mark.parametrize(
        ("key", "asked"),
        [("i", [0.5, 0, 0]), (",", [-0.5, 0, 0]), ("j", [0, 0.3, 0]), ("l", [0, -0.3, 0]), ("space", [0, 0, 0])],
    )
    def test_a_held_key_asks_and_a_dead_one_does_not(self, key, asked):
        pressed = keys()
        now = hold(pressed, key, 100.0)
        np.testing.assert_allclose(pressed.velocity(now), asked)
        np.testing.assert_array_equal(pressed.velocity(now + 0.25), 0.0)

    def test_slower_and_faster(self):
        pressed, now = keys(), 100.0
        for sign, forward in (("-", 0.4), ("-", 0.32), ("+", 0.4), ("+", 0.5)):
            pressed.press([sign], now)
            pressed.velocity(now)
            now = hold(pressed, "i", now + 1.0)
            np.testing.assert_allclose(pressed.velocity(now), [forward, 0, 0])
            now += 1.0

    def test_q_ends_and_r_begins_anew(self):
        pressed = keys()
        pressed.press(["r"], 0.0)
        assert pressed.again and not pressed.ends
        pressed.press(["q"], 0.1)
        assert pressed.ends


@pytest.fixture
def world() -> Iterator[RobotWorld]:
    world = RobotWorld(TRACK, 0, draws_inputs=False)
    yield world
    world.close()


def driven(world: RobotWorld, action) -> Drive:
    control = world.control_loop(explore=0.0)
    control.use(constant_graph(TRACK, action))
    return Drive(world, control, keys())


def test_the_task_is_asked_for_what_is_held_and_for_nothing_before_and_after(world):
    drive, asked, now = driven(world, np.zeros(12)), [], 100.0
    np.testing.assert_array_equal(drive.step.tick.inputs[VELOCITY_COMMAND], 0.0)
    for index in range(40):
        now += PERIOD
        if 8 <= index < 25 and not 9 <= index < 14:  # a keyboard's pause before it repeats
            drive.person.press(["i"], now)
        assert drive.advance(now) == []
        asked.append(drive.step.tick.inputs[VELOCITY_COMMAND][0])
    held = np.flatnonzero(asked)
    assert held[0] == 14 and 24 <= held[-1] <= 29 and len(held) == held[-1] - held[0] + 1
    assert set(np.round(asked, 9)) == {0.0, 0.5}
    assert re.search(r"forward \+0\.00 \([+-]0\.\d\d\)  left .* 0\.2\d m high, 0 falls", drive.status)


def test_what_is_beyond_what_the_task_asks_for_is_clamped_and_told_once(world):
    drive, now = driven(world, np.zeros(12)), 100.0
    drive.person.press(["+"], now)
    said = drive.advance(now)
    now = hold(drive.person, "o", now + 1.0)
    for _ in range(2):
        said += drive.advance(now)
        np.testing.assert_array_equal(drive.step.tick.inputs[VELOCITY_COMMAND], [0.0, 0.0, -0.7])
    assert len(said) == 1 and "beyond what task 'a1_track' asks for" in said[0] and "-0.875" in said[0]
    assert "turning -0.70 (" in drive.status


def test_a_fall_is_told_and_it_stands_again(world):
    drive, said, now = driven(world, FALLING), [], 100.0
    while not said:
        now += PERIOD
        said = drive.advance(now)
        assert now < 110.0
    assert said == ["it fell; it stands again at the start"] or "limit" in said[0]
    assert drive.falls == 1 and drive.step.tick.step == 0
    assert drive.step.tick.measurement["base_position"][2] > 0.2


def test_a_person_may_stand_it_up_again(world):
    drive = driven(world, np.zeros(12))
    for index in range(5):
        drive.advance(100.0 + index * PERIOD)
    drive.person.press(["r"], 101.0)
    assert drive.advance(101.0) == [] and (drive.step.tick.step, drive.step.tick.episode, drive.falls) == (0, 1, 0)


def events(*told: tuple[int, int, int]) -> bytes:
    """Of linux/joystick.h, each by its value, kind (1 button, 2 axis, 128 more: as it is at first) and number."""
    return b"".join(struct.pack("=IhBB", 0, *event) for event in told)


FIRST = [(0, 0x82, axis) for axis in range(8)] + [(0, 0x81, button) for button in range(11)]


class TestSticks:
    """A pipe in the device's place."""

    @pytest.fixture
    def sticks(self, tmp_path):
        device = tmp_path / "js0"
        os.mkfifo(device)
        gamepad = Gamepad(device, TRACK.teleop)
        write = os.open(device, os.O_WRONLY)
        os.write(write, events(*FIRST))
        yield Sticks(TRACK.steering, gamepad), write
        os.close(write)

    def hear(self, sticks, *told):
        person, write = sticks
        os.write(write, events(*told)) if told else None
        assert person.listen(1.0, lambda: 1.0)
        return person.velocity(1.0)

    def test_a_stick_up_goes_forward_until_it_moves_and_to_the_left_is_left(self, sticks):
        np.testing.assert_array_equal(self.hear(sticks), 0.0)
        np.testing.assert_allclose(self.hear(sticks, (-32767, 2, 1)), [0.5, 0.0, 0.0])
        np.testing.assert_allclose(sticks[0].velocity(9.0), [0.5, 0.0, 0.0])
        np.testing.assert_allclose(self.hear(sticks, (0, 2, 1), (-32767, 2, 0), (32767, 2, 3)), [0.0, 0.3, -0.7])

    def test_slower_again_and_the_end(self, sticks):
        self.hear(sticks)
        asked = self.hear(sticks, (-32767, 2, 1), (1, 1, 9), (0, 1, 9), (1, 1, 9))
        np.testing.assert_allclose(asked, [0.5 / 1.25**2, 0.0, 0.0])
        assert not sticks[0].again and not sticks[0].ends
        self.hear(sticks, (1, 1, 7), (0, 1, 7))
        assert sticks[0].again and not sticks[0].ends
        self.hear(sticks, (1, 1, 1))
        assert sticks[0].ends

    def test_one_with_less_axes_than_are_used_is_told(self, tmp_path):
        device = tmp_path / "js0"
        device.write_bytes(events(*FIRST[:2], *FIRST[8:]))
        person = Sticks(TRACK.steering, Gamepad(device, TRACK.teleop))
        with pytest.raises(CommandError, match="joy has 2 axes, but 'teleop.axes.3.' is 'turn'"):
            person.listen(1.0, lambda: 1.0)

    def test_all_that_it_says_at_first_counts_before_it_is_judged(self, tmp_path):
        """Buttons first, as Linux tells them, and as many as it knows."""
        device = tmp_path / "js0"
        device.write_bytes(events(*((0, 0x81, button) for button in range(256)), *FIRST[:8]))
        assert Sticks(TRACK.steering, Gamepad(device, TRACK.teleop)).listen(1.0, lambda: 1.0)

    def test_only_what_steers_has_to_be_there(self, tmp_path):
        """The axis of the selected joint is the fifth, and no dead man's switch or button to disarm is needed."""
        device = tmp_path / "js0"
        teleop = replace(TRACK.teleop, buttons=("home", "emergency_stop", "", "", "", "", "disarm"))
        device.write_bytes(events((32767, 0x82, 1), (0, 0x82, 3), (0, 0x81, 1)))
        person = Sticks(TRACK.steering, Gamepad(device, teleop))
        assert person.listen(1.0, lambda: 1.0)
        np.testing.assert_allclose(person.velocity(1.0), [-0.5, 0.0, 0.0])

    def test_one_that_is_gone_ends_it(self, tmp_path):
        device = tmp_path / "js0"
        device.write_bytes(events(*FIRST))
        person = Sticks(TRACK.steering, Gamepad(device, TRACK.teleop))
        assert person.listen(1.0, lambda: 1.0) and not person.listen(1.0, lambda: 2.0)


def test_one_command_in_a_terminal():
    """It starts, a held key is asked for, a dead one is not, q ends it, and the terminal is as it was."""
    own, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    program = "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from ros_rl.cli.main import main\n"
    command = [sys.executable, "-c", program + "sys.exit(main(['drive', 'a1_track', '--no-window']))"]
    env = {**os.environ, "COLUMNS": "150"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True, env=env)
    try:
        wait_for(own, "forward +0.00", b"")
        os.write(own, b"i")
        time.sleep(0.4)
        written = wait_for(own, "forward +0.50", b"i")
        written += wait_for(own, "forward +0.00", b"")
        os.write(own, b"q")
        assert process.wait(timeout=20.0) == 0
        assert "Traceback" not in written
        assert termios.tcgetattr(theirs) == before
    finally:
        process.kill()
        process.wait()
        os.close(own)
        os.close(theirs)


def wait_for(terminal: int, text: str, key: bytes, seconds: float = 60.0) -> str:
    """What is shown until a text is, with a key held meanwhile, if there is one."""
    found, end = "", time.monotonic() + seconds
    while text not in found:
        assert time.monotonic() < end, found[-300:]
        if select.select([terminal], [], [], 0.04)[0]:
            found += os.read(terminal, 65536).decode(errors="replace")
        if key:
            os.write(terminal, key)
    return found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a1_walk"], "task 'a1_walk' has no velocity_command to steer by; these have one: a1_track, go2_track"),
        (["moon"], "moon"),
        (["a1_track"], "keyboard: standard input is no terminal; start it in one, or drive with --joystick"),
        (["a1_track", "--joystick", "/dev/input/none"], "joystick /dev/input/none: No such file or directory"),
    ],
)
def test_what_cannot_be_driven_is_refused_in_one_line(arguments, words):
    done = subprocess.run(
        [sys.executable, "-m", "ros_rl.cli", "drive", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "") and words in done.stderr and done.stderr.count("\n") == 1


def test_what_is_no_joystick_is_told_in_a_line(tmp_path) -> None:
    (tmp_path / "notes").write_text("hi\n")
    with pytest.raises(CommandError, match="notes tells 3 bytes, which are no events: is it a joystick?"):
        Gamepad(tmp_path / "notes", TRACK.teleop).read(1.0, 0.0)
