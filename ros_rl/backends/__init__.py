# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Backends by name, imported only when asked for."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

from ros_rl.backends.backend import EMPTY, Backend, Reading, Scenario, Simulator, Truth
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.plugins import BACKEND_SETTINGS_GROUP, BACKENDS_GROUP, find_plugins, load_plugin

if TYPE_CHECKING:  # a backend of another package imports this room while the settings still gather what there is
    from ros_rl.robot import Robot
    from ros_rl.settings.backends import BackendSettings
    from ros_rl.settings.tree import Settings

_OWN = {
    name: EntryPoint(name, f"ros_rl.backends.{path}", BACKENDS_GROUP)
    for name, path in {
        "pybullet": "pybullet.backend:PyBulletBackend",
        "mujoco": "mujoco.backend:MujocoBackend",
        "mock": "mock:MockBackend",
        "rolling": "rolling.backend:RollingBackend",
        "so101": "so101.backend:So101Backend",
        "xarm": "xarm.backend:XarmBackend",
        "unitree_a1": "unitree_a1.backend:UnitreeA1Backend",
        "unitree_go2": "unitree_go2.backend:UnitreeGo2Backend",
        "sphero": "sphero.backend:SpheroBackend",
        "ur_rtde": "ur_rtde:UrRtdeBackend",
    }.items()
}
_OWN["ros2_control"] = EntryPoint("ros2_control", "ros_rl.nodes.ros2_control.driver:make_driver", BACKENDS_GROUP)


def construct(name: str, robot: Robot, settings: BackendSettings, period: float, scenario: Scenario = EMPTY) -> Backend:
    """A backend by its name.

    Args:
        name: As in ``--driver``.
        robot: Its robot.
        settings: Of that backend.
        period: Control period [s].
        scenario: What a simulator simulates around it.

    Raises:
        MissingDependencyError: Its optional package is not installed.
        UnknownNameError: There is none of that name, or a driver of somebody else's moves the robot.
        ConfigError: Another package only names its settings, or it cannot be imported.
    """
    makers = find_plugins(BACKENDS_GROUP) | _OWN
    if not settings.starts_driver:
        raise UnknownNameError("backend", name, makers)
    if name not in makers:
        raise ConfigError(
            f"driver '{name}' has an entry point in the group {BACKEND_SETTINGS_GROUP}, but none in {BACKENDS_GROUP}"
        )
    backend: Backend = load_plugin(makers[name])(robot, settings, period, scenario)
    return backend


def make_backend(settings: Settings, seed: int = 0, track_contacts: bool = False) -> Backend:
    """The backend of a run.

    What a name stands for is called with the robot, the backend's settings, the control period [s] and the `Scenario`.

    Raises:
        MissingDependencyError: Its optional package is not installed.
        UnknownNameError: The driver is external.
        ConfigError: Another package only names its settings, or it cannot be imported.
    """
    driver, scenario = settings.driver, Scenario(settings.task.scene, seed, track_contacts, settings.task.start)
    robot = driver.backend.own_part(settings.load_robot())
    return construct(driver.backend_name, robot, driver.backend, settings.control.period, scenario)


__all__ = ["Backend", "Reading", "Scenario", "Simulator", "Truth", "construct", "make_backend"]
