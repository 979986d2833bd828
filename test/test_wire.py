# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Packets survive the wire bit for bit, and broken ones are refused."""

import dataclasses

import numpy as np
import pytest

from ros_rl.errors import ContractError
from ros_rl.types import Transition
from ros_rl.wire import (
    Header,
    first_beyond,
    metrics_from,
    pack,
    pack_arrays,
    pack_bytes,
    transition_arrays,
    transition_fields,
    transition_from,
    unpack,
    unpack_arrays,
    unpack_bytes,
)

STAMP = 1_795_345_295_395_391_127  # [ns]; more than a float64 holds


def test_vectors_come_back_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    fields = {"a": rng.normal(size=7), "empty": np.zeros(0), "one": 1 / 3, "odd": [np.nan, np.inf, -0.0]}
    data, labels = pack(Header(STAMP, 12, 3), fields)
    header, found = unpack(data, labels)
    assert header == Header(STAMP, 12, 3)
    assert list(found) == list(fields)
    for name, value in fields.items():
        assert found[name].tobytes() == np.atleast_1d(np.asarray(value, dtype=np.float64)).tobytes()


def test_the_bytes_themselves() -> None:
    """Old bags hold them: three little-endian numbers of 64 bits, and then the blocks as they are."""
    data, labels = pack_bytes(Header(0x0102030405060708, 3, -2), {"model": b"abc", "nothing": b""})
    assert data == b"\x08\x07\x06\x05\x04\x03\x02\x01" + b"\x03" + b"\0" * 7 + b"\xfe" + b"\xff" * 7 + b"abc"
    assert labels == [("header", 24), ("model", 3), ("nothing", 0)]


def test_the_numbers_themselves() -> None:
    data, labels = pack(Header(5_000_000_007, 3, 2), {"a": [[0.5, -1.0]], "b": True, "c": ()})
    assert data.dtype == np.float64 and data.tolist() == [5.0, 7.0, 3.0, 2.0, 0.5, -1.0, 1.0]
    assert labels[:4] == [("stamp_sec", 1), ("stamp_nanosec", 1), ("sequence", 1), ("version", 1)]
    assert labels[4:] == [("a", 2), ("b", 1), ("c", 0)]
    assert pack(Header(5), {})[0].dtype == np.float64
    header, found = unpack(*pack(Header(5), {"first": [np.nan, 1.0]}))  # the header alone must be finite
    assert header == Header(5) and np.isnan(found["first"][0])


def test_an_array_is_its_own_bytes_behind_a_label_of_its_kind() -> None:
    data, labels = pack_arrays(Header(1), {"x": np.array([[1, 2, 3]], ">i2"), "y": np.array(1.5, "<f4")})
    assert labels == [("header", 24), ("x >i2 1,3", 6), ("y <f4 ", 4)]
    assert data[24:] == b"\0\x01\0\x02\0\x03" + b"\0\0\xc0\x3f"
    _, found = unpack_arrays(data, labels)
    assert found["y"].shape == () and float(found["y"]) == 1.5 and found["x"].tolist() == [[1, 2, 3]]


LATEST = (2**31 - 1) * 10**9 + 10**9 - 1


@pytest.mark.parametrize("header", [Header(0), Header(LATEST), Header(1, 2**53, 2**53)])
def test_headers_at_their_limits(header: Header) -> None:
    assert unpack(*pack(header, {"a": 1.0}))[0] == header
    assert unpack_bytes(*pack_bytes(header, {"a": b"1"}))[0] == header


@pytest.mark.parametrize("header", [Header(-1), Header(LATEST + 1), Header(1, -1), Header(1, 0, -1), Header(-1, -1)])
def test_headers_beyond_their_limits(header: Header) -> None:
    with pytest.raises(ContractError, match="packet header is "):
        unpack(*pack(header, {"a": 1.0}))
    with pytest.raises(ContractError, match="packet header is "):
        unpack_bytes(*pack_bytes(header, {"a": b"1"}))


@pytest.mark.parametrize("value", [0.5, -1.0, 2.0**54, np.inf])
@pytest.mark.parametrize("place", range(4))
def test_a_header_of_numbers_that_are_not_whole_or_too_large(value: float, place: int) -> None:
    data, labels = pack(Header(1, 1, 1), {})
    data[place] = value
    with pytest.raises(ContractError, match="packet header is "):
        unpack(data, labels)


