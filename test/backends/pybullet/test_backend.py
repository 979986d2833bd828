# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The PyBullet backend against mechanics: gravity, contacts, delays, limits; and one trajectory for one seed."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from robots import gripper_arm

pytest.importorskip("pybullet")

from ros_rl.backends import Scenario, make_backend  # noqa: E402
from ros_rl.backends.pybullet.backend import PyBulletBackend  # noqa: E402
from ros_rl.config import build  # noqa: E402
from ros_rl.errors import ConfigError  # noqa: E402
from ros_rl.robot import Robot, load_robot  # noqa: E402
from ros_rl.rotations import quaternion_to_matrix  # noqa: E402
from ros_rl.runtime.driver_loop import DriverLoop  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402
from ros_rl.settings.simulators.pybullet import PyBulletSettings  # noqa: E402
from ros_rl.types import Command, SafetyState  # noqa: E402

PERIOD = 0.05
SILENT = dict.fromkeys(
    (
        "joint_position",
        "joint_velocity",
        "orientation",
        "angular_velocity",
        "linear_velocity",
        "height",
        "tool_position",
    ),
    0.0,
)
A1, ARM = load_robot("a1"), load_robot("xarm6")


def make(robot: Robot = A1, scene: str = "plane", noise: bool = False, **settings) -> PyBulletBackend:
    chosen = build(PyBulletSettings, settings if noise else {"noise": SILENT} | settings)
    return PyBulletBackend(robot, chosen, PERIOD, Scenario(scene, track_contacts=True))


def reset(backend: PyBulletBackend, seed: int = 0):
    return backend.begin(np.random.default_rng(seed))


def random_walk(backend: PyBulletBackend, robot: Robot, steps: int, seed: int = 0) -> list[np.ndarray]:
    rng, previous, seen = np.random.default_rng(seed), robot.neutral_command, []
    for _ in range(steps):
        command = robot.command(rng.uniform(-1.0, 1.0, robot.size))
        m = backend.step(previous, command)
        previous = command
        parts = (
            m["joint_position"],
            m["joint_velocity"],
            m["base_position"],
            m["imu_orientation"],
            m["imu_linear_acceleration"],
        )
        seen.append(np.concatenate([part for part in parts if part is not None]))
    return seen


class TestOneSeedOneTrajectory:
    def test_in_two_simulators_at_once_and_after_another_episode(self):
        one, other = make(noise=True), make(noise=True)
        reset(one, seed=5)
        random_walk(one, A1, 15, seed=9)  # falls or not, it must leave no trace
        starts = [reset(backend, seed=1)["joint_position"] for backend in (one, other)]
        np.testing.assert_array_equal(*starts)
        np.testing.assert_array_equal(random_walk(one, A1, 15), random_walk(other, A1, 15))
        one.close()
        reset(other)
        random_walk(other, A1, 1)
        other.close()
        other.close()

    def test_resets_differ(self):
        backend = make()
        assert not np.array_equal(reset(backend, 0)["joint_position"], reset(backend, 1)["joint_position"])

    def test_it_prints_nothing(self):
        code = "from ros_rl.backends import make_backend; from ros_rl.settings.loading import load_settings;"
        code += "make_backend(load_settings('a1_walk')).close(); print('done')"
        result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        assert (result.stdout, result.stderr) == ("done\n", "")


@pytest.fixture(scope="module")
def stand():
    backend = make()
    reset(backend)
    for _ in range(20):
        measurement = backend.step(A1.home, A1.home)
    return backend, measurement


class TestStanding:
    def test_the_imu_feels_gravity(self, stand):
        rotation = quaternion_to_matrix(stand[1]["imu_orientation"])
        np.testing.assert_allclose(rotation @ stand[1]["imu_linear_acceleration"], [0.0, 0.0, 9.81], atol=0.05)

    def test_the_legs_carry_the_weight(self, stand):
        backend, measurement = stand
        assert np.abs(measurement["joint_velocity"]).max() < 0.05
        np.testing.assert_allclose(measurement["joint_position"], A1.home, atol=0.15)
        assert 1.0 < np.abs(measurement["joint_effort"]).max() < 10.0
        truth = backend.truth()
        assert (truth.feet_in_contact, truth.fallen_contacts, truth.saturated) == (4, 0, 0.0)
        assert truth.foot_slip < 0.005
        assert 0.2 < truth.base_position[2] < 0.32

    def test_a_picture_shows_it(self, stand):
        picture = stand[0].render(64, 48)
        assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
        assert picture.std() > 10.0


