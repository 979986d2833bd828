# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The rolling ball against closed forms: ways, turns, walls, and a camera that is late, noisy or blind."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from ros_rl.backends.backend import Scenario
from ros_rl.backends.rolling.backend import RollingBackend
from ros_rl.backends.rolling.ball import Ball
from ros_rl.backends.wheel_heading import WheelHeading
from ros_rl.cli.main import main
from ros_rl.errors import ConfigError, TimingError, UnknownNameError
from ros_rl.features import equipped
from ros_rl.floor_plan import floor_plan
from ros_rl.robot import load_robot
from ros_rl.settings.loading import load_settings
from ros_rl.settings.nodes import ControlSettings
from ros_rl.settings.simulators.rolling import BallSettings, RollingSettings

ROBOT = equipped(load_robot("sphero"), ("heading_estimate",))
SHARP = RollingSettings(latency=0.0, camera_noise=0.0, camera_latency=0.0)
PERIOD = 0.5
ARENA = Scenario("arena")


def backend(settings: RollingSettings = SHARP, scene: str = "arena", seed: int = 0) -> RollingBackend:
    return RollingBackend(ROBOT, settings, PERIOD, Scenario(scene, seed))


def ball(**settings: float) -> Ball:
    size = BallSettings(**settings)
    return Ball(floor_plan("plane", size.radius), size)


def test_wheels_follow_exponentially_and_the_way_is_their_integral() -> None:
    """Whatever the steps: v = wheel * power * (1 - exp(-t / lag)), and the integral of that."""
    for steps in (1, 7):
        found = ball()
        found.target = np.full(2, 15.0)
        for _ in range(steps):
            found.step(0.4 / steps)
        decay = np.exp(-0.4 / 0.15)
        assert found.speed == pytest.approx(0.03 * 15.0 * (1.0 - decay))
        np.testing.assert_allclose(found.place, [0.03 * 15.0 * (0.4 - 0.15 * (1.0 - decay)), 0.0], atol=1e-12)


def test_it_turns_by_the_difference_of_its_wheels_over_the_track() -> None:
    found = ball(lag=1e-3)
    found.target = np.array([-2.0, 2.0])
    for _ in range(50):
        found.step(0.02)
    assert found.turning == pytest.approx(0.03 * 4.0 / 0.08)
    assert found.heading == pytest.approx(0.03 * 4.0 / 0.08 * (1.0 - 1e-3), rel=1e-3)
    assert np.hypot(*found.place) < 1e-9


def test_a_steady_turn_is_a_circle() -> None:
    """Radius: speed over turning rate, here 0.1 m; after half a turn it is two radii to the left."""
    found = ball(lag=1e-3)
    found.target = found.wheels = np.array([3.0, 7.0])
    assert found.speed / found.turning == pytest.approx(0.1)
    steps = 2000
    for _ in range(steps):
        found.step(np.pi / found.turning / steps)
    np.testing.assert_allclose(found.place, [0.0, 0.2], atol=1e-4)


def test_a_weak_wheel_turns_it() -> None:
    found = ball()
    found.strength, found.target = np.array([1.0, 0.5]), np.full(2, 10.0)
    for _ in range(100):
        found.step(0.02)
    np.testing.assert_allclose(found.wheels, [10.0, 5.0], rtol=1e-3)


def test_walls_stop_it() -> None:
    world = backend()
    world.begin(np.random.default_rng(0))
    places = [world.step(np.full(2, 15.0), np.full(2, 15.0))["base_position"][:2] for _ in range(20)]
    gap = np.array([0.8, 0.6]) - 0.04 - np.abs(places)
    assert gap.min() == pytest.approx(0.0, abs=1e-9)
    assert world.truth().fallen_contacts > 0


def test_an_episode_begins_anywhere_and_the_same_for_one_seed() -> None:
    world, again, other = backend(), backend(), backend(seed=1)
    starts = []
    for episode in range(150):
        rngs = [np.random.default_rng(episode) for _ in range(3)]
        first, second, third = (item.begin(rng) for item, rng in zip((world, again, other), rngs, strict=True))
        for name in first:
            np.testing.assert_array_equal(first[name], second[name])
            np.testing.assert_array_equal(first[name], third[name])  # no noise to differ in
        starts.append(first["base_position"][:2])
    spread = np.std(starts, axis=0)
    assert (np.abs(np.mean(starts, axis=0)) < 0.1).all()
    assert (spread > [0.35, 0.25]).all()  # of a uniform one over the floor: 0.44 and 0.32
    assert np.ptp([world.truth().base_yaw % (2 * np.pi)]) == 0.0


