# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an A1's datagrams and a Go2's messages have in common: their checksum, and the keys of the remote control."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

NO_POSITION, NO_VELOCITY = 2.146e9, 16000.0
"""Of a motor that is to control neither."""
TICK_UNITS = (1e-3, 1e-6)
"""What a step of the tick may stand for [s]: the vendor's headers say ms or us, by version."""
KEYS = {  # bytes 2 and 3 of the remote control's 40, the lowest bit first
    name: 1 << bit for bit, name in enumerate("R1 L1 start select R2 L2 F1 F2 A B X Y up right down left".split())
}
STOPS = (("L2", "B"), ("L2", "A"))
"""Keys that together stop it: what damps the robot in the vendor's own controller, and what lets it sit down."""

_STOPS = tuple(sum(KEYS[name] for name in names) for names in STOPS)
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL = 0xFFFFFFFF


def stops(remote: Sequence[int] | np.ndarray) -> bool:
    """Whether keys are pressed that stop the robot.

    Args:
        remote: What it sends of its remote control, shape (40,), uint8.
    """
    keys = int(remote[2]) | int(remote[3]) << 8
    return keys != 0 and any(keys & stop == stop for stop in _STOPS)


def unitree_crc(words: bytes) -> int:
    """CRC-32 of polynomial 0x04C11DB7, most significant bit first, from all ones, over little-endian 32-bit words.

    `zlib.crc32` is the same with the bits of bytes and result reversed, and inverted at the end; 500 times as fast
    as bit by bit.

    Args:
        words: A multiple of 4 bytes.
    """
    turned = np.frombuffer(words, "<u4").astype(">u4").tobytes().translate(_REVERSED)
    found = zlib.crc32(turned) ^ _ALL
    return int.from_bytes(found.to_bytes(4, "big").translate(_REVERSED), "little")
