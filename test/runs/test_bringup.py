# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Which nodes run, how they are started, and that the launch files start the same ones as the command line."""

import os
import runpy
import sys
import types
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml
from graphs import constant_bytes

from ros_rl.backends.robot_description import robot_description
from ros_rl.errors import RosRlError, RunFolderError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.runs import bringup
from ros_rl.runs.run_folder import RunFolder
from ros_rl.settings.loading import load_settings


def names(*overrides: str, mode: str = bringup.TRAIN) -> list[str]:
    settings = load_settings("mock_point", overrides=overrides)
    return [spec.name for spec in bringup.nodes(settings, mode, Path("/runs/x"))]


def test_which_nodes_run() -> None:
    assert names() == ["learner", "controller", "collector", "driver", "evaluator"]
    assert names("evaluator.every=0", "evaluator.final_episodes=1")[-1] == "evaluator"
    assert names("driver.backend.name=external") == ["learner", "controller", "collector", "driver"]
    unguarded = ("driver.backend.name=external", "driver.backend.guard=false")
    assert names(*unguarded) == ["learner", "controller", "collector"]
    assert names(mode=bringup.RUN) == ["controller", "collector", "driver"]


def test_what_the_robot_waits_for_has_priority() -> None:
    specs = {s.name: s for s in bringup.nodes(load_settings("mock_point"), bringup.TRAIN, Path("/r"))}
    assert specs["driver"].nice == specs["controller"].nice == 0
    assert 0 < specs["learner"].nice < specs["evaluator"].nice
    assert not specs["driver"].prefix and not specs["controller"].prefix
    assert all(specs[name].policy == bringup.BATCH for name in ("collector", "learner", "evaluator"))


def test_in_real_time_learning_takes_only_what_is_left() -> None:
    settings = load_settings("mock_point", overrides=["driver.mode=real_time"])
    specs = {s.name: s for s in bringup.nodes(settings, bringup.TRAIN, Path("/r"))}
    assert bringup.command(specs["learner"], "a1", Path("/p"))[3:6] == ["chrt", "--idle", "0"]
    assert specs["evaluator"].policy == bringup.IDLE


LEFT = ["nice", "-n", "1", "chrt", "--batch", "0"]


@pytest.mark.parametrize(
    ("may", "asked", "prefix", "judges"),
    [
        (True, 20, ["chrt", "--rr", "20"], ["chrt", "--rr", "10"]),
        (True, 1, ["chrt", "--rr", "1"], ["chrt", "--rr", "1"]),
        (True, 0, [], LEFT),
        (False, 20, [], LEFT),
    ],
)
def test_what_the_robot_waits_for_has_real_time_priority_where_it_may(monkeypatch, may, asked, prefix, judges) -> None:
    monkeypatch.setattr(bringup, "_may_have_priority", lambda priority: may and priority == asked)
    overrides = ["driver.mode=real_time", f"supervisor.realtime_priority={asked}"]
    settings = load_settings("mock_point", overrides=overrides)
    specs = {s.name: s for s in bringup.nodes(settings, bringup.TRAIN, Path("/r"))}
    assert specs["driver"].prefix == specs["controller"].prefix == prefix
    assert specs["collector"].prefix == judges


def test_asking_for_priority_leaves_none_behind() -> None:
    before = os.sched_getscheduler(0)
    bringup._may_have_priority(10)
    assert os.sched_getscheduler(0) == before


def test_command_line_of_a_node() -> None:
    spec = bringup.nodes(load_settings("mock_point"), bringup.TRAIN, Path("/r"), Path("/old/checkpoint"))[0]
    command = bringup.command(spec, "a1", Path("/r/config.yaml"))
    text = " ".join(command)
    assert command[:6] == ["nice", "-n", "5", "chrt", "--batch", "0"] and sys.executable in command
    assert "-m ros_rl.nodes.learner --ros-args --params-file /r/config.yaml -r __ns:=/a1" in text
    assert '-p run.folder:="/r"' in text and '-p run.resume:="/old/checkpoint"' in text
    assert "-r /clock:=clock" in text
    assert bringup.environment({"A": "b"})["A"] == "b"
    assert bringup.environment({})["OMP_NUM_THREADS"] == "1"


DRIVEN = ["driver.mode=real_time", "teleop.device=joystick"]


