# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an episode draws does to the robot what physics says, in both simulators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ros_rl.backends import Scenario, construct
from ros_rl.backends.simulated_robot import SimulatedRobot
from ros_rl.backends.starts import Place
from ros_rl.backends.target_ramp import TargetRamp
from ros_rl.backends.world.conditions import draw_conditions
from ros_rl.backends.world.mass import Inertia
from ros_rl.backends.world.pushes import Pushes
from ros_rl.config import build
from ros_rl.errors import ConfigError, TimingError
from ros_rl.robot import Robot, load_robot
from ros_rl.robot.urdf import Urdf
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import BACKEND_SETTINGS
from ros_rl.settings.simulators.physics import PhysicsSettings
from ros_rl.settings.world import WorldSettings
from ros_rl.types import Array

GO2 = load_robot("go2")
STEP = 0.002
UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])
GRAVITY = 9.81
FEET = np.array([0.2, 0.2, -0.2, -0.2])  # m ahead of the base, roughly: FR, FL, RR, RL


@pytest.fixture(params=["pybullet", "mujoco"])
def engine(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param)
    return str(request.param)


@pytest.fixture
def made() -> Iterator[list[SimulatedRobot]]:
    worlds: list[SimulatedRobot] = []
    yield worlds
    for world in worlds:
        world.close()


def world(
    engine: str, made: list[SimulatedRobot], robot: Robot = GO2, period: float = STEP, **settings: Any
) -> SimulatedRobot:
    """One without noise, and without chance but what the settings ask for."""
    noise = {name: 0.0 for name in vars(BACKEND_SETTINGS[engine]().noise)}  # type: ignore[attr-defined]
    given: Mapping[str, Any] = {"world": settings, "noise": noise, "reset_noise": 0.0, "friction_low": 1.0}
    made.append(
        construct(
            engine,
            robot,
            build(BACKEND_SETTINGS[engine], {**given, "friction_high": 1.0}),
            period,
            Scenario(track_contacts=True),
        )
    )
    return made[-1]


def stood(simulated: SimulatedRobot, seconds: float = 1.5) -> Array:
    """Mean force on each foot of a robot that has come to stand [N]."""
    simulated.begin(np.random.default_rng(0))
    home, forces = GO2.neutral_command, []
    for step in range(round(seconds / 0.05)):
        simulated.step(home, home)
        if step * 0.05 >= seconds / 2:
            forces.append(simulated.truth().contact_force)
    return np.mean(forces, axis=0)


def in_the_air(simulated: SimulatedRobot, settings: PhysicsSettings, joints: Array = GO2.home) -> None:
    """At rest, high up, where nothing but its own drives moves a joint against another."""
    rng = np.random.default_rng(0)
    conditions = draw_conditions(settings.world, 1.0, len(joints), rng)
    simulated.place(Place(np.array([0.0, 0.0, 50.0]), UPRIGHT, joints), np.zeros(0), conditions, rng)


def test_feet_bear_the_payload(engine: str, made: list[SimulatedRobot]) -> None:
    own = stood(world(engine, made, period=0.05)).sum()
    loaded = stood(world(engine, made, period=0.05, payload=[4.0, 4.0])).sum()
    assert loaded - own == pytest.approx(4.0 * GRAVITY, rel=0.03)


def test_a_payload_loads_the_feet_below_it(engine: str, made: list[SimulatedRobot]) -> None:
    own = stood(world(engine, made, period=0.05))
    loaded = stood(world(engine, made, period=0.05, payload=[3.0, 3.0], payload_place=[0.15, 0.0, 0.05]))
    assert FEET @ (loaded - own) == pytest.approx(3.0 * GRAVITY * 0.15, rel=0.2)


def test_the_centre_of_mass_moves_as_far_as_drawn(engine: str, made: list[SimulatedRobot]) -> None:
    still, moved = world(engine, made, period=0.05), world(engine, made, period=0.05, centre_shift=[0.1, 0.0, 0.0])
    drawn: list[Any] = []
    place = moved.place
    moved.place = lambda *given: (drawn.append(given[2]), place(*given))  # type: ignore[method-assign, func-returns-value]
    before, after = stood(still), stood(moved)
    trunk, whole = 6.921, before.sum() / GRAVITY
    shift = drawn[0].centre_shift
    assert 0.01 < abs(shift[0]) <= 0.1 and not shift[1:].any()
    centres = [FEET @ forces / forces.sum() for forces in (before, after)]
    assert centres[1] - centres[0] == pytest.approx(shift[0] * trunk / whole, abs=0.01)


