# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields: what each is, how big, in which unit, and how a tick gives it.

An observation is the task's state fields, then its goal fields, then the last action and the pending actions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.plugins import FEATURES_GROUP, Table
from ros_rl.robot import Robot
from ros_rl.rotations import quaternion_to_matrix, rotation_columns, yaw_matrix, yaw_of
from ros_rl.sensors.inputs import GOAL_PLANAR, TOOL_VELOCITY_COMMAND, WAYPOINTS
from ros_rl.sensors.sensor import IN_BASE, IN_ODOMETRY
from ros_rl.sensors.table import SENSORS, check_sensors
from ros_rl.sensors.task_input import TaskInput
from ros_rl.types import Array, Tick
from ros_rl.wire import first_beyond

Bounds = tuple[Array, Array]
"""Smallest and largest values of a field."""

IN_EPISODE = "episode's start"
"""Frame in words: the odometry frame, moved and turned to where the base was when the episode began."""


@dataclass(frozen=True)
class Feature:
    """One observation field of robots; other packages add theirs by the entry point group ``ros_rl.features``.

    Attributes:
        unit: SI unit.
        scale: Factor that brings its usual range near [-1, 1].
        size: Number of values, for a robot.
        compute: The values of a tick, shape (size,).
        sensors: What it reads; a robot without them is refused.
        input: The task's input that it shows (`ros_rl.sensors.inputs`), which makes it a goal; empty for a state.
        mirror: Signs of the values in the left-right mirror image, repeated where there are more; None: it is per
            joint, and the robot says, or it has no such image.
        mirror_order: For each value the index of the one that it is the image of; None: its own.
        bounds: Smallest and largest values that a robot whose guards are quiet can have, noise included, each of shape
            (size,); None: nobody knows.
        as_asked: Whether a goal is the very values of its input, whose bounds are then its own.
        of_links: Whether it is per contact link, and the robot says what is whose mirror image.
        meaning: What its values are, in one line.
        frame: Frame that they are given in; empty where they are in none.
    """

    unit: str
    scale: float
    size: Callable[[Robot], int]
    compute: Callable[[Tick, Robot], Array]
    sensors: tuple[str, ...] = ()
    input: str = ""
    mirror: tuple[float, ...] | None = None
    mirror_order: tuple[int, ...] | None = None
    bounds: Callable[[Robot], Bounds] | None = None
    as_asked: bool = field(default=True, kw_only=True)
    of_links: bool = field(default=False, kw_only=True)
    meaning: str = field(default="", kw_only=True)
    frame: str = field(default="", kw_only=True)

    @property
    def kind(self) -> str:
        """See `ros_rl.layout.Field`."""
        return "goal" if self.input else "state"


def _measured(sensor: str) -> Callable[[Tick, Robot], Array]:
    return lambda tick, robot: tick.measurement[sensor]


def _asked(name: str) -> Callable[[Tick, Robot], Array]:
    return lambda tick, robot: tick.inputs[name]


def _joint_position(tick: Tick, robot: Robot) -> Array:
    return tick.measurement["joint_position"] - robot.home


def _base_velocity(tick: Tick, robot: Robot) -> Array:
    m = tick.measurement
    rotation = yaw_matrix(-tick.origin[2]) @ quaternion_to_matrix(m["base_orientation"])
    return rotation @ m["base_linear_velocity"]


def _gravity(tick: Tick, robot: Robot) -> Array:
    measured = tick.measurement["imu_orientation"]
    return -quaternion_to_matrix(measured / (np.linalg.norm(measured) or 1.0))[2]


def _heading(tick: Tick, robot: Robot) -> Array:
    yaw = yaw_of(tick.measurement["base_orientation"]) - tick.origin[2]
    return np.array([np.sin(yaw), np.cos(yaw)])


def _in_episode(points: Array, tick: Tick) -> Array:
    """Points of the odometry frame, shape (..., 2), seen from where the episode began, x along its starting heading."""
    c, s = np.cos(tick.origin[2]), np.sin(tick.origin[2])
    return (points - tick.origin[:2]) @ np.array([[c, -s], [s, c]])