def test_a_person_takes_the_controller_s_place_or_stands_beside_it() -> None:
    acts = [*DRIVEN, "driver.commanders=[teleoperator]"]
    assert names(*acts, mode=bringup.RUN) == ["teleoperator", "collector", "driver"]
    assert names(*DRIVEN, mode=bringup.RUN) == ["controller", "teleoperator", "collector", "driver"]
    assert names(*acts, mode=bringup.BRING_UP) == ["teleoperator", "driver"]
    assert names("driver.mode=real_time", mode=bringup.BRING_UP) == ["driver"]


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ({"driver.backend": {"name": "external", "guard": False}}, "driver 'external' is started elsewhere"),
        ("driver.mode=lock_step", "waits for nobody"),
    ],
)
def test_what_cannot_be_brought_up_is_refused(setting, complaint) -> None:
    overrides = [{"robot": "mock"}, bringup.implied(None), setting]
    with pytest.raises(RosRlError, match=complaint):
        bringup.check(load_settings("bringup", overrides=overrides), bringup.BRING_UP)


def test_a_finished_run_is_not_overwritten(tmp_path) -> None:
    folder = RunFolder(tmp_path / "run")
    settings = load_settings("mock_point")
    folder.write_config(settings)
    assert load_settings(params_file=folder.config) == settings
    folder.write_summary({"a": 1})
    before = folder.config.read_bytes()
    with pytest.raises(RunFolderError, match="holds a finished run"):
        RunFolder.claim(tmp_path / "run", go_on=True)
    assert folder.config.read_bytes() == before
    with pytest.raises(RunFolderError, match="cannot be written"):
        RunFolder(Path("/proc/run"))


@pytest.fixture
def launch_stub(monkeypatch):
    """Just enough of ``launch`` to see what a launch file would start."""

    class Action:
        def __init__(self, *args, **options) -> None:
            self.args, self.options = args, options

    class Configuration(Action):
        def perform(self, context) -> str:
            return context[self.args[0]]

    def module(name: str, **content) -> None:
        made = types.ModuleType(name)
        made.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, made)

    module("launch", LaunchDescription=list, LaunchContext=dict)
    names = ("DeclareLaunchArgument", "OpaqueFunction", "RegisterEventHandler", "Shutdown")
    module("launch.actions", **{name: type(name, (Action,), {}) for name in names})
    module("launch.event_handlers", OnProcessIO=type("OnProcessIO", (Action,), {}))
    module("launch.substitutions", LaunchConfiguration=Configuration)
    module("launch_ros")
    module("launch_ros.actions", Node=type("Node", (Action,), {}))
    module("launch_ros.parameter_descriptions", ParameterValue=lambda value, value_type: value_type(value))
    ours = [f"ros_rl.nodes.{name}" for name in ("launching", "launch_nodes", "launch_rviz")]
    for name in ours:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield
    for name in ours:
        sys.modules.pop(name, None)


def launched(file: str, **given: str) -> dict[str, dict]:
    """The options of every node that a launch file starts, by its executable."""
    return {action.options["executable"]: action.options for action in actions(file, **given) if action.options}


def actions(file: str, **given: str) -> list:
    """All that a launch file does."""
    description = runpy.run_path(str(share_path("launch", file)))["generate_launch_description"]()
    *declared, function = description
    context = {item.args[0]: item.options["default_value"] for item in declared}
    assert set(given) <= set(context), "an undeclared launch argument"
    assert all(item.options["description"] for item in declared)
    return function.options["function"](context | given)


@pytest.mark.ros
def test_train_launch_file_starts_what_the_command_line_starts(launch_stub, tmp_path) -> None:
    out = tmp_path / "run"
    given = {"task": "mock_point", "driver": "mock", "agent": "random", "seed": "7", "preset": "debug"}
    nodes = launched("train.launch.py", out=str(out), **given)
    chosen = ["driver.backend.name=mock", "agent.name=random", "seed=7"]
    settings = load_settings("mock_point", None, chosen, "debug")
    specs = bringup.nodes(settings, bringup.TRAIN, out)
    assert list(nodes) == [spec.name for spec in specs] + ["supervisor"]
    assert load_settings(params_file=out / "config.yaml") == settings
    for spec in specs:
        options = nodes[spec.name]
        assert options["namespace"] == "mock" and options["respawn"]
        assert options["parameters"] == [str(out / "config.yaml"), dict(spec.parameters)]
        assert options["remappings"] == list(spec.remappings)
        assert options.get("prefix", "") == " ".join(spec.prefix)
        assert options["exec_name"] == spec.name, "else launch calls it by its prefix"
        assert options["additional_env"]["ROS_RL_PARENT"] == str(os.getpid()), "it ends with launch"
    assert nodes["supervisor"]["parameters"][1]["run.mode"] == "train"
    assert "on_exit" in nodes["supervisor"]