def test_the_inertia_of_two_points() -> None:
    own = Inertia(2.0, np.zeros(3), np.diag([0.1, 0.2, 0.3]))
    loaded = own.loaded(np.array([0.0, 0.0, 0.1]), 2.0, np.array([0.0, 0.0, 0.5]))
    assert loaded.mass == 4.0
    np.testing.assert_allclose(loaded.centre, [0.0, 0.0, 0.3])
    np.testing.assert_allclose(loaded.tensor, np.diag([0.1 + 4.0 * 0.04, 0.2 + 4.0 * 0.04, 0.3]))


def test_half_as_strong_motors_exert_half_their_limit(engine: str, made: list[SimulatedRobot]) -> None:
    weak = world(engine, made, replace(GO2, command_ramp=0.0), motor_strength=[0.5, 0.5])
    weak.begin(np.random.default_rng(0))
    far = GO2.home + 3.0
    effort = weak.step(far, far)["joint_effort"]
    np.testing.assert_allclose(effort, 0.5 * GO2.limits.effort, rtol=1e-6)
    assert weak.truth().saturated == 1.0


def test_gains_are_those_drawn(engine: str, made: list[SimulatedRobot]) -> None:
    shares = {"stiffness": [1.2, 1.2], "damping": [0.7, 0.7], "motor_strength": [0.8, 0.8]}
    other = world(engine, made, replace(GO2, command_ramp=0.0), **shares)
    measured = other.begin(np.random.default_rng(0))
    target = GO2.home + 0.05
    effort = other.step(target, target)["joint_effort"]
    error = target - measured["joint_position"]
    wanted = 0.8 * (1.2 * GO2.stiffness * error - 0.7 * GO2.damping * measured["joint_velocity"])
    np.testing.assert_allclose(effort, wanted, rtol=1e-6)


def test_a_push_changes_the_velocity_of_all_links_by_what_it_says(engine: str, made: list[SimulatedRobot]) -> None:
    pushed, change = world(engine, made), np.array([0.3, -0.4, 0.0])
    pushed.begin(np.random.default_rng(0))
    before = pushed.now(None).keep()
    linear, angular, joints = *before.velocity, before.joints[1].copy()
    pushed.push(change)
    after = pushed.now(None)
    np.testing.assert_allclose(after.velocity[0] - linear, change, atol=1e-9)
    np.testing.assert_allclose(after.velocity[1], angular, atol=1e-9)
    np.testing.assert_allclose(after.joints[1], joints, atol=1e-9)


def test_pushes_come_as_often_and_as_hard_as_set() -> None:
    pushes = Pushes(WorldSettings(push=(0.5, 0.5), push_every=(2.0, 2.0)), 0.05)
    pushes.begin(np.random.default_rng(0))
    felt = [(step, push) for step in range(400) if (push := pushes.next()) is not None]
    assert [step for step, _ in felt] == list(range(39, 400, 40))
    np.testing.assert_allclose([np.linalg.norm(push) for _, push in felt], 0.5)
    assert len({round(float(push[0]), 6) for _, push in felt}) == len(felt)


def test_an_episode_is_pushed(engine: str, made: list[SimulatedRobot]) -> None:
    pushed = world(engine, made, period=0.05, push=[0.5, 0.5], push_every=[0.5, 0.5])
    pushed.begin(np.random.default_rng(0))
    home, felt = GO2.neutral_command, list[tuple[int, float]]()
    for step in range(30):
        pushed.push = lambda change, step=step: felt.append((step, float(np.linalg.norm(change))))  # type: ignore[method-assign, misc]
        pushed.step(home, home)
    assert felt == [(step, pytest.approx(0.5)) for step in (9, 19, 29)]


CALF = 2


