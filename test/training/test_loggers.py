# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Where curves go: what TensorBoard's own reader finds, a logger of another package, one that fails, W&B's client."""

import importlib.util
import json
import logging
import struct
from collections.abc import Iterator

import pytest
from command_line import run_cli
from extensions import run_installed

from ros_rl.settings.loading import load_settings
from ros_rl.training.scalars import ScalarLog

POINTS = "[ros_rl.loggers]\nlines = lines_logger:LinesLogger\n"
LINES = '''
import json


class LinesLogger:
    """Writes a line for each time that numbers come."""

    def __init__(self, folder, settings):
        self.file = (folder / "lines.jsonl").open("a")
        self.file.write(json.dumps({"seed": settings.seed}) + "\\n")

    def write(self, values, step):
        self.file.write(json.dumps({"step": step, **values}) + "\\n")

    def close(self):
        self.file.write("closed\\n")
        self.file.close()
'''
TRAIN = """
import sys
from ros_rl.cli.main import main
tiny = ["--steps", "40", "--eval-every", "0", "--eval-episodes", "1", "--seed", "7"]
sets = ["learner.warmup_steps=20", "agent.hidden=8", "evaluator.video=false", "learner.loggers=[lines]"]
print(main(["train", "--env", "gym:CartPole-v1", "--agent", "dqn", *tiny, "--out", "run",
            *(word for item in sets for word in ("--set", item))]))
"""


def sessions(folder) -> dict:
    """Each session that TensorBoard's tab HPARAMS would show, by the run's name: its settings and its curves' ends."""
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.context import RequestContext
    from tensorboard.plugins.base_plugin import TBContext
    from tensorboard.plugins.hparams import api_pb2, list_session_groups
    from tensorboard.plugins.hparams.backend_context import Context

    multiplexer = EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    context = Context(TBContext(data_provider=MultiplexerDataProvider(multiplexer, str(folder))))
    status = [api_pb2.STATUS_SUCCESS, api_pb2.STATUS_RUNNING, api_pb2.STATUS_UNKNOWN]
    request = api_pb2.ListSessionGroupsRequest(allowed_statuses=status, start_index=0, slice_size=100)
    found = list_session_groups.Handler(RequestContext(), context, "", request).run()
    return {
        session.name: (
            {key: getattr(value, value.WhichOneof("kind")) for key, value in group.hparams.items()},
            {value.name.tag: value.value for value in session.metric_values},
            session.status == api_pb2.STATUS_SUCCESS,
        )
        for group in found.session_groups
        for session in group.sessions
    }


def records(data: bytes) -> Iterator[bytes]:
    """Of a file of W&B's: LevelDB's format of logs, whose records are cut at blocks of 32 KiB."""
    block, header, place, whole = 32768, 7, 7, b""
    while place + header <= len(data):
        if block - place % block < header:
            place += block - place % block
            continue
        _, size, kind = struct.unpack_from("<IHB", data, place)
        whole += data[place + header : place + header + size]
        place += header + size
        if kind in (1, 4):  # whole, or the last part
            yield whole
            whole = b""


def test_tensorboards_own_reader_finds_settings_and_the_last_of_each_curve(tmp_path) -> None:
    for agent, tau, value in (("sac", 0.1, 3.5), ("td3", 0.2, 4.5)):
        settings = load_settings("mock_point", overrides=[f"agent.name={agent}", f"agent.tau={tau}", "seed=4"])
        log = ScalarLog(tmp_path / agent, settings)
        log.write("evaluation", {"return_mean": 1.0}, 10)
        log.write("evaluation", {"return_mean": value, "broken": float("nan")}, 20)
        if agent == "sac":
            log.close()
    found = sessions(tmp_path)
    assert set(found) == {"sac/tensorboard", "td3/tensorboard"}
    settings, curves, over = found["sac/tensorboard"]
    assert (settings["agent.name"], settings["agent.tau"], settings["seed"]) == ("sac", 0.1, 4.0)
    assert settings["learner.collectors"] == "('collector',)" and settings["evaluator.video"] == 1.0
    assert curves == {"evaluation/return_mean": 3.5} and over
    log.close()
    settings, curves, _ = sessions(tmp_path)["td3/tensorboard"]
    assert (settings["agent.name"], curves) == ("td3", {"evaluation/return_mean": 4.5})


