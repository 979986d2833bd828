# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The ground is where numpy says, in both simulators; robots begin on it, it has no end, as slippery as drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from ros_rl.backends import make_backend
from ros_rl.backends.simulated_robot import SimulatedRobot
from ros_rl.backends.world.ground import Ground, field_of
from ros_rl.backends.world.terrain import CELL, COUNT, STRIDE, Terrain, _parts, draw_terrain
from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.settings.terrain import SIDE, TerrainSettings
from ros_rl.types import Array

Make = Callable[..., SimulatedRobot]


@pytest.fixture(params=["pybullet", "mujoco"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes Go2s on a kind of ground."""
    pytest.importorskip(request.param)
    worlds: list[SimulatedRobot] = []

    def made(kind: str, friction: float = 1.0, **terrain: Any) -> SimulatedRobot:
        world = {"terrain": {"kinds": [kind], **terrain}}
        backend = {"name": request.param, "world": world, "friction_low": friction, "friction_high": friction}
        made = make_backend(load_settings("go2_walk", overrides=[{"driver": {"backend": backend}}]))
        assert isinstance(made, SimulatedRobot)
        worlds.append(made)
        return made

    yield made
    for world in worlds:
        world.close()


def drawn(seed: int = 0, **settings: Any) -> Terrain:
    return draw_terrain(TerrainSettings(**settings), np.random.default_rng(seed))


def seen_height(world: SimulatedRobot, x: float, y: float) -> float:
    """Of the ground, by a ray from above [m]."""
    high = 9.0
    if hasattr(world, "_client"):
        return float(world._client.rayTest([x, y, high], [x, y, -15.0])[0][3][2])
    import mujoco

    inner: Any = world._world  # type: ignore[attr-defined]
    groups, touched = np.array([1, 1, 1, 0, 0, 0], dtype=np.uint8), np.zeros(1, dtype=np.int32)
    way = mujoco.mj_ray(inner.model, inner.data, [x, y, high], [0.0, 0.0, -1.0], groups, 1, -1, touched)
    return high - float(way)


def height_error(world: SimulatedRobot, around: Array) -> float:
    """Largest difference of the ground's height near a place, but below the robot [m]."""
    ground, rng = world._ground, np.random.default_rng(0)
    assert ground is not None
    if not hasattr(world, "_client"):
        import mujoco

        mujoco.mj_kinematics(world._world.model, world._world.data)  # type: ignore[attr-defined]
    points = [point for point in rng.uniform(-4.0, 4.0, (200, 2)) if np.linalg.norm(point) > 0.8]
    return max(abs(seen_height(world, *(around + point)) - float(ground.height(around + point))) for point in points)


@pytest.mark.parametrize(("kind", "most"), [("rough", 0.003), ("slopes", 1e-5), ("steps", 1e-5)])
def test_the_surface_is_where_it_was_drawn_and_goes_on_for_ever(make: Make, kind: str, most: float) -> None:
    world = make(kind)
    rng = np.random.default_rng(1)
    for _ in range(2):  # a field is filled anew
        world.begin(rng)
        assert height_error(world, np.zeros(2)) < most  # triangles do not bend as numpy does
    ground, far = world._ground, np.array([31.0, -23.0])
    assert ground is not None and ground.follow(far)
    world.move_field(ground.pose)
    assert height_error(world, far) < most
    assert not ground.follow(far) and ground.follow(np.zeros(2))


def test_no_place_is_near_the_edge_of_the_field() -> None:
    ground, rng = Ground(drawn(kinds=("rough",))), np.random.default_rng(0)
    for place in rng.uniform(-200.0, 200.0, (500, 2)):
        ground.follow(place)
        assert np.abs(ground.on_terrain(place) - ground._shift).max() <= SIDE / 2 + 1e-9  # of a field of twice the side


def test_a_field_is_its_square_repeated() -> None:
    terrain = drawn(kinds=("rough",))
    field, corner = field_of(terrain), np.array([-SIDE, -SIDE])
    assert field.shape == (2 * COUNT + 1, 2 * COUNT + 1)
    for row, column in ((0, 0), (7, 311), (240, 240), (480, 13)):
        place = corner + CELL * np.array([column, row])
        assert terrain.height(place) == pytest.approx(field[row, column], abs=1e-9)
    np.testing.assert_array_equal(field[:, 0], field[:, -1])


def test_rough_ground_is_as_rough_as_drawn() -> None:
    heights = drawn(kinds=("rough",), rough_height=(0.05, 0.05)).heights
    assert 0.0 <= heights.min() < 0.005 and 0.04 < heights.max() <= 0.05


def test_ridges_are_as_steep_as_drawn() -> None:
    heights = drawn(kinds=("slopes",), slope=(0.1, 0.2), slope_length=(1.0, 2.0)).heights
    slopes = np.arctan(np.diff(heights[0]) / CELL)
    assert np.allclose(heights, heights[0]) and np.abs(slopes).max() <= 0.2 + 1e-9
    assert np.mean((np.abs(slopes) >= 0.1) & (np.abs(slopes) <= 0.2)) > 0.75  # all but edges between two
    assert heights.min() == 0.0 and heights[0, -1] < 0.2 * CELL * STRIDE  # back where it began


@pytest.mark.parametrize("length", [(1.5, 3.0), (0.3, 6.0), (3.0, 3.0), (2.1, 4.0), (1.2, 1.2), (1.9, 2.05)])
def test_slopes_are_as_long_as_asked_for(length: tuple[float, float]) -> None:
    """Each up and down again: where the surface turns is where a slope ends."""
    for seed in range(5):
        terrain = draw_terrain(TerrainSettings(kinds=("slopes",), slope_length=length), np.random.default_rng(seed))
        nodes = terrain.heights[0, ::STRIDE]
        turns = np.flatnonzero((nodes <= np.roll(nodes, 1)) & (nodes < np.roll(nodes, -1)))
        ridges = np.diff([*turns, turns[0] + len(nodes)]) * CELL * STRIDE  # from valley to valley
        assert ridges.min() > 2 * length[0] - 2 * CELL * STRIDE and ridges.max() < 2 * length[1] + 2 * CELL * STRIDE
        parts = _parts(length, np.random.default_rng(seed))
        assert parts.sum() == pytest.approx(SIDE / 2)
        assert parts.min() >= length[0] - 1e-9 and parts.max() <= length[1] + 1e-9


def test_steps_are_as_high_as_drawn() -> None:
    heights = drawn(kinds=("steps",), step_height=(0.03, 0.05), step_length=(0.5, 0.7)).heights
    rises = np.abs(np.diff(heights[0]))
    steps = rises[rises > 1e-9]
    assert len(steps) > 10 and (steps < 0.1 + 1e-9).all()  # two may meet in one cell, at most
    assert np.mean((steps >= 0.03 - 1e-9) & (steps <= 0.05 + 1e-9)) > 0.8
    assert np.mean(rises <= 1e-9) > 0.85


def test_patches_take_their_share() -> None:
    friction = drawn(kinds=("slippery",), slippery_share=(0.4, 0.4), slippery_size=(0.3, 0.3)).friction
    assert friction is not None
    patches = ~np.isnan(friction)
    assert patches.mean() == pytest.approx(0.4, abs=0.05)
    assert friction[patches].min() >= 0.1 and friction[patches].max() <= 0.3


def test_each_episode_is_somewhere_else() -> None:
    rng = np.random.default_rng(0)
    found = [draw_terrain(TerrainSettings(kinds=("flat", "rough", "steps")), rng) for _ in range(60)]
    assert {terrain.kind for terrain in found} == {"flat", "rough", "steps"}
    yaws = np.array([terrain.yaw for terrain in found if terrain.kind != "flat"])
    assert np.ptp(yaws) > 5.0


@pytest.mark.parametrize("kind", ["rough", "slopes", "steps", "slippery"])
def test_a_robot_begins_on_its_feet(make: Make, kind: str) -> None:
    world, rng = make(kind, slope=[0.17, 0.17]), np.random.default_rng(1)
    home = load_settings("go2_walk").load_robot().neutral_command
    for _ in range(5):
        world.begin(rng)
        for _ in range(10):
            world.step(home, home)
        truth = world.truth()
        ground = world._ground
        assert ground is not None
        over = truth.base_position[2] - ground.height(truth.base_position[:2])
        assert 0.25 < over < 0.32 and truth.contact_force.sum() > 80.0


def slid(world: SimulatedRobot) -> float:
    """How far a robot came that tries to stand still for a second [m]."""
    home = load_settings("go2_walk").load_robot().neutral_command
    world.begin(np.random.default_rng(4))  # half-way up
    first = world.truth().base_position
    for _ in range(20):
        world.step(home, home)
    return float(np.linalg.norm(world.truth().base_position - first))


def test_a_robot_slides_down_what_is_steeper_than_its_friction(make: Make) -> None:
    steep = {"slope": [0.2, 0.2], "slope_length": [3.0, 3.0]}  # tan 0.2 = 0.203
    assert slid(make("slopes", 0.6, **steep)) < 0.05
    assert (
        slid(make("slopes", 0.1, **steep)) > 0.4
    )  # from rest 0.5 g (sin 0.2 - 0.1 cos 0.2) = 0.49, and it slides already


def friction_of(world: SimulatedRobot) -> list[float]:
    """What each foot has, as the engine knows it."""
    if hasattr(world, "_client"):
        client, body = world._client, world._body  # type: ignore[attr-defined]
        return [client.getDynamicsInfo(body.index, foot)[1] for foot in body.feet]
    inner: Any = world._world  # type: ignore[attr-defined]
    return [inner.model.geom_friction[inner.model.geom_bodyid == foot, 0][0] for foot in inner.feet]


def test_feet_have_the_friction_of_the_patch_below(make: Make) -> None:
    world = make("slippery", 0.9, slippery_size=[0.2, 0.2], slippery_share=[0.5, 0.5], slippery_friction=[0.1, 0.3])
    rng, home, found = np.random.default_rng(0), load_settings("go2_walk").load_robot().neutral_command, list[float]()
    for _ in range(4):
        world.begin(rng)
        ground = world._ground
        assert ground is not None
        for _ in range(3):
            wanted = ground.friction(world.foot_places, 0.9)
            world.step(home, home)
            np.testing.assert_allclose(friction_of(world), wanted)
            found.extend(wanted)
    assert {0.9} < set(found) and all(value == 0.9 or 0.1 <= value <= 0.3 for value in found)


@pytest.mark.parametrize("driver", ["pybullet", "mujoco"])
def test_an_a1_can_begin_in_every_world_of_its_file(driver: str) -> None:
    pytest.importorskip(driver)
    file, backend = share_path("config", "tasks", "a1_robust.yaml"), {"name": driver}
    world = RobotWorld(load_settings("a1_walk", file, [{"driver": {"backend": backend}}]), 0)
    for _ in range(6):
        step = world.begin_episode()
        for _ in range(10):
            assert not step.ended, world.fault
            step = world.step(world.command(np.zeros(12)))
    world.close()


@pytest.mark.parametrize(
    ("task", "setting", "told"),
    [
        (
            "a1_walk",
            "kinds=[lava]",
            r"'driver.backend.world.terrain.kinds\[0\]' is 'lava', not a choice: .* one of flat",
        ),
        ("a1_walk", "kinds=[]", "terrain.kinds is empty; allowed: any of flat, rough, slopes, steps, slippery"),
        ("a1_walk", "slope=[0.2, 0.1]", r"terrain.slope is \[0.2, 0.1\]: its first, the lowest, is above its second"),
        ("a1_walk", "slope_length=[4, 4]", r"slope_length is \[4, 4\], of which no .* 6 m; lengths of 3 and 6 m do$"),
        ("a1_walk", "step_length=[0.7, 0.7]", r"step_length is .0.7, 0.7., of .* lengths of 0.667 and 0.75 m do$"),
        ("a1_walk", "slope=[0, 1]", r"'driver.backend.world.terrain.slope\[1\]' is 1.0, out of range: .*\[rad\]"),
        ("ur5_reach", "kinds=[rough]", r"'ur5e' has no floating base; allowed: \['flat'\]"),
    ],
)
def test_ground_that_cannot_be(task: str, setting: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_settings(task, overrides=[f"driver.backend.world.terrain.{setting}"]).load_robot()
