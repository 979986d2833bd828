# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The MuJoCo backend against mechanics: gravity, pendulum, contacts, limits; and one trajectory for one seed."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mujoco")

from ros_rl.backends import Scenario  # noqa: E402
from ros_rl.backends.mujoco.backend import MujocoBackend  # noqa: E402
from ros_rl.backends.mujoco.meshes import obj_parts  # noqa: E402
from ros_rl.config import build  # noqa: E402
from ros_rl.errors import ConfigError  # noqa: E402
from ros_rl.resources import share_path  # noqa: E402
from ros_rl.robot import Robot, load_robot  # noqa: E402
from ros_rl.rotations import quaternion_to_matrix  # noqa: E402
from ros_rl.settings.sensors import NoiseSettings  # noqa: E402
from ros_rl.settings.simulators.mujoco import MujocoSettings  # noqa: E402
from ros_rl.settings.simulators.pybullet import PyBulletSettings  # noqa: E402

PERIOD = 0.05
SILENT = dict.fromkeys(vars(NoiseSettings()), 0.0)
GO2, CARTPOLE, UR = load_robot("go2"), load_robot("cartpole"), load_robot("ur5e")


def make(robot: Robot = GO2, scene: str = "plane", noise: bool = False, **settings) -> MujocoBackend:
    chosen = build(MujocoSettings, settings if noise else {"noise": SILENT} | settings)
    return MujocoBackend(robot, chosen, PERIOD, Scenario(scene, track_contacts=True))


def reset(backend: MujocoBackend, seed: int = 0):
    return backend.begin(np.random.default_rng(seed))


def random_walk(backend: MujocoBackend, robot: Robot, steps: int, seed: int = 0) -> list[np.ndarray]:
    rng, previous, seen = np.random.default_rng(seed), robot.neutral_command, []
    for _ in range(steps):
        command = robot.command(rng.uniform(-1.0, 1.0, robot.size))
        seen.append(np.concatenate(list(backend.step(previous, command).values())))
        previous = command
    return seen


def test_one_seed_one_trajectory_in_two_simulators_and_after_another_episode():
    one, other = make(noise=True), make(noise=True)
    reset(one, seed=5)
    random_walk(one, GO2, 15, seed=9)
    one.safe_step()
    starts = [reset(backend, seed=1)["joint_position"] for backend in (one, other)]
    np.testing.assert_array_equal(*starts)
    np.testing.assert_array_equal(random_walk(one, GO2, 15), random_walk(other, GO2, 15))
    assert not np.array_equal(reset(one, 0)["joint_position"], reset(one, 1)["joint_position"])


@pytest.fixture(scope="module")
def stand():
    backend = make()
    reset(backend)
    for _ in range(40):
        measurement = backend.step(GO2.home, GO2.home)
    return backend, measurement


class TestStanding:
    def test_the_imu_feels_gravity(self, stand):
        rotation = quaternion_to_matrix(stand[1]["imu_orientation"])
        np.testing.assert_allclose(rotation @ stand[1]["imu_linear_acceleration"], [0.0, 0.0, 9.81], atol=0.1)

    def test_the_legs_carry_the_weight(self, stand):
        truth = stand[0].truth()
        mass = stand[0]._world.model.body_mass.sum()
        assert truth.contact_force.sum() == pytest.approx(9.81 * mass, rel=0.02)
        assert (truth.feet_in_contact, truth.fallen_contacts, truth.saturated) == (4, 0, 0.0)
        assert truth.foot_slip < 0.001
        np.testing.assert_allclose(stand[1]["joint_position"], GO2.home, atol=0.15)

    def test_feet_sink_as_far_as_contacts_are_told_to_give(self, stand):
        hard = make(contact_time=0.005, contact_give=0.001)
        reset(hard)
        for _ in range(40):
            hard.step(GO2.home, GO2.home)
        deep, flat = (-backend._world.data.contact.dist[:4].mean() for backend in (stand[0], hard))
        assert 1e-4 < deep < 0.01
        assert 0.0 <= flat < 0.2 * deep
        model = stand[0]._world.model
        touching = model.geom_contype > 0
        np.testing.assert_allclose(model.geom_solref[touching], [[0.02, 1.0]] * touching.sum())  # MuJoCo's defaults
        np.testing.assert_allclose(model.geom_solimp[touching][:, :3], [[0.9, 0.95, 0.001]] * touching.sum())

    def test_a_picture_shows_it(self, stand):
        picture = stand[0].render(64, 48)
        assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
        assert picture.std() > 10.0


