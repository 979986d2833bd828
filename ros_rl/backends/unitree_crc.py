# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The checksum of Unitree's low-level frames: the same on an A1's wire and in a Go2's messages."""

from __future__ import annotations

import zlib

import numpy as np

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL = 0xFFFFFFFF


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
