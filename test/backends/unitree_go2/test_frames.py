# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Messages as records: byte for byte what DDS makes of the same message, and the vendor's checksum."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("cyclonedds")

from ros_rl.backends.unitree import unitree_crc  # noqa: E402
from ros_rl.backends.unitree_go2 import types  # noqa: E402
from ros_rl.backends.unitree_go2.frames import Codec, checksum, is_sealed, seal  # noqa: E402

FRAMES = (types.LowCmd, types.LowState, types.SportModeState)


def random_record(declared: Any, seed: int) -> np.ndarray:
    """Of random bytes, so small that no float of them is infinite or no number."""
    rng, codec = np.random.default_rng(seed), declared.codec
    return codec.decode(b"\0\1\0\0" + rng.integers(0, 60, codec.size, np.uint8).tobytes())


def as_objects(declared: Any, values: Any) -> Any:
    """A message as the attributes that DDS's own way to write it reads."""
    if hasattr(declared, "__idl__"):
        return SimpleNamespace(**{n: as_objects(of, values[n]) for n, of in declared.__annotations__.items()})
    (meta,) = declared.__metadata__
    if isinstance(meta, str):
        return values.item()
    return [as_objects(meta.subtype, value) for value in values]


@pytest.mark.parametrize("declared", FRAMES, ids=lambda declared: declared.__name__)
def test_a_record_is_written_as_dds_writes_it(declared: Any) -> None:
    record = random_record(declared, 1)
    expected = declared.__idl__.serialize(as_objects(declared, record))
    assert declared(record).serialize() == expected
    assert declared.deserialize(expected).record.tobytes() == record.tobytes()


@pytest.mark.parametrize("declared", FRAMES, ids=lambda declared: declared.__name__)
def test_bytes_of_another_size_or_order_are_refused(declared: Any) -> None:
    wire = declared().serialize()
    for wrong in (wire[:-1], b"", wire[:1] + b"\0" + wire[2:]):
        with pytest.raises(ValueError, match="a message of"):
            declared.deserialize(wrong)


def test_text_has_no_fixed_size() -> None:
    with pytest.raises(TypeError, match="no fixed size"):
        Codec(types.Request)


def test_the_vendors_checksums() -> None:
    """Of the vendor's own checker."""
    record = types.LowCmd().record
    assert record.dtype.itemsize == 812 and types.LowState.codec.layout.itemsize == 1180
    record["head"], record["level_flag"] = (0xFE, 0xEF), 0xFF
    motors = record["motor_cmd"]
    motors["mode"], motors["q"], motors["dq"] = 1, 2.146e9, 16000.0
    assert checksum(record) == 0x06E577CD
    motors["q"][3], motors["dq"][3], motors["kp"][3], motors["kd"][3] = 0.75, 0.0, 60.0, 5.0
    seal(record)
    assert record["crc"] == 0x1A26B471 and is_sealed(record)
    motors["tau"][0] = 1e-3
    assert not is_sealed(record)


def bit_by_bit(words: bytes) -> int:
    """The vendor's way."""
    crc = 0xFFFFFFFF
    for word in np.frombuffer(words, "<u4").tolist():
        for bit in range(31, -1, -1):
            top = crc >> 31
            crc = (crc << 1) & 0xFFFFFFFF
            if top ^ (word >> bit & 1):
                crc ^= 0x04C11DB7
    return crc


@pytest.mark.parametrize("words", [0, 1, 2, 151, 202])
def test_the_checksum_is_that_of_the_bitwise_algorithm(words: int) -> None:
    data = np.random.default_rng(words).bytes(4 * words)
    assert unitree_crc(data) == bit_by_bit(data)