def test_in_free_fall_the_imu_feels_nothing_and_odometry_tells_the_speed():
    backend = make(replace(GO2, simulation=replace(GO2.simulation, spawn_height=5.0)))
    start = reset(backend)
    assert start["base_position"][2] == pytest.approx(5.0 - 0.5 * 9.81 * (4 * PERIOD) ** 2, abs=0.02)
    for step in range(1, 5):
        measurement = backend.step(GO2.home, GO2.home)
        np.testing.assert_allclose(measurement["imu_linear_acceleration"], 0.0, atol=0.3)
        mean_speed = -9.81 * PERIOD * (4 + step - 0.5)
        assert measurement["base_linear_velocity"][2] == pytest.approx(mean_speed, abs=0.05)


def test_a_free_pole_swings_by_its_closed_form_and_keeps_its_energy():
    start, length, mass, inertia = 0.2, 0.3, 0.2, 0.006 + 0.2 * 0.3**2
    backend = make(replace(CARTPOLE, passive_home=np.array([start])), "rail", reset_noise=0.0)
    reset(backend)
    # with the cart free the pole turns about a point between them: small swings of both, from Lagrange's equations
    rate = np.sqrt(mass * 9.81 * length / (inertia - (mass * length) ** 2 / (1.0 + mass)))
    zero = CARTPOLE.neutral_command
    angles = np.array([backend.step(zero, zero)["passive_position"][0] for _ in range(40)])
    times = PERIOD * np.arange(1, 41)
    stretch = 1 - start**2 / 16  # of a pendulum's frequency by its amplitude, to second order
    np.testing.assert_allclose(angles, start * np.cos(rate * stretch * times), atol=0.02)
    data = backend._world.data
    model = backend._world.model
    model.opt.enableflags |= 2  # energy
    import mujoco

    mujoco.mj_forward(model, data)
    energy = data.energy.sum()
    for _ in range(200):
        backend.step(zero, zero)
    assert data.energy.sum() - energy == pytest.approx(0.0, abs=0.01 * mass * 9.81 * length * (1 - np.cos(start)))


def test_an_effort_moves_a_cart_by_its_mass():
    backend = make(CARTPOLE, "rail", reset_noise=0.0)
    reset(backend)
    force = np.array([1.0])
    measurement = backend.step(force, force)
    assert measurement["joint_velocity"][0] == pytest.approx(PERIOD / 1.05, rel=0.03)  # of the pole's 0.2 kg a quarter
    assert measurement["joint_effort"][0] == 1.0


def test_an_arm_turns_as_it_is_told_and_stops_when_it_is_safe():
    backend = make(UR, "table", reset_noise=0.0)
    start = reset(backend)
    command = np.array([0.3, -0.2, 0.2, 0.1, 0.1, -0.3])
    for _ in range(4):
        measurement = backend.step(command, command)
    np.testing.assert_allclose(measurement["joint_velocity"], command, atol=2e-3)
    moved = measurement["joint_position"] - start["joint_position"]
    np.testing.assert_allclose(moved, 4 * PERIOD * command, atol=0.01)
    for _ in range(10):
        measurement = backend.safe_step()
    np.testing.assert_allclose(measurement["joint_velocity"], 0.0, atol=2e-3)


def test_a_damped_robot_sinks_slowly_and_takes_commands_again():
    backend = make()
    height = reset(backend)["base_position"][2]
    for _ in range(4):
        damped = backend.safe_step()
    assert 0.02 < height - damped["base_position"][2] < 0.2
    for _ in range(40):
        up = backend.step(GO2.home, GO2.home)
    assert up["base_position"][2] > damped["base_position"][2]


def test_no_joint_exceeds_its_effort():
    weak = replace(GO2, limits=replace(GO2.limits, effort=np.full(12, 2.0)))
    backend = make(weak)
    reset(backend)
    measurement = backend.step(GO2.home, GO2.home)
    assert np.abs(measurement["joint_effort"]).max() == 2.0
    assert backend.truth().saturated > 0.0


