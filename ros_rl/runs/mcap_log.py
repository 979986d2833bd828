# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Records serialised ROS messages as MCAP that rosbag2, Foxglove and PlotJuggler open. No ROS is imported.

The file follows MCAP's ``ros2`` profile (schemas ``ros2msg``, payloads ``cdr``). Once a second what came is closed as a
chunk and goes to the disk: a file that was never finished lacks its summary and the last second, and no more.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

from ros_rl.errors import MissingDependencyError
from ros_rl.runs.bag_metadata import BagMetadata, Topic, offered_qos
from ros_rl.runs.durable import low_disk
from ros_rl.runs.message_definitions import full_definition

try:
    from mcap.writer import CompressionType, Writer
except ImportError as error:
    raise MissingDependencyError("mcap", "sim") from error

FLUSH_SECONDS = 1.0
_METADATA_SECONDS = 10.0
_CLOSE_SECONDS = 3.0
_CHUNK = 512 * 1024
_WAITING = 20_000
"""Messages that may wait for a slow disk: some 40 s of an A1 at 50 Hz."""
_STAMPS = range(2**63)  # [ns] that a message of ROS can carry


class McapLog:
    """A log that a thread of its own writes.

    Args:
        folder: Where ``log_<n>.mcap`` and ``metadata.yaml`` go; earlier files there stay.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = next(path for n in itertools.count() if not (path := folder / f"log_{n}.mcap").exists())
        self._channels: dict[str, int] = {}
        self._topics: dict[str, Topic] = {}
        self._span = (2**63, 0)
        self.messages = 0
        """Messages taken so far."""
        self.dropped = 0
        """Messages that the disk was too slow for."""
        self.refused = 0
        """Messages with a stamp that no log can hold."""
        self.without_schema: set[str] = set()
        """Types whose definitions were not found: other tools cannot decode them."""
        self.failure = ""
        """Why the log ended early; empty while it goes on."""
        self.warning = ""
        """That the disk is getting full; empty while it is not."""
        self._queue: queue.Queue[tuple[str, str, bytes, int] | None] = queue.Queue(_WAITING)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def write(self, topic: str, type_name: str, data: bytes, stamp: int) -> None:
        """Take a message; returns at once. Once the log has failed, nothing is kept of it.

        Args:
            topic: Full name of the topic.
            type_name: Such as ``sensor_msgs/msg/JointState``.
            data: The serialised message (CDR).
            stamp: [ns].
        """
        if self.failure:
            return
        if stamp not in _STAMPS:
            self.refused += 1
            return
        try:
            self._queue.put_nowait((topic, type_name, data, stamp))
            self.messages += 1
        except queue.Full:
            self.dropped += 1

    def close(self) -> None:
        """Write what is left, the summary and ``metadata.yaml``."""
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=_CLOSE_SECONDS)
        self._thread.join(timeout=_CLOSE_SECONDS)

    def _work(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _Output(self.path) as file:
                self._file = file
                self._record()
        except Exception as error:  # whatever it is, it is told: the run goes on without its log
            reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
            self.failure = f"{self.path}: {reason}"
        finally:
            while not self._queue.empty():
                self._queue.get_nowait()

    def _record(self) -> None:
        self._metadata = BagMetadata(self._folder, self.path.name)
        self._writer = Writer(self._file, chunk_size=_CHUNK, compression=CompressionType.ZSTD)  # type: ignore[arg-type]
        self._writer.start(profile="ros2", library="ros_rl")
        self._bring_to_disk()
        self._write_metadata()
        self._take_messages()
        self._writer.finish()
        self._file.sync()
        self._write_metadata()

    def _take_messages(self) -> None:
        flushed = described = time.monotonic()
        known = 0
        while True:
            now = time.monotonic()
            if now - flushed >= FLUSH_SECONDS:
                flushed = now
                self._bring_to_disk()
                self.warning = low_disk(self._folder)
                if now - described >= _METADATA_SECONDS or known != len(self._topics):
                    described, known = now, len(self._topics)
                    self._write_metadata()
            try:
                item = self._queue.get(timeout=max(0.0, flushed + FLUSH_SECONDS - now))
            except queue.Empty:
                continue
            if item is None:
                return
            self._write(*item)

    def _bring_to_disk(self) -> None:
        """What came so far can be read from here on, whatever happens to this process or to the power."""
        self._writer.flush()
        self._file.sync()

    def _write(self, topic: str, type_name: str, data: bytes, stamp: int) -> None:
        channel = self._channels.get(topic) or self._open(topic, type_name)
        self._writer.add_message(channel, stamp, data, stamp, self._topics[topic].messages)
        self._topics[topic].messages += 1
        self._span = (min(self._span[0], stamp), max(self._span[1], stamp))

    def _open(self, topic: str, type_name: str) -> int:
        definition = full_definition(type_name)
        if not definition:
            self.without_schema.add(type_name)
        schema = self._writer.register_schema(type_name, "ros2msg", definition.encode())
        number = self._writer.register_channel(topic, "cdr", schema, {"offered_qos_profiles": offered_qos(topic)})
        self._channels[topic], self._topics[topic] = number, Topic(type_name)
        return number

    def _write_metadata(self) -> None:
        self._metadata.write(self._topics, self._span if self._topics else (0, 0))


class _Output:
    """The log's file, without a buffer: what could not be written is not tried again when it is closed.

    Args:
        path: Of the file; it must be new.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        self._position = self._whole = 0

    def write(self, data: Any) -> int:
        """Append bytes."""
        view = memoryview(data)
        while view:
            written = os.write(self._file, view)
            self._position += written
            view = view[written:]
        return len(data)

    def tell(self) -> int:
        """Bytes so far."""
        return self._position

    def flush(self) -> None:
        """All is written already."""

    def sync(self) -> None:
        """Bring what was written to the disk; it ends with something whole."""
        os.fsync(self._file)
        self._whole = self._position

    def __enter__(self) -> _Output:
        """For ``with``."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the file; after an error nothing half-written stays in it."""
        try:
            if error[0] is not None:
                os.ftruncate(self._file, self._whole)
        finally:
            os.close(self._file)
