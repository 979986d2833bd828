# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A sensor from another package, `foot_contact.py`: measured, guarded, published, joined, logged and observed.

Its package names four things, and a robot lists the sensor in its YAML file. Nothing in `ros_rl` knows of it.
"""

from pathlib import Path

import numpy as np
import pytest
from extensions import registered, run_installed

from ros_rl.backends import make_backend
from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.features import ObservationSpec, check_robot
from ros_rl.resources import share_path
from ros_rl.robot import load_robot
from ros_rl.safety import tripped_guard
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings

MODULE = Path(__file__).with_name("foot_contact.py")
POINTS = """
[ros_rl.sensors]
foot_contact = foot_contact:SENSOR
[ros_rl.features]
foot_contact = foot_contact:FIELD
[ros_rl.pybullet_sensors]
foot_contact = foot_contact:measure
"""
LAST = "  - base_linear_velocity\n"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The A1, with one more sensor."""
    registered(MODULE, POINTS, monkeypatch)
    return load_settings("a1_walk", overrides=[f"robot={robot_file(tmp_path)}", "agent.name=random"])


def robot_file(folder: Path) -> Path:
    text = (share_path("config", "robots") / "a1.yaml").read_text()
    assert LAST in text
    path = folder / "a1.yaml"
    path.write_text(text.replace(LAST, f"{LAST}  - foot_contact\n"))
    return path


def test_the_feet_carry_the_robot(settings: Settings) -> None:
    backend, robot = make_backend(settings), settings.load_robot()
    try:
        backend.begin(np.random.default_rng(0))
        forces = np.array([backend.step(robot.home, robot.home)["foot_contact"] for _ in range(60)])[20:]
        client, body = backend._client, backend._body.index
        links = range(-1, client.getNumJoints(body))
        weight = 9.81 * sum(client.getDynamicsInfo(body, link)[0] for link in links)
    finally:
        backend.close()
    assert forces.shape == (40, 4) and (forces.mean(0) > 0.1 * weight).all()
    assert forces.sum(1).mean() == pytest.approx(weight, rel=0.03)


def test_a_value_that_is_not_finite_trips_a_guard(settings: Settings) -> None:
    backend, robot = make_backend(settings), settings.load_robot()
    measurement = backend.begin(np.random.default_rng(0))
    backend.close()
    assert tripped_guard(robot, measurement) is None
    measurement["foot_contact"][2] = np.nan
    assert tripped_guard(robot, measurement).startswith("foot_contact is not finite")


def test_the_mirror_image_swaps_left_and_right(settings: Settings) -> None:
    spec = ObservationSpec(settings.load_robot(), ("foot_contact", "gravity"), 0)
    index, sign = spec.mirror()
    seen = np.arange(1.0, 1.0 + spec.size)
    np.testing.assert_array_equal((seen[index] * sign)[:7], [2.0, 1.0, 4.0, 3.0, 5.0, -6.0, 7.0])


def test_a_robot_without_it_is_refused(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="'a1' has no sensor 'foot_contact', which observation field 'foot_contact'"):
        check_robot(load_robot("a1"), ("foot_contact",))


def test_without_the_package_the_robot_is_refused(tmp_path: Path) -> None:
    settings = load_settings("a1_walk", overrides=[f"robot={robot_file(tmp_path)}"])
    with pytest.raises(UnknownNameError, match="unknown sensor of robot 'a1' 'foot_contact'; valid: base_linear"):
        settings.load_robot()


def test_it_is_found_by_its_entry_points(tmp_path: Path) -> None:
    code = f"""
import numpy as np
from ros_rl.backends import make_backend
from ros_rl.features import FEATURES
from ros_rl.settings.loading import load_settings
settings = load_settings("a1_walk", overrides=["robot={robot_file(tmp_path)}"])
measured = make_backend(settings).begin(np.random.default_rng(0))
print(len(measured["foot_contact"]), FEATURES["foot_contact"].unit)
"""
    (tmp_path / "site").mkdir()
    assert run_installed(MODULE, POINTS, tmp_path / "site", code).split() == ["4", "N"]


@pytest.mark.ros
def test_it_is_in_every_tick_and_in_the_log(settings: Settings, tmp_path: Path) -> None:
    pytest.importorskip("rclpy")
    from ros_graph import activate, graph, wait_for

    from ros_rl.nodes.collector import CollectorNode
    from ros_rl.nodes.driver import DriverNode
    from ros_rl.nodes.log_reader import read_ticks
    from ros_rl.nodes.messages import to_command

    robot = settings.load_robot()
    with graph(settings, tmp_path, DriverNode, CollectorNode) as (peer, driver, _):
        peer.allow(10)
        activate(driver)
        for count in range(3):
            wait_for(lambda count=count: peer.ticks and peer.ticks[-1].index == count, f"tick {count}")
            peer.command.publish(to_command(peer.ticks[-1].stamp, robot, robot.home))
        sent = wait_for(lambda: peer.ticks[-1].index == 3 and driver._loop.tick, "tick 3")
        got = peer.ticks[-1]
        assert peer.refusals == []
    assert got.measurement["foot_contact"].tobytes() == sent.measurement["foot_contact"].tobytes()
    assert got.measurement["foot_contact"].sum() > 50.0
    spec = ObservationSpec(robot, ("joint_position", "foot_contact"), settings.control.delay)
    seen = spec.split(spec.observe(got))
    np.testing.assert_array_equal(seen["foot_contact"], sent.measurement["foot_contact"])
    logged = {tick.index: tick for tick in read_ticks(tmp_path / "log", robot)}
    np.testing.assert_array_equal(logged[3].measurement["foot_contact"], sent.measurement["foot_contact"])