def sway(friction: float) -> float:
    """How fast the feet slip while the hips sway [m/s]."""
    backend = make(friction_low=friction, friction_high=friction)
    reset(backend)
    slips, hips = [], np.tile([1.0, 0.0, 0.0], 4)
    for step in range(20):
        command = GO2.command(0.5 * np.sin(0.5 * step) * hips)
        backend.step(command, command)
        slips.append(backend.truth().foot_slip)
    return float(np.mean(slips))


def test_feet_slide_on_slippery_ground_alone():
    assert sway(0.05) > 10.0 * sway(1.0)


def test_a_scene_of_other_shapes_is_refused(tmp_path):
    path = tmp_path / "hall.yaml"
    path.write_text("bodies:\n  - {urdf: cartpole/cartpole.urdf, position: [0.0, 0.0, 0.0]}\n")
    with pytest.raises(ConfigError, match=r"knows box, sphere, cylinder and plane.urdf"):
        make(scene=str(path))


def test_a_cube_rests_where_an_episode_puts_it():
    robot = replace(UR, objects=("cube",), sensors=(*UR.sensors, "object_position", "object_velocity"))
    backend = make(robot, "table_cube")
    start = reset(backend)["object_position"]
    rest = UR.neutral_command
    for _ in range(10):
        now = backend.step(rest, rest)
    assert 0.35 < start[0] < 0.5
    np.testing.assert_allclose(now["object_position"], [*start[:2], 0.039], atol=2e-3)
    np.testing.assert_allclose(now["object_velocity"], 0.0, atol=2e-3)
    assert set(backend.truth().objects) == {"cube"}


class TestUrdf:
    def test_an_obj_file_falls_into_its_objects(self, tmp_path):
        path = tmp_path / "two.obj"
        path.write_text("o a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1/1 2/1 3/1\no b\nv 0 0 1 1\nf 2 3 -1\n")
        assert obj_parts(path) == [
            b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3",
            b"v 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3",
        ]

    def test_a_broken_obj_file_is_refused(self, tmp_path):
        path = tmp_path / "broken.obj"
        path.write_text("v 0 0 0\nf 1 2 3\n")
        with pytest.raises(ConfigError, match="cannot be read as OBJ"):
            obj_parts(path)

    def test_what_the_robots_file_does_not_list_is_fixed(self):
        poleless = replace(CARTPOLE, passive=(), passive_home=np.zeros(0), sensors=("joint_position", "joint_effort"))
        model = make(poleless, "rail")._world.model
        assert [model.joint(index).name for index in range(model.njnt)] == ["cart_joint"]

    def test_a_mesh_that_it_cannot_read_is_refused(self, tmp_path):
        (tmp_path / "hull.dae").write_text("<COLLADA/>")
        text = Path(share_path("sim") / "cartpole" / "cartpole.urdf").read_text(encoding="utf-8")
        shape = '<link name="cart"><collision><geometry><mesh filename="hull.dae"/></geometry></collision>'
        urdf = tmp_path / "cart.urdf"
        urdf.write_text(text.replace('<link name="cart">', shape), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"cannot read .*hull.dae, a collision shape: it reads .stl, .obj"):
            make(replace(CARTPOLE, simulation=replace(CARTPOLE.simulation, urdf=str(urdf))), "rail")


@pytest.mark.parametrize("name", ["a1", "go2", "ur5e", "xarm6", "cartpole"])
def test_it_starts_where_pybullet_does(name):
    """Kinematics, signs of joints and meaning of every sensor are the same, in the air."""
    pytest.importorskip("pybullet")
    from ros_rl.backends.pybullet.backend import PyBulletBackend

    robot = load_robot(name)
    if robot.simulation.spawn_height:
        robot = replace(robot, simulation=replace(robot.simulation, spawn_height=3.0))
    scenario = Scenario("rail" if name == "cartpole" else "plane")
    one = PyBulletBackend(robot, build(PyBulletSettings, {"noise": SILENT}), PERIOD, scenario)
    other = MujocoBackend(robot, build(MujocoSettings, {"noise": SILENT}), PERIOD, scenario)
    first, second = (backend.begin(np.random.default_rng(3)) for backend in (one, other))
    for key, value in first.items():
        tolerance = {"joint_effort": 2.0, "joint_velocity": 1.0, "imu_angular_velocity": 0.3}.get(key, 0.1)
        np.testing.assert_allclose(value, second[key], atol=tolerance, err_msg=key)
