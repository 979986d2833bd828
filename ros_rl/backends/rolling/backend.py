# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A ball in a walled place as a simulator."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np

from ros_rl.backends.backend import EMPTY, Scenario, Simulator, Truth
from ros_rl.backends.rolling.ball import Ball
from ros_rl.backends.rolling.view import View
from ros_rl.backends.target_ramp import TargetRamp
from ros_rl.backends.wheel_heading import WheelHeading
from ros_rl.cameras.feed import Feed, Picture
from ros_rl.cameras.knocked import knocked
from ros_rl.cameras.pinhole import intrinsics, optical_axes
from ros_rl.floor_plan import floor_plan
from ros_rl.robot import Camera, Robot
from ros_rl.rotations import from_rotation_vector
from ros_rl.settings.simulators.rolling import RollingSettings
from ros_rl.types import Array, Measurement

_STEP = 0.02  # s, at most
_MOVES, _MOVE_SECONDS = 5, 1.0  # with which an episode begins, as published: DayDreamer (Wu et al. 2022), Sphero
_BALL, _NOSE, _GOAL, _WAY = (40, 90, 240), (235, 240, 255), (225, 60, 50), (190, 195, 205)
_SHOWN = 40  # places where it was, in pictures
_BEYOND = 0.02  # m of the walls' outer side that pictures show besides