def test_the_base_link_spawns_where_the_yaml_says():
    high = replace(A1, simulation=replace(A1.simulation, spawn_height=5.0))
    start = reset(make(high))
    fallen = 0.5 * 9.81 * (4 * PERIOD) ** 2  # while it settles
    assert start["base_position"][2] == pytest.approx(5.0 - fallen, abs=0.02)
    np.testing.assert_allclose(start["base_position"][:2], 0.0, atol=0.01)


def test_in_free_fall_the_imu_feels_nothing_and_odometry_tells_the_speed():
    backend = make(replace(A1, simulation=replace(A1.simulation, spawn_height=5.0)))
    start = reset(backend)
    for step in range(1, 5):
        measurement = backend.step(A1.home, A1.home)
        np.testing.assert_allclose(measurement["imu_linear_acceleration"], 0.0, atol=0.3)
        mean_speed = -9.81 * PERIOD * (4 + step - 0.5)
        assert measurement["base_linear_velocity"][2] == pytest.approx(mean_speed, abs=0.05)
    moved = measurement["base_position"][2] - start["base_position"][2]
    assert moved == pytest.approx(sum(-9.81 * PERIOD**2 * (4 + step - 0.5) for step in range(1, 5)), abs=0.01)


def test_odometry_and_gyro_integrate_to_the_motion():
    backend = make()
    before, previous = reset(backend), A1.home
    rng = np.random.default_rng(0)
    for _ in range(10):
        command = A1.command(rng.uniform(-1.0, 1.0, 12))
        after = backend.step(previous, command)
        rotation = quaternion_to_matrix(after["base_orientation"])
        moved = rotation @ after["base_linear_velocity"] * PERIOD
        np.testing.assert_allclose(before["base_position"] + moved, after["base_position"], atol=1e-9)
        before, previous = after, command


def test_without_torque_the_robot_collapses_onto_its_trunk():
    limp = replace(A1, stiffness=np.zeros(12), damping=np.zeros(12))
    backend = make(limp)
    reset(backend)
    for _ in range(10):
        measurement = backend.step(A1.home, A1.home)
    assert measurement["base_position"][2] < 0.15
    assert backend.truth().fallen_contacts > 0
    assert not measurement["joint_effort"].any()


def test_the_safe_action_damps_or_holds():
    heights = {}
    for action in ("damp", "hold"):
        backend = make(replace(A1, safety=replace(A1.safety, safe_action=action)))
        reset(backend)
        for _ in range(20):
            heights[action] = backend.safe_step()["base_position"][2]
        backend.close()
    assert heights["hold"] > 0.2 > 0.16 > heights["damp"]


def test_friction_is_drawn_per_episode_and_noise_has_its_size():
    backend = make(friction_low=0.3, friction_high=0.9, noise=True)
    frictions = []
    positions = []
    for seed in range(6):
        positions.append(reset(backend, seed)["joint_position"])
        foot = min(backend._body.feet)
        frictions.append(backend._client.getDynamicsInfo(backend._body.index, foot)[1])
    assert len(set(frictions)) == 6 and 0.3 <= min(frictions) and max(frictions) <= 0.9
    reset(backend)
    still = np.array([backend.step(A1.home, A1.home)["joint_velocity"] for _ in range(40)])
    assert still[20:].std() == pytest.approx(0.5, rel=0.2)


def test_a_latency_delays_the_motion_by_as_much():
    angles = []
    for latency in (0.0, 0.03):
        backend = make(ARM, "table", latency=latency)
        start = reset(backend)["joint_position"][0]
        previous, command = np.zeros(6), np.array([0.8, 0.0, 0.0, 0.0, 0.0, 0.0])
        for _ in range(5):
            angle = backend.step(previous, command)["joint_position"][0] - start
            previous = command
        angles.append(angle)
        backend.close()
    assert angles[0] == pytest.approx(0.8 * (5 - 0.5) * PERIOD, abs=0.003)  # half a period for the ramp
    assert angles[0] - angles[1] == pytest.approx(0.8 * 0.03, abs=0.002)


def test_a_target_moves_without_jumps_whatever_the_latency():
    backend = make(replace(A1, command_ramp=0.9), latency=0.02)
    reset(backend)
    targets = []
    backend._actuators.follow = targets.extend
    commands = [A1.home, A1.home + 0.2, A1.home - 0.2, A1.home]
    for previous, command in zip(commands, commands[1:], strict=False):
        backend._advance(previous, command)
    steps = np.abs(np.diff([target[0] for target in targets]))
    assert steps.max() == pytest.approx(0.4 / (0.9 * 25), rel=0.01)


@pytest.fixture(scope="module")
def parts():
    settings = load_settings("xarm_reach")
    backend = make_backend(settings, track_contacts=True)
    driver = DriverLoop(ARM, settings.task, backend, 20.0, 1)
    return settings, backend, driver


