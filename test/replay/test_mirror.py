# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The left-right mirror image of observations and actions, against the simulator's own physics."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from value_agents import plain_layout

from ros_rl.agents.factory import make_agent
from ros_rl.backends import make_backend
from ros_rl.errors import ConfigError
from ros_rl.features import ObservationSpec
from ros_rl.features.legs import GAIT_HZ
from ros_rl.layout import Field
from ros_rl.replay.batch import Batch
from ros_rl.replay.buffer import ReplayBuffer
from ros_rl.replay.mirror import Mirror
from ros_rl.robot import load_robot
from ros_rl.runtime.making import make_driver_loop
from ros_rl.settings.loading import load_settings
from ros_rl.settings.tree import Settings
from ros_rl.tasks.quadruped.walk import A1Walk
from ros_rl.types import Command, Transition

_QUIET = {
    "control": {"delay": 1},
    "driver": {
        "backend": {
            "reset_noise": 0.0,
            "odometry": "truth",
            "noise": {
                "joint_position": 0.0,
                "joint_velocity": 0.0,
                "orientation": 0.0,
                "angular_velocity": 0.0,
                "linear_velocity": 0.0,
                "height": 0.0,
            },
        },
    },
}


_HALF_A_STRIDE = round(0.5e9 / GAIT_HZ)  # ns; what one side does now, the other does then


def _observations(settings: Settings, actions: np.ndarray, later: int = 0) -> np.ndarray:
    robot = settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    backend = make_backend(settings)
    driver = make_driver_loop(settings, robot, backend, auto_recover=True)
    tick, rows = driver.start(), []
    for action in actions:
        rows.append(spec.observe(replace(tick, stamp=tick.stamp + later)))
        driver.accept(Command(tick.stamp, robot.command(action)))
        tick = driver.advance()
    backend.close()
    return np.array(rows)


def test_mirrored_actions_give_mirrored_observations() -> None:
    settings = load_settings("a1_walk", overrides=[_QUIET])
    robot = settings.load_robot()
    spec = ObservationSpec(robot, settings.task.observation, settings.control.delay)
    mirror = spec.mirror()
    assert mirror is not None and robot.mirror is not None
    index, sign = mirror
    joints, signs = robot.mirror
    actions = np.random.default_rng(0).uniform(
        -0.3, 0.3, (6, robot.size)
    )  # more, and a foot that just touches strikes in one of the two alone
    one = _observations(settings, actions)
    other = _observations(settings, actions[:, list(joints)] * signs, _HALF_A_STRIDE)
    assert spec.size == len(index) == len(sign)
    # contacts make small differences grow, and the A1 itself is not quite symmetric: over a few steps the image must
    # stay far closer than the original
    for name, part in spec.slices.items():
        apart = np.abs(one[:, part] - other[:, part]).max()
        mirrored = np.abs((one[:, index] * sign)[:, part] - other[:, part]).max()
        assert mirrored <= max(0.2 * apart, 1e-3), f"{name}: {mirrored} against {apart}"


@pytest.mark.parametrize("name", ["a1_walk", "a1_back", "go2_walk"])
def test_mirror_is_its_own_inverse_and_keeps_the_reward(name: str) -> None:
    settings = load_settings(name)
    robot, task = settings.load_robot(), settings.task
    spec = ObservationSpec(robot, task.observation, 2)
    mirror = spec.mirror()
    assert mirror is not None
    index, sign = mirror
    flat = np.random.default_rng(1).normal(size=(20, spec.size))
    image = flat[:, index] * sign
    np.testing.assert_allclose(image[:, index] * sign, flat)
    before, after = spec.split(flat[:10]), spec.split(flat[10:])
    before_image, after_image = spec.split(image[:10]), spec.split(image[10:])
    reward = task.reward(before, before["last_action"], after["last_action"], after)
    mirrored = task.reward(before_image, before_image["last_action"], after_image["last_action"], after_image)
    np.testing.assert_allclose(mirrored, reward)
    np.testing.assert_array_equal(task.terminated(after), task.terminated(after_image))


