# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The real client against the Sphero that is not there."""

from __future__ import annotations

import numpy as np
import pytest
from sphero_stand_ins import served
from xarm_stand_ins import until

from ros_rl.stand_ins import load_stand_in
from ros_rl.stand_ins.sphero import toy as wire
from ros_rl.stand_ins.sphero.ball import ARENA, DrivenBall
from ros_rl.stand_ins.sphero.toy import Packet, Toy

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work


def test_real_client_rolls_it_and_stops_it() -> None:
    pytest.importorskip("spherov2")
    from spherov2.adapter.tcp_adapter import get_tcp_adapter
    from spherov2.scanner import ToyNotFoundError, find_toy

    with served() as stand_in:
        adapter = get_tcp_adapter(stand_in.host, stand_in.toy_port)
        with find_toy(adapter=adapter) as toy:
            assert type(toy).__name__ == "Ollie"
            toy.wake()
            toy.set_raw_motors(1, 64, 2, 32)
            until(lambda: stand_in.ball.duty == (64, -32))
            until(lambda: stand_in.ball.wheels[0] > 10.0 and stand_in.ball.wheels[1] < -5.0)
            stand_in.play("old_sequence")
            toy.set_raw_motors(0, 0, 0, 0)
            toy.set_stabilization(True)
            until(lambda: stand_in.ball.speed < 0.01)
        assert [item.what[0] for item in stand_in.received] == ["motors", "motors", "stabilization"]
        stand_in.play("not_found")
        with pytest.raises(ToyNotFoundError):
            find_toy(adapter=adapter)


def test_commands_are_taken_in_pieces_and_only_after_the_unlocking_word() -> None:
    toy = Toy()
    frame = bytes((0xFF, 0xFF, 2, 0x33, 7, 5, 1, 100, 2, 50))
    frame += bytes((wire.checksum(frame[2:]),))
    assert toy.take(wire.COMMANDS, frame) == []
    assert toy.take("22bb746f-2bbd-7554-2d6f-726568705327", b"011i3") == []
    assert toy.take(wire.COMMANDS, frame[:6]) == []
    packets = toy.take(wire.COMMANDS, frame[6:] + frame)
    assert packets == 2 * [Packet(2, 0x33, 7, bytes((1, 100, 2, 50)))]
    toy.do(packets[0])
    assert toy.duty == (100, -50)
    assert toy.take(wire.COMMANDS, frame[:-1] + b"\x00") == [], "a wrong checksum"


def test_answers_have_the_bytes_of_the_protocol() -> None:
    assert wire.response(7) == bytes((0xFF, 0xFF, 0, 7, 1, 0xF7))
    assert wire.notice(wire.WILL_SLEEP) == bytes((0xFF, 0xFE, 5, 0, 1, 0xF9))


def test_ball_turns_by_the_difference_of_its_wheels_and_stays_inside() -> None:
    ball = DrivenBall()
    ball.duty = (-64, 64)
    heading = ball.heading
    for _ in range(50):
        ball.step(0.02)
    assert ball.heading > heading + 1.0
    assert np.hypot(*ball.place) < 1e-9
    ball.duty = (255, 255)
    for _ in range(200):
        ball.step(0.02)
    gap = np.array(ARENA) / 2 - 0.04 - np.abs(ball.place)
    assert gap.min() == pytest.approx(0.0) and gap.max() >= 0.0


def test_it_has_faults_to_play() -> None:
    assert len(load_stand_in("sphero").faults) >= 12
