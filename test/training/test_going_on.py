# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A training that ended without a word goes on as if it had not: from a checkpoint and what was written down since."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kept import contents, learner_state, newest
from learners import random_transition

from ros_rl.errors import RunFolderError
from ros_rl.formats.arrays import read_arrays
from ros_rl.runs.checkpoints import REPLAY, beginning, checkpoints
from ros_rl.runs.records import Round, Stepped, Taken
from ros_rl.runs.write_ahead import read_since, segment, segments
from ros_rl.settings.loading import load_settings
from ros_rl.training.run import TrainingRun
from ros_rl.training.state_tree import pack_state
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition

STEPS = 60
MODEL = {"model": {"members": 2, "hidden": 16}, "model_start": 25}
AGENTS = {
    "sac": {"hidden": 16},
    "mpc": {"hidden": 16, "act": "policy", "planner_start": 30} | MODEL,
}


def make_run(agent: str = "sac", steps: int = STEPS, every: int = 25, **told: Any) -> TrainingRun:
    learner = {"steps": steps, "warmup_steps": 20, "checkpoint_every": every, "batch_size": 16, "publish_every": 5}
    own = {"agent": {"name": agent, **AGENTS[agent]}, "learner": learner, "evaluator": {"every": 0}}
    return TrainingRun(TrainingLoop(load_settings("mock_point", overrides=[own])), lambda graph: None, **told)


