# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A run's folder is that of one run: made exclusively, locked, and refused before anything in it is touched."""

import subprocess
import sys
from pathlib import Path

import pytest
from command_line import run_cli
from kept import contents

from ros_rl.errors import RunFolderError
from ros_rl.runs import run_folder
from ros_rl.runs.records import Round
from ros_rl.runs.run_folder import RunFolder, is_finished
from ros_rl.runs.write_ahead import WriteAhead, segment
from ros_rl.settings.loading import load_settings

HOLDER = """
import sys, time
from pathlib import Path
from ros_rl.runs.run_folder import RunFolder
folder = RunFolder.claim(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(600)
"""


def test_another_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "a1 #2"
    line = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None and holder.stdout.readline() == "held\n"
            (path / "config.yaml").write_text("theirs")
            before = contents(path)
            with pytest.raises(RunFolderError, match=rf"a1 #2 .* a run that is going on \(process {holder.pid}\)"):
                RunFolder.claim(path, go_on=True)
            assert contents(path) == before
        finally:
            holder.kill()  # the system takes the lock back, whatever the process could still do
    RunFolder.claim(path, go_on=True).release()


def test_in_one_process_a_folder_is_claimed_once_at_a_time(tmp_path: Path) -> None:
    with RunFolder.claim(tmp_path / "run"):
        with pytest.raises(RunFolderError, match="is going on"):
            RunFolder.claim(tmp_path / "run")
        RunFolder(tmp_path / "run").log_file("driver").write_text("whoever adds to it needs no claim")
    RunFolder.claim(tmp_path / "run").release()


def test_runs_of_one_second_get_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run_folder.time, "strftime", lambda _: "20260101_120000")
    folders = [RunFolder.claim_default("gym:a/b").path for _ in range(3)]
    name = "gym_a_b_20260101_120000"
    assert [path.name for path in folders] == [name, f"{name}_2", f"{name}_3"]


def test_a_stopped_run_is_refused_unless_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a1 #2"  # as a shell takes it
    with RunFolder.claim(path) as folder:
        folder.write_config(load_settings("mock_point"))
    before = (path / "config.yaml").read_bytes()
    with pytest.raises(RunFolderError, match=r"holds a run that was stopped \(config.yaml\); name another --out"):
        RunFolder.claim(path)
    ahead = WriteAhead(segment(path / "checkpoint", 0))
    ahead.append(Round())
    ahead.close()
    with pytest.raises(RunFolderError, match=rf"go on with it \(--resume '{path}'\), or name another --out"):
        RunFolder.claim(path)
    assert (path / "config.yaml").read_bytes() == before
    RunFolder.claim(path, go_on=True).release()


def test_the_command_refuses_a_stopped_runs_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("gymnasium")
    out = tmp_path / "run"
    RunFolder(out).write_config(load_settings("mock_point"))
    before = (out / "config.yaml").read_bytes()
    arguments = ["train", "--env", "gym:Pendulum-v1", "--steps", "400", "--out", str(out)]
    code, printed, error = run_cli(capsys, *arguments, "--set", "learner.warmup_steps=50")
    assert (code, printed) == (2, "") and "holds a run that was stopped" in error and error.count("\n") == 1
    assert (out / "config.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("summary", "resumable"), [({"finished": False}, True), ({"finished": True}, False), ({}, False)]
)
def test_a_summary_says_whether_a_run_may_go_on(tmp_path: Path, summary: dict[str, bool], resumable: bool) -> None:
    """Of earlier versions, which wrote one at the end only, too."""
    path = tmp_path / "run"
    with RunFolder.claim(path) as folder:
        folder.write_config(load_settings("mock_point"))
        (path / "checkpoint").mkdir()
        folder.write_summary(summary)
    assert is_finished(path) is not resumable
    if not resumable:
        with pytest.raises(RunFolderError, match="holds a finished run"):
            RunFolder.claim_for("mock_point", path, path)
        return
    with RunFolder.claim_for("mock_point", None, path) as folder:
        assert folder.path == path
    with pytest.raises(RunFolderError, match="holds a run that was stopped"):
        RunFolder.claim_for("mock_point", path, None)


def test_a_summary_that_cannot_be_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text('{"finished": fal')
    assert is_finished(tmp_path)


def test_a_finished_run_goes_on_in_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = tmp_path / "done"
    with RunFolder.claim(done) as folder:
        folder.write_config(load_settings("mock_point"))
        (done / "checkpoint").mkdir()
        folder.write_summary({"finished": True})
    before = contents(done)
    with RunFolder.claim_for("mock_point", None, done) as folder:
        assert folder.path.parent == tmp_path / "runs"
    assert contents(done) == before


def test_nothing_of_somebody_else_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("friction 0.3")
    (tmp_path / "agent.onnx").write_text("the good one")
    with pytest.raises(RunFolderError, match=r"holds 'agent.onnx', which a run writes, and no run; name another --out"):
        RunFolder.claim(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["agent.onnx", "notes.txt"]
    (tmp_path / "agent.onnx").unlink()
    RunFolder.claim(tmp_path).release()