def input_feature(name: str, item: TaskInput, scale: float = 1.0, mirror: tuple[float, ...] | None = None) -> Feature:
    """The field that shows an input as it is asked for.

    Args:
        name: Of the input.
        item: The input.
        scale: See `Feature`.
        mirror: See `Feature`.
    """

    def size(robot: Robot) -> int:
        return math.prod(item.shape_of(robot))

    return Feature(
        item.unit, scale, size, _asked(name), input=name, mirror=mirror, meaning=item.meaning, frame=item.frame
    )


def planar_feature(name: str, item: TaskInput, scale: float = 0.5) -> Feature:
    """The field that shows points on the ground, x and y of each, which are asked for in the odometry frame.

    Args:
        name: Of the input.
        item: The input.
        scale: See `Feature`.
    """

    def compute(tick: Tick, robot: Robot) -> Array:
        return _in_episode(tick.inputs[name].reshape(-1, 2), tick).reshape(-1)

    shown = input_feature(name, item, scale, mirror=(1, -1))
    return replace(shown, compute=compute, as_asked=False, frame=IN_EPISODE)


def _columns(quaternions: Array) -> Array:
    return np.concatenate([rotation_columns(quaternion) for quaternion in quaternions.reshape(-1, 4)])


def _contact(tick: Tick, robot: Robot) -> Array:
    return (tick.measurement["contact_force"] >= robot.contact_threshold).astype(np.float64)


def _object_planar(tick: Tick, robot: Robot) -> Array:
    m = tick.measurement
    places = m["object_position"].reshape(-1, 3) @ quaternion_to_matrix(m["base_orientation"]).T
    return _in_episode((places + m["base_position"])[:, :2], tick).reshape(-1)


def _goal_joint_position(tick: Tick, robot: Robot) -> Array:
    return tick.inputs["goal_joint_position"] - robot.home


def _base_position(tick: Tick, robot: Robot) -> Array:
    return _in_episode(tick.measurement["base_position"][:2], tick)


def _goal_heading(tick: Tick, robot: Robot) -> Array:
    yaw = tick.inputs["goal_heading"] - tick.origin[2]
    return np.concatenate([np.sin(yaw), np.cos(yaw)])


def _base_height(tick: Tick, robot: Robot) -> Array:
    return tick.measurement["base_position"][2:3]


def _passive_position(tick: Tick, robot: Robot) -> Array:
    return tick.measurement["passive_position"] - robot.passive_home


def _passive_direction(tick: Tick, robot: Robot) -> Array:
    angle = tick.measurement["passive_position"]
    return np.concatenate([np.sin(angle), np.cos(angle)])


def _guarded_position(robot: Robot) -> Bounds:
    limits, margin = robot.limits, robot.safety.joint_margin
    return limits.lower - margin - robot.home, limits.upper + margin - robot.home


def _guarded_velocity(robot: Robot) -> Bounds:
    most = robot.safety.velocity * robot.limits.velocity
    return -most, most


def _unit(size: Callable[[Robot], int]) -> Callable[[Robot], Bounds]:
    """Of sines, cosines and other parts of unit vectors."""
    return lambda robot: (np.full(size(robot), -1.0), np.ones(size(robot)))


def _joints(robot: Robot) -> int:
    return robot.size


def _passives(robot: Robot) -> int:
    return len(robot.passive)


def _links(robot: Robot) -> int:
    return len(robot.contact_links)


def _per_object(size: int) -> Callable[[Robot], int]:
    return lambda robot: size * len(robot.objects)


def _two(robot: Robot) -> int:
    return 2


def _three(robot: Robot) -> int:
    return 3


def _twice_passive(robot: Robot) -> int:
    return 2 * len(robot.passive)


def _six(robot: Robot) -> int:
    return 6


_MIRRORED_COLUMNS = (1, -1, 1, -1, 1, -1)
"""Of a rotation, whose mirror image is that of a frame that itself is left-right symmetric."""