class RollingBackend(Simulator):
    """One ball. What happens after a reset depends on the seed, the reset's `rng` and the commands only.

    It measures what a real one does: where a camera above saw it, and what its wheels were told.

    Args:
        robot: Two endless wheels.
        settings: The ball, the camera.
        period: Control period [s].
        scenario: The walls around it.
    """

    def __init__(self, robot: Robot, settings: RollingSettings, period: float, scenario: Scenario = EMPTY) -> None:
        super().__init__(robot)
        settings.check_scene(scenario.scene, robot.objects)
        self._robot, self._settings, self._period = robot, settings, period
        self._plan = floor_plan(scenario.scene, settings.ball.radius)
        self._ball = Ball(self._plan, settings.ball)
        substeps = max(1, round(period / _STEP))
        self._step = period / substeps
        self._ramp = TargetRamp(robot.command_ramp, settings.latency, 1.0 / self._step, substeps, robot.neutral_command)
        self._late = settings.camera_latency / self._step
        self._were: deque[Array] = deque(maxlen=int(self._late) + 2)
        self._shown: deque[Array] = deque(maxlen=_SHOWN)
        size, late = settings.ball, settings.latency + settings.camera_latency
        self._heading = WheelHeading(size.wheel, size.track, late + size.lag, period)
        self._told, self._way = robot.neutral_command, np.zeros(robot.size)
        self._seed, self._rng = scenario.seed, np.random.default_rng(scenario.seed)
        self._seen = np.zeros(2)
        self._touched = 0
        self._goal: Array | None = None
        self._views: dict[tuple[int, int], View] = {}
        self._feed = Feed(robot, settings.frames, self.look)
        self._cameras = knocked(robot, settings.frames).cameras
        self._seen_by = {name: self._view_of(camera) for name, camera in self._cameras.items()}

    def begin(self, rng: np.random.Generator) -> Measurement:
        """In the middle, then some random moves straight ahead at full power, and a period at rest."""
        ball, rest = self._ball, self._robot.neutral_command
        self.redraw(rng)
        ball.place, ball.wheels = np.zeros(2), rest
        drawn = int(rng.integers(2**31))
        self._rng = np.random.default_rng([self._seed, drawn])
        self._were.clear()
        self._way = np.zeros(self._robot.size)
        self._ramp.reset()
        self._heading.begin()
        self._were.append(ball.place)
        self._look()
        before, full = rest, self._robot.command(np.ones(self._robot.action_size))
        for _ in range(_MOVES):
            ball.heading = float(rng.uniform(-np.pi, np.pi))
            for _ in range(max(1, round(_MOVE_SECONDS / self._period))):
                self._roll(before, full)
                before = full
        measured = self._roll(before, rest)
        self._shown.clear()
        self._feed.begin(np.random.default_rng([self._seed, drawn, 2]))
        return Measurement(measured | self._feed.next())

    def redraw(self, rng: np.random.Generator) -> None:
        """See `Simulator.redraw`: the strength of its motors."""
        self._ball.strength = rng.uniform(*self._settings.strength, self._robot.size)

    def step(self, previous: Array, command: Array) -> Measurement:
        """Roll for one control period."""
        return Measurement(self._roll(previous, command) | self._feed.next())

    def _roll(self, previous: Array, command: Array) -> Measurement:
        self._touched = 0
        for target in self._ramp.targets(previous, command):
            self._ball.target = target
            self._touched += self._ball.step(self._step)
            self._were.append(self._ball.place)
        self._told, self._way = command.copy(), self._way + self._period * command
        self._shown.append(self._ball.place)
        self._look()
        return self._measure()

    def safe_step(self) -> Measurement:
        """Motors off."""
        rest = self._robot.neutral_command
        return self.step(rest, rest)

    @property
    def picture_age(self) -> float:
        """See `Simulator.picture_age`."""
        return self._feed.age * self._period

    def truth(self) -> Truth:
        """Where it is, how it is turned, and in how many of its steps something held it back."""
        ball = self._ball
        return Truth(
            base_position=np.array([*ball.place, self._settings.ball.radius]),
            base_yaw=ball.heading,
            tool_position=None,
            fallen_contacts=self._touched,
            foot_slip=0.0,
            feet_in_contact=0,
            saturated=0.0,
            base_orientation=from_rotation_vector(np.array([0.0, 0.0, ball.heading])),
            base_velocity=np.array([ball.speed, 0.0, ball.turning]),
            joint_position=self._way.copy(),
        )

    def show_inputs(self, inputs: Mapping[str, Array]) -> None:
        """A ring where it is to be."""
        self._goal = inputs.get("goal_planar")

    def render(self, width: int, height: int) -> np.ndarray:
        """From above: walls, the goal, the ball with its nose, and where it was."""
        view = self._views.get((width, height)) or self._view(width, height)
        image, size, ball = view.empty(), self._settings.ball.radius, self._ball
        for place in self._shown:
            view.disc(image, place, size / 6.0, _WAY)
        if self._goal is not None:
            view.disc(image, self._goal, 1.6 * size, _GOAL, inner=1.2 * size)
        view.disc(image, ball.place, size, _BALL)
        ahead = np.array([np.cos(ball.heading), np.sin(ball.heading)])
        view.disc(image, ball.place + 0.6 * size * ahead, size / 4.0, _NOSE)
        return image

    def look(self, name: str) -> Picture:
        """What a camera above sees now: walls and the ball, which looks the same from all sides."""
        view, high, size = self._seen_by[name], self._cameras[name].position[2], self._settings.ball.radius
        image, nearer = view.empty(), high / (high - size)
        view.disc(image, view.middle + nearer * (self._ball.place - view.middle), nearer * size, _BALL)
        return Picture(image, None)

    def close(self) -> None:
        """Nothing to release."""

    def _look(self) -> None:
        """Take the newest picture that has come."""
        if self._rng.uniform() < self._settings.camera_lost:
            return
        were, late = [*self._were][::-1], min(self._late, len(self._were) - 1.0)
        first = int(late)
        place = were[first] + (late - first) * (were[min(first + 1, len(were) - 1)] - were[first])
        self._seen = place + self._settings.camera_noise * self._rng.standard_normal(2)

    def _measure(self) -> Measurement:
        measured = {
            "joint_position": self._way.copy(),
            "joint_velocity": self._told.copy(),
            "base_position": np.array([*self._seen, self._settings.ball.radius]),
            "heading_estimate": self._heading.update(self._seen, self._way),
        }
        return Measurement({name: measured[name] for name in self._robot.sensors})

    def _view_of(self, camera: Camera) -> View:
        across, axes = camera.width * camera.position[2] / intrinsics(camera)[0, 0], optical_axes(camera)
        view = View(camera.width, camera.height, across, np.array(camera.position[:2]), -axes[:2, 1])
        view.stand(self._plan, self._settings.frames.background)
        return view

    def _view(self, width: int, height: int) -> View:
        extent = 2.0 * (self._plan.extent + _BEYOND)
        view = View(width, height, max(extent[0], extent[1] * width / height))
        view.stand(self._plan, self._settings.frames.background)
        self._views[width, height] = view
        return view
