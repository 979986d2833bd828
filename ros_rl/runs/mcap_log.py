# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Records serialised ROS messages as MCAP that rosbag2, Foxglove and PlotJuggler open. No ROS is imported.

The file follows MCAP's ``ros2`` profile (schemas ``ros2msg``, payloads ``cdr``); beside it stands the ``metadata.yaml``
that ``ros2 bag`` reads, in the version that every distribution since Humble accepts.
"""

from __future__ import annotations

import importlib.util
import queue
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ros_rl.errors import MissingDependencyError

try:
    from mcap.writer import CompressionType, Writer
except ImportError as error:
    raise MissingDependencyError("mcap", "sim") from error

METADATA_VERSION = 5  # Humble's; newer distributions read it
LATCHED = ("robot_description", "tf_static")
"""Last parts of the names of topics whose late subscribers get the newest message, also when the log is played."""
_FOREVER = {"sec": 2147483647, "nsec": 4294967295}
_LATCHED_QOS = {
    "history": 1,  # keep last
    "depth": 1,
    "reliability": 1,  # reliable
    "durability": 1,  # transient local
    "deadline": _FOREVER,
    "lifespan": _FOREVER,
    "liveliness": 1,  # automatic
    "liveliness_lease_duration": _FOREVER,
    "avoid_ros_namespace_conventions": False,
}
_CHUNK = 512 * 1024
_SEPARATOR = "=" * 80
_FIELD = re.compile(r"^\s*([A-Za-z][\w/]*)(?:<=\d+)?(?:\[[^\]]*\])?\s+\w+")
_PRIMITIVE = re.compile(r"^(bool|byte|char|float(32|64)|u?int(8|16|32|64)|w?string)$")


def find_definition(type_name: str) -> str | None:
    """A message's definition as its package installed it; None if the package installed none.

    Args:
        type_name: Such as ``sensor_msgs/msg/JointState``.
    """
    package, name = type_name.split("/")[0], type_name.split("/")[-1]
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    for parent in Path(spec.origin).parents:
        path = parent / "share" / package / "msg" / f"{name}.msg"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return None


def full_definition(type_name: str) -> str:
    """A message's definition followed by those of all messages in it, as rosbag2 writes them; empty if one is missing.

    Args:
        type_name: Such as ``sensor_msgs/msg/JointState``.
    """
    parts: list[str] = []
    seen, waiting = {_short(type_name)}, [_short(type_name)]
    while waiting:
        current = waiting.pop(0)
        text = find_definition(current)
        if text is None:
            return ""
        parts.append(text if not parts else f"{_SEPARATOR}\nMSG: {current}\n{text}")
        for name in _message_types(text, current.split("/")[0]):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return "\n".join(parts)


def _short(type_name: str) -> str:
    package, name = type_name.split("/")[0], type_name.split("/")[-1]
    return f"{package}/{name}"


def _message_types(text: str, package: str) -> Iterator[str]:
    for line in text.splitlines():
        match = _FIELD.match(line.split("#")[0])
        if match is None or _PRIMITIVE.match(match[1]):
            continue
        yield _short(match[1]) if "/" in match[1] else f"{package}/{match[1]}"


@dataclass
class _Channel:
    number: int
    type_name: str
    messages: int = 0


class McapLog:
    """A log that a thread of its own writes.

    Args:
        folder: Where ``log_<n>.mcap`` and ``metadata.yaml`` go; earlier files there stay.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.path = folder / f"log_{len(list(folder.glob('log_*.mcap')))}.mcap"
        self._file = self.path.open("wb")
        self._writer = Writer(self._file, chunk_size=_CHUNK, compression=CompressionType.ZSTD)
        self._writer.start(profile="ros2", library="ros_rl")
        self._channels: dict[str, _Channel] = {}
        self._span = (2**63, 0)
        self.messages = 0
        """Messages taken so far."""
        self.without_schema: set[str] = set()
        """Types whose definitions were not found: other tools cannot decode them."""
        self.failure = ""
        """Why the log ended early; empty while it goes on."""
        self._queue: queue.SimpleQueue[tuple[str, str, bytes, int] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def write(self, topic: str, type_name: str, data: bytes, stamp: int) -> None:
        """Take a message; returns at once.

        Args:
            topic: Full name of the topic.
            type_name: Such as ``sensor_msgs/msg/JointState``.
            data: The serialised message (CDR).
            stamp: [ns].
        """
        self.messages += 1
        self._queue.put((topic, type_name, data, stamp))

    def close(self) -> None:
        """Write what is left, the summary and ``metadata.yaml``."""
        self._queue.put(None)
        self._thread.join(timeout=3.0)

    def _work(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                self._write(*item)
            self._writer.finish()
            self._file.close()
            self._write_metadata()
        except OSError as error:  # disk full: the run goes on without its log
            self.failure = f"{self.path}: {error.strerror}"

    def _write(self, topic: str, type_name: str, data: bytes, stamp: int) -> None:
        channel = self._channels.get(topic) or self._open(topic, type_name)
        self._writer.add_message(channel.number, stamp, data, stamp, channel.messages)
        channel.messages += 1
        self._span = (min(self._span[0], stamp), max(self._span[1], stamp))

    def _open(self, topic: str, type_name: str) -> _Channel:
        definition = full_definition(type_name)
        if not definition:
            self.without_schema.add(type_name)
        schema = self._writer.register_schema(type_name, "ros2msg", definition.encode())
        number = self._writer.register_channel(topic, "cdr", schema, {"offered_qos_profiles": _offered(topic)})
        self._channels[topic] = _Channel(number, type_name)
        return self._channels[topic]

    def _write_metadata(self) -> None:
        path = self._folder / "metadata.yaml"
        start, end = self._span if self._channels else (0, 0)
        count = sum(channel.messages for channel in self._channels.values())
        file = _times(start, end) | {"path": self.path.name, "message_count": count}
        topics = {topic: (channel.type_name, channel.messages) for topic, channel in self._channels.items()}
        files = [file]
        if path.is_file():
            files, topics = _merged(yaml.safe_load(path.read_text()), files, topics)
        path.write_text(yaml.safe_dump(_metadata(files, topics), sort_keys=False))


def _offered(topic: str) -> str:
    """The quality of service that ``ros2 bag play`` offers; empty for its default."""
    latched = topic.rpartition("/")[2] in LATCHED
    return yaml.safe_dump([_LATCHED_QOS], sort_keys=False) if latched else ""


def _times(start: int, end: int) -> dict[str, Any]:
    return {"starting_time": {"nanoseconds_since_epoch": start}, "duration": {"nanoseconds": end - start}}


def _merged(
    old: dict[str, Any], files: list[dict[str, Any]], topics: dict[str, tuple[str, int]]
) -> tuple[list[dict[str, Any]], dict[str, tuple[str, int]]]:
    """With the files of a collector that ran before, in the same folder."""
    information = old["rosbag2_bagfile_information"]
    result = dict(topics)
    for item in information["topics_with_message_count"]:
        name, kind = item["topic_metadata"]["name"], item["topic_metadata"]["type"]
        result[name] = (kind, item["message_count"] + result.get(name, (kind, 0))[1])
    return information["files"] + files, result


def _metadata(files: list[dict[str, Any]], topics: dict[str, tuple[str, int]]) -> dict[str, Any]:
    starts = [file["starting_time"]["nanoseconds_since_epoch"] for file in files]
    ends = [start + file["duration"]["nanoseconds"] for start, file in zip(starts, files, strict=True)]
    listed = [
        {
            "topic_metadata": {
                "name": topic,
                "type": kind,
                "serialization_format": "cdr",
                "offered_qos_profiles": _offered(topic),
            },
            "message_count": count,
        }
        for topic, (kind, count) in topics.items()
    ]
    information = {
        "version": METADATA_VERSION,
        "storage_identifier": "mcap",
        **_times(min(starts), max(ends)),
        "message_count": sum(file["message_count"] for file in files),
        "topics_with_message_count": listed,
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [file["path"] for file in files],
        "files": files,
    }
    return {"rosbag2_bagfile_information": information}
