# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What remains of a log whose recorder was killed, whose disk was full, or whose bytes are not what they were."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from ros_rl.errors import DataError
from ros_rl.runs import mcap_log
from ros_rl.runs.mcap_log import McapLog
from ros_rl.runs.mcap_reading import LogFile, LogMessage

COUNT = 60
PATIENCE = 60.0

RECORDER = """
import sys, time
from pathlib import Path
from ros_rl.runs.mcap_log import McapLog
log = McapLog(Path(sys.argv[1]))
for index in range(100):
    log.write("/t/tick", "x_msgs/msg/Tick", bytes([index]) * 50, 10**9 * index)
time.sleep(600)
"""


def wait_for(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


def read(path: Path) -> tuple[list[LogMessage], list[str]]:
    file = LogFile(path)
    return list(file.messages()), file.problems


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished log of many small chunks."""
    monkeypatch.setattr(mcap_log, "_CHUNK", 500)
    log, rng = McapLog(tmp_path / "log"), np.random.default_rng(0)
    for index in range(COUNT):
        log.write(f"/t/{'ab'[index % 2]}", "x_msgs/msg/Tick", rng.bytes(60), 10**9 * (index + 1))
    log.close()
    assert not log.failure
    return log.path


def test_a_killed_recorders_log_is_read_to_the_last_second(tmp_path: Path) -> None:
    """It is never told to stop, and never closes anything: what is a second old is there all the same."""
    path = tmp_path / "log_0.mcap"
    with subprocess.Popen([sys.executable, "-c", RECORDER, str(tmp_path)]) as recorder:
        try:
            wait_for(lambda: path.is_file() and path.stat().st_size > 0, "the log")
            wait_for(lambda: len(read(path)[0]) == 100, "the first flush")
            wait_for(lambda: (tmp_path / "metadata.yaml").is_file(), "its metadata")
        finally:
            recorder.kill()
    messages, problems = read(path)
    assert [message.data[0] for message in messages] == list(range(100))
    assert len(problems) == 1 and problems[0].startswith(f"{path} was not closed, as when its recorder is killed: ")
    assert problems[0].endswith("what was recorded after 99.000 s, some second, is missing")
    information = yaml.safe_load((tmp_path / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert information["relative_file_paths"] == ["log_0.mcap"] and information["storage_identifier"] == "mcap"
    again = McapLog(tmp_path)
    again.write("/t/tick", "x_msgs/msg/Tick", b"new", 10**9 * 200)
    again.close()
    information = yaml.safe_load((tmp_path / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert information["relative_file_paths"] == ["log_0.mcap", "log_1.mcap"]


def test_a_finished_log_has_nothing_wrong_with_it(log: Path) -> None:
    messages, problems = read(log)
    assert [message.stamp for message in messages] == [10**9 * (index + 1) for index in range(COUNT)]
    assert not problems and not list(log.parent.glob("*.partial"))


def test_a_cut_log_is_read_up_to_the_last_whole_chunk(log: Path, tmp_path: Path) -> None:
    whole, rng = log.read_bytes(), np.random.default_rng()
    messages, _ = read(log)
    found = set()
    for place in [300, *sorted(int(place) for place in rng.integers(40, len(whole), 60))]:
        cut = tmp_path / "cut.mcap"
        cut.write_bytes(whole[:place])
        left, problems = read(cut)
        assert left == messages[: len(left)], f"cut at {place}"
        told = f"{left[-1].stamp * 1e-9:.3f} s" if left else "its beginning"
        assert len(problems) == 1
        if problems[0] != f"{cut}: the summary at its end is cut, no message is":
            assert f"what was recorded after {told}" in problems[0]
        else:
            assert left == messages
        found.add(len(left))
    assert len(found) > 5 and max(found) == COUNT, "little by little"
    two_thirds = tmp_path / "cut.mcap"
    two_thirds.write_bytes(whole[: 2 * len(whole) // 3])
    assert len(read(two_thirds)[0]) > COUNT // 4


def test_a_flipped_bit_loses_a_chunk_and_is_told(log: Path, tmp_path: Path) -> None:
    whole, rng = log.read_bytes(), np.random.default_rng()
    messages, _ = read(log)
    damaged, lost_some = tmp_path / "damaged.mcap", 0
    for place in (int(place) for place in rng.integers(0, len(whole), 150)):
        bit = int(rng.integers(8))
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ (1 << bit)]) + whole[place + 1 :])
        left, problems = read(damaged)
        lost = [message for message in messages if message not in left]
        assert [message for message in messages if message in left] == left, f"bit {bit} of byte {place}"
        assert len(lost) <= 8, f"bit {bit} of byte {place}"
        if lost:
            lost_some += 1
            assert any("damaged" in problem for problem in problems), f"bit {bit} of byte {place}"
            if lost[0] is not messages[0] and lost[-1] is not messages[-1]:
                before, after = messages[messages.index(lost[0]) - 1], messages[messages.index(lost[-1]) + 1]
                told = f"between {before.stamp * 1e-9:.3f} s and {after.stamp * 1e-9:.3f} s is lost"
                assert told in problems[-1], f"bit {bit} of byte {place}"
    assert lost_some > 50


def test_what_is_no_log_is_refused_by_name(tmp_path: Path) -> None:
    empty, other = tmp_path / "empty.mcap", tmp_path / "other.mcap"
    empty.touch()
    other.write_bytes(b"PK" * 100)
    for path, reason in (
        (empty, r"empty.mcap is empty \(0 bytes\)"),
        (other, "other.mcap is broken: it is no MCAP file"),
        (tmp_path / "none.mcap", "none.mcap cannot be read: No such file"),
    ):
        with pytest.raises(DataError, match=reason):
            LogFile(path)


def test_a_full_disk_ends_the_log_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcap_log, "FLUSH_SECONDS", 0.01)
    log, write = McapLog(tmp_path), os.write
    log.write("/t", "x_msgs/msg/Tick", b"first", 1)
    wait_for(lambda: log.path.is_file() and log.path.stat().st_size > 0, "the log")
    wait_for(lambda: len(read(log.path)[0]) == 1, "the first message")

    def scarce(file: int, data: bytes) -> int:
        if threading.current_thread() is not log._thread:
            return write(file, data)
        if len(data) <= 10:
            raise OSError(28, "No space left on device")
        return write(file, bytes(data)[:10])  # as the system does it

    monkeypatch.setattr(os, "write", scarce)
    log.write("/t", "x_msgs/msg/Tick", b"second", 2)
    wait_for(lambda: bool(log.failure), "the failure")
    assert log.failure == f"{log.path}: No space left on device"
    for stamp in range(1000):
        log.write("/t", "x_msgs/msg/Tick", b"more", stamp)
    assert log._queue.empty(), "nothing piles up"
    log.close()
    assert [message.data for message in read(log.path)[0]] == [b"first"]
    assert read(log.path)[1][0].startswith(f"{log.path} was not closed"), "nothing half-written stays"


def test_a_log_that_cannot_begin_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = McapLog(tmp_path / "file" / "log")
    wait_for(lambda: bool(log.failure), "the failure")
    assert "Not a directory" in log.failure
    log.close()


def test_no_message_ends_the_log_silently(tmp_path: Path) -> None:
    log = McapLog(tmp_path / "stamps")
    for stamp in (-1, 2**63, -(2**80), 5):
        log.write("/t", "x_msgs/msg/Tick", b"data", stamp)
    log.close()
    assert (log.refused, log.messages, log.failure) == (3, 1, "")
    assert [message.stamp for message in read(log.path)[0]] == [5]
    log = McapLog(tmp_path / "data")
    log.write("/t", "x_msgs/msg/Tick", None, 5)  # type: ignore[arg-type]
    wait_for(lambda: bool(log.failure), "the failure")
    assert "TypeError" in log.failure
    log.close()


def test_a_slow_disk_costs_messages_and_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcap_log, "_WAITING", 50)
    go_on = threading.Event()
    monkeypatch.setattr(mcap_log, "full_definition", lambda _: "" if go_on.wait(PATIENCE) else "")
    log = McapLog(tmp_path)
    for stamp in range(500):
        log.write("/t", "x_msgs/msg/Tick", b"data", stamp)
    assert log.messages + log.dropped == 500 and 50 <= log.messages <= 52
    go_on.set()
    log.close()
    assert len(read(log.path)[0]) == log.messages
