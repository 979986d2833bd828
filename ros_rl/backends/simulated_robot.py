# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot in a physics engine, whichever: episodes, commands over a period, noise and truth are the same in all."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ros_rl.backends.backend import Scenario, Simulator, Truth
from ros_rl.backends.engine import Contacts, Engine
from ros_rl.backends.instant import Instant
from ros_rl.backends.sensor_noise import add_noise, is_silent
from ros_rl.backends.simulated_odometry import SimulatedOdometry
from ros_rl.backends.starts import drawn_place
from ros_rl.backends.target_ramp import TargetRamp
from ros_rl.backends.world.conditions import Conditions, draw_conditions
from ros_rl.backends.world.ground import Ground
from ros_rl.backends.world.late_commands import LateCommands
from ros_rl.backends.world.pushes import Pushes
from ros_rl.backends.world.terrain import draw_terrain
from ros_rl.cameras.feed import Feed
from ros_rl.robot import Robot
from ros_rl.rotations import yaw_of
from ros_rl.settings.sensors import ESTIMATED
from ros_rl.settings.simulators.physics import PhysicsSettings
from ros_rl.types import Array, Measurement, Start

_SETTLE = 4  # control periods in which a floating base comes to stand on the ground
_WORLD = 0x3017  # apart from the noise's seeds
_FALLS = 0.3  # s, in which it comes to stand on ground that is lower under some feet
_UNTANGLING = (
    50  # tries; of an A1's poses anywhere in its joints' ranges one in five has a leg in another or in the trunk
)
_FALL = 16  # control periods in which a robot drops there limply before