def story(run: TrainingRun, count: int = STEPS) -> list[Transition]:
    rng = np.random.default_rng(1)
    ends = [{"terminated": index % 13 == 12} for index in range(count)]
    return [
        random_transition(run.training.spec, rng, index, episode=index // 13, **ends[index]) for index in range(count)
    ]


def live(run: TrainingRun, start: int, stop: int) -> None:
    """The steps from `start` to `stop`, each with its rounds."""
    for index, transition in enumerate(story(run)[start:stop], start):
        run.add(transition, {"metrics.speed": float(index)}, 7, index)
        run.note_steps(index + 1, "robot", 3, index + 1)
        while run.work():
            pass
        run.keep_up()


def resumed(folder: Path, agent: str = "sac", **options: Any) -> TrainingRun:
    torch.manual_seed(99)
    run = make_run(agent, **options)
    run.resume(folder / "checkpoint")
    run.begin(folder)
    return run


def everything(run: TrainingRun, folder: Path) -> dict[str, Any]:
    """All that a checkpoint of now would hold, but for the watch, whose windows begin anew."""
    run.training.version = -1  # a run that goes on has given its graphs anew
    run.training.checkpoint(folder, run.episodes.state())
    arrays, about = pack_state({**learner_state(folder), "watch": None})
    held = {f"learner{name}": array.tobytes() for name, array in arrays.items()}
    replay, sampling = read_arrays(newest(folder) / REPLAY)
    held |= {f"replay/{name}": array.tobytes() for name, array in replay.items()}
    return held | {"about": about, "sampling": sampling, "episodes": run.episodes.state()}


@pytest.mark.parametrize("agent", ["sac", "mpc"])
@pytest.mark.parametrize("killed_at", [10, 24, 43, 59])
def test_a_killed_training_becomes_what_it_would_have_been(tmp_path: Path, agent: str, killed_at: int) -> None:
    """Before the first checkpoint, before a second, after it, at the last step: bit by bit, random numbers included."""
    whole = make_run(agent)
    live(whole, 0, STEPS)
    expected = everything(whole, tmp_path / "whole")
    killed = make_run(agent)
    killed.begin(tmp_path)
    live(killed, 0, killed_at)  # and not a word more
    again = resumed(tmp_path, agent)
    live(again, killed_at, STEPS)
    while again.work():
        pass
    assert again.training.env_steps == STEPS and again.training.rounds == STEPS - 20
    found = everything(again, tmp_path / "again")
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


def test_killed_again_and_again_while_it_catches_up(tmp_path: Path) -> None:
    run, at = make_run(every=1000), 0
    run.begin(tmp_path)
    for stop in (23, 31, 38, 52, STEPS):
        for index in range(at, stop):  # what arrives before it has caught up waits, but is written down
            live(run, index, index + 1) if not run.recalling else arrive(run, index)
        at = stop
        if stop < STEPS:
            run = resumed(tmp_path, every=1000)
            for _ in range(2):
                run.work()
            assert run.recalling
    while run.work():
        pass
    records = read_since(tmp_path / "checkpoint", 0)
    assert [r.sequence for r in records if isinstance(r, Taken)] == list(range(STEPS))
    assert run.training.rounds == STEPS - 20 and len(run.training.replay) == STEPS
    stored = run.training.replay.newest(STEPS).observation
    np.testing.assert_array_equal(stored, np.float32([each.observation for each in story(run)]))


def arrive(run: TrainingRun, index: int) -> None:
    run.add(story(run)[index], {"metrics.speed": float(index)}, 7, index)
    run.note_steps(index + 1, "robot", 3, index + 1)


def test_what_was_received_comes_back_to_the_owner(tmp_path: Path) -> None:
    run = make_run(about=lambda: {"mine": 5})
    run.begin(tmp_path)
    live(run, 0, 28)
    about, since = make_run().resume(tmp_path / "checkpoint")
    assert about == {"mine": 5}
    taken = [record for record in since if isinstance(record, Taken)]
    assert [(record.session, record.sequence) for record in taken] == [(7, 25), (7, 26), (7, 27)]
    for record, transition in zip(taken, story(run)[25:28], strict=True):
        for name, value in vars(transition).items():
            np.testing.assert_array_equal(getattr(record.transition, name), value)
        assert record.metrics == {"metrics.speed": float(record.sequence)}
    assert [record for record in since if isinstance(record, Stepped)] == [
        Stepped(steps, "robot", 3, steps) for steps in (26, 27, 28)
    ]
    assert since.count(Round()) == 3


def test_a_stop_before_it_has_caught_up_loses_nothing(tmp_path: Path) -> None:
    run = make_run(every=1000)
    run.begin(tmp_path)
    live(run, 0, 50)
    before = contents(tmp_path / "checkpoint")
    again = resumed(tmp_path, every=1000)
    again.work()
    again.checkpoint()  # as a learner does when it is told to stop
    again.close()
    assert contents(tmp_path / "checkpoint") == before


@pytest.mark.parametrize(("killed_at", "damaged"), [(30, 1), (55, 1), (55, 2)])
def test_damaged_checkpoints_are_passed_over(
    tmp_path: Path, killed_at: int, damaged: int, caplog: pytest.LogCaptureFixture
) -> None:
    """What was written down reaches back to the last but one checkpoint, or to the beginning while there is one."""
    whole = make_run()
    live(whole, 0, STEPS)
    expected = everything(whole, tmp_path / "whole")
    run = make_run()
    run.begin(tmp_path)
    live(run, 0, killed_at)
    root = tmp_path / "checkpoint"
    assert list(segments(root)) == [0, 1] if killed_at == 30 else [1, 2]
    for item in checkpoints(root)[:damaged]:
        (item.path / "replay.safetensors").write_bytes(b"")
    if damaged == 2:
        with pytest.raises(RunFolderError, match="holds no whole checkpoint: 00002_at_50: .*; 00001_at_25: "):
            resumed(tmp_path)
        return
    again = resumed(tmp_path)
    assert "_at_50: " in caplog.text if killed_at == 55 else "_at_25: " in caplog.text
    live(again, killed_at, STEPS)
    while again.work():
        pass
    found = everything(again, tmp_path / "again")
    assert [name for name in found if found[name] != expected[name]] == []
    again.checkpoint()
    assert not any("_at_50" in item.path.name or "_at_25" in item.path.name for item in checkpoints(root)[:1])
    assert resumed(tmp_path).training.env_steps == STEPS


def test_a_run_goes_on_in_another_folder_and_leaves_the_first_alone(tmp_path: Path) -> None:
    run = make_run()
    run.begin(tmp_path / "one")
    live(run, 0, 33)
    before = contents(tmp_path / "one")
    for root in ("one/checkpoint", f"one/checkpoint/{newest(tmp_path / 'one' / 'checkpoint').name}"):
        shutil.rmtree(tmp_path / "two", ignore_errors=True)
        again = make_run()
        again.resume(tmp_path / root)
        again.begin(tmp_path / "two")
        at = 33 if root == "one/checkpoint" else 25
        live(again, at, at + 4)
        third = resumed(tmp_path / "two")
        while third.work():
            pass
        assert third.training.env_steps == at + 4 and len(third.training.replay) == at + 4
    after = contents(tmp_path / "one")
    assert {name: after[name] for name in before if "tensorboard" not in name} == {
        name: data for name, data in before.items() if "tensorboard" not in name
    }


def test_what_was_written_down_is_read_as_far_as_it_is_whole(tmp_path: Path) -> None:
    run = make_run(every=1000)
    run.begin(tmp_path)
    live(run, 0, 30)
    run.close()
    file = segment(tmp_path / "checkpoint", 0)
    data, rng = file.read_bytes(), np.random.default_rng()
    records = read_since(tmp_path / "checkpoint", 0)
    for _ in range(30):
        place = int(rng.integers(len(data)))
        file.write_bytes(data[:place])
        cut = read_since(tmp_path / "checkpoint", 0)
        assert same(cut, records[: len(cut)]), f"cut at {place}"
        flipped = data[:place] + bytes([data[place] ^ (1 << int(rng.integers(8)))]) + data[place + 1 :]
        file.write_bytes(flipped)
        left = read_since(tmp_path / "checkpoint", 0)
        lost = len(records) - len(left)
        assert lost == 1, f"bit of byte {place}"
        index = next((i for i, (a, b) in enumerate(zip(left, records, strict=False)) if not same([a], [b])), len(left))
        assert same(left, records[:index] + records[index + 1 :])


def same(one: list[Any], two: list[Any]) -> bool:
    return [repr(record) for record in one] == [repr(record) for record in two]


def test_damage_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = make_run(every=1000)
    run.begin(tmp_path)
    live(run, 0, 5)
    run.close()
    file = segment(tmp_path / "checkpoint", 0)
    data = bytearray(file.read_bytes())
    data[200] ^= 1
    file.write_bytes(bytes(data[:-3]))
    read_since(tmp_path / "checkpoint", 0)
    assert "bytes from byte 0 are damaged and left out" in caplog.text
    assert "bytes are torn and left out" in caplog.text
    again = resumed(tmp_path, every=1000)
    live(again, 5, 6)
    assert len(data) - file.stat().st_size < 0, "goes on where the last whole record ended"
    assert [r.sequence for r in read_since(tmp_path / "checkpoint", 0) if isinstance(r, Taken)] == [1, 2, 3, 4, 5]


class Full(OSError):
    """No space left on device."""

    def __init__(self) -> None:
        super().__init__(28, "No space left on device")


def test_a_full_disk_ends_neither_the_training_nor_what_was_there(tmp_path: Path, monkeypatch: Any) -> None:
    told: list[str] = []
    run = make_run(every=10, warn=told.append)
    run.begin(tmp_path)
    live(run, 0, 25)
    root = tmp_path / "checkpoint"
    before = contents(root)
    room, write = 5000, os.write

    def scarce(file: int, data: Any) -> int:
        """As the system does it: a part of what does not fit is written."""
        nonlocal room
        if room <= 0:
            raise Full
        written = write(file, bytes(data)[:room])
        room -= written
        return written

    def full(*_: Any) -> None:
        raise Full

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", scarce)
        patch.setattr("ros_rl.runs.durable.ChecksummedFile.write", full)
        live(run, 25, 45)
        now = contents(root)
    assert run.training.env_steps == 45 and run.training.rounds == 25, "it has gone on"
    assert {name: now[name] for name in before if name != "00002.wal"} == {
        name: data for name, data in before.items() if name != "00002.wal"
    }
    assert sum("00002.wal: No space left" in line for line in told) == 1
    assert sum("no checkpoint is written: No space left" in line for line in told) == 2
    assert len(told) == 3
    records = read_since(root, 2)
    assert [r.sequence for r in records if isinstance(r, Taken)][:6] == [20, 21, 22, 23, 24, 25], "all whole"
    live(run, 45, 53)  # there is room again
    again = resumed(tmp_path, every=10)
    while again.work():
        pass
    assert again.training.env_steps == 53


def test_a_cut_between_two_steps_of_a_checkpoint_leaves_the_last_one(tmp_path: Path, monkeypatch: Any) -> None:
    """A power cut at each call that changes the disk: what is there then leads to where the training was."""
    calls = ("replace", "fsync")

    class Cut(BaseException):
        pass

    for number in range(20):
        folder = tmp_path / str(number)
        run = make_run()
        run.begin(folder)
        live(run, 0, 30)
        left = number

        def cut(*arguments: Any, original: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Cut
            return original(*arguments)

        with monkeypatch.context() as patch:
            for name in calls:
                original = getattr(os, name)
                patch.setattr(os, name, lambda *a, original=original: cut(*a, original=original))
            patch.setattr(shutil, "rmtree", lambda *_, **__: None)  # nobody tidies up after a power cut
            try:
                run.checkpoint()
            except Cut:
                pass
            else:
                assert number > 5
                break
        again = resumed(folder)
        while again.work():
            pass
        assert (again.training.env_steps, again.training.rounds, len(again.training.replay)) == (30, 10, 30)
        again.checkpoint()
        assert not list((folder / "checkpoint").glob("partial_*")), "what was left half done is gone"
    else:
        raise AssertionError("the checkpoint was never written")


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    run = make_run(every=1000)
    run.begin(tmp_path)
    root = tmp_path / "checkpoint"

    def kept() -> list[int]:
        return sorted(item.steps for item in checkpoints(root))

    for steps, score in ((5, 1.0), (10, 3.0), (15, 2.0), (20, 2.5)):
        live(run, run.training.env_steps, steps)
        run.checkpoint(judged=True)
        run.note_evaluation({"return_mean": score}, steps)
    assert kept() == [10, 15, 20]
    run.note_evaluation({"return_mean": float("nan")}, 20)
    for steps in (25, 30):
        live(run, run.training.env_steps, steps)
        run.checkpoint()
    assert kept() == [10, 25, 30]
    again = resumed(tmp_path, every=1000)
    live(again, 30, 35)
    again.checkpoint(judged=True)
    live(again, 35, 40)
    again.checkpoint()
    live(again, 40, 45)
    again.checkpoint()
    assert kept() == [10, 35, 40, 45], "whose evaluation is on its way"
    again.note_evaluation({"return_mean": 4.0}, 35)
    live(again, 45, 50)
    again.checkpoint()
    assert kept() == [35, 45, 50]


def test_where_a_run_goes_on_is_told(tmp_path: Path) -> None:
    run = make_run(every=10)
    run.begin(tmp_path)
    live(run, 0, 37)
    root = tmp_path / "checkpoint"
    newest = checkpoints(root)[0]
    assert newest.steps == 30
    told = f"checkpoint {newest.path.name}, and 7 transitions written down since"
    assert str(beginning(root)) == f"goes on at step 37: {told}"
    assert (
        str(beginning(newest.path))
        == f"goes on at step 30: checkpoint {newest.path.name}, and 0 transitions written down since"
    )
    (newest.path / "replay.safetensors").write_bytes(b"broken")
    older = checkpoints(root)[1].path.name
    assert str(beginning(root)) == f"goes on at step 37: checkpoint {older}, and 17 transitions written down since"


def test_a_run_that_goes_back_tells_another_story_from_there(tmp_path: Path) -> None:
    """In its own folder: what came after the checkpoint that was named is not mixed into what comes now."""
    run = make_run(every=10)
    run.begin(tmp_path)
    live(run, 0, 37)
    root = tmp_path / "checkpoint"
    back = make_run(every=1000)
    back.resume(next(item.path for item in checkpoints(root) if item.steps == 20))
    back.begin(tmp_path)
    live(back, 20, 25)
    third = resumed(tmp_path, every=1000)
    while third.work():
        pass
    assert third.training.env_steps == 25 and len(third.training.replay) == 25 and third.training.rounds == 5
    assert not [item for item in checkpoints(root) if item.steps == 30], "what was passed over is gone"


def test_a_learner_that_was_killed_while_it_finished_finishes(tmp_path: Path) -> None:
    asked: list[bool] = []
    run = make_run(evaluate=asked.append)
    run.begin(tmp_path)
    live(run, 0, STEPS)
    run.finish()
    again = make_run(evaluate=asked.append)
    again.resume(tmp_path / "checkpoint")
    again.begin(tmp_path)
    assert again.done and not again.recalling
    again.finish()
    assert asked == [True, True] and again.training.rounds == STEPS - 20