class TestArm:
    def drive(self, driver: DriverLoop, velocity: np.ndarray, ticks: int):
        for _ in range(ticks):
            driver.accept(Command(driver.tick.stamp, velocity))
            tick = driver.advance()
            assert tick.safety is SafetyState.RUNNING, driver.fault
        return tick

    def test_home_holds_the_tool_in_front_and_above_the_table(self, parts):
        tick = parts[2].start()
        np.testing.assert_allclose(tick.measurement["tool_position"], [0.37, 0.0, 0.29], atol=0.06)
        assert parts[1].truth().fallen_contacts == 0

    def test_velocities_are_followed_within_the_effort_limits(self, parts):
        _, backend, driver = parts
        driver.start()
        rng, errors = np.random.default_rng(0), []
        for _ in range(30):
            tick = self.drive(driver, ARM.command(rng.uniform(-1.0, 1.0, 6)), 1)
            errors.append(tick.measurement["joint_velocity"] - tick.previous_command)
            assert (np.abs(tick.measurement["joint_effort"]) < ARM.limits.effort).all()
            assert backend.truth().saturated == 0.0
        assert np.std(errors) == pytest.approx(0.02, rel=0.2)  # the sensor's noise alone

    @pytest.mark.parametrize(("joint", "sign", "ticks"), [(1, -1, 35), (4, 1, 35), (4, -1, 35), (2, -1, 40)])
    def test_a_joint_driven_at_its_limit_stops_there(self, parts, joint, sign, ticks):
        driver = parts[2]
        driver.start()
        velocity = np.zeros(6)
        velocity[joint] = 3.14 * sign
        position = self.drive(driver, velocity, ticks).measurement["joint_position"][joint]
        limit = (ARM.limits.upper if sign > 0 else ARM.limits.lower)[joint]
        assert position == pytest.approx(limit, abs=0.01)

    def test_its_links_do_not_pass_through_each_other_or_the_table(self, parts):
        settings, backend, _ = parts
        anywhere = replace(ARM, safety=replace(ARM.safety, workspace=None))  # in which it would stop above the table
        driver = DriverLoop(anywhere, settings.task, backend, 20.0, 1)
        driver.start()
        tick = self.drive(driver, np.array([0.0, 1.5, 0.0, 0.0, 0.0, 0.0]), 40)
        assert tick.measurement["tool_position"][2] > -0.02
        assert backend.truth().fallen_contacts > 0
        driver.start()
        tick = self.drive(driver, np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), 30)
        assert tick.measurement["joint_position"][2] < 0.185  # the tool meets the base before the joint its limit

    @pytest.mark.parametrize("seed", range(4))
    def test_a_resolved_rate_controller_reaches_every_corner_of_the_goals(self, parts, seed):
        settings, backend, driver = parts
        tick = driver.start()
        task = settings.task
        angle = task.goal_sector * (-1 if seed % 2 else 1)
        radius = task.goal_radius_max if seed < 2 else task.goal_radius_min
        height = task.goal_height_max if seed in (0, 3) else task.goal_height_min
        goal = np.array([radius * np.cos(angle), radius * np.sin(angle), height])
        for _ in range(round(task.episode_seconds / PERIOD)):
            body, zeros = backend._body, [0.0] * 6
            at = [state[0] for state in backend._client.getJointStates(body.index, body.joints)]
            jacobians = backend._client.calculateJacobian(body.index, body.tool, [0.0] * 3, at, zeros, zeros)
            jacobian = np.array(jacobians[0])
            wanted = 2.0 * (goal - tick.measurement["tool_position"])
            rates = jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-3 * np.eye(3), wanted)
            tick = self.drive(driver, rates / max(1.0, np.abs(rates).max()), 1)
        assert np.linalg.norm(backend.truth().tool_position - goal) < 0.005
        assert backend.truth().fallen_contacts == 0


