# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Reads MCAP files as far as they are whole: each chunk by its CRC-32, past damaged ones, up to where a file was cut.

What is lost is told in lines: which bytes, and which seconds. Messages come in the order in which they were recorded.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Footer, McapRecord, Message, Schema
from mcap.stream_reader import breakup_chunk

from ros_rl.errors import DataError

_MAGIC = b"\x89MCAP0\r\n"
_HEAD = struct.Struct("<BQ")  # opcode, length
_FOOTER_SIZE = _HEAD.size + 20 + len(_MAGIC)
_COMPRESSIONS = (b"\x04\x00\x00\x00zstd", b"\x03\x00\x00\x00lz4")
"""As they stand in a chunk, behind `_BEFORE_COMPRESSION` bytes of it."""
_BEFORE_COMPRESSION = _HEAD.size + 28
_BARE = (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE)
"""Records of files without chunks."""
_BETWEEN = (Opcode.HEADER, Opcode.MESSAGE_INDEX, Opcode.ATTACHMENT, Opcode.METADATA, Opcode.DATA_END)
"""Records that may stand between chunks."""
_LARGEST = 1 << 30  # bytes that a chunk may unpack to
_UNREADABLE = (McapError, ValueError, struct.error, UnicodeDecodeError, zstandard.ZstdError, MemoryError, OverflowError)


class LogMessage(NamedTuple):
    """A message of a log."""

    topic: str
    data: bytes
    stamp: int
    """[ns]"""