def test_run_launch_file(launch_stub, tmp_path) -> None:
    agent = tmp_path / "agent.onnx"
    agent.write_bytes(constant_bytes(load_settings("mock_point"), [0.0, 0.0]))
    nodes = launched(
        "run.launch.py", task="mock_point", agent=str(agent), driver="external", namespace="b", out=str(tmp_path / "r")
    )
    assert list(nodes) == ["controller", "collector", "guard", "supervisor"]
    assert nodes["guard"]["name"] == "driver", "to all others it is the driver"
    assert nodes["supervisor"]["parameters"][1]["run.agent_file"] == str(agent)
    assert nodes["controller"]["namespace"] == "b"
    assert load_settings(params_file=tmp_path / "r" / "config.yaml").controller.explore == 0.0
    with pytest.raises(RosRlError, match="No such file"):
        launched("run.launch.py", task="mock_point", agent="missing.onnx", out=str(tmp_path / "s"))
    with pytest.raises(RosRlError, match="is for robot mock"):
        launched("run.launch.py", task="a1_walk", agent=str(agent), out=str(tmp_path / "s"))
    assert not (tmp_path / "s").exists()


def test_run_launch_file_with_a_person(launch_stub, tmp_path) -> None:
    nodes = launched("run.launch.py", task="mock_point", driver="mock", teleop="joystick", out=str(tmp_path / "r"))
    assert list(nodes) == ["teleoperator", "collector", "driver", "supervisor"]
    found = load_settings(params_file=tmp_path / "r" / "config.yaml")
    assert found.person_acts and found.driver.dead_man == "joy" and found.driver.mode == "real_time"
    with pytest.raises(RosRlError, match="teleop:=wheel is none of none, keyboard, joystick"):
        launched("run.launch.py", task="mock_point", teleop="wheel", out=str(tmp_path / "s"))


def test_bringup_launch_file_starts_what_the_command_line_starts(launch_stub, tmp_path, monkeypatch) -> None:
    given = {"robot": "xarm6", "driver": "xarm", "set": "driver.backend.address=127.0.0.1", "teleop": "keyboard"}
    nodes = launched("bringup.launch.py", out=str(tmp_path / "r"), **given)
    found = load_settings(params_file=tmp_path / "r" / "config.yaml")
    chosen = [{"driver.backend.name": "xarm", "driver.mode": "real_time"}, bringup.implied("keyboard")]
    assert found == load_settings("bringup", None, [*chosen, given["set"], "robot=xarm6"])
    specs = bringup.nodes(found, bringup.BRING_UP, tmp_path / "r")
    assert list(nodes) == [spec.name for spec in specs] + ["supervisor"] == ["teleoperator", "driver", "supervisor"]
    assert nodes["supervisor"]["parameters"][1]["run.mode"] == "bringup" and nodes["driver"]["namespace"] == "xarm6"

    (tmp_path / "share" / "robot_state_publisher").mkdir(parents=True)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    given = {"robot": "go2", "driver": "mujoco"}
    nodes = launched("bringup.launch.py", out=str(tmp_path / "s"), **given)
    assert list(nodes) == ["driver", "supervisor", "robot_state_publisher"]
    assert "<robot" in nodes["robot_state_publisher"]["parameters"][0]["robot_description"]
    given = {"robot": "sphero", "driver": "sphero", "set": "control.rate_hz=10", "rviz": "true"}
    nodes = launched("bringup.launch.py", out=str(tmp_path / "t"), **given)
    assert list(nodes) == ["driver", "supervisor", "rviz2"], "it has no links"
    with pytest.raises(RosRlError, match="started elsewhere"):
        given = {"robot": "go2", "driver": "external", "set": "driver.backend.guard=false"}
        launched("bringup.launch.py", out=str(tmp_path / "u"), **given)
    assert not (tmp_path / "u").exists()


