# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A terminal tells of keys only what is typed; what is held, and what is let go of, follows from when it comes."""

from ros_rl.teleop.keyboard import Keyboard
from ros_rl.teleop.keys import HeldKey, KeyDecoder

PAUSE, REPEAT = 0.4, 0.033  # s; of a usual keyboard


def hold(keys: HeldKey, key: str, begin: float, end: float) -> None:
    """What a keyboard sends of a key that stays down."""
    keys.press(key, begin)
    now = begin + PAUSE
    while now <= end:
        keys.press(key, now)
        now += REPEAT


def test_arrows_may_come_in_pieces_and_escape_by_itself_is_a_key() -> None:
    decoder = KeyDecoder()
    assert decoder.feed(b"\x1b[A1 ") == ["up", "1", "space"]
    assert decoder.feed(b"\x1b") == [] and decoder.feed(b"[") == [] and decoder.feed(b"B") == ["down"]
    assert decoder.feed(b"\x1b") == [] and decoder.feed(b"") == ["escape"]
    assert decoder.feed(b"\x1bOC\x1b[D\r\n") == ["right", "left", "enter", "enter"]
    assert decoder.feed(b"\x1b[15~x") == ["\x1b[15~", "x"], "F5 is no five"
    assert decoder.feed(b"\x1b\x1b[A") == ["escape", "up"]
    assert decoder.feed("é".encode()) == ["\ufffd", "\ufffd"] and decoder.feed(b"") == []


def test_a_key_counts_from_its_first_repetition_and_as_long_as_it_repeats() -> None:
    keys = HeldKey()
    keys.press("up", 1.0)
    assert keys.held(1.0) == "" and keys.held(1.39) == ""
    keys.press("up", 1.4)
    assert keys.held(1.4) == "up" and keys.held(1.59) == "up"
    assert keys.held(1.61) == "", "let go of"


def test_a_key_that_is_only_touched_or_struck_quickly_does_nothing() -> None:
    keys = HeldKey()
    for now in (0.0, 0.09, 0.18, 0.27, 0.36):
        keys.press("up", now)
        assert not keys.held(now)
    keys = HeldKey()
    keys.press("up", 0.0)
    keys.press("up", 2.0)
    assert not keys.held(2.0), "so late no keyboard repeats"


def test_a_stream_that_was_interrupted_counts_for_nothing_until_the_key_was_let_go_of() -> None:
    keys = HeldKey()
    hold(keys, "up", 0.0, 1.0)
    assert keys.held(1.0)
    for step in range(60):  # the link comes back after half a second; the key was never let go of
        keys.press("up", 1.5 + step * REPEAT)
        assert not keys.held(1.5 + step * REPEAT)
    hold(keys, "up", 4.0, 5.0)
    assert keys.held(5.0) == "up"


def test_another_key_is_another_hold() -> None:
    keys = HeldKey()
    hold(keys, "up", 0.0, 1.0)
    keys.press("down", 1.02)
    assert not keys.held(1.02), "another"
    keys.press("down", 1.02 + PAUSE)
    assert keys.held(1.02 + PAUSE) == "down"


def test_keys_become_wishes_and_calls() -> None:
    keyboard = Keyboard()
    assert not keyboard.press("up", 0.0) and not keyboard.wish(0.0).held
    keyboard.press("up", PAUSE)
    wish = keyboard.wish(PAUSE)
    assert wish.held and wish.jog == 1.0
    assert keyboard.press("x", PAUSE + 0.05) == "emergency_stop"
    assert not keyboard.wish(PAUSE + 0.05).held, "a stop lets go"
    keyboard.press("up", PAUSE + 0.1)
    assert not keyboard.wish(PAUSE + 0.1).held, "what goes on repeating counts for nothing"
    assert keyboard.press("right", 2.0) == "" and keyboard.wish(2.0).select == 1
    assert keyboard.wish(2.0).select == 0, "a choice is made once"
    assert keyboard.press("A", 3.0) == "arm" and keyboard.press("a", 3.1) == ""
    for key in ("enter", "escape", "x"):
        assert keyboard.press(key, 4.0) == "emergency_stop"
