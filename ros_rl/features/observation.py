# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot task's observation: which sensors it needs, its layout, and how a tick gives it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ros_rl.commands import CommandMap, JointCommands
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.features.feature import Bounds
from ros_rl.features.pictures import Pictures
from ros_rl.features.table import FEATURES
from ros_rl.layout import LAST_ACTION, PENDING_ACTIONS, Field, Layout
from ros_rl.robot import Robot
from ros_rl.sensors.table import SENSORS, check_sensors
from ros_rl.types import Array, Image, Tick
from ros_rl.wire import first_beyond


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
        if name in FEATURES and FEATURES[name].of_legs and not robot.legs:
            raise ConfigError(
                f"observation field '{name}' is of legs, and the file of robot '{robot.name}' has no 'legs'"
            )
        if name in FEATURES and FEATURES[name].of_gripper and robot.gripper is None:
            raise ConfigError(
                f"observation field '{name}' is of a gripper, and the file of robot '{robot.name}' has no 'gripper'"
            )
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
        commands: What actions are; None: the robot's own.
        pictures: Images beside it; None: there are none.
        judged: Fields that reward and termination read; None: those of the observation.

    Raises:
        UnknownNameError: A name is not in `FEATURES`.
    """

    def __init__(
        self,
        robot: Robot,
        names: Sequence[str],
        delay: int,
        commands: CommandMap | None = None,
        pictures: Pictures | None = None,
        judged: Sequence[str] | None = None,
    ) -> None:
        for name in names:
            if name not in FEATURES:
                raise UnknownNameError("observation field", name, FEATURES)
        ordered = sorted(names, key=lambda name: FEATURES[name].kind == "goal")
        self._features = {name: FEATURES[name] for name in ordered}
        fields = [
            Field(name, (FEATURES[name].size(robot),), FEATURES[name].unit, FEATURES[name].scale, FEATURES[name].kind)
            for name in ordered
        ]
        self.robot, self.map = robot, commands or JointCommands(robot)
        shown = self.map.shown_size
        fields.append(Field(LAST_ACTION, (shown,), "1", 1.0, "action"))
        fields.append(Field(PENDING_ACTIONS, (delay * shown,), "1", 1.0, "action"))
        coupling = None if robot.coupling is None else robot.coupling.describe()
        own = self.map.actions, self.map.choices
        self._pictures = pictures
        fields += pictures.fields if pictures is not None else ()
        same = judged is None or tuple(judged) == tuple(names)
        self.judged: ObservationSpec = self if same else ObservationSpec(robot, judged or (), delay, self.map)
        """Of the fields by which the task judges; the agent may see fewer of them, or others."""
        super().__init__(robot.name, own[0], fields, delay, own[1], coupling, self.map.describe())

    def observe(self, tick: Tick) -> Array:
        """The flat observation of a tick, shape (size,).

        Raises:
            ConfigError: The tick does not hold what a field needs, or a value is not finite.
        """
        values, actions = [], self.map.seen(tick)
        for item in self.fields:
            if item.name == LAST_ACTION:
                value = actions[0]
            elif item.name == PENDING_ACTIONS:
                value = actions[1:].reshape(-1)
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

    def look(self, tick: Tick) -> Mapping[str, Image]:
        """The images of a tick, by name.

        Raises:
            ConfigError: The tick does not hold one.
        """
        return {} if self._pictures is None else self._pictures(tick)

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
            low, high = self.map.bounds()
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
        of_actions = self.map.mirror if self.commands else self.robot.action_mirror
        if of_actions is None or self.images:
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
            found = of_actions if item.kind == "action" else self.robot.mirror
            if found is None or item.size % len(found[0]):
                return None
            images, signs = found
            for block in range(start, start + item.size, len(images)):
                index += [block + image for image in images]
                sign += signs.tolist()
        return index, np.array(sign)

    @property
    def mirrored_choices(self) -> tuple[int, ...]:
        """See `Layout.mirrored_choices`."""
        return self.map.mirrored_choices


def _at(tick: Tick) -> str:
    return f", in step {tick.step} of episode {tick.episode}"
