# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The simulated cartpole against mechanics, and its task's reward against numbers worked out by hand."""

import math

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends import make_backend
from ros_rl.backends.pybullet.backend import PyBulletBackend
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.tasks.cartpole_swingup import CartpoleSwingup
from ros_rl.types import Command, Measurement

CART, POLE, LENGTH, GRAVITY = 1.0, 0.2, 0.6, 9.81  # kg, kg, m, m/s^2: sim/cartpole/cartpole.urdf
INERTIA = POLE * LENGTH**2 / 3  # of a thin rod about its end, kg m^2
PERIOD = 0.04
FREE = np.zeros(1)


@pytest.fixture
def backend():
    settings = load_settings("cartpole_swingup", overrides=["driver.backend.reset_noise=0.0"])
    made = make_backend(settings)
    assert isinstance(made, PyBulletBackend)
    yield made
    made.close()


def start(backend: PyBulletBackend, angle: float, speed: float = 0.0) -> None:
    """Set the pole's angle [rad; 0 hangs] and speed [rad/s]; the cart rests in the middle."""
    backend.begin(np.random.default_rng(0))
    backend._client.resetJointState(backend._body.index, backend._body.passive[0], angle, speed)


def energy(m: Measurement) -> float:
    """Kinetic and potential energy [J] of cart and pole."""
    v, angle, omega = m["joint_velocity"][0], m["passive_position"][0], m["passive_velocity"][0]
    kinetic = 0.5 * (CART + POLE) * v**2 + 0.5 * INERTIA * omega**2
    coupling = 0.5 * POLE * LENGTH * np.cos(angle) * v * omega
    return float(kinetic + coupling - POLE * GRAVITY * LENGTH / 2 * np.cos(angle))


@pytest.mark.parametrize("angle", [0.3, 2.0, 3.0])
def test_the_free_pole_keeps_its_energy(backend, angle):
    start(backend, angle)
    found = [energy(backend.step(FREE, FREE)) for _ in range(100)]
    largest = POLE * GRAVITY * LENGTH  # between hanging and upright
    assert np.ptp(found) < 0.02 * largest
    assert found[0] == pytest.approx(-largest / 2 * math.cos(angle), abs=0.01 * largest)


def test_the_free_pole_keeps_its_momentum_along_the_rail(backend):
    start(backend, 2.5)
    for _ in range(60):
        m = backend.step(FREE, FREE)
        swing = POLE * LENGTH / 2 * np.cos(m["passive_position"]) * m["passive_velocity"]
        assert abs((CART + POLE) * m["joint_velocity"] + swing) < 0.02  # N s; either part reaches 0.6


def test_small_swings_take_the_time_of_the_linearised_pendulum(backend):
    start(backend, 0.05)
    angles = np.array([backend.step(FREE, FREE)["passive_position"][0] for _ in range(150)])
    before = np.flatnonzero((angles[:-1] > 0) & (angles[1:] <= 0))
    crossings = PERIOD * (before + angles[before] / (angles[before] - angles[before + 1]))
    # the cart gives way: less inertia than about a fixed pivot
    inertia = INERTIA - (POLE * LENGTH / 2) ** 2 / (CART + POLE)
    expected = 2 * math.pi * math.sqrt(inertia / (POLE * GRAVITY * LENGTH / 2))
    assert np.diff(crossings).mean() == pytest.approx(expected, rel=2e-3)


def test_a_force_accelerates_cart_and_hanging_pole_as_newton_says(backend):
    start(backend, 0.0)
    m = backend.step(np.array([2.0]), np.array([2.0]))
    # at rest and hanging: a = F / (M + m / 4) for a rod, whose end takes a quarter of its mass along
    assert m["joint_velocity"][0] == pytest.approx(2.0 / (CART + POLE / 4) * PERIOD, rel=0.02)
    assert m["passive_velocity"][0] < 0.0  # the tip stays behind
    assert m["joint_effort"].tolist() == [2.0]


def test_forces_stop_at_their_limit(backend):
    start(backend, 0.0)
    assert backend.step(FREE, np.array([50.0]))["joint_effort"].tolist() == [8.0]
    assert backend.truth().saturated == 1.0


def test_the_safe_action_brakes_the_cart(backend):
    start(backend, 0.0)
    for _ in range(10):
        moving = backend.step(np.array([8.0]), np.array([8.0]))["joint_velocity"][0]
    for _ in range(10):
        m = backend.safe_step()
    assert moving > 2.0 and abs(m["joint_velocity"][0]) < 0.2 * moving


def test_the_rail_ends(backend):
    start(backend, 0.0)
    positions = [backend.step(np.array([8.0]), np.array([8.0]))["joint_position"][0] for _ in range(50)]
    assert max(positions) == pytest.approx(2.0, abs=load_robot("cartpole").safety.joint_margin)


def test_pole_and_cart_start_anew_near_home():
    settings = load_settings("cartpole_swingup")
    driver = make_driver_loop(settings, settings.load_robot(), make_backend(settings), auto_recover=True)
    starts = [driver.start().measurement for _ in range(8)]
    spread = np.array([[m["joint_position"][0], m["passive_position"][0]] for m in starts])
    assert (np.abs(spread) <= 0.1).all() and (spread.std(axis=0) > 0.01).all()
    tick = driver.tick
    driver.accept(Command(tick.stamp, np.array([8.0])))
    assert driver.advance().previous_command.tolist() == [8.0]


@pytest.mark.parametrize(
    ("position", "angle", "action", "expected"),
    [
        (0.0, math.pi, 0.0, 1.0),  # in place
        (0.0, math.pi, 1.0, 0.99),
        (0.0, 0.0, 0.0, math.exp(-4.0)),  # hanging: two lengths away
        (0.6, math.pi, 0.0, math.exp(-1.0)),  # upright, one length to the side
        (0.0, math.pi / 2, -0.5, math.exp(-2.0) - 0.0025),  # level: one length aside and one down
        (-0.6, math.pi / 2, 0.0, math.exp(-1.0)),  # the tip is over the middle, one length too low
    ],
)
def test_the_reward_by_hand(position, angle, action, expected):
    fields = {
        "joint_position": np.array([position]),
        "passive_direction": np.array([math.sin(angle), math.cos(angle)]),
    }
    reward = CartpoleSwingup().reward(fields, FREE, np.array([action]), fields)
    assert float(reward) == pytest.approx(expected, abs=1e-12)
    assert CartpoleSwingup().metrics(fields)["tip_height"] == pytest.approx(-math.cos(angle))


@pytest.mark.parametrize(
    ("robot", "words"), [("mock", "'mock' has no sensor 'passive_position'"), ("xarm6", "no sensor 'passive_position'")]
)
def test_a_robot_without_a_passive_joint_cannot_do_it(robot, words):
    settings = load_settings("cartpole_swingup", overrides=[f"robot={robot}"])
    with pytest.raises(ConfigError, match=words):
        settings.load_robot()


def test_the_mock_driver_cannot_stand_in_for_it():
    with pytest.raises(ConfigError, match="measures commanded joints only"):
        load_settings("cartpole_swingup", overrides=["driver.backend.name=mock"]).load_robot()