@pytest.mark.parametrize("name", ["terminated", "truncated"])
@pytest.mark.parametrize("value", [2.0, 0.5, -1.0, np.nan])
def test_an_end_is_one_or_zero(name: str, value: float) -> None:
    sent = transition_fields(Transition(4, 2, np.ones(2), np.ones(1), 0.0, np.ones(2), False, False))
    fields = {key: np.atleast_1d(np.asarray(known, float)) for key, known in sent.items()}
    with pytest.raises(ContractError, match=f"'{name}' is "):
        transition_from(fields | {name: np.array([value])})


def test_a_robots_name_is_one_and_not_too_long() -> None:
    def named(*names: str) -> str:
        sent = transition_fields(Transition(4, 2, np.ones(2), np.ones(1), 0.0, np.ones(2), False, False))
        fields = {key: np.atleast_1d(np.asarray(known, float)) for key, known in sent.items()}
        return transition_from(fields | {f"source.{name}": np.zeros(0) for name in names}).source

    assert named() == "" and named("a" * 255) == "a" * 255
    for names in (("a" * 256,), ("a", "b")):
        with pytest.raises(ContractError, match=f"names {len(names)} sources"):
            named(*names)


@pytest.mark.parametrize(
    ("value", "largest", "told"),
    [
        ([1.0, np.nan, 9.0], 5.0, "nan at 1"),
        ([[1.0, 2.0], [-9.0, np.inf]], 5.0, "-9 at 2"),
        ([5.0, -5.0, 5.5], 5.0, "5.5 at 2"),
        ([1e300, -np.inf], np.inf, "-inf at 1"),
    ],
)
def test_the_first_value_that_is_beyond_is_told_with_its_place(value: list, largest: float, told: str) -> None:
    assert first_beyond(np.array(value), largest) == told


def test_an_arrays_name_may_hold_spaces() -> None:
    sent = {"images.left front camera": np.arange(6, dtype=np.uint8).reshape(1, 2, 3)}
    _, found = unpack_arrays(*pack_arrays(Header(1), sent))
    assert list(found) == list(sent) and np.array_equal(found["images.left front camera"], *sent.values())


def test_a_transitions_numbers_travel_as_doubles_whatever_they_were() -> None:
    sent = Transition(4, 2, np.ones(5, np.float32), np.ones(2, int), 1, np.ones(5, np.float32), True, False)
    arrays = transition_arrays(sent)
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float64)}
    assert {array.ndim for array in arrays.values()} == {1}


def test_bytes_come_back() -> None:
    fields = {"request": b"{}", "nothing": b"", "model": bytes(range(256)) * 40}
    data, labels = pack_bytes(Header(STAMP, 3, 2**60), fields)
    assert unpack_bytes(data, labels) == (Header(STAMP, 3, 2**60), fields)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data, labels: (data[:-1], labels), "has 5 elements, its layout names 6"),
        (lambda data, labels: (data, labels[:-1]), "has 6 elements, its layout names 4"),
        (lambda data, labels: (data, labels[1:]), "packet begins with"),
        (lambda data, labels: (data[:0], []), "packet begins with"),
        (lambda data, labels: (np.where(np.arange(6) == 0, np.nan, data), labels), "header is .nan"),
    ],
)
def test_broken_vectors_are_refused(change, complaint) -> None:
    with pytest.raises(ContractError, match=complaint):
        unpack(*change(*pack(Header(1), {"a": [1.0, 2.0]})))


def test_truncated_bytes_are_refused() -> None:
    data, labels = pack_bytes(Header(1), {"model": b"abc"})
    with pytest.raises(ContractError, match="has 26 elements, its layout names 27"):
        unpack_bytes(data[:-1], labels)


