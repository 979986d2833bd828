# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a simulated world is like, as settings: ranges from which each episode draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from ros_rl.config import group, setting
from ros_rl.errors import ConfigError, TimingError
from ros_rl.robot import POSITION, Robot
from ros_rl.settings.terrain import FLAT, KINDS, SIDE, SLIPPERY, Range, TerrainSettings, fitting_count

_KEY = "driver.backend.world"
_NOTHING: Range = (0.0, 0.0)
_WHOLE: Range = (1.0, 1.0)


@dataclass(frozen=True)
class WorldSettings:
    """What differs from the robot's model and from a flat floor; by default nothing does.

    Two values are a range, of which each episode draws one, for each joint where it is one of joints.
    """

    payload: Range = setting(_NOTHING, "mass on the trunk, or at an arm's tool", unit="kg", low=0.0, high=100.0)
    payload_place: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0), "its place, from the base's origin or the tool centre point", unit="m", low=-1.0, high=1.0
    )
    centre_shift: tuple[float, float, float] = setting(
        (0.0, 0.0, 0.0), "largest shift of the trunk's centre of mass along each axis", unit="m", low=0.0, high=0.3
    )
    motor_strength: Range = setting(_WHOLE, "share of its effort that a motor exerts", low=0.05, high=2.0)
    stiffness: Range = setting(_WHOLE, "share of its stiffness that a joint has", low=0.1, high=3.0)
    damping: Range = setting(_WHOLE, "share of its damping that a joint has", low=0.1, high=3.0)
    joint_friction: Range = setting(
        _NOTHING, "dry friction of a joint, besides its model's", unit="N m", low=0.0, high=50.0
    )
    joint_damping: Range = setting(
        _NOTHING, "viscous friction of a joint, besides its model's", unit="N m s/rad", low=0.0, high=10.0
    )
    armature: Range = setting(
        _NOTHING, "inertia of a motor's rotor, as the joint feels it (MuJoCo alone)", unit="kg m^2", low=0.0, high=1.0
    )
    restitution: Range = setting(
        _NOTHING, "share of its speed with which a foot bounces off the ground", low=0.0, high=0.9
    )
    foot_give: Range = setting(
        _NOTHING,
        "time constant in which feet push back; [0, 0]: as hard as the engine has them",
        unit="s",
        high=0.5,
        low=0.0,
    )
    latency: Range = setting(
        _NOTHING, "actuation latency inside the period, besides driver.backend.latency", unit="s", low=0.0, high=0.2
    )
    late: tuple[int, int] = setting(
        (0, 0), "control periods by which a command comes later than control.delay says, drawn for each", low=0, high=10
    )
    dropped: Range = setting(_NOTHING, "share of commands that never come: the last holds", low=0.0, high=0.9)
    push: Range = setting(
        _NOTHING, "change of the base's velocity by a push, in a random level direction", unit="m/s", low=0.0, high=5.0
    )
    push_every: Range = setting((2.0, 2.0), "time between pushes", unit="s", low=0.05, high=1000.0)
    terrain: TerrainSettings = group(TerrainSettings, "the ground")

    def __post_init__(self) -> None:
        """Refuse ranges that are upside down, and no ground at all."""
        if not self.terrain.kinds:
            raise ConfigError(f"{_KEY}.terrain.kinds is empty; allowed: any of {', '.join(KINDS)}")
        for name, (low, high) in self._ranges():
            if low > high:
                raise ConfigError(f"{_KEY}.{name} is [{low:g}, {high:g}]: its first, the lowest, is above its second")
        for name, length in (("slope", self.terrain.slope_length), ("step", self.terrain.step_length)):
            if not fitting_count(length):
                few = int(SIDE / 2 / length[1])  # one at least: none is longer than half a side
                raise ConfigError(
                    f"{_KEY}.terrain.{name}_length is [{length[0]:g}, {length[1]:g}], of which no whole number fills "
                    f"{SIDE / 2:g} m; lengths of {SIDE / 2 / (few + 1):.3g} and {SIDE / 2 / few:.3g} m do"
                )

    def _ranges(self) -> Iterator[tuple[str, Range]]:
        for group_, prefix in ((self, ""), (self.terrain, "terrain.")):
            for item in fields(group_):
                value = getattr(group_, item.name)
                if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], str):
                    yield prefix + item.name, value

    @property
    def moves_mass(self) -> bool:
        """Whether a payload or a shift makes the robot's inertia another in each episode."""
        return self.payload != _NOTHING or any(self.centre_shift)

    def check_timing(self, physics_rate_hz: float) -> None:
        """Refuse feet that give way in less time than two physics steps, which no engine can follow.

        Raises:
            TimingError: Naming both.
        """
        shortest = 2.0 / physics_rate_hz
        if self.foot_give != _NOTHING and self.foot_give[0] < shortest - 1e-9:
            raise TimingError(
                f"{_KEY}.foot_give {self.foot_give[0]:g} s is below two physics steps, {shortest:g} s "
                f"(driver.backend.physics_rate_hz {physics_rate_hz:g})"
            )

    def check_robot(self, robot: Robot) -> None:
        """Refuse what a robot cannot have.

        Raises:
            ConfigError: Naming the setting and what the robot lacks.
        """
        assert robot.simulation is not None  # see `PhysicsSettings.check_robot`
        tool, feet = robot.simulation.tool_link is not None, bool(robot.simulation.feet)
        refused = {
            "payload": (_NOTHING, robot.floating_base or tool, "no floating base and no tool to carry it"),
            "centre_shift": ((0.0,) * 3, robot.floating_base, "no floating base"),
            "push": (_NOTHING, robot.floating_base, "no floating base"),
            "stiffness": (_WHOLE, POSITION in robot.interfaces, "no joint with position commands"),
            "damping": (_WHOLE, POSITION in robot.interfaces, "no joint with position commands"),
            "restitution": (_NOTHING, feet, "no feet"),
            "foot_give": (_NOTHING, feet, "no feet"),
        }
        for name, (default, possible, lacks) in refused.items():
            value = getattr(self, name)
            if value != default and not possible:
                raise ConfigError(
                    f"{_KEY}.{name} is {list(value)}, but robot '{robot.name}' has {lacks}; allowed: {list(default)}"
                )
        kinds = self.terrain.kinds
        if (self.terrain.varies and not robot.floating_base) or (SLIPPERY in kinds and not feet):
            lacks = "no feet" if robot.floating_base else "no floating base"
            raise ConfigError(
                f"{_KEY}.terrain.kinds is {list(kinds)}, but robot '{robot.name}' has {lacks}; allowed: ['{FLAT}']"
            )