def apart(one: float, other: float) -> float:
    """Between two headings [rad]."""
    return abs((one - other + np.pi) % (2.0 * np.pi) - np.pi)


def test_a_heading_is_made_out_of_what_is_told_and_seen() -> None:
    """Driving and resting by turns, with noise and delays: it is known within 0.2 rad most of the time."""
    world, rng = backend(RollingSettings()), np.random.default_rng(1)
    off = []
    for episode in range(6):
        told, before = world.begin(np.random.default_rng(episode)), np.zeros(2)
        for step in range(60):
            rests = step // 8 % 2 == 1
            command = np.zeros(2) if rests else ROBOT.command(rng.uniform(-1.0, 1.0, 2))
            told, before = world.step(before, command), command
            if rests:  # all that it was told has acted
                off.append(apart(float(told["heading_estimate"][0]), world.truth().base_yaw))
    assert np.median(off) < 0.1 and np.quantile(off, 0.9) < 0.3


def test_it_takes_no_slide_along_a_wall_for_a_heading() -> None:
    """Held back by a wall, the ball goes where it does not look."""
    found = WheelHeading(0.03, 0.08, 0.0, PERIOD)
    found.update(np.zeros(2), np.zeros(2))
    for step in range(1, 6):  # 0.225 m a period, straight along y
        heading = found.update(np.array([0.0, 0.225 * step]), np.full(2, 7.5 * step))
    assert apart(float(heading[0]), np.pi / 2) < 0.05
    slid = found.update(np.array([0.05, 1.125]), np.full(2, 7.5 * 6))
    assert slid[0] == heading[0]


def test_backwards_it_looks_where_it_does_not_go() -> None:
    found = WheelHeading(0.03, 0.08, 0.0, PERIOD)
    for step in range(6):
        heading = found.update(np.array([0.2 * step, 0.0]), np.full(2, -20.0 / 3.0 * step))
    assert apart(float(heading[0]), np.pi) < 0.05


def test_on_the_spot_it_turns_by_what_it_was_told() -> None:
    found = WheelHeading(0.03, 0.08, 0.0, PERIOD)
    found.update(np.zeros(2), np.zeros(2))
    turned = found.update(np.zeros(2), np.array([-2.0, 2.0]))
    assert turned[0] == pytest.approx(0.03 * 4.0 / 0.08)
    found.begin()
    assert found.update(np.zeros(2), np.zeros(2))[0] == 0.0


class TestCamera:
    def drive(self, **camera: float) -> np.ndarray:
        """Where it is seen less where it is, a row for each of many periods."""
        world = backend(replace(SHARP, **camera))
        world.begin(np.random.default_rng(0))
        rng, apart, before = np.random.default_rng(1), [], np.zeros(2)
        for _ in range(400):
            command = rng.uniform(-15.0, 15.0, 2)
            seen = world.step(before, command)["base_position"][:2]
            apart.append(seen - world.truth().base_position[:2])
            before = command
        return np.array(apart)

    def test_it_sees_what_is_there(self) -> None:
        np.testing.assert_allclose(self.drive(), 0.0, atol=1e-12)

    def test_noise_has_its_deviation(self) -> None:
        assert np.std(self.drive(camera_noise=0.01)) == pytest.approx(0.01, rel=0.1)

    def test_a_late_picture_shows_where_it_was(self) -> None:
        """Straight ahead at 0.45 m/s, seen 0.05 s late: 22.5 mm behind, also between two steps."""
        world = backend(replace(SHARP, camera_latency=0.05))
        world.begin(np.random.default_rng(5))
        world._ball.place, world._ball.heading, world._ball.wheels = np.array([-0.6, 0.0]), 0.0, np.full(2, 15.0)
        seen = world.step(np.full(2, 15.0), np.full(2, 15.0))["base_position"][:2]
        np.testing.assert_allclose(world.truth().base_position[:2] - seen, [0.0225, 0.0], atol=1e-9)

    def test_a_lost_ball_is_where_it_was_seen_last(self) -> None:
        assert np.abs(self.drive(camera_lost=0.5)).max() > 0.02

    def test_a_late_command_acts_late(self) -> None:
        """For the first 0.1 s the wheels still follow the command before."""
        late, sharp = backend(replace(SHARP, latency=0.1)), backend()
        for world in (late, sharp):
            world.begin(np.random.default_rng(5))
            world._ball.place, world._ball.wheels = np.zeros(2), np.zeros(2)
        late.step(np.zeros(2), np.full(2, 5.0))
        way = 0.03 * 5.0 * (0.4 - 0.15 * (1.0 - np.exp(-0.4 / 0.15)))
        assert np.hypot(*late.truth().base_position[:2]) == pytest.approx(way)