def test_dry_friction_holds_a_joint_until_it_is_overcome(engine: str, made: list[SimulatedRobot]) -> None:
    robot = replace(GO2, interfaces=("effort",) * GO2.size)
    settings = build(BACKEND_SETTINGS[engine], {"world": {"joint_friction": [0.5, 0.5]}})
    rough, torque = world(engine, made, robot, joint_friction=[0.5, 0.5]), np.zeros(GO2.size)
    for effort, least, most in ((0.4, 0.0, 0.4), (0.7, 1.0, 50.0)):
        in_the_air(rough, settings)
        torque[CALF] = effort
        rough.follow(np.tile(torque, (25, 1)))
        assert least <= rough.now(None).joints[1][CALF] <= most


def test_viscous_friction_ends_at_a_speed(engine: str, made: list[SimulatedRobot]) -> None:
    robot = replace(GO2, interfaces=("effort",) * GO2.size)
    settings = build(BACKEND_SETTINGS[engine], {"world": {"joint_damping": [0.5, 0.5]}})
    thick, torque = world(engine, made, robot, joint_damping=[0.5, 0.5]), np.zeros(GO2.size)
    in_the_air(thick, settings)
    torque[CALF] = 2.0
    thick.follow(np.tile(torque, (60, 1)))
    assert thick.now(None).joints[1][CALF] == pytest.approx(4.0, rel=0.1)


def test_a_rotor_is_slow_to_turn(made: list[SimulatedRobot]) -> None:
    pytest.importorskip("mujoco")
    robot = replace(GO2, interfaces=("effort",) * GO2.size)
    settings = build(BACKEND_SETTINGS["mujoco"], {"world": {"armature": [1.0, 1.0]}})
    heavy, torque = world("mujoco", made, robot, armature=[1.0, 1.0]), np.zeros(GO2.size)
    in_the_air(heavy, settings)
    torque[CALF] = 10.0
    heavy.follow(np.tile(torque, (50, 1)))
    assert heavy.now(None).joints[1][CALF] == pytest.approx(10.0 * 50 * STEP, rel=0.05)


def test_soft_feet_give_way(engine: str, made: list[SimulatedRobot]) -> None:
    heights = []
    for given in ({}, {"foot_give": [0.03, 0.03]}):
        simulated = world(engine, made, period=0.05, **given)
        stood(simulated)
        heights.append(simulated.truth().base_position[2])
    assert heights[0] - heights[1] == pytest.approx(GRAVITY * 0.03**2, rel=0.5)  # a spring under a weight


BALL = """<robot name="ball">
<link name="base"><inertial><mass value="0.1"/><inertia ixx="0.001" iyy="0.001" izz="0.001" ixy="0" ixz="0" iyz="0"/>
</inertial></link>
<joint name="turn" type="revolute"><parent link="base"/><child link="ball"/><axis xyz="1 0 0"/>
<limit lower="-3" upper="3" effort="1" velocity="10"/></joint>
<link name="ball"><inertial><mass value="1"/><inertia ixx="0.004" iyy="0.004" izz="0.004" ixy="0" ixz="0" iyz="0"/>
</inertial><collision><geometry><sphere radius="0.1"/></geometry></collision></link></robot>"""
BALLS_FILE = """name: ball
command_interface: effort
floating_base: true
base_frame: base
sensors: [joint_position, joint_velocity, joint_effort, base_position]
joints:
  turn:
    {lower: -3.0, upper: 3.0, velocity: 10.0, acceleration: 100.0, effort: 1.0, home: 0.0, action_scale: 1.0, step: 2.0,
     stiffness: 0.0, damping: 0.0}
safety: {tilt: .inf, joint_error: .inf, joint_margin: 0.1, safe_action: damp, damping: 1.0}
simulation: {urdf: ball.urdf, spawn_height: 0.1, feet: [ball], inertia_from_urdf: true}
"""


@pytest.mark.parametrize("restitution", [0.0, 0.5, 0.8])
def test_a_ball_bounces(engine: str, made: list[SimulatedRobot], tmp_path: Path, restitution: float) -> None:
    (tmp_path / "ball.urdf").write_text(BALL)
    (tmp_path / "ball.yaml").write_text(BALLS_FILE)
    given = {"restitution": [restitution, restitution]}
    ball = world(engine, made, load_robot(str(tmp_path / "ball.yaml")), **given)
    rng = np.random.default_rng(0)
    conditions = draw_conditions(build(WorldSettings, given), 1.0, 1, rng)
    ball.place(Place(np.array([0.0, 0.0, 0.6]), UPRIGHT, np.zeros(1)), np.zeros(0), conditions, rng)
    heights = []
    for _ in range(500):
        ball.follow(np.zeros((1, 1)))
        heights.append(ball.now(None).pose[0][2] - 0.1)
    landed = int(np.argmax(np.array(heights) < 0.005))
    assert np.sqrt(max(0.0, *heights[landed + 10 :]) / 0.5) == pytest.approx(restitution, abs=0.1)