def test_a_robot_without_symmetry_has_no_mirror() -> None:
    settings = load_settings("xarm_reach")
    assert ObservationSpec(settings.load_robot(), settings.task.observation, 1).mirror() is None


def test_an_unknown_joint_in_the_mirror_is_named(tmp_path: object) -> None:
    from pathlib import Path

    from ros_rl.resources import share_path

    text = (share_path("config", "robots") / "a1.yaml").read_text().replace("-FL_hip_joint", "-FX_hip_joint")
    file = Path(str(tmp_path)) / "a1.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match="mirror: unknown joint FX_hip_joint"):
        load_robot(str(file))


@pytest.mark.parametrize("delay", [0, 2])
def test_mirrored_transitions_are_those_of_a_mirrored_robot(delay: int) -> None:
    """Stored transitions of an episode and of its mirror image: every second row of one becomes the other's."""
    settings = load_settings("a1_walk", overrides=[_QUIET, {"control": {"delay": delay}}])
    robot, task = settings.load_robot(), settings.task
    spec = ObservationSpec(robot, task.observation, delay)
    joints, signs = robot.mirror
    actions = np.random.default_rng(0).uniform(-0.3, 0.3, (5, robot.size))

    def batch(turned: bool) -> Batch:
        chosen = actions[:, list(joints)] * signs if turned else actions
        seen = _observations(settings, chosen, turned * _HALF_A_STRIDE)
        replay = ReplayBuffer(10, spec.size, robot.size)
        for k in range(4):
            replay.add(Transition(k, 0, seen[k], chosen[k], 0.0, seen[k + 1], False, False))
        return replay.at(np.arange(4))

    one, other, changed = batch(False), batch(True), Mirror(spec).turned(batch(False), slice(None, None, 2))
    np.testing.assert_allclose(changed.action[::2], other.action[::2], atol=1e-6)
    for name in ("action", "observation", "next_observation"):
        plain, image, found = (getattr(each, name) for each in (one, other, changed))
        np.testing.assert_array_equal(found[1::2], plain[1::2])
        # contacts make small differences grow, see above
        assert np.linalg.norm(found[::2] - image[::2]) < 0.1 * np.linalg.norm(plain[::2] - image[::2]), name


@pytest.mark.parametrize("name", ["sac", "mpc", "mbpo", "distil"])
def test_agents_that_replay_learn_from_mirror_images_where_there_are_some(name: str) -> None:
    def mirror(task: str, **agent: Any) -> Any:
        settings = load_settings(task, overrides=[{"agent": {"name": name, **agent}}])
        spec = ObservationSpec(settings.load_robot(), settings.task.observation, 1)
        return make_agent(spec, settings).mirror

    assert isinstance(mirror("a1_walk"), Mirror)
    assert mirror("a1_walk", mirror=False) is None and mirror("xarm_reach") is None
    assert mirror("a1_walk", name="actor_critic", data="on_policy") is None


@dataclass(frozen=True)
class Lopsided(A1Walk):
    """On a symmetric robot."""

    symmetric: ClassVar[bool] = False


def test_a_task_that_is_not_symmetric_is_not_mirrored_on_a_robot_that_is() -> None:
    settings = load_settings("a1_walk", overrides=["agent.name=sac"])
    spec = ObservationSpec(settings.load_robot(), settings.task.observation, 1)
    assert spec.mirror() is not None and make_agent(spec, settings).mirror is not None
    assert make_agent(spec, replace(settings, task=Lopsided())).mirror is None


_EXACT = [f"driver.backend.noise.joint_{what}=0" for what in ("position", "velocity")]
_WAY = [
    2,
    2,
    0,
    5,
    3,
    3,
    1,
    2,
    5,
]  # y_up twice, x_up, the gripper closes, ...: high above things, which nothing touches