class LogFile:
    """An MCAP file.

    Args:
        path: The file.

    Raises:
        DataError: It is not there, empty, or no MCAP file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        """What is wrong with the file; complete once all messages were read."""
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
        except OSError as error:
            raise DataError(f"log {path} cannot be read: {error.strerror}") from None
        if not size:
            raise DataError(f"log {path} is empty (0 bytes): whoever wrote it was ended before it began")
        self._size = size
        self._channels: dict[int, Channel] = {}
        self._last: int | None = None  # stamp of the last message read
        self._damaged_from: int | None = None
        self._unknown = 0
        if self._data[: len(_MAGIC)] != _MAGIC:
            if self._next_chunk(0) is None:
                raise DataError(f"log {path} is broken: it is no MCAP file")
            self._damaged_from = 0

    def messages(self) -> Iterator[LogMessage]:
        """All messages that are as they were written."""
        self._read_summary()
        position, finished, chunked = len(_MAGIC), False, False
        while position < self._size and not finished:
            opcode, stop = self._frame(position)
            if opcode == Opcode.CHUNK:
                records = self._open(position, stop)
                if records is None:
                    self._damaged(position)
                else:
                    chunked = True
                    yield from self._take(position, records)
            elif opcode in _BARE and not chunked:
                yield from self._take(position, self._parse(position, stop))
            elif opcode is None:
                self._damaged(position)
                found = self._next_chunk(position + 1)
                stop = self._size if found is None else found
            elif opcode not in _BETWEEN:
                self._damaged(position)
            finished = opcode == Opcode.DATA_END
            position = stop
        self._say_what_is_missing(finished)

    def _frame(self, position: int) -> tuple[int | None, int]:
        """Kind of the record there, and where it ends; no kind if it cannot be one, or is not whole."""
        if position + _HEAD.size > self._size:
            return None, self._size
        opcode, length = _HEAD.unpack_from(self._data, position)
        stop = position + _HEAD.size + length
        if not 0 < opcode <= Opcode.DATA_END or stop > self._size:
            return None, stop
        if opcode == Opcode.CHUNK and not self._is_chunk(position, length):
            return None, stop
        if opcode == Opcode.HEADER and not self._is_header(position, length):
            return None, stop
        if opcode == Opcode.MESSAGE_INDEX and length != 6 + self._number("<I", position + _HEAD.size + 2):
            return None, stop
        return (None, stop) if opcode == Opcode.DATA_END and length != 4 else (opcode, stop)

    def _is_header(self, position: int, length: int) -> bool:
        """Whether the lengths of a header's two texts add up."""
        profile = self._number("<I", position + _HEAD.size)
        library = self._number("<I", position + _HEAD.size + 4 + profile) if profile < length else -1
        return position == len(_MAGIC) and 8 + profile + library == length

    def _is_chunk(self, position: int, length: int) -> bool:
        """Whether the lengths within a chunk add up."""
        name = self._number("<I", position + _BEFORE_COMPRESSION)
        where = position + _BEFORE_COMPRESSION + 4 + name
        return name <= 8 and 28 + 4 + name + 8 + self._number("<Q", where) == length

    def _number(self, kind: str, position: int) -> int:
        try:
            return int(struct.unpack_from(kind, self._data, position)[0])
        except struct.error:
            return -1

    def _open(self, position: int, stop: int) -> list[McapRecord] | None:
        """The records in a chunk; None if they are not as they were written."""
        try:
            chunk = Chunk.read(self._stream(position, stop))
            if chunk.compression == "zstd" and zstandard.frame_content_size(chunk.data) > _LARGEST:
                return None
            return breakup_chunk(chunk, validate_crc=True)
        except _UNREADABLE:
            return None

    def _parse(self, position: int, stop: int) -> list[McapRecord]:
        """A record that stands outside chunks; nothing if it cannot be read."""
        opcode, length = _HEAD.unpack_from(self._data, position)
        stream = self._stream(position, stop)
        try:
            if opcode == Opcode.MESSAGE:
                return [Message.read(stream, length)]
            return [Channel.read(stream) if opcode == Opcode.CHANNEL else Schema.read(stream)]
        except _UNREADABLE:
            self._damaged(position)
            return []

    def _stream(self, position: int, stop: int) -> ReadDataStream:
        return ReadDataStream(BytesIO(self._data[position + _HEAD.size : stop]))

    def _take(self, position: int, records: list[McapRecord]) -> Iterator[LogMessage]:
        for record in records:
            if isinstance(record, Channel):
                self._channels[record.id] = record
            elif isinstance(record, Message):
                if self._damaged_from is not None:
                    self._say_what_is_damaged(position, record.log_time)
                self._last = record.log_time
                channel = self._channels.get(record.channel_id)
                if channel is None:
                    self._unknown += 1
                else:
                    yield LogMessage(channel.topic, record.data, record.log_time)

    def _next_chunk(self, start: int) -> int | None:
        """Where the next chunk begins whose lengths add up."""
        found = [place for mark in _COMPRESSIONS if (place := self._find_chunk(mark, start)) is not None]
        return min(found, default=None)

    def _find_chunk(self, mark: bytes, start: int) -> int | None:
        place = start + _BEFORE_COMPRESSION - 1
        while (place := self._data.find(mark, place + 1)) >= 0:
            if self._frame(place - _BEFORE_COMPRESSION)[0] == Opcode.CHUNK:
                return place - _BEFORE_COMPRESSION
        return None

    def _read_summary(self) -> None:
        """The channels, from the end of a finished file: the chunk that names them may be damaged."""
        end = self._size - _FOOTER_SIZE
        if end < 0 or self._data[self._size - len(_MAGIC) :] != _MAGIC or self._frame(end)[0] != Opcode.FOOTER:
            return
        footer = Footer.read(self._stream(end, end + _HEAD.size + 20))
        if not footer.summary_start:
            return
        content = self._data[footer.summary_start : end + _HEAD.size + 16]
        if footer.summary_crc not in (0, zlib.crc32(content)):
            self.problems.append(f"{self.path}: the summary at its end is damaged, no message is")
            return
        position = footer.summary_start
        while position < end:
            opcode, stop = self._frame(position)
            if opcode is None:
                return
            if opcode == Opcode.CHANNEL:
                list(self._take(position, self._parse(position, stop)))
            position = stop

    def _damaged(self, position: int) -> None:
        if self._damaged_from is None:
            self._damaged_from = position

    def _say_what_is_damaged(self, stop: int, stamp: int) -> None:
        assert self._damaged_from is not None
        since = "its beginning" if self._last is None else f"{self._last * 1e-9:.3f} s"
        self.problems.append(
            f"{self.path}: {stop - self._damaged_from} bytes from byte {self._damaged_from} are damaged: what was "
            f"recorded between {since} and {stamp * 1e-9:.3f} s is lost"
        )
        self._damaged_from = None

    def _say_what_is_missing(self, finished: bool) -> None:
        since = "its beginning" if self._last is None else f"{self._last * 1e-9:.3f} s"
        if self._damaged_from is not None:
            count = self._size - self._damaged_from
            self.problems.append(
                f"{self.path}: its last {count} bytes are damaged or cut: what was recorded after {since} is lost"
            )
        elif finished and self._data[self._size - len(_MAGIC) :] != _MAGIC:
            self.problems.append(f"{self.path}: the summary at its end is cut, no message is")
        elif not finished:
            self.problems.append(
                f"{self.path} was not closed, as when its recorder is killed: what was recorded after {since}, some "
                "second, is missing"
            )
        if self._unknown:
            self.problems.append(f"{self.path}: {self._unknown} messages are of topics whose names are lost")
