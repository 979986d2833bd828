# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A Universal Robots arm at the topics and services of its ROS driver, under ros2_control."""

from __future__ import annotations

import time
from typing import Any, ClassVar

import numpy as np

from ros_rl.nodes.ros2_control.arm_nodes import Answer, ArmNodes
from ros_rl.robot import POSITION, VELOCITY, load_robot
from ros_rl.robot.model import urdf_of
from ros_rl.stand_ins.body import Body
from ros_rl.stand_ins.pace import Pace
from ros_rl.stand_ins.stand_in import StandIn
from ros_rl.types import Array

_SPEED_PERIOD = 0.01  # s
_SHIFTS = {"stale_stamps": -0.5, "future_stamps": 0.5, "clock_jump": 3600.0}  # s
_SPEEDS = {"speed_10": 10.0, "speed_0": 0.0}  # per cent
_BUSY = 0.5  # rad/s of the second publisher's first joint


class Ros2ControlStandIn(StandIn):
    """An arm that forever does what its controller was told last, in real time.

    Args:
        rate_hz: Of the controller manager: 500 for the e-Series, 125 for a CB3 [Hz].
        interface: Of the forward command controller.
        headless: Whether ``resend_robot_program`` works; else ``play`` does.
        locked: How long a protective stop cannot be unlocked [s].
        namespace: Of all topics and services.
        tells_joints: Whether the controller has its parameters.
        description: The URDF that it publishes; None for that of its file, empty for none.
    """

    robot: ClassVar[str] = "ur5e"
    faults: ClassVar[dict[str, str]] = {
        "protective_stop": "a protective stop when the fault begins; its end changes nothing",
        "power_loss": "the robot loses its power when the fault begins; its end changes nothing",
        "emergency_stop": "its red button is pressed: no power; at its end it is released, and nothing else changes",
        "program_stops": "the robot's program stops by itself when the fault begins; its end changes nothing",
        "speed_10": "the speed slider is at 10 %",
        "speed_0": "the speed slider is at 0 %",
        "joint_states_stop": "no joint states are sent; the robot does what it was told last",
        "joint_states_frozen": "joint states come with new stamps and old values",
        "nan": "the elbow's position is not a number",
        "inf": "a joint's velocity is infinite",
        "joint_missing": "the joint states lack one joint",
        "renamed": "all joints have other names",
        "short": "the joint states have fewer velocities than names",
        "jump": "one joint is told 0.6 rad off",
        "stale_stamps": "joint states are stamped 0.5 s late",
        "future_stamps": "joint states are stamped 0.5 s early",
        "clock_jump": "the robot's clock goes ahead by an hour",
        "stamp_stands": "all joint states have one stamp",
        "flood": "joint states come ten times as often",
        "controller_inactive": "the controller listens, and does nothing",
        "controller_gone": "the controller is unloaded",
        "second_publisher": "another node commands the controller, too",
    }

    def __init__(
        self,
        rate_hz: float = 500.0,
        interface: str = VELOCITY,
        headless: bool = True,
        locked: float = 5.0,
        namespace: str = "",
        tells_joints: bool = True,
        description: str | None = None,
    ) -> None:
        super().__init__()
        robot = load_robot(self.robot)
        self.body = Body(robot, interface, rate_hz)
        """What it moves."""
        self._interface, self._headless, self._locked, self._namespace = interface, headless, locked, namespace
        self._tells_joints = tells_joints
        self._description = urdf_of(robot).path.read_text() if description is None else description
        self.controller = f"forward_{interface}_controller"
        """Name of its controller."""
        self._names = robot.joints
        self._sorted = sorted(range(robot.size), key=robot.joints.__getitem__)
        self.command: Array | None = None
        """What the controller was told last; None before the first since it was activated."""
        self.running = True
        """Whether the robot's program runs."""
        self.powered = self.released = True
        """Whether it has power, and whether its brakes are open."""
        self.protective = False
        """Whether it is in a protective stop."""
        self._stopped_at = 0.0
        self._played: set[str] = set()
        self._frozen: Any = None
        self._stamp: float | None = None

    @property
    def address(self) -> str:
        """See `StandIn.address`."""
        return f"/{self._namespace}".rstrip("/") + f"/{self.controller}/commands"

    @property
    def place(self) -> Array:
        """See `StandIn.place`."""
        return self.body.measurement["tool_position"]

    def start(self) -> None:
        """See `StandIn.start`."""
        services = {
            **dict.fromkeys(("dashboard_client/close_popup", "dashboard_client/close_safety_popup"), self._popup),
            "dashboard_client/stop": self._on_stop,
            "dashboard_client/unlock_protective_stop": self._on_unlock,
            "dashboard_client/power_off": lambda: self._power(False, "Powering off"),
            "dashboard_client/power_on": lambda: self._power(not self.plays("emergency_stop"), "Powering on"),
            "dashboard_client/brake_release": self._on_brakes,
            "dashboard_client/play": lambda: self._start_program(not self._headless, "Starting program"),
            "io_and_status_controller/resend_robot_program": lambda: self._start_program(self._headless, ""),
        }
        self._nodes = ArmNodes(
            self._namespace,
            self.controller,
            self._interface,
            self._names,
            self._tells_joints,
            self._on_command,
            {name: self._noting(name, call) for name, call in services.items()},
            self._description,
        )
        self._nodes.tell_program(True)
        self._begin(self._serve)
        self._begin(self._live)

    def close(self) -> None:
        """See `StandIn.close`."""
        if not self._threads:
            return
        self._end()
        self._nodes.close()
        self.body.close()

    def describe(self) -> str:
        """See `StandIn.describe`."""
        command = self.command
        told = "nothing" if command is None else np.array2string(command, precision=2)
        state = "running" if self.running else "program stopped"
        if self.protective or not self.released:
            state = "protective stop" if self.protective else "brakes closed" if self.powered else "no power"
        recent = len(self.since(time.monotonic() - 1.0))
        tool = np.array2string(self.body.measurement["tool_position"], precision=2)
        return f"{state}; tool at {tool} m; told {told}; {recent} messages a second"

    def play(self, fault: str) -> None:
        """See `StandIn.play`."""
        super().play(fault)
        if fault == "protective_stop":
            self.protective, self._stopped_at = True, time.monotonic()
        if fault in ("power_loss", "emergency_stop"):
            self._power(False, "")
        if fault in ("protective_stop", "program_stops"):
            self._set_program(False)

    def velocity(self) -> Array:
        """How fast the joints really move [rad/s], in the order of the robot's file."""
        return self.body.measurement["joint_velocity"]

    def _on_command(self, values: Array) -> str:
        """As `forward_controllers_base.cpp` does it: what is not finite or of another size is dropped."""
        self.note(values)
        if values.shape != (len(self._names),):
            return f"command has {values.size} values, expected {len(self._names)}"
        if np.isfinite(values).all() and self.running and not self.plays("controller_inactive"):
            self.command = values
        return ""

    def _serve(self) -> None:
        nodes = self._nodes
        while not self._ended.is_set():
            nodes.spin(0.02)
            self._change("controller_gone", nodes.unload, nodes.load)
            self._change("second_publisher", lambda: nodes.interfere(self.address), nodes.leave)
            self._change("controller_inactive", self._forget, lambda: None)

    def _change(self, fault: str, begin: Any, end: Any) -> None:
        """Do what a fault does once, when it begins and when it ends."""
        if self.plays(fault) != (fault in self._played):
            (begin if self.plays(fault) else end)()
            self._played.symmetric_difference_update({fault})

    def _forget(self) -> None:
        """As controllers do when they are deactivated, and activated again."""
        self.command = None

    def _live(self) -> None:
        pace, told = Pace(self.body.period), 0.0
        while not self._ended.is_set():
            for _ in pace.steps():
                self._move()
            self._tell_states()
            now = time.monotonic()
            if now - told >= _SPEED_PERIOD:
                told = now
                self._nodes.tell_speed(self._scaling())
            time.sleep(pace.left)

    def _scaling(self) -> float:
        """Speed scaling [%]."""
        return min([100.0, *(speed for fault, speed in _SPEEDS.items() if self.plays(fault))])

    def _move(self) -> None:
        command, holds = self.command, self._interface == POSITION
        still = self.body.measurement["joint_position"] if holds else np.zeros(len(self._names))
        if command is None or not self.running:
            command = still
        self.body.step(command if holds else command * self._scaling() / 100.0)

    def _tell_states(self) -> None:
        if self.plays("joint_states_stop"):
            return
        measured = self.body.measurement
        values = [measured[name].copy() for name in ("joint_position", "joint_velocity", "joint_effort")]
        self._frozen = (self._frozen or values) if self.plays("joint_states_frozen") else None
        position, velocity, effort = self._frozen or values
        names = list(self._names)
        if self.plays("jump"):
            position = position + 0.6 * (np.arange(len(names)) == 1)
        if self.plays("nan"):
            position = np.where(np.arange(len(names)) == 2, np.nan, position)
        if self.plays("inf"):
            velocity = np.where(np.arange(len(names)) == 0, np.inf, velocity)
        if self.plays("renamed"):
            names = [f"left_{name}" for name in names]
        order = self._sorted[1:] if self.plays("joint_missing") else self._sorted
        velocity = velocity[order][1 if self.plays("short") else 0 :]
        busy = np.where(np.arange(len(names)) == 0, _BUSY, 0.0)
        self._nodes.tell_states(
            [names[index] for index in order],
            (position[order], velocity, effort[order]),
            self._now(),
            10 if self.plays("flood") else 1,
            busy,
        )

    def _now(self) -> float:
        """The robot's clock [s since 1970]."""
        moment = time.time() + sum(seconds for fault, seconds in _SHIFTS.items() if self.plays(fault))
        self._stamp = (self._stamp or moment) if self.plays("stamp_stands") else None
        return self._stamp or moment

    def _set_program(self, running: bool) -> None:
        """As controller_stopper does it: without a program controllers are inactive, and forget what they were told."""
        self.running = running
        self._forget()
        self._nodes.tell_program(running)

    def _noting(self, name: str, call: Answer) -> Answer:
        def noting() -> tuple[bool, str]:
            self.note(name)
            return call()

        return noting

    def _popup(self) -> tuple[bool, str]:
        return True, "closing popup"

    def _power(self, on: bool, message: str) -> tuple[bool, str]:
        """Power comes with closed brakes, and goes with them."""
        self.powered = on
        if not on:
            self.released = False
            self._set_program(False)
        return True, message

    def _on_brakes(self) -> tuple[bool, str]:
        self.released = self.powered
        return self.powered, "Brake releasing" if self.powered else "Failed to release brakes"

    def _on_stop(self) -> tuple[bool, str]:
        self._set_program(False)
        return True, "Stopped"

    def _on_unlock(self) -> tuple[bool, str]:
        if self.protective and time.monotonic() - self._stopped_at < self._locked:
            return False, f"Cannot unlock protective stop until {self._locked:g}s after occurrence"
        self.protective = False
        return True, "Protective stop releasing"

    def _start_program(self, possible: bool, message: str) -> tuple[bool, str]:
        if not possible or self.protective:
            return False, "Failed to execute: play" if not possible else "protective stop"
        if not self.running and self.released:  # a script that is sent to a robot without power is lost, and no error
            self._set_program(True)
        return True, message