def test_tensorboard_shows_the_settings_as_text(tmp_path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    ScalarLog(tmp_path, load_settings("mock_point", overrides=["agent.name=sac", "agent.tau=0.125"])).close()
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    (text,) = events.Tensors("settings/text_summary")[0].tensor_proto.string_val
    assert b"    agent:\n      name: sac\n" in text and b"      tau: 0.125\n" in text


def test_a_logger_of_another_package_gets_every_curve(tmp_path) -> None:
    pytest.importorskip("gymnasium")
    (tmp_path / "package").mkdir()
    module = tmp_path / "lines_logger.py"
    module.write_text(LINES)
    printed = run_installed(module, POINTS, tmp_path / "package", TRAIN)
    assert printed.splitlines()[-1] == "0"
    run = tmp_path / "package" / "run"
    *lines, last = (run / "lines.jsonl").read_text().splitlines()
    first, *rest = [json.loads(line) for line in lines]
    assert (first, last) == ({"seed": 7}, "closed") and not (run / "tensorboard").exists()
    names = {name.partition("/")[0] for line in rest for name in line}
    assert names == {"step", "evaluation", "train", "loss", "watch"}
    final = json.loads((run / "summary.json").read_text())["evaluation"]["return_mean"]
    assert [line["evaluation/return_mean"] for line in rest if "evaluation/return_mean" in line] == [final]


def test_a_logger_that_fails_is_told_once_and_given_no_more(tmp_path, monkeypatch, caplog) -> None:
    class Breaking:
        calls = 0

        def __init__(self, folder, settings) -> None:
            pass

        def write(self, values, step) -> None:
            Breaking.calls += 1
            raise ValueError("no route\nto host")

    from ros_rl.training import scalars

    monkeypatch.setattr(scalars, "_kind", lambda name: Breaking)
    log = ScalarLog(tmp_path, load_settings("mock_point"))
    with caplog.at_level(logging.WARNING):
        for step in range(3):
            log.write("train", {"a": 1.0}, step)
        log.close()
    assert Breaking.calls == 1
    assert [record.getMessage() for record in caplog.records] == [
        "no more curves are written for tensorboard: no route"
    ]


def test_an_absent_client_and_an_unknown_logger_are_one_line_before_anything_starts(
    capsys, tmp_path, monkeypatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "wandb" else found(name, *a))
    for name, wanted, complaint in (
        ("wandb", 1, "wandb is not installed; install it with: pip install 'ros_rl[wandb]'"),
        ("mlflow", 2, "'learner.loggers[0]' is 'mlflow', not a choice: "),
    ):
        for more in ([], ["--seeds", "0", "1"]):
            arguments = ["--set", f"learner.loggers=[{name}]", "--out", str(tmp_path / "out"), *more]
            code, printed, error = run_cli(capsys, "train", "mock_point", *arguments)
            assert (code, printed, error.count("\n")) == (wanted, "", 1) and complaint in error
    assert not (tmp_path / "out").exists()


def test_wandbs_own_client_takes_curves_and_settings_without_a_network(tmp_path, monkeypatch) -> None:
    wandb = pytest.importorskip("wandb")
    from wandb.proto import wandb_internal_pb2

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    settings = load_settings("mock_point", overrides=["agent.name=sac", "learner.loggers=[wandb]"])
    for step in (20, 10):  # an evaluation may come late; a run that goes on is the same run
        log = ScalarLog(tmp_path, settings)
        log.write("evaluation", {"return_mean": float(step)}, step)
        log.close()
    history, names, configs = [], set(), set()
    for file in sorted((tmp_path / "wandb").glob("offline-run-*/*.wandb"), key=lambda file: file.stat().st_mtime):
        for data in records(file.read_bytes()):
            record = wandb_internal_pb2.Record.FromString(data)
            names |= {record.run.run_id} - {""}
            configs |= {(item.key, item.value_json) for item in record.run.config.update}
            items = {"/".join(item.nested_key) or item.key: item.value_json for item in record.history.item}
            history += [(items["env_steps"], items["evaluation/return_mean"])] if "env_steps" in items else []
    assert [(float(step), float(value)) for step, value in history] == [(20, 20), (10, 10)]
    assert len(names) == 1 and ("agent.name", '"sac"') in configs
    assert wandb.run is None