class SimulatedRobot(Simulator, Engine):
    """One robot in a scene. What happens after a reset depends on the seed, the reset's `rng` and the commands only.

    Args:
        robot: What to load; its YAML's `simulation` section names the URDF and what differs there.
        settings: Physics, friction, noise.
        period: Control period [s].
        scenario: What is around it.
    """

    def __init__(self, robot: Robot, settings: PhysicsSettings, period: float, scenario: Scenario) -> None:
        super().__init__(robot)
        self._robot, self._physics, self._period = robot, settings, period
        self._seed, self._track = scenario.seed, scenario.track_contacts
        self._start = scenario.start if robot.floating_base else Start.HOME
        self._noise, self._noise_rng = settings.sensor_noise(), np.random.default_rng(scenario.seed)
        self._silent = is_silent(robot.sensors, self._noise)
        rate = settings.physics_rate_hz
        self._ramp = TargetRamp(robot.command_ramp, settings.latency, rate, round(period * rate), robot.neutral_command)
        self._before: Instant | None = None
        self._newest: Instant | None = None
        self._odometry: SimulatedOdometry | None = None
        if settings.odometry == ESTIMATED:
            self._odometry = SimulatedOdometry(robot, settings.odometry_sensors, rate, period)
        self._feed = Feed(robot, settings.frames, self.look)
        self._saturated = 0.0
        self._ground: Ground | None = None
        self._friction = 1.0
        self._pushes, self._late = Pushes(settings.world, period), LateCommands(settings.world)

    def begin(self, rng: np.random.Generator) -> Measurement:
        """Home pose with a little noise, or fallen as the scenario says; foot friction drawn anew."""
        robot, settings, noise = self._robot, self._physics, self._physics.reset_noise
        self.displaced()
        place = drawn_place(self._start, robot, noise, rng)
        passive = robot.passive_home + rng.uniform(-noise, noise, len(robot.passive))
        conditions, world_rng = self._draw(rng)
        if settings.world.terrain.varies:
            self._ground = Ground(draw_terrain(settings.world.terrain, world_rng))
            self._lay(self._ground)
            place = self._ground.stand(place)
        self.place(place, passive, conditions, rng)
        if self._start is Start.FALLEN:
            for _ in range(_UNTANGLING):
                if not self.entangled:
                    break
                place = replace(place, joints=drawn_place(self._start, robot, noise, rng).joints)
                self.place(place, passive, conditions, rng)
        drawn = int(rng.integers(2**31))
        self._noise_rng = np.random.default_rng([self._seed, drawn])
        if self._odometry is not None:
            self._odometry.begin(np.random.default_rng([self._seed, drawn, 1]))
        self._feed.begin(np.random.default_rng([self._seed, drawn, 2]))
        self._pushes.begin(np.random.default_rng([self._seed, drawn, 3]))
        self._late.begin(np.random.default_rng([self._seed, drawn, 4]))
        self._ramp.reset()
        if robot.floating_base:
            held = robot.neutral_command
            if self._start is not Start.HOME:
                for _ in range(_FALL):
                    self._relax()
                held = robot.holding(self.now(None).joints[0])
            falls = 0.0 if self._ground is None else _FALLS
            for _ in range(max(_SETTLE, round(falls / self._period))):
                self._advance(held, held)
        self._before = None
        return self._measure()

    def redraw(self, rng: np.random.Generator) -> None:
        """See `Simulator.redraw`: all but the ground, a payload, where the mass is, and cameras."""
        self.condition(self._draw(rng)[0])
        drawn = int(rng.integers(2**31))
        if self._odometry is not None:
            self._odometry.redraw(np.random.default_rng([self._seed, drawn, 1]))
        self._pushes.begin(np.random.default_rng([self._seed, drawn, 3]))
        self._late.redraw(np.random.default_rng([self._seed, drawn, 4]))

    def _draw(self, rng: np.random.Generator) -> tuple[Conditions, np.random.Generator]:
        """Conditions of the episode that begins, whose latency holds from now on, and what draws more of its world."""
        settings = self._physics
        self._friction = rng.uniform(settings.friction_low, settings.friction_high)
        world_rng = _forked(rng)
        conditions = draw_conditions(settings.world, self._friction, self._robot.size, world_rng)
        self._ramp.delay(conditions.latency)
        return conditions, world_rng

    def arriving(self, sent: Array, last: Array) -> Array:
        """See `Simulator.arriving`."""
        return self._late.acting(sent, last)

    def rest(self, measurement: Measurement) -> Array:
        """See `Simulator.rest`: a fallen robot begins with its joints where they are."""
        if self._start is Start.HOME:
            return super().rest(measurement)
        return self._robot.holding(measurement["joint_position"])

    def step(self, previous: Array, command: Array) -> Measurement:
        """Simulate one control period under `command`, after a push where one is due."""
        self._keep()
        change = self._pushes.next()
        if change is not None:
            self.push(change)
        self._advance(previous, command)
        return self._measure()

    def safe_step(self) -> Measurement:
        """See `Engine.be_safe`."""
        self._keep()
        self._late.forget()
        self._relax()
        return self._measure()

    def displaced(self) -> None:
        """The robot was put elsewhere since it was measured."""
        self._newest = None

    def _keep(self) -> None:
        """Keep what means over the period that begins now begin with, and have ground where the robot goes."""
        self._before = (self._newest or self.now(None)).keep()
        ground = self._ground
        if ground is None:
            return
        if ground.follow(self._before.pose[0][:2]):
            self.move_field(ground.pose)
        if ground.terrain.friction is not None:
            self.grip(ground.friction(self.foot_places, self._friction))

    def _lay(self, ground: Ground) -> None:
        uneven = bool(ground.terrain.heights.any())
        self.lay(ground.terrain if uneven else None)
        if uneven:
            self.move_field(ground.pose)

    def _relax(self) -> None:
        self._simulate(lambda first, last: self.be_safe(last - first))

    def _advance(self, previous: Array, command: Array) -> None:
        targets = self._ramp.targets(previous, command)
        self._simulate(lambda first, last: self.follow(targets[first:last]))

    def _simulate(self, move: Callable[[int, int], None]) -> None:
        """One control period, in parts between which odometry reads its sensors.

        Args:
            move: Simulates the physics steps from the first to before the last.
        """
        odometry, substeps, cut = self._odometry, self._ramp.substeps, 0.0
        every = substeps if odometry is None else odometry.every
        for first in range(0, substeps, every):
            last = min(first + every, substeps)
            move(first, last)
            cut += self.saturated * (last - first)
            if odometry is not None:
                odometry.feel(self.now(None), last - first)
        self._saturated = cut / substeps

    def _measure(self) -> Measurement:
        self._newest = now = self.now(self._before)
        clean = Measurement({name: self.measures[name](now) for name in self._robot.sensors})
        if self._odometry is not None:
            self._odometry.tell(clean)
        told = clean if self._silent else add_noise(clean, self._noise, self._noise_rng)
        return Measurement({**told, **self._feed.next()}) if self._robot.cameras else told

    @property
    def picture_age(self) -> float:
        """See `Simulator.picture_age`."""
        return self._feed.age * self._period

    def truth(self) -> Truth:
        """The simulator's own state; contacts only if asked for at construction."""
        simulation = self._robot.simulation
        now, has_tool = self.now(self._before), simulation is not None and simulation.tool_link is not None
        contacts = self.contacts() if self._track else Contacts()
        linear, angular = (now.rotation.T @ part for part in now.velocity)
        return Truth(
            base_position=now.pose[0],
            base_yaw=yaw_of(now.pose[1]),
            tool_position=now.tool if has_tool else None,
            fallen_contacts=contacts.others,
            foot_slip=contacts.slip,
            feet_in_contact=len(contacts.slips),
            saturated=self._saturated,
            base_orientation=now.pose[1],
            base_velocity=np.array([linear[0], linear[1], angular[2]]),
            tool_orientation=now.tool_orientation if has_tool else None,
            tool_velocity=now.tool_velocity if has_tool else None,
            joint_position=now.joints[0],
            contact_force=now.contact_force,
            objects=now.object_poses,
        )


def _forked(rng: np.random.Generator) -> np.random.Generator:
    """One that follows from another, which goes on as if nobody had asked: a default world draws what it always did."""
    return np.random.default_rng([int(copy.deepcopy(rng).integers(2**31)), _WORLD])