class TestMixedInterfaces:
    """An arm with velocity commands whose last joint takes positions, and one whose last joint takes efforts."""

    @pytest.fixture
    def robot(self, tmp_path):
        return load_robot(gripper_arm(tmp_path))

    @staticmethod
    def begin(robot):
        backend = make(robot, reset_noise=0.0)
        reset(backend)
        # that of the URDF, 1 N m s/rad, is too much for so light a link without a motor
        backend._client.changeDynamics(backend._body.index, backend._body.joints[5], jointDamping=0.0)
        return backend

    @pytest.fixture
    def backend(self, robot):
        return self.begin(robot)

    def test_each_joint_follows_its_own_kind_of_target(self, robot, backend):
        command = np.array([0.3, 0.0, 0.0, -0.2, 0.0, 0.55])
        measured = backend.step(robot.neutral_command, command)
        for _ in range(39):
            measured = backend.step(command, command)
        np.testing.assert_allclose(measured["joint_velocity"][:5], command[:5], atol=0.01)
        travelled = 40 * PERIOD - PERIOD / 2  # the ramp takes the first period
        np.testing.assert_allclose((measured["joint_position"] - robot.home)[:5], command[:5] * travelled, atol=0.01)
        assert measured["joint_position"][5] == pytest.approx(0.55, abs=0.01)
        assert measured["joint_velocity"][5] == pytest.approx(0.0, abs=0.01)
        assert (np.abs(measured["joint_effort"]) <= robot.limits.effort + 1e-9).all()

    def test_the_driver_leads_each_to_its_target(self, robot, backend):
        driver = DriverLoop(robot, load_settings("xarm_reach").task, backend, 20.0, 1, auto_recover=False)
        tick, command = driver.start(), np.array([0.5, 0.0, 0.0, 0.0, 0.0, 0.75])
        for _ in range(40):
            driver.accept(Command(tick.stamp, command))
            tick = driver.advance()
            assert tick.safety is SafetyState.RUNNING, driver.fault
        np.testing.assert_allclose(tick.measurement["joint_velocity"][:5], command[:5], atol=0.01)
        assert tick.measurement["joint_position"][5] == pytest.approx(0.75, abs=0.01)
        tick = driver.advance()  # nobody answers: the arm stops, the gripper keeps its target
        for _ in range(10):
            tick = driver.advance()
        np.testing.assert_allclose(tick.measurement["joint_velocity"], 0.0, atol=0.01)
        assert tick.previous_command.tolist() == [0.0] * 5 + [0.75]

    def test_its_torque_is_that_of_its_gains(self, robot, backend):
        command = robot.neutral_command
        seen = []
        backend._actuators._step_simulation = lambda: seen.append(True)
        command = command + np.array([0.0] * 5 + [0.1])
        measured = backend.step(command, command)
        assert len(seen) == 25  # nothing moved, so every substep asks for the same
        assert measured["joint_effort"][5] == pytest.approx(0.5 * 0.1, abs=1e-9)

    def test_an_effort_acts_beside_velocities(self, robot):
        pushed = replace(robot, interfaces=("velocity",) * 5 + ("effort",))
        backend = self.begin(pushed)
        command = np.array([0.0] * 5 + [1e-4])
        speeds = [backend.step(command, command)["joint_velocity"][5] for _ in range(10)]
        measured = backend.step(command, command)
        assert measured["joint_effort"][5] == pytest.approx(1e-4)
        np.testing.assert_allclose(np.diff(speeds), speeds[0], rtol=0.05)  # a constant torque, a constant acceleration
        np.testing.assert_allclose(measured["joint_position"][:5], pushed.home[:5], atol=1e-3)

    def test_each_does_what_is_safe_for_it(self, robot, backend):
        command = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.6])
        for _ in range(10):
            moving = backend.step(command, command)
        assert moving["joint_velocity"][0] > 0.9
        for _ in range(20):
            still = backend.safe_step()
        np.testing.assert_allclose(still["joint_velocity"], 0.0, atol=0.01)
        assert still["joint_position"][5] == pytest.approx(moving["joint_position"][5], abs=0.02)  # held

        damped = self.begin(replace(robot, safety=replace(robot.safety, safe_action="damp", damping=0.02)))
        for _ in range(2):
            moving = damped.step(command, command)
        assert abs(moving["joint_velocity"][5]) > 0.1
        for _ in range(20):
            still = damped.safe_step()
        np.testing.assert_allclose(still["joint_velocity"], 0.0, atol=0.01)
        np.testing.assert_allclose(still["joint_effort"][5], 0.0, atol=0.05)  # nothing pulls it back


def test_a_wrong_joint_name_lists_the_right_ones():
    renamed = replace(A1, simulation=replace(A1.simulation, joints={"FR_hip_joint": "nose"}))
    with pytest.raises(ConfigError, match="no joint nose; it has .*FR_hip_joint"):
        make(renamed)


def test_a_sensor_that_it_cannot_measure_is_refused():
    with pytest.raises(ConfigError, match="driver 'pybullet' cannot measure sensor 'smell' of robot 'a1'"):
        make(replace(A1, sensors=(*A1.sensors, "smell")))


def test_it_measures_what_the_robot_lists_and_nothing_else():
    robot = replace(A1, sensors=("joint_position", "imu_orientation"))
    backend = make(robot)
    assert list(backend.begin(np.random.default_rng(0))) == ["joint_position", "imu_orientation"]
    backend.close()