@pytest.mark.parametrize("task", ["ur5_pick_place", "xarm_pick_place"])
def test_mirrored_choices_bring_the_tool_to_the_mirrored_place(task: str) -> None:
    settings = load_settings(task, overrides=["driver.backend.reset_noise=0", *_EXACT])
    spec = settings.observation_spec()

    def seen(choices: list[int]) -> np.ndarray:
        backend = make_backend(settings)
        driver = make_driver_loop(settings, settings.load_robot(), backend, auto_recover=True)
        tick, rows = driver.start(), []
        for choice in choices:
            driver.accept(Command(tick.stamp, spec.map.command(tick, np.array([float(choice)]))))
            tick = driver.advance()
            rows.append(spec.observe(tick))
        backend.close()
        return np.array(rows)

    index, sign = spec.mirror()
    one, other = seen(_WAY), seen([spec.mirrored_choices[choice] for choice in _WAY])
    for name in ("tool_position", "gripper_width", "last_action"):
        part = spec.slices[name]
        np.testing.assert_allclose((one[:, index] * sign)[:, part], other[:, part], atol=0.01, err_msg=name)
    assert np.ptp(one[:, spec.slices["tool_position"]], axis=0).min() > 0.02  # along each axis


def test_choices_are_turned_with_what_was_seen() -> None:
    spec = load_settings("ur5_pick_place").observation_spec()
    names = list(spec.map.moves)
    replay, rng = ReplayBuffer(6, spec.size, 1), np.random.default_rng(0)
    for k in range(len(names)):
        seen = rng.normal(size=(2, spec.size))
        replay.add(Transition(k, 0, seen[0], np.array([float(k)]), 0.0, seen[1], False, False))
    turned = Mirror(spec).turned(replay.at(np.arange(6)), slice(None)).action[:, 0].astype(int)
    swapped = {"y_up": "y_down", "y_down": "y_up"}
    assert [names[choice] for choice in turned] == [swapped.get(name, name) for name in names]


@pytest.mark.parametrize("side", ["lower=[0.33, -0.2, 0]", "avoid_upper=[.inf, 0.09, 0.1]"])
def test_choices_in_a_box_that_is_longer_on_one_side_have_no_mirror(side: str) -> None:
    settings = load_settings("ur5_pick_place", overrides=[f"control.commands.{side}"])
    spec = settings.observation_spec()
    assert spec.mirror() is None and not spec.mirrored_choices and make_agent(spec, settings).mirror is None


def test_without_symmetry_there_is_no_mirror() -> None:
    with pytest.raises(ValueError, match="no left-right mirror image"):
        Mirror(plain_layout())


def test_what_a_camera_sees_has_no_mirror_image_yet() -> None:
    settings = load_settings("a1_walk")
    spec = ObservationSpec(settings.load_robot(), settings.task.observation, 1)
    spec.images = (Field("front", (4, 4, 3), "1", 1 / 255, "image", "uint8"),)
    assert spec.mirror() is None


def test_each_transition_is_seen_on_both_sides() -> None:
    """Also where a batch holds the same ones in the same order, as prioritised ones nearly do."""
    settings = load_settings("a1_walk")
    spec = ObservationSpec(settings.load_robot(), settings.task.observation, 1)
    replay, rng = ReplayBuffer(20, spec.size, spec.action_size), np.random.default_rng(0)
    for k in range(20):
        action = rng.uniform(-1, 1, spec.action_size)
        replay.add(Transition(k, 0, rng.normal(size=spec.size), action, 0.0, rng.normal(size=spec.size), False, False))
    mirror, batch = Mirror(spec), replay.at(np.arange(20))
    torch.manual_seed(0)
    turned = np.array([(mirror(batch).observation != batch.observation).any(1) for _ in range(200)])
    assert 0.3 < turned.mean(0).min() and turned.mean(0).max() < 0.7
    both = [(mirror(batch).action != batch.action).any(1).mean() for _ in range(50)]
    assert len(set(both)) > 3  # independent of each other
