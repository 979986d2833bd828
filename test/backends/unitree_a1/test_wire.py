# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The A1's datagrams: what the vendor's library sends, byte for byte, and random ones both ways."""

import numpy as np
import pytest

from ros_rl.backends.unitree import NO_POSITION, NO_VELOCITY
from ros_rl.backends.unitree_a1 import wire

FRAMES = 100_000


def command(**first) -> np.void:
    """The golden vectors' common part; motor 0 as given."""
    record = np.zeros(1, wire.COMMAND)[0]
    record["level"] = wire.LOW_LEVEL
    motors = record["motors"]
    motors["mode"], motors["velocity"] = wire.SERVO, -0.25
    motors["position"] = 0.5 + np.arange(20)
    motors["effort"] = wire.to_fixed(np.full(20, 1.5), wire.EFFORT_STEP)
    motors["stiffness"] = wire.to_fixed(np.full(20, 60.25), wire.STIFFNESS_STEP)
    motors["damping"] = wire.to_fixed(np.full(20, 4.125), wire.DAMPING_STEP)
    motors["reserve"][:, 0] = 0x11223344
    steps = {"effort": wire.EFFORT_STEP, "stiffness": wire.STIFFNESS_STEP, "damping": wire.DAMPING_STEP}
    for name, value in first.items():
        motors[name][0] = wire.to_fixed(np.array(value), steps[name]) if name in steps else value
    return record


@pytest.mark.parametrize(
    ("first", "bytes_of_motor", "checksum"),
    [
        ({}, "0a0000003f000080be800188074200443322110000000000000000", 0xE32E5054),
        ({"effort": -33.5}, "0a0000003f000080be80de88074200443322110000000000000000", 0xF0D08006),
        (
            {"effort": -33.5, "stiffness": 100.0, "damping": 2.0},
            "0a0000003f000080be80de800c2000443322110000000000000000",
            0x413F4953,
        ),
        (
            {
                "position": NO_POSITION,
                "velocity": NO_VELOCITY,
                "effort": 0.0,
                "stiffness": 0.0,
                "damping": 0.0,
            },
            "0ab9d2ff4e00007a46000000000000443322110000000000000000",
            0x77A6B8C7,
        ),
    ],
)
def test_golden_commands(first, bytes_of_motor, checksum):
    datagram = wire.encode(command(**first))
    assert len(datagram) == 610
    assert datagram[:10].hex() == "ff" + "00" * 9
    assert datagram[10:37].hex() == bytes_of_motor
    assert int.from_bytes(datagram[606:], "little") == checksum
    assert not isinstance(wire.decode(datagram, wire.COMMAND), str)


def test_golden_state():
    record = np.zeros(1, wire.STATE)[0]
    record["level"], record["orientation"], record["accelerometer"] = wire.LOW_LEVEL, (1, 0, 0, 0), (0, 0, 9.81)
    motors = record["motors"]
    motors["mode"], motors["effort"], motors["temperature"] = 10, 384, 30
    motors["position"] = motors["raw_position"] = 0.1 * np.arange(20)
    record["tick"] = 1000
    datagram = wire.encode(record)
    assert len(datagram) == 771
    assert int.from_bytes(datagram[767:], "little") == 0x901365D8


@pytest.mark.parametrize("kind", [wire.COMMAND, wire.STATE])
def test_layouts_have_no_padding_and_the_documented_places(kind):
    places = {name: kind.fields[name][1] for name in kind.names}
    if kind is wire.COMMAND:
        assert kind.itemsize == 610
        assert (places["motors"], places["led"], places["remote"], places["checksum"]) == (10, 550, 562, 606)
    else:
        assert kind.itemsize == 771
        assert [places[name] for name in ("orientation", "gyroscope", "accelerometer", "roll_pitch_yaw")] == [
            10,
            26,
            38,
            50,
        ]
        assert [places[name] for name in ("temperature", "motors", "foot_force", "tick", "remote")] == [
            62,
            63,
            703,
            719,
            723,
        ]


def test_checksum_bit_by_bit():
    """The vendor's own algorithm, as its documentation has it."""
    datagram = np.random.default_rng(0).bytes(610)
    value = 0xFFFFFFFF
    for word in np.frombuffer(datagram, "<u4", 151).tolist():
        for bit in range(31, -1, -1):
            high = value >> 31
            value = (value << 1) & 0xFFFFFFFF
            if high != (word >> bit) & 1:
                value ^= 0x04C11DB7
    assert wire.checksum(datagram) == value


def test_random_frames_come_back_within_the_resolution():
    """In batches for the numbers, which is what may go wrong; one in a hundred as a whole datagram."""
    rng = np.random.default_rng(1)
    for step, most in (
        (wire.EFFORT_STEP, wire.MOST_EFFORT),
        (wire.STIFFNESS_STEP, wire.MOST_STIFFNESS),
        (wire.DAMPING_STEP, wire.MOST_DAMPING),
    ):
        values = rng.uniform(-most, most - step, (FRAMES, 12))
        back = wire.to_fixed(values, step) * step
        assert (np.abs(back - values) < step).all()
        assert (np.abs(back) <= np.abs(values)).all()  # cut towards zero
    for _ in range(FRAMES // 100):
        for kind in (wire.COMMAND, wire.STATE):
            record = np.frombuffer(rng.bytes(kind.itemsize), kind, 1)[0].copy()
            record["level"] = wire.LOW_LEVEL
            back = wire.decode(wire.encode(record), kind)
            assert not isinstance(back, str)
            assert back.tobytes()[:-4] == record.tobytes()[:-4]


def test_what_is_no_datagram_of_the_a1_is_refused():
    good = wire.encode(command())
    assert wire.decode(good[:-1], wire.COMMAND) == "a datagram has 609 bytes, expected 610"
    assert "614 bytes, expected 610; a Go1" in str(wire.decode(good + bytes(4), wire.COMMAND))
    assert "807 bytes, expected 771; a Go1" in str(wire.decode(bytes(807), wire.STATE))
    assert "a datagram has checksum" in str(wire.decode(good[:100] + bytes([good[100] ^ 1]) + good[101:], wire.COMMAND))
    high = command()
    high["level"] = 0
    assert "level 0x00, expected 0xff" in str(wire.decode(wire.encode(high), wire.COMMAND))