EVERYTHING = {
    "payload": [0.0, 5.0],
    "centre_shift": [0.03, 0.03, 0.03],
    "motor_strength": [0.7, 1.0],
    "stiffness": [0.8, 1.2],
    "damping": [0.8, 1.2],
    "joint_friction": [0.0, 0.3],
    "joint_damping": [0.0, 0.05],
    "restitution": [0.0, 0.3],
    "foot_give": [0.005, 0.02],
    "push": [0.1, 0.5],
    "push_every": [0.2, 0.5],
    "late": [0, 2],
    "dropped": [0.0, 0.2],
    "terrain": {"kinds": ["flat", "rough", "slopes", "steps", "slippery"]},
}


def test_a_seed_gives_an_episode_to_the_bit(engine: str, made: list[SimulatedRobot]) -> None:
    def episodes(simulated: SimulatedRobot, seed: int, count: int) -> Array:
        rng, home, found = np.random.default_rng(seed), GO2.neutral_command, []
        for _ in range(count):
            simulated.begin(rng)
            for _ in range(12):
                measured = simulated.step(home, home)
                found.append(np.concatenate([measured[name] for name in ("joint_position", "base_position")]))
        return np.array(found)

    one, other = (world(engine, made, period=0.05, **EVERYTHING) for _ in range(2))
    first = episodes(one, 3, 5)
    np.testing.assert_array_equal(episodes(other, 3, 5), first)
    np.testing.assert_array_equal(episodes(one, 3, 5), first)  # whatever it has been through
    assert not np.array_equal(first[:12], first[12:24])
    assert not np.array_equal(episodes(other, 4, 5), first)


def test_a_latency_that_is_drawn_is_that_of_its_episode(engine: str, made: list[SimulatedRobot]) -> None:
    """A range of one value is the setting of that value, to the bit; a wide one is all between."""

    def moved(simulated: SimulatedRobot, seeds: range) -> Array:
        """How far a joint has come after one period, in each episode."""
        home, found = GO2.neutral_command, list[float]()
        for seed in seeds:
            simulated.begin(np.random.default_rng(seed))
            before = simulated.step(home, home)["joint_position"][2]
            found.append(simulated.step(home, home + 0.2)["joint_position"][2] - before)
        return np.array(found)

    fixed, drawn, none, wide = (
        world(engine, made, period=0.05, latency=latency)
        for latency in ((0.0, 0.0), (0.02, 0.02), (0.0, 0.0), (0.0, 0.04))
    )
    fixed._ramp = TargetRamp(GO2.command_ramp, 0.02, 500.0, 25, GO2.neutral_command)
    np.testing.assert_array_equal(moved(fixed, range(2)), moved(drawn, range(2)))
    found, fast, slow = moved(wide, range(8)), moved(none, range(1))[0], moved(drawn, range(1))[0]
    assert len(set(found)) == 8 and found.max() <= fast and found.min() < slow < found.max()