def test_pictures_show_walls_goal_and_ball() -> None:
    world = backend(scene="arena_obstacles")
    world.begin(np.random.default_rng(0))
    world._ball.place = np.array([0.1, -0.3])
    empty = world.render(192, 144)
    world.show_inputs({"goal_planar": np.array([-0.2, -0.3])})
    image = world.render(192, 144)
    assert image.shape == (144, 192, 3) and image.dtype == np.uint8
    across = 0.01  # m of a pixel: the walls' outer sides are 0.7 m from the middle, and 0.02 m more are shown

    def at(x: float, y: float) -> list[int]:
        return image[round(71.5 - y / across), round(95.5 + x / across)].tolist()

    assert at(0.1, -0.3) == [40, 90, 240]
    assert at(-0.2, -0.3) == [110, 108, 104] and at(-0.2 + 0.056, -0.3) == [225, 60, 50]  # a ring
    assert at(0.4, 0.25) == [178, 89, 51] and at(-0.84, 0.0) == [115, 107, 97]  # a pillar, a wall
    assert (image != empty).any(-1).sum() < 200


@pytest.mark.parametrize(
    ("overrides", "error", "words"),
    [
        (["robot=xarm6", "task=bring_up"], ConfigError, "driver 'rolling' moves two endless wheels .* robot 'xarm6'"),
        (["control.rate_hz=20"], TimingError, "latency 0.1 s is not below the control period 0.05 s"),
        (["driver.backend.strength=[1.1, 0.9]"], ConfigError, r"strength is \[1.1, 0.9\]: its first, the lowest"),
        (["driver.backend.ball.radius=0"], ConfigError, "driver.backend.ball.radius' is 0"),
        (
            ["cameras.names=[above]", "driver.backend.frames.turn=[0, 0.1, 1]"],
            ConfigError,
            r"turn is \[0.0, 0.1, 1.0\]",
        ),
        (
            ["cameras.names=[above]", "driver.backend.frames.shift=[0, 0, 1.97]"],
            ConfigError,
            "sees from straight above",
        ),
        (["task.scene=moon"], UnknownNameError, "unknown scene 'moon'; valid: arena, arena_obstacles"),
        (["task.scene=table_cube"], ConfigError, "scene 'table_cube' has 'cube', which moves"),
        (["task.scene=table"], ConfigError, r"scene 'table': what stands at \(0.3, 0\) m is where the ball starts"),
    ],
)
def test_what_cannot_be_is_refused(overrides: list[str], error: type[Exception], words: str) -> None:
    task = "sphero_navigate"
    if "task=bring_up" in overrides:
        with pytest.raises(error, match=words):
            SHARP.check_robot(load_robot("xarm6"))
        return
    with pytest.raises(error, match=words):
        load_settings(task, overrides=overrides).load_robot()
        SHARP.check_timing(ControlSettings(rate_hz=20.0))


def test_a_sensor_that_it_has_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="driver 'rolling' cannot measure sensor 'imu_orientation'"):
        SHARP.check_robot(replace(ROBOT, sensors=(*ROBOT.sensors, "imu_orientation")))


def test_an_obstacle_where_it_starts_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "blocked.yaml"
    path.write_text(yaml.safe_dump({"bodies": [{"cylinder": [0.1, 0.1], "position": [0.05, 0.0, 0.05]}]}))
    assert main(["train", "sphero_navigate", "--out", str(tmp_path / "run"), "--set", f"task.scene={path}"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.count("\n") == 0
    assert "what stands at (0.05, 0) m is where the ball starts, within 0.04 m of (0, 0) m" in said
