# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One graph in a domain and namespace, told by the file that its process holds."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from ros_rl.errors import RosRlError
from ros_rl.runs.only_graph import graphs_here, only_graph

HOLD = "from ros_rl.runs.only_graph import only_graph\nwith only_graph('/arm'):\n    print('held', flush=True); input()"


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_second_is_refused_as_long_as_the_first_lives(monkeypatch) -> None:
    first = subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with first:
        assert first.stdout is not None and first.stdout.readline() == b"held\n"
        refused = f"namespace /arm, led by process {first.pid}; stop it"
        for _ in range(2):
            with pytest.raises(RosRlError, match=refused), only_graph("/arm"):
                pass
        with only_graph("/leg"), only_graph("/arm_2"):
            pass
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("ROS_DOMAIN_ID", str(int(os.environ["ROS_DOMAIN_ID"]) + 100))
            with only_graph("/arm"):
                pass
        first.kill()
        first.wait()
    for _ in range(2):
        with only_graph("/arm"):
            pass


def test_graphs_are_known_as_long_as_their_processes_live_though_they_hang(monkeypatch, tmp_path) -> None:
    (tmp_path / f"ros_rl_{os.getuid()}_0.lock").write_text("1 0 /nobody_holds_it")
    (tmp_path / f"ros_rl_{os.getuid()}_1.lock").mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None and first.stdout.readline() == b"held\n"
        first.send_signal(signal.SIGSTOP)
        with only_graph("/leg"):
            assert graphs_here() == {"/arm", "/leg"}
        with monkeypatch.context() as elsewhere:
            elsewhere.setenv("ROS_DOMAIN_ID", str(int(os.environ["ROS_DOMAIN_ID"]) + 100))
            assert graphs_here() == set()
        assert graphs_here() == {"/arm"}
        (lock,) = (path for path in tmp_path.glob("ros_rl_*.lock") if path.is_file() and "/arm" in path.read_text())
        lock.write_text(lock.read_text().replace(str(first.pid), "1"))  # a file of that number on another disk is held
        assert graphs_here() == set()
        first.kill()
    assert graphs_here() == set()


def test_what_is_no_file_to_lock_stops_nobody(tmp_path) -> None:
    """A link that somebody laid there is not followed; discovery watches in any case."""
    with only_graph("/arm"):
        (lock,) = tmp_path.glob("ros_rl_*.lock")
    lock.unlink()
    precious = tmp_path / "precious"
    precious.write_text("mine")
    lock.symlink_to(precious)
    with only_graph("/arm"), only_graph("/arm"):
        assert precious.read_text() == "mine"
    lock.unlink()
    lock.mkdir()
    with only_graph("/arm"):
        pass


def test_a_domain_is_the_same_with_blanks_and_namespaces_are_told_apart(monkeypatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "5")
    with only_graph("/lab/a1"):
        with only_graph("/lab_a1"):
            pass
        monkeypatch.setenv("ROS_DOMAIN_ID", " 5")
        with pytest.raises(RosRlError, match="/lab/a1, led by process"), only_graph("/lab/a1"):
            pass