def test_what_is_drawn_anew_without_a_reset_moves_nothing_and_carries_the_same(
    engine: str, made: list[SimulatedRobot]
) -> None:
    """Motors at their limit tell their strength, and the feet of a robot that stands what it carries."""
    ranges = {"motor_strength": [0.7, 1.0], "payload": [0.0, 10.0], "late": [2, 2]}
    one = world(engine, made, replace(GO2, command_ramp=0.0), period=0.05, **ranges)
    other = world(engine, made, replace(GO2, command_ramp=0.0), period=0.05, **ranges)
    home, far = GO2.neutral_command, GO2.home + 3.0

    def weight() -> float:
        forces = list[float]()
        for _ in range(40):
            one.step(home, home)
            forces.append(float(one.truth().contact_force.sum()))  # type: ignore[union-attr]
        return float(np.mean(forces[20:]))

    one.begin(np.random.default_rng(0))
    one.arriving(home + 0.1, home)
    carried, before = weight(), one.now(None).keep()
    one.redraw(np.random.default_rng(1))
    after = one.now(None)
    for was, now in ((before.pose, after.pose), (before.velocity, after.velocity), (before.joints, after.joints)):
        np.testing.assert_array_equal(np.concatenate(was), np.concatenate(now))
    assert weight() == pytest.approx(carried, rel=0.02)
    one.arriving(home, home)
    np.testing.assert_array_equal(one.arriving(home, home), home + 0.1)  # it was on the way
    other.begin(np.random.default_rng(2))
    other.redraw(np.random.default_rng(1))
    strengths = [simulated.step(far, far)["joint_effort"] / GO2.limits.effort for simulated in (one, other)]
    same = np.isclose(*strengths, rtol=1e-6)
    assert same.sum() >= 10  # drawn by its generator alone; a joint that is fast tells less
    one.redraw(np.random.default_rng(3))
    assert np.abs(one.step(far, far)["joint_effort"] / GO2.limits.effort - strengths[0]).max() > 0.05


def test_an_estimate_goes_on_with_other_biases(engine: str) -> None:
    settings = build(BACKEND_SETTINGS[engine], {"odometry": "estimated"})
    simulated = construct(engine, GO2, settings, 0.05)
    home = GO2.neutral_command
    simulated.begin(np.random.default_rng(0))
    for _ in range(20):
        there = simulated.step(home, home)["base_position"]
    lean = simulated._odometry._lean.copy()
    simulated.redraw(np.random.default_rng(1))
    assert np.abs(simulated._odometry._lean - lean).max() > 1e-4
    assert np.abs(there[:2]).max() > 1e-4, "it has an estimate that could be lost"
    np.testing.assert_allclose(simulated.step(home, home)["base_position"], there, atol=0.005)
    simulated.close()


def test_a_model_without_a_mass_bears_nothing(tmp_path: Path) -> None:
    (tmp_path / "ball.urdf").write_text(BALL.replace('0.1"/><inertia', '0"/><inertia'))
    (tmp_path / "ball.yaml").write_text(BALLS_FILE)
    from ros_rl.backends.world.mass import carrier

    robot, urdf = load_robot(str(tmp_path / "ball.yaml")), Urdf(tmp_path / "ball.urdf")
    with pytest.raises(ConfigError, match="link 'base' has no mass, which driver.backend.world.payload would add to$"):
        carrier(robot, urdf, np.zeros(3))


@pytest.mark.parametrize(
    ("task", "setting", "told"),
    [
        ("a1_walk", "payload=[5, 0]", r"world.payload is \[5, 0\]: its first, the lowest, is above its second$"),
        ("a1_walk", "payload=[-1, 0]", r"'driver.backend.world.payload\[0\]' is -1.0, out of range: .* in \[0, 100\]"),
        ("a1_walk", "payload=3", "'driver.backend.world.payload' is 3, expected a list of 2"),
        ("a1_walk", "armature=[0, 0.1]", "PyBullet knows no inertia of rotors; allowed: .* --driver mujoco$"),
        ("a1_walk", "foot_give=[0.001, 0.02]", "foot_give 0.001 s is below two physics steps, 0.004 s"),
        ("ur5_reach", "push=[0, 1]", "world.push is .*, but robot 'ur5e' has no floating base; allowed: "),
        ("ur5_reach", "centre_shift=[0.1, 0, 0]", "centre_shift is .*'ur5e' has no floating base; allowed: "),
        ("ur5_reach", "stiffness=[0.5, 1]", "'ur5e' has no joint with position commands; allowed: "),
        ("ur5_reach", "restitution=[0, 0.5]", "'ur5e' has no feet; allowed: "),
        ("cartpole_swingup", "payload=[0, 1]", "'cartpole' has no floating base and no tool to carry it; allowed: "),
    ],
)
def test_a_world_that_cannot_be(task: str, setting: str, told: str) -> None:
    with pytest.raises((ConfigError, TimingError), match=told):
        load_settings(task, overrides=["driver.backend.name=pybullet", f"driver.backend.world.{setting}"]).load_robot()
