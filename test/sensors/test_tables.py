# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The tables of sensors and of task inputs: complete, and strict about what does not fit."""

from dataclasses import fields, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ros_rl.errors import CommandError, ConfigError, UnknownNameError
from ros_rl.features import FEATURES
from ros_rl.plugins import Table
from ros_rl.robot import load_robot, robot_names
from ros_rl.sensors.inputs import INPUTS, check_input
from ros_rl.sensors.sensor import Sensor, Topic
from ros_rl.sensors.table import SENSORS, check_measurement, check_sensors, sensors_by_topic
from ros_rl.settings.sensors import NoiseSettings
from ros_rl.tasks import OWN_TASKS
from ros_rl.types import Measurement

A1, ARM, CARTPOLE = load_robot("a1"), load_robot("xarm6"), load_robot("cartpole")
IMU = Topic("imu/data", "sensor_msgs/msg/Imu")


def three(robot: Any) -> tuple[int, ...]:
    return (3,)


class TestSensors:
    @pytest.mark.parametrize("name", robot_names())
    def test_every_robot_that_ships_fits_the_table(self, name):
        robot = load_robot(name)
        check_sensors(robot)
        assert {sensor for group in sensors_by_topic(robot).values() for sensor in group} == set(robot.sensors)

    def test_noise_has_a_setting(self):
        known = {item.name for item in fields(NoiseSettings)}
        assert {sensor.noise.setting for sensor in SENSORS.values() if sensor.noise} == known

    def test_fields_read_what_there_is(self):
        assert {sensor for feature in FEATURES.values() for sensor in feature.sensors} <= set(SENSORS)
        remembered = {name for task in OWN_TASKS.values() for name in task.memory}
        assert {feature.input for feature in FEATURES.values()} == {"", *INPUTS} - remembered

    def test_a_sensor_of_another_name_is_refused(self):
        with pytest.raises(UnknownNameError, match="unknown sensor of robot 'xarm6' 'smell'; valid: base_linear"):
            check_sensors(replace(ARM, sensors=("joint_position", "smell")))

    def test_joints_must_be_measured(self):
        with pytest.raises(ConfigError, match="'xarm6' has no sensor 'joint_position', which its joints need"):
            check_sensors(replace(ARM, sensors=("joint_velocity",)))
        with pytest.raises(ConfigError, match="'cartpole' has no sensor 'passive_velocity'"):
            check_sensors(replace(CARTPOLE, sensors=("joint_position", "passive_position")))

    def test_two_kinds_of_message_on_one_topic_are_refused(self, monkeypatch):
        monkeypatch.setitem(SENSORS, "other", Sensor("1", three, Topic("odom")))
        with pytest.raises(ConfigError, match="sensors of robot 'a1' want topic 'odom' for different messages"):
            check_sensors(replace(A1, sensors=(*A1.sensors, "other")))

    def test_half_a_conversion_is_refused(self):
        with pytest.raises(ConfigError, match="topic 'imu/data' of sensor_msgs/msg/Imu takes a write and a read"):
            Sensor("1", three, IMU, write=lambda message, value, robot: None)
        with pytest.raises(ConfigError, match="takes neither a write nor a read conversion"):
            Sensor("1", three, Topic("vectors"), read=lambda message, robot: None)


def pose(frame: str) -> SimpleNamespace:
    position = SimpleNamespace(x=0.1, y=-0.2, z=0.3)
    return SimpleNamespace(header=SimpleNamespace(frame_id=frame), pose=SimpleNamespace(position=position))


class TestInputs:
    def test_a_goal_is_a_point_in_the_base_frame(self):
        np.testing.assert_array_equal(INPUTS["goal_position"].read(pose("link_base"), ARM), [0.1, -0.2, 0.3])

    @pytest.mark.parametrize("frame", ["", "map", "base_link"])
    def test_a_goal_in_another_frame_is_refused_with_both_frames(self, frame):
        with pytest.raises(CommandError, match=f"^it is in frame '{frame}', allowed: 'link_base', the base of xarm6$"):
            INPUTS["goal_position"].read(pose(frame), ARM)

    @pytest.mark.parametrize(
        ("name", "value", "complaint"),
        [
            ("velocity_command", np.zeros(3), "the task has no input 'velocity_command'; it has: goal_position"),
            ("goal_position", np.zeros(2), r"goal_position has shape \(2,\), expected \(3,\)"),
            ("goal_position", np.array([0.0, np.inf, 0.0]), "goal_position is not finite"),
        ],
    )
    def test_what_the_task_cannot_be_asked_for(self, name, value, complaint):
        with pytest.raises(CommandError, match=complaint):
            check_input(name, value, ("goal_position",), ARM)


@pytest.mark.parametrize("table", [SENSORS, INPUTS, FEATURES], ids=["sensors", "inputs", "features"])
def test_every_row_says_in_one_line_what_it_is(table):
    meanings = {name: row.meaning for name, row in table.items()}
    assert [name for name, meaning in meanings.items() if not meaning or "\n" in meaning] == []


def test_a_plugin_may_not_take_a_name_that_is_taken(monkeypatch, caplog):
    monkeypatch.setattr("ros_rl.plugins.load_plugins", lambda group: ({"odd": 1, "own": 2}, {}))
    assert dict(Table("some.group", {"even": 0})) == {"even": 0, "odd": 1, "own": 2}
    assert dict(Table("some.group", {"own": 0})) == {"own": 0, "odd": 1}
    assert "entry point own of some.group has a name that ros_rl itself gives: it is left out" in caplog.text
    assert Table("some.group", {"own": 0}).problems == {
        "own": "entry point own of some.group has a name that ros_rl itself gives"
    }


def test_a_measurement_of_another_shape_is_told() -> None:
    """One number would be taken for that of every joint."""
    robot = load_robot("mock")
    good = Measurement({name: np.zeros(SENSORS[name].shape(robot)) for name in robot.sensors})
    assert check_measurement(robot, good) is None
    bad = Measurement(good | {"joint_position": np.zeros(1)})
    assert check_measurement(robot, bad) == "joint_position has shape (1,), expected (2,)"
