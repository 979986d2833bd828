# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Velocities of the tool: there and back, where it is singular, at the box, and what cannot have them."""

from dataclasses import replace

import numpy as np
import pytest
from arm_ticks import PERIOD, UR5E, arm_tick, at_home, make_map, with_gripper

from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.safety import CommandFilter, expected_position
from ros_rl.settings.commands import CartesianSettings

KINEMATICS = Kinematics(UR5E, urdf_of(UR5E))


def differences(position: np.ndarray, velocity: np.ndarray, size: float = 1e-6) -> np.ndarray:
    """Velocity of the tool, by the difference of two places."""
    ends = [KINEMATICS.positions(position + side * size * velocity)[-1] for side in (-1.0, 1.0)]
    return (ends[1] - ends[0]) / (2.0 * size)


def some_ticks(rng: np.random.Generator, count: int, delay: int, speed: float = 0.05):
    """Ticks near home, with slow commands before."""
    for _ in range(count):
        position = UR5E.home + rng.uniform(-0.3, 0.3, UR5E.size)
        yield arm_tick(UR5E, position, *np.split(rng.uniform(-speed, speed, (1 + delay, UR5E.size)), [1]))


@pytest.mark.parametrize("delay", [0, 1, 3])
@pytest.mark.parametrize("orientation", ["free", "upright", "fixed"])
def test_there_and_back_is_exact_where_no_limit_is_in_the_way(delay: int, orientation: str) -> None:
    commands = make_map("cartesian", orientation=orientation, acceleration=50.0, joint_speed=20.0)
    rng = np.random.default_rng(delay)
    exact = 0
    for tick in some_ticks(rng, 60, delay):
        action = rng.uniform(-0.3, 0.3, 3)
        command = commands.command(tick, action)
        before = tick.pending_commands[-1] if delay else tick.previous_command
        most = np.minimum(UR5E.limits.acceleration * PERIOD, UR5E.limits.step)
        if (np.abs(command - before) < most * (1.0 - 1e-9)).all():
            exact += 1
            np.testing.assert_allclose(commands.decided(tick, command), action, atol=1e-12)
    assert exact > 10


def test_whatever_acts_is_recorded_as_what_the_tool_does() -> None:
    """Any joint velocities, a person's or those of a filter: against differences of the kinematics."""
    commands = make_map("cartesian", speed=0.5)
    rng = np.random.default_rng(0)
    for tick in some_ticks(rng, 20, 1, speed=1.0):
        velocity = rng.uniform(-2.0, 2.0, UR5E.size)
        ramp = 0.5 * PERIOD * UR5E.command_ramp * tick.pending_commands[-1]
        place = (
            expected_position(
                UR5E,
                PERIOD,
                UR5E.home * 0 + tick.measurement["joint_position"],
                tick.previous_command,
                tick.pending_commands,
            )
            + ramp
        )
        np.testing.assert_allclose(commands.decided(tick, velocity), differences(place, velocity) / 0.5, atol=1e-6)


def test_observations_show_what_was_decided_if_the_arm_does_what_it_is_told() -> None:
    """A tick later the same command is shown by the place that was expected then, to rounding."""
    commands, rng = make_map("cartesian"), np.random.default_rng(1)
    position, sent = UR5E.home.copy(), [np.zeros(UR5E.size)] * 3
    decided = []
    for _ in range(30):
        tick = arm_tick(UR5E, position, sent[-3], sent[-2:])
        decided.append(rng.uniform(-1.0, 1.0, 3))
        command = commands.command(tick, decided[-1])
        decided[-1] = commands.decided(tick, command)
        seen = commands.seen(tick)
        if len(decided) > 3:
            np.testing.assert_allclose(seen, decided[-4:-1], atol=1e-9)
        sent.append(command)
        # the velocity ramps over the whole period from the last command to the one that acts now
        position = position + PERIOD * 0.5 * (sent[-4] + sent[-3])


def test_the_filter_has_nothing_to_change() -> None:
    """Limits of joints and their accelerations are kept by scaling, so the driver's filter lets all of it through."""
    robot = replace(UR5E, safety=replace(UR5E.safety, workspace=None))  # which stands still for its other links
    commands, rng = make_map("cartesian", robot, speed=1.0, acceleration=20.0), np.random.default_rng(2)
    filter_, position, sent = CommandFilter(robot, PERIOD), UR5E.home.copy(), [np.zeros(UR5E.size)] * 2
    action = np.zeros(3)
    for step in range(300):
        action = rng.uniform(-1.0, 1.0, 3) if step % 10 == 0 else action
        tick = arm_tick(UR5E, position, sent[-2], sent[-1:])
        command = commands.command(tick, action)
        expected = expected_position(UR5E, PERIOD, position, sent[-2], np.array(sent[-1:]))
        np.testing.assert_allclose(filter_(command, expected).value, command, atol=1e-9)
        assert (np.abs(commands.decided(tick, command)) <= 1.5).all()
        sent.append(command)
        position = position + PERIOD * 0.5 * (sent[-3] + sent[-2])


def test_singular_poses_bring_no_fast_joints() -> None:
    """Stretched out, the arm cannot go further; damped, it does not try, and what it does is what is recorded."""
    commands = make_map("cartesian", orientation="free", acceleration=50.0, joint_speed=2.0)
    stretched = np.array([0.0, -0.3, 0.0, 0.0, 0.0, 0.0])
    tick = arm_tick(UR5E, stretched, np.zeros(6), [np.zeros(6)])
    radial = KINEMATICS.positions(stretched)[-1] * [1.0, 1.0, 0.0]
    radial /= np.linalg.norm(radial)
    command = commands.command(tick, radial)
    assert np.linalg.norm(command) <= 2.0 + 1e-9
    np.testing.assert_allclose(commands.decided(tick, command), differences(stretched, command) / 0.25, atol=1e-6)
    across = commands.command(tick, np.array([0.0, 0.0, 0.2]))  # up and down it is free: that is exact
    assert commands.decided(tick, across)[2] == pytest.approx(0.2, abs=0.05)