FEATURES: Table[Feature] = Table(
    FEATURES_GROUP,
    {
        "joint_position": Feature(
            "rad",
            1.0,
            _joints,
            _joint_position,
            ("joint_position",),
            bounds=_guarded_position,
            meaning="of the commanded joints, relative to home",
        ),
        "joint_velocity": Feature(
            "rad/s",
            0.1,
            _joints,
            _measured("joint_velocity"),
            ("joint_velocity",),
            bounds=_guarded_velocity,
            meaning="of the commanded joints",
        ),
        "joint_effort": Feature(
            "N m or N",
            0.05,
            _joints,
            _measured("joint_effort"),
            ("joint_effort",),
            meaning="torque or force of the commanded joints' motors",
        ),
        "passive_direction": Feature(
            "1",
            1.0,
            _twice_passive,
            _passive_direction,
            ("passive_position",),
            bounds=_unit(_twice_passive),
            meaning="of the joints that nobody commands and that may turn freely: sines of all angles, then cosines",
        ),
        "passive_position": Feature(
            "rad or m",
            1.0,
            _passives,
            _passive_position,
            ("passive_position",),
            meaning="of the joints that nobody commands, relative to home",
        ),
        "passive_velocity": Feature(
            "rad/s",
            0.1,
            _passives,
            _measured("passive_velocity"),
            ("passive_velocity",),
            meaning="of the joints that nobody commands",
        ),
        "gravity": Feature(
            "1",
            1.0,
            _three,
            _gravity,
            ("imu_orientation",),
            mirror=(1, -1, 1),
            bounds=_unit(_three),
            meaning="direction of gravity; (0, 0, -1) when level",
            frame="body",
        ),
        "angular_velocity": Feature(
            "rad/s",
            0.25,
            _three,
            _measured("imu_angular_velocity"),
            ("imu_angular_velocity",),
            mirror=(-1, 1, -1),
            meaning="of the body",
            frame="body",
        ),
        "base_velocity": Feature(
            "m/s",
            1.0,
            _three,
            _base_velocity,
            ("base_orientation", "base_linear_velocity"),
            mirror=(1, -1, 1),
            meaning="of the base, mean over the last period",
            frame=IN_EPISODE,
        ),
        "heading": Feature(
            "1",
            1.0,
            _two,
            _heading,
            ("base_orientation",),
            mirror=(-1, 1),
            bounds=_unit(_two),
            meaning="sine and cosine of the base's yaw",
            frame=IN_EPISODE,
        ),
        "base_position": Feature(
            "m",
            0.5,
            _two,
            _base_position,
            ("base_position",),
            mirror=(1, -1),
            meaning="x and y of the base",
            frame=IN_EPISODE,
        ),
        "base_height": Feature(
            "m",
            3.0,
            lambda robot: 1,
            _base_height,
            ("base_position",),
            mirror=(1,),
            meaning="height of the base",
            frame=IN_ODOMETRY,
        ),
        "tool_position": Feature(
            "m",
            2.0,
            _three,
            _measured("tool_position"),
            ("tool_position",),
            mirror=(1, -1, 1),
            meaning="tool centre point",
            frame=IN_BASE,
        ),
        "tool_orientation": Feature(
            "1",
            1.0,
            _six,
            lambda tick, robot: rotation_columns(tick.measurement["tool_orientation"]),
            ("tool_orientation",),
            mirror=_MIRRORED_COLUMNS,
            meaning="x and y axis of the tool: the first two columns of its rotation matrix",
            frame=IN_BASE,
        ),
        "tool_velocity": Feature(
            "m/s",
            1.0,
            _three,
            _measured("tool_velocity"),
            ("tool_velocity",),
            mirror=(1, -1, 1),
            meaning="of the tool centre point, relative to the base",
            frame=IN_BASE,
        ),
        "contact_force": Feature(
            "N",
            0.02,
            _links,
            _measured("contact_force"),
            ("contact_force",),
            of_links=True,
            meaning="normal force on each of the robot's contact_links",
        ),
        "contact": Feature(
            "1",
            1.0,
            _links,
            _contact,
            ("contact_force",),
            bounds=lambda robot: (np.zeros(_links(robot)), np.ones(_links(robot))),
            of_links=True,
            meaning="1 for each of the robot's contact_links that touches something by its contact_threshold, else 0",
        ),
        "object_position": Feature(
            "m",
            2.0,
            _per_object(3),
            _measured("object_position"),
            ("object_position",),
            mirror=(1, -1, 1),
            meaning="of the task's objects, one after the other",
            frame=IN_BASE,
        ),
        "object_orientation": Feature(
            "1",
            1.0,
            _per_object(6),
            lambda tick, robot: _columns(tick.measurement["object_orientation"]),
            ("object_orientation",),
            mirror=_MIRRORED_COLUMNS,
            meaning="x and y axis of each of the task's objects",
            frame=IN_BASE,
        ),
        "object_velocity": Feature(
            "m/s",
            1.0,
            _per_object(3),
            _measured("object_velocity"),
            ("object_velocity",),
            mirror=(1, -1, 1),
            meaning="of the task's objects, relative to the world",
            frame=IN_BASE,
        ),
        "object_planar": Feature(
            "m",
            0.5,
            _per_object(2),
            _object_planar,
            ("object_position", "base_position", "base_orientation"),
            mirror=(1, -1),
            meaning="x and y of the task's objects, one after the other",
            frame=IN_EPISODE,
        ),
        "goal_position": Feature(
            "m",
            2.0,
            _three,
            _asked("goal_position"),
            input="goal_position",
            mirror=(1, -1, 1),
            meaning="where the tool, or an object, is to be",
            frame=IN_BASE,
        ),
        "goal_orientation": Feature(
            "1",
            1.0,
            _six,
            lambda tick, robot: rotation_columns(tick.inputs["goal_orientation"]),
            input="goal_orientation",
            bounds=_unit(_six),
            as_asked=False,
            mirror=_MIRRORED_COLUMNS,
            meaning="x and y axis that the tool is to have",
            frame=IN_BASE,
        ),
        "goal_joint_position": Feature(
            "rad or m",
            1.0,
            _joints,
            _goal_joint_position,
            input="goal_joint_position",
            as_asked=False,
            meaning="of the commanded joints, relative to home",
        ),
        "goal_planar": planar_feature("goal_planar", GOAL_PLANAR),
        "waypoints": planar_feature("waypoints", WAYPOINTS),
        "goal_heading": Feature(
            "1",
            1.0,
            _two,
            _goal_heading,
            input="goal_heading",
            bounds=_unit(_two),
            as_asked=False,
            mirror=(-1, 1),
            meaning="sine and cosine of the yaw that the base is to have",
            frame=IN_EPISODE,
        ),
        "tool_velocity_command": input_feature("tool_velocity_command", TOOL_VELOCITY_COMMAND, mirror=(1, -1, 1)),
        "velocity_command": Feature(
            "m/s and rad/s",
            1.0,
            _three,
            _asked("velocity_command"),
            input="velocity_command",
            mirror=(1, -1, -1),
            meaning="velocity forward and to the left [m/s], turning to the left [rad/s]",
            frame=IN_BASE,
        ),
    },
)