@pytest.mark.ros
def test_launch_restarts_and_logs_as_the_command_line_does(launch_stub, tmp_path) -> None:
    out = tmp_path / "run"
    given = {"task": "mock_point", "driver": "mock", "agent": "random", "set": "supervisor.restarts=2"}
    made = actions("train.launch.py", out=str(out), log_level="debug", record="false", **given)
    nodes = {action.options["executable"]: action.options for action in made if action.options}
    assert all(options["ros_arguments"] == ["--log-level", "debug"] for options in nodes.values())
    assert not load_settings(params_file=out / "config.yaml").collector.log
    handlers = [action.args[0].options for action in made if not action.options]
    for handler in handlers:
        name = handler["target_action"].options["executable"]
        handler["on_stdout"](types.SimpleNamespace(text=b"one\n"))
        handler["on_stderr"](types.SimpleNamespace(text=b"two\n"))
        assert (out / "logs" / f"{name}.log").read_text() == "one\ntwo\n"
    assert len(handlers) == len(nodes) == 6

    def ended(name: str, code: int) -> str | None:
        action = nodes[name]["on_exit"](types.SimpleNamespace(returncode=code), None)
        return None if action is None else action.options["reason"]

    assert [ended("driver", -9) for _ in range(2)] == [None, None]
    assert ended("driver", -9) == "driver ended with exit code -9 once too often; see logs/driver.log"
    assert ended("collector", 1) is None, "each node has restarts of its own"
    with (out / "logs" / "collector.log").open("a") as log:
        log.write("error: nothing to be done\n")
    assert ended("collector", 1) == "collector: nothing to be done", "it would fail again"


@pytest.mark.ros
def test_launch_resumes(launch_stub, tmp_path) -> None:
    pytest.importorskip("torch")
    was = tmp_path / "was"
    (was / "checkpoint").mkdir(parents=True)
    RunFolder(was).write_config(load_settings("mock_point", overrides=["agent.name=random", "seed=5"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ros_rl.nodes.learner.check_beginning", lambda settings, checkpoint: None)
        nodes = launched("train.launch.py", resume=str(was), set="learner.batch_size=8;learner.steps=400")
        assert nodes["learner"]["parameters"][1]["run.resume"] == str(was / "checkpoint")
        found = load_settings(params_file=was / "config.yaml")
        assert (found.seed, found.learner.batch_size, found.learner.steps) == (5, 8, 400)
        with pytest.raises(RosRlError, match="is a run of mock_point, not of xarm_reach"):
            launched("train.launch.py", resume=str(was), task="xarm_reach")
        with pytest.raises(RosRlError, match=f"preset:=debug has no use with resume:={was}: a run brings its own"):
            launched("train.launch.py", resume=str(was), preset="debug")
    with pytest.raises(RosRlError, match="holds no checkpoint"):
        launched("train.launch.py", resume=str(tmp_path), params_file=str(was / "config.yaml"))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({}, "agent:= is missing"),
        ({"agent": "a.onnx", "log_level": "loud"}, "log_level:=loud is none of debug, info"),
        ({"agent": "a.onnx", "rviz": "yes"}, "rviz:=yes is neither true nor false"),
        ({"agent": "a.onnx", "set": "control.rate=3"}, "control.rate"),
    ],
)
def test_wrong_launch_arguments_are_refused(launch_stub, tmp_path, given, complaint) -> None:
    with pytest.raises(RosRlError, match=complaint) as refused:
        launched("run.launch.py", task="mock_point", out=str(tmp_path / "r"), **given)
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "r").exists()


@pytest.mark.ros
@pytest.mark.parametrize(
    ("task", "displays", "file"),
    [
        ("a1_walk", {"Robot", "Plan", "Odometry"}, "legged"),
        ("xarm_reach", {"Robot", "Tool", "Goal"}, "arm"),
        ("cartpole_swingup", {"Robot"}, "cartpole"),
    ],
)
def test_rviz_is_started_on_request(launch_stub, tmp_path, task, displays, file) -> None:
    pytest.importorskip("pybullet")
    nodes = launched("train.launch.py", task=task, rviz="true", out=str(tmp_path / "r"))
    assert {"rviz2", "robot_state_publisher"} <= set(nodes)
    _, config, _, frame = nodes["rviz2"]["arguments"]
    shown = yaml.safe_load(Path(config).read_text())["Visualization Manager"]
    assert displays <= {item["Name"] for item in shown["Displays"]}
    assert Path(config).stem == file
    robot = load_settings(task).load_robot()
    assert frame == ("odom" if robot.floating_base else robot.base_frame)


@pytest.mark.parametrize("name", ["a1", "xarm6"])
def test_robot_description_has_the_joints_frames_and_meshes(name) -> None:
    pytest.importorskip("pybullet")
    robot = load_robot(name)
    root = ET.fromstring(robot_description(robot))
    joints = {joint.get("name") for joint in root.findall("joint")}
    links = [link.get("name") for link in root.findall("link")]
    assert set(robot.joints) <= joints
    assert robot.base_frame in links and len(set(links)) == len(links)
    ends = {end.get("link") for tag in ("parent", "child") for end in root.iter(tag)}
    assert ends == set(links)
    meshes = [mesh.get("filename", "") for mesh in root.iter("mesh")]
    assert meshes and all(Path(mesh.removeprefix("file://")).is_file() for mesh in meshes)