def test_a_command_at_rest_next_to_every_singularity_is_finite() -> None:
    commands, rng = make_map("cartesian"), np.random.default_rng(3)
    for _ in range(50):
        position = rng.choice([0.0, np.pi / 2, -np.pi / 2], UR5E.size) + rng.choice([0.0, 1e-9], UR5E.size)
        tick = arm_tick(UR5E, position, np.zeros(6), [np.zeros(6)])
        command = commands.command(tick, rng.uniform(-1.0, 1.0, 3))
        assert np.isfinite(command).all() and (np.abs(command) <= UR5E.limits.velocity).all()


def drive(commands, action: np.ndarray, steps: int) -> np.ndarray:
    """Where the tool is while one action is asked for all the time, shape (steps, 3)."""
    position, sent, found = UR5E.home.copy(), [np.zeros(UR5E.size)] * 2, []
    for _ in range(steps):
        sent.append(commands.command(arm_tick(UR5E, position, sent[-2], sent[-1:]), action))
        position = position + PERIOD * 0.5 * (sent[-3] + sent[-2])
        found.append(KINEMATICS.positions(position)[-1])
    return np.array(found)


def test_the_tool_stops_at_the_boxs_side_and_slides_along_it() -> None:
    home = KINEMATICS.positions(UR5E.home)[-1]
    side = home[0] + 0.1
    commands = make_map("cartesian", upper=(side, np.inf, np.inf), acceleration=1.0)
    way = drive(commands, np.array([1.0, 0.5, 0.0]), 40)
    assert way[:, 0].max() <= side + 1e-3 and way[-1, 0] == pytest.approx(side, abs=2e-3)
    assert way[-1, 1] - way[20, 1] == pytest.approx(20 * PERIOD * 0.125, rel=0.05)
    back = drive(commands, np.array([-1.0, 0.0, 0.0]), 10)
    assert back[-1, 0] < home[0] - 0.05


def test_the_tool_goes_straight_and_stays_upright() -> None:
    commands = make_map("cartesian", acceleration=1.0)
    way = drive(commands, np.array([0.0, 1.0, 0.0]), 20)
    home = KINEMATICS.positions(UR5E.home)[-1]
    assert np.abs(way[:, [0, 2]] - home[[0, 2]]).max() < 5e-3
    assert way[-1, 1] - home[1] == pytest.approx(0.25 * 20 * PERIOD, abs=0.05)


def test_an_action_turns_the_tool_about_the_vertical() -> None:
    commands = make_map("cartesian", turn_speed=0.5, acceleration=50.0)
    assert commands.actions == ("tool_x", "tool_y", "tool_z", "tool_turn")
    command = commands.command(at_home(UR5E), np.array([0.0, 0.0, 0.0, 0.4]))
    motion = KINEMATICS.tool(UR5E.home).jacobian @ command
    np.testing.assert_allclose(motion, [0.0, 0.0, 0.0, 0.0, 0.0, 0.2], atol=1e-9)
    with pytest.raises(ConfigError, match=r"turn_speed 0.5 turns the tool, which orientation 'fixed' forbids"):
        CartesianSettings(turn_speed=0.5, orientation="fixed")


def test_a_gripper_keeps_its_own_action() -> None:
    pytest.importorskip("pybullet")  # whose models the arm is of
    robot = with_gripper()
    commands, tick = make_map("cartesian", robot), at_home(robot)
    assert commands.actions == ("tool_x", "tool_y", "tool_z", "gripper")
    command = commands.command(tick, np.array([0.1, 0.0, 0.0, -0.5]))
    assert command[-1] == pytest.approx(0.425 - 0.5 * 0.425)
    np.testing.assert_allclose(commands.decided(tick, command), [0.1, 0.0, 0.0, -0.5], atol=1e-9)
    low, high = commands.bounds()
    assert (low[-1], high[-1]) == (-1.0, 1.0) and np.isinf(high[:3]).all()


def test_non_finite_actions_are_refused() -> None:
    with pytest.raises(Exception, match="action of ur5e is not finite"):
        make_map("cartesian").check_action(np.array([0.0, np.nan, 0.0]))


@pytest.mark.parametrize(
    ("robot", "message"),
    [
        ("a1", "needs a tool, and robot 'a1' has none"),
        ("mock", "needs the kinematics of robot 'mock': robot 'mock' has no URDF"),
        ("so101", "needs joints that take velocities; of robot 'so101' the tool is moved by shoulder_pan by position"),
    ],
)
def test_a_robot_that_cannot_is_refused(robot: str, message: str) -> None:
    if robot == "a1":
        pytest.importorskip("pybullet")  # whose model it is
    with pytest.raises(ConfigError, match=message):
        make_map("cartesian", load_robot(robot))


def test_a_box_without_the_home_pose_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"home pose of robot 'ur5e' its tool is at \[.*\] m, outside the box"):
        make_map("cartesian", upper=(0.1, 1.0, 1.0))
    low = replace(UR5E.safety.workspace, upper=(0.2, 1.0, 1.0))
    with pytest.raises(ConfigError, match="outside the box"):
        make_map("cartesian", replace(UR5E, safety=replace(UR5E.safety, workspace=low)))