def equipped(robot: Robot, names: Sequence[str], objects: Sequence[str] = ()) -> Robot:
    """The robot with those of its optional sensors, and of the sensors of objects, that an observation needs.

    Args:
        robot: As its file describes it.
        names: Observation fields.
        objects: Movable bodies of the scene, as the task names them.
    """
    needed = {sensor for name in names if name in FEATURES for sensor in FEATURES[name].sensors} - {*robot.sensors}
    optional = {*robot.optional_sensors, *(name for name, sensor in SENSORS.items() if sensor.of_objects and objects)}
    more = [name for name in SENSORS if name in needed & optional]
    return replace(robot, sensors=(*robot.sensors, *more), objects=tuple(objects))


def check_robot(robot: Robot, names: Sequence[str]) -> None:
    """Refuse a robot that cannot give an observation.

    Raises:
        UnknownNameError: It lists a sensor that does not exist.
        ConfigError: Naming the field and the sensor that the robot lacks.
    """
    check_sensors(robot)
    for name in names:
        for sensor in FEATURES[name].sensors if name in FEATURES else ():
            if sensor in SENSORS and SENSORS[sensor].of_objects and not robot.objects:
                raise ConfigError(f"observation field '{name}' is of objects, and the task names none: its `objects`")
            if sensor not in robot.sensors:
                raise ConfigError(
                    f"robot '{robot.name}' has no sensor '{sensor}', which observation field '{name}' needs"
                )