def test_transition_comes_back_with_the_measures_beside_it() -> None:
    rng = np.random.default_rng(1)
    sent = Transition(4, 2, rng.normal(size=5), rng.normal(size=2), -1 / 3, rng.normal(size=5), True, False)
    data, labels = pack(Header(5), transition_fields(sent) | {"metrics.distance": 0.1})
    _, fields = unpack(data, labels)
    found = transition_from(fields)
    for name in ("tick", "episode", "reward", "terminated", "truncated"):
        assert getattr(found, name) == getattr(sent, name)
    for name in ("observation", "action", "next_observation"):
        assert np.array_equal(getattr(found, name), getattr(sent, name))
    assert metrics_from(fields) == {"metrics.distance": 0.1}
    assert found.source == "" and found.images == found.next_images == {}


@pytest.mark.parametrize("source", ["", "a1", "lab/a1_2"])
def test_a_transition_names_its_robot_in_a_label(source: str) -> None:
    sent = Transition(4, 2, np.ones(2), np.ones(1), 0.0, np.ones(2), False, True, source)
    data, labels = pack(Header(5), transition_fields(sent))
    assert labels[12:] == ([(f"source.{source}", 0)] if source else [])
    assert len(data) == 14
    assert transition_from(unpack(data, labels)[1]).source == source


@pytest.mark.parametrize("source", ["", "a1"])
def test_a_transition_of_a_persons_says_so_in_a_label_that_others_lack(source: str) -> None:
    """So what was recorded before reads as nobody's."""
    known = Transition(4, 2, np.ones(2), np.ones(1), 0.0, np.ones(2), False, True, source)
    sent = dataclasses.replace(known, by_person=True)
    data, labels = pack(Header(5), transition_fields(sent))
    assert labels[-1] == ("by_person", 0) and transition_from(unpack(data, labels)[1]).by_person
    assert transition_from(unpack_arrays(*pack_arrays(Header(5), transition_arrays(sent)))[1]).by_person
    old = pack(Header(5), transition_fields(known))
    assert old[1] == labels[:-1] and np.array_equal(old[0], data)
    assert not transition_from(unpack(*old)[1]).by_person


def test_a_transition_with_images_comes_back_bit_for_bit() -> None:
    rng = np.random.default_rng(2)
    images = [{"front": rng.integers(0, 256, (4, 6, 3), np.uint8), "rear": rng.integers(0, 256, (2, 2, 1), np.uint8)}
              for _ in range(2)]  # fmt: skip
    sent = Transition(
        4, 2, rng.normal(size=5), rng.normal(size=2), 1 / 3, rng.normal(size=5), False, True, "a1", *images
    )
    data, labels = pack_arrays(Header(STAMP, 7, 3), transition_arrays(sent))
    assert ("images.front |u1 4,6,3", 72) in labels and ("next_images.rear |u1 2,2,1", 4) in labels
    header, arrays = unpack_arrays(data, labels)
    found = transition_from(arrays)
    assert header == Header(STAMP, 7, 3)
    assert (found.tick, found.episode, found.reward, found.source) == (4, 2, 1 / 3, "a1")
    assert (found.terminated, found.truncated) == (False, True)
    for name in ("observation", "action", "next_observation"):
        assert getattr(found, name).tobytes() == getattr(sent, name).tobytes()
    for own, theirs in ((found.images, sent.images), (found.next_images, sent.next_images)):
        assert list(own) == list(theirs)
        for name, image in theirs.items():
            assert own[name].dtype == np.uint8 and np.array_equal(own[name], image)


@pytest.mark.parametrize("label", ["x <f8 2", "x <f8 -1", "x <f8", "x |O 1", "x <f4 a", "x <nothing 1", "x"])
def test_arrays_that_do_not_fit_their_labels_are_refused(label: str) -> None:
    with pytest.raises(ContractError, match="packet has 8 bytes that"):
        unpack_arrays(*pack_bytes(Header(1), {label: bytes(8)}))


def test_transition_without_a_field_is_refused() -> None:
    with pytest.raises(ContractError, match="lacks the field 'tick'"):
        transition_from({})


def test_a_field_may_have_the_name_of_a_part_of_the_header() -> None:
    """A training's progress tells its ``version``."""
    data, labels = pack(Header(1, 2, 3), {"version": 7, "sequence": [1, 2]})
    header, fields = unpack(data, labels)
    assert (header.version, fields["version"].tolist(), fields["sequence"].tolist()) == (3, [7], [1, 2])
