# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The ``metadata.yaml`` that ``ros2 bag`` reads beside MCAP files, in a version that all since Humble accept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ros_rl.runs.durable import write_whole

METADATA = "metadata.yaml"
METADATA_VERSION = 5  # Humble's; newer distributions read it
_INFORMATION = "rosbag2_bagfile_information"
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


@dataclass
class Topic:
    """What a file holds of a topic."""

    type_name: str
    messages: int = 0


class BagMetadata:
    """The metadata of a folder of MCAP files, of which one is being written.

    Args:
        folder: Of the files.
        file: Name of the one that is written; what is said of others stays.
    """

    def __init__(self, folder: Path, file: str) -> None:
        self._path, self._file = folder / METADATA, file
        self._others, self._topics_of_others = _read(self._path)

    def write(self, topics: Mapping[str, Topic], span: tuple[int, int]) -> None:
        """Replace the file.

        Args:
            topics: What is in the file that is written so far.
            span: First and last stamp there [ns].

        Raises:
            OSError: The disk is full, or the folder cannot be written.
        """
        count = sum(topic.messages for topic in topics.values())
        files = [*self._others, _times(*span) | {"path": self._file, "message_count": count}]
        merged = {name: (topic.type_name, topic.messages) for name, topic in topics.items()}
        for name, (kind, messages) in self._topics_of_others.items():
            merged[name] = (kind, messages + merged.get(name, (kind, 0))[1])
        text = yaml.safe_dump(_metadata(files, merged), sort_keys=False)
        write_whole(self._path, text.encode())


def offered_qos(topic: str) -> str:
    """The quality of service that ``ros2 bag play`` offers; empty for its default."""
    latched = topic.rpartition("/")[2] in LATCHED
    return yaml.safe_dump([_LATCHED_QOS], sort_keys=False) if latched else ""


def _read(path: Path) -> tuple[list[dict[str, Any]], dict[str, tuple[str, int]]]:
    """What collectors that ran before said of their files, by a file that may be missing or damaged."""
    try:
        information = yaml.safe_load(path.read_text())[_INFORMATION]
        topics = {
            item["topic_metadata"]["name"]: (item["topic_metadata"]["type"], int(item["message_count"]))
            for item in information["topics_with_message_count"]
        }
        files = list(information["files"])
        _metadata(files, topics)
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        return [], {}
    return files, topics


def _times(start: int, end: int) -> dict[str, Any]:
    return {"starting_time": {"nanoseconds_since_epoch": start}, "duration": {"nanoseconds": end - start}}


def _metadata(files: list[dict[str, Any]], topics: dict[str, tuple[str, int]]) -> dict[str, Any]:
    starts = [file["starting_time"]["nanoseconds_since_epoch"] for file in files]
    ends = [start + file["duration"]["nanoseconds"] for start, file in zip(starts, files, strict=True)]
    listed = [
        {
            "topic_metadata": {
                "name": topic,
                "type": kind,
                "serialization_format": "cdr",
                "offered_qos_profiles": offered_qos(topic),
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
    return {_INFORMATION: information}