class ObservationSpec(Layout):
    """Layout of a robot task's flat observation: state, goal, last action, pending actions.

    Args:
        robot: The robot.
        names: State and goal fields, in any order; the layout puts states first.
        delay: Number of pending actions.

    Raises:
        UnknownNameError: A name is not in `FEATURES`.
    """

    def __init__(self, robot: Robot, names: Sequence[str], delay: int) -> None:
        for name in names:
            if name not in FEATURES:
                raise UnknownNameError("observation field", name, FEATURES)
        ordered = sorted(names, key=lambda name: FEATURES[name].kind == "goal")
        self._features = {name: FEATURES[name] for name in ordered}
        fields = [
            Field(name, (FEATURES[name].size(robot),), FEATURES[name].unit, FEATURES[name].scale, FEATURES[name].kind)
            for name in ordered
        ]
        fields.append(Field(LAST_ACTION, (robot.action_size,), "1", 1.0, "action"))
        fields.append(Field(PENDING_ACTIONS, (delay * robot.action_size,), "1", 1.0, "action"))
        coupling = None if robot.coupling is None else robot.coupling.describe()
        super().__init__(robot.name, robot.actions, fields, delay, coupling=coupling)
        self.robot = robot

    def observe(self, tick: Tick) -> Array:
        """The flat observation of a tick, shape (size,).

        Raises:
            ConfigError: The tick does not hold what a field needs, or a value is not finite.
        """
        values = []
        for item in self.fields:
            if item.name == LAST_ACTION:
                value = self.robot.action(tick.previous_command)
            elif item.name == PENDING_ACTIONS:
                value = self.robot.action(tick.pending_commands).reshape(-1)
            else:
                value = self._compute(item.name, tick)
            if value.shape != (item.size,):
                raise ConfigError(
                    f"observation field '{item.name}' has shape {value.shape}, expected ({item.size},){_at(tick)}"
                )
            if not np.isfinite(value).all():
                raise ConfigError(f"observation field '{item.name}' is not finite: {first_beyond(value)}{_at(tick)}")
            values.append(value)
        return np.concatenate(values)

    def _compute(self, name: str, tick: Tick) -> Array:
        try:
            return self._features[name].compute(tick, self.robot)
        except KeyError as error:
            raise ConfigError(
                f"observation field '{name}' needs {error}, which the tick does not hold{_at(tick)}"
            ) from None

    def bounds(self, inputs: Mapping[str, Bounds]) -> Bounds:
        """Smallest and largest values of flat observations while no guard trips, each of shape (size,).

        Args:
            inputs: Those of the task's inputs, by name, where they are known.
        """
        parts = [self._bounds_of(item, inputs) for item in self.fields]
        low, high = (np.concatenate(side) for side in zip(*parts, strict=True))
        return low, high

    def _bounds_of(self, item: Field, inputs: Mapping[str, Bounds]) -> Bounds:
        if item.kind == "action":  # what acts is what the driver's filter lets through
            low, high = self.robot.action_bounds()
            count = item.size // low.size
            return np.tile(low, count), np.tile(high, count)
        feature = self._features[item.name]
        if feature.as_asked and feature.input in inputs:
            return inputs[feature.input]
        if feature.bounds is not None:
            return feature.bounds(self.robot)
        return np.full(item.size, -np.inf), np.full(item.size, np.inf)

    def mirror(self) -> tuple[list[int], Array] | None:
        """See `Layout.mirror`; by the robot's own symmetry. Not with images: a mirrored camera sees another room."""
        of_actions, of_joints = self.robot.action_mirror, self.robot.mirror
        if of_actions is None or of_joints is None or self.images:
            return None
        index: list[int] = []
        sign: list[float] = []
        for item in self.fields:
            feature = self._features.get(item.name)
            start = self.slices[item.name].start
            if feature is not None and feature.of_links:
                if self.robot.contact_mirror is None:
                    return None
                index += [start + image for image in self.robot.contact_mirror]
                sign += [1.0] * item.size
                continue
            if feature is not None and feature.mirror is not None:
                index += [start + image for image in feature.mirror_order or range(item.size)]
                sign += [*feature.mirror] * (item.size // len(feature.mirror))
                continue
            images, signs = of_actions if item.kind == "action" else of_joints
            if item.size % len(images):
                return None
            for block in range(start, start + item.size, len(images)):
                index += [block + image for image in images]
                sign += signs.tolist()
        return index, np.array(sign)


def _at(tick: Tick) -> str:
    return f", in step {tick.step} of episode {tick.episode}"
