# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Choices: steps end at their places, every command is its choice again, and what is none is none."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from arm_ticks import UR5E, arm_tick, at_home, make_map, with_gripper

from ros_rl.commands import CommandMap
from ros_rl.errors import CommandError, ConfigError
from ros_rl.robot import Robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.robot.model import urdf_of
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.safety import CommandFilter
from ros_rl.settings.commands import CartesianSettings, ChoiceSettings
from ros_rl.settings.loading import load_settings
from ros_rl.types import Measurement

PERIOD = 0.5
"""2 Hz, as published."""


class Bench:
    """An arm that does what it is told."""

    def __init__(self, commands: CommandMap, robot: Robot, delay: int) -> None:
        self.commands, self.robot, self.delay = commands, robot, delay
        self.kinematics = Kinematics(robot, urdf_of(robot, kinematics=True))
        self.position, self.sent = robot.home.copy(), [robot.neutral_command] * (delay + 1)

    @property
    def tick(self):
        commands = self.sent[-self.delay - 1 :]
        return arm_tick(self.robot, self.position, commands[0], commands[1:])

    def step(self, command: np.ndarray) -> None:
        self.sent.append(command)
        before, now = self.sent[-self.delay - 2], self.sent[-self.delay - 1]
        by_velocity = self.robot.commanded_by("velocity")
        self.position = np.where(by_velocity, self.position + PERIOD * 0.5 * (before + now), now)

    def rest(self) -> np.ndarray:
        """Where the tool comes to rest if nothing more is asked for."""
        sent, position = self.sent, self.position
        for _ in range(self.delay + 1):
            self.step(np.where(self.robot.commanded_by("velocity"), 0.0, self.sent[-1]))
        found, self.sent, self.position = self.kinematics.positions(self.position)[-1], sent[: -0 or None], position
        self.sent = self.sent[: len(sent) - self.delay - 1]
        return found


@pytest.mark.parametrize("delay", [0, 1, 2])
def test_steps_end_at_their_places_and_every_command_is_its_choice(delay: int) -> None:
    commands = make_map("choice", period=PERIOD, vertical="steps")
    assert list(commands.moves) == ["x_up", "x_down", "y_up", "y_down", "z_up", "z_down"] and commands.choices == 6
    bench, rng = Bench(commands, UR5E, delay), np.random.default_rng(delay)
    place = bench.rest()
    for _ in range(25):
        tick, choice = bench.tick, commands.random(rng)
        command = commands.command(tick, choice)
        np.testing.assert_array_equal(commands.decided(tick, command), choice)
        bench.step(command)
        place = place + list(commands.moves.values())[int(choice[0])]
        np.testing.assert_allclose(bench.rest(), place, atol=1e-6)
        shown = commands.seen(bench.tick)[-1] * 0.04
        np.testing.assert_allclose(shown, list(commands.moves.values())[int(choice[0])], atol=1e-6)


def test_the_published_six_go_between_two_heights_and_ends_of_the_gripper() -> None:
    pytest.importorskip("pybullet")  # whose models the arm is of
    robot = with_gripper()
    commands = make_map("choice", robot, PERIOD, heights=(0.2, 0.35))
    assert list(commands.moves) == ["x_up", "x_down", "y_up", "y_down", "height", "grip"]
    bench = Bench(commands, robot, 1)
    ends, heights = [], []
    for choice in (4, 5, 0, 4, 5, 4):
        tick = bench.tick
        bench.step(commands.command(tick, np.array([float(choice)])))
        assert commands.decided(tick, bench.sent[-1]) == choice
        ends.append(round(float(bench.sent[-1][-1]), 3))
        heights.append(round(float(bench.rest()[2]), 3))
    assert heights == [0.2, 0.2, 0.2, 0.35, 0.35, 0.2]
    assert ends == [0.0, 0.85, 0.85, 0.85, 0.0, 0.0]


def test_steps_end_at_the_boxs_sides_and_tell_the_first_of_choices_that_are_the_same() -> None:
    x, y, z = Kinematics(UR5E, urdf_of(UR5E)).positions(UR5E.home)[-1]
    commands = make_map("choice", period=PERIOD, vertical="steps", upper=(x + 0.01, y, z + 1.0))
    bench = Bench(commands, UR5E, 0)
    bench.step(commands.command(bench.tick, np.array([0.0])))
    np.testing.assert_allclose(bench.rest(), [x + 0.01, y, z], atol=1e-6)
    for choice in (0.0, 2.0):  # in the corner both stay
        assert commands.decided(bench.tick, commands.command(bench.tick, np.array([choice]))) == 0.0


def test_a_choice_may_be_to_stay() -> None:
    commands = make_map("choice", period=PERIOD, vertical="steps", stay=True)
    bench = Bench(commands, UR5E, 1)
    bench.step(commands.command(bench.tick, np.array([1.0])))
    place, tick = bench.rest(), bench.tick
    bench.step(commands.command(tick, np.array([6.0])))
    np.testing.assert_allclose(bench.rest(), place, atol=1e-6)
    assert list(commands.moves)[6] == "stay" and commands.decided(tick, bench.sent[-1]) == 6.0


def test_what_is_near_no_choice_is_none() -> None:
    commands, tick = make_map("choice", period=PERIOD, vertical="steps"), at_home(UR5E)
    step = commands.command(tick, np.array([0.0]))
    assert commands.decided(tick, 0.9 * step) == 0.0
    assert commands.decided(tick, np.zeros(6)) is None
    other = commands.command(tick, np.array([2.0]))
    assert commands.decided(tick, 0.5 * (step + other)) is None


def test_no_such_choice_is_refused() -> None:
    commands = make_map("choice", period=PERIOD)
    for wrong in (5.0, -1.0, 0.5):
        with pytest.raises(CommandError, match=f"choice of ur5e is {wrong:g}, allowed: 0 to 4"):
            commands.command(at_home(UR5E), np.array([wrong]))
    with pytest.raises(CommandError, match="not finite"):
        commands.check_action(np.nan)


@pytest.mark.parametrize("task", ["ur5_pick_place", "xarm_pick_place"])
def test_the_drivers_filter_leaves_choices_as_they_are(task: str) -> None:
    """In the simulator, up and down again and again: limits for periods of 20 Hz would cut the turns at 2 Hz."""
    usual = {"control.commands.name": "choice", "agent.name": "dqn", "control.rate_hz": 2.0, "control.delay": 0}
    world = RobotWorld(load_settings(task, overrides=[usual]).headless(), 0)
    step, found = world.begin_episode(), []
    for choice in (4, 4, 5, 4, 0, 4, 2, 1, 4, 3, 4, 4):
        step = world.step(world.command(choice))
        assert step.transition is not None
        found.append(int(step.transition.action[0]))
    world.close()
    assert found == [4, 4, 5, 4, 0, 4, 2, 1, 4, 3, 4, 4]


def test_what_cannot_be_is_refused() -> None:
    pytest.importorskip("pybullet")  # whose models the arm is of
    with pytest.raises(
        ConfigError,
        match=r"moves 'gripper' of robot 'xarm6_gripper' by more than 0.425 in a control period, .* permit 0.1",
    ):
        make_map("choice", with_gripper(step=0.1), PERIOD)
    with pytest.raises(ConfigError, match="has height 0.01 m, robot 'ur5e' allows 0.04 to 1.18 m"):
        make_map("choice", period=PERIOD, heights=(0.01, 0.2))
    with pytest.raises(ConfigError, match="expected the lower one first"):
        ChoiceSettings(heights=(0.3, 0.2))


def highest_upright(x: float, y: float) -> float:
    """How high a UR5e's tool gets while it points straight down, its elbow stretched [m].

    By its maker's table of Denavit-Hartenberg parameters (d1, a2, a3, d4, d5, d6), and the hand's length of 15 cm.

    Args:
        x: Of the tool [m].
        y: Of the tool [m].
    """
    wrist = math.sqrt(x**2 + y**2 - 0.1333**2) - 0.0997  # of its first axis, from the shoulder's in the arm's plane
    return 0.1625 + math.sqrt((0.425 + 0.3922) ** 2 - wrist**2) - 0.0996 - 0.15


@pytest.mark.parametrize("height", [0.62, 0.7, 0.9, 1.15])
def test_heights_that_the_tool_does_not_come_to_are_refused_with_what_is_right(height: float) -> None:
    """By the triangle that the stretched arm makes; what is said to be right is taken."""
    settings = load_settings("ur5_pick_place", overrides=[f"control.commands.heights=[0.03, {height}]"])
    words = rf"control.commands.heights \[0.03, {height}\]: at \[0.\d+, -0.204, {height}\] m, a corner of "
    with pytest.raises(ConfigError, match=words + r".*; allowed: up to ([\d.]+) m") as refused:
        settings.observation_spec()
    allowed = float(re.search(r"up to ([\d.]+) m", str(refused.value))[1])
    right = highest_upright(0.51, 0.204)
    assert right - 0.03 < allowed <= right
    load_settings("ur5_pick_place", overrides=[f"control.commands.heights=[0.03, {allowed}]"]).observation_spec()


def test_a_box_whose_corner_is_out_of_reach_is_refused_too() -> None:
    far = ["control.commands.upper=[0.95, 0.6, .inf]"]
    with pytest.raises(ConfigError, match=r"at \[0.33, 0.6, 0.03\] m|at \[0.95, .*; allowed: a smaller box"):
        load_settings("ur5_pick_place", overrides=far).observation_spec()


def test_a_gripper_that_needs_longer_than_a_period_goes_on_and_its_choice_is_known() -> None:
    """The UR5e's closes in 0.57 s: after one period of 0.5 s the filter has let it through to 0.705 of 0.8 rad."""
    settings = load_settings("ur5_pick_place", overrides=["control.commands.empty_opens=true"])
    robot, commands = settings.load_robot(), settings.observation_spec().map
    tick = at_home(robot, 0)
    opened = arm_tick(robot, robot.home, commands.command(tick, np.array([0.0])))
    asked = commands.command(opened, np.array([5.0]))
    filter_ = CommandFilter(robot, PERIOD)
    filter_.reset(opened.previous_command)
    acted = filter_(asked, robot.home).value
    assert (asked[-1], round(float(acted[-1]), 3)) == (0.8, 0.705)
    assert commands.decided(opened, acted) == 5.0
    at_rest = arm_tick(robot, robot.home, asked)
    velocities = np.where(robot.commanded_by("position"), 1.0, 0.0)
    at_rest, closing = (
        replace(at_rest, measurement=Measurement(joint_position=robot.home, joint_velocity=moving * velocities))
        for moving in (0.0, 1.0)
    )
    assert (
        commands.command(closing, np.array([1.0]))[-1] == 0.8 and commands.command(closing, np.array([5.0]))[-1] == 0.0
    )
    filter_.reset(asked)
    for number in map(float, range(6)):  # it opens whatever is chosen, and what the filter leaves of that is known
        acted = filter_(commands.command(at_rest, np.array([number])), robot.home).value
        assert acted[-1] == pytest.approx(0.095, abs=1e-3)
        assert commands.decided(at_rest, acted) == number
        filter_.reset(asked)


def test_no_step_leads_into_the_box_to_avoid() -> None:
    """A wall of 10 cm: the tool goes over it, and beside it up to 5 mm of its side, and not down on it."""
    wall = {"avoid_lower": (-np.inf, -0.05, -np.inf), "avoid_upper": (np.inf, 0.05, 0.15)}
    heights = {"heights": (0.1, 0.2), "step": 0.04}
    commands = make_map("choice", with_gripper(), PERIOD, **heights, **wall)
    over, beside = np.array([0.45, 0.0, 0.2]), np.array([0.45, 0.06, 0.1])
    np.testing.assert_allclose(commands.target(over, "y_up"), [0.45, 0.04, 0.2])
    np.testing.assert_array_equal(commands.target(over, "height"), over)
    np.testing.assert_allclose(commands.target(beside, "y_down"), [0.45, 0.055, 0.1])
    np.testing.assert_allclose(commands.target(beside * [1.0, -1.0, 1.0], "y_up"), [0.45, -0.055, 0.1])
    nearer = np.array([0.45, 0.052, 0.1])
    np.testing.assert_allclose(commands.target(nearer, "y_down"), [0.45, 0.052, 0.2], err_msg="the way over it")
    unending = make_map("choice", with_gripper(), PERIOD, **heights, **wall | {"avoid_upper": (np.inf, 0.05, np.inf)})
    np.testing.assert_allclose(unending.target(nearer, "y_down"), nearer, err_msg="nor back, nor up in vain")
    steps = make_map("choice", with_gripper(), PERIOD, vertical="steps", step=0.04, **wall)
    np.testing.assert_allclose(steps.target(nearer, "y_down"), [0.45, 0.052, 0.14])
    np.testing.assert_allclose(steps.target(nearer * [1.0, -1.0, 1.0], "y_up"), [0.45, -0.052, 0.14])
    np.testing.assert_allclose(commands.target(beside, "y_up"), [0.45, 0.1, 0.1])
    np.testing.assert_allclose(commands.target(beside, "height"), [0.45, 0.06, 0.2])
    low = make_map("choice", with_gripper(), PERIOD, **heights | {"heights": (0.1, 0.25)}, **wall)
    near = np.array([0.45, 0.04, 0.16])  # over it, and the lower height is the nearer one
    for move in ("x_up", "x_down", "y_up", "y_down"):
        np.testing.assert_array_equal(low.target(near, move), near, err_msg=move)
    np.testing.assert_allclose(low.target(near, "height"), [0.45, 0.04, 0.25])
    inside = np.array([0.45, 0.04, 0.1])
    np.testing.assert_allclose(commands.target(inside, "height"), [0.45, 0.04, 0.2], err_msg="out of it it may go")
    np.testing.assert_allclose(commands.target(inside, "y_up"), [0.45, 0.08, 0.1], err_msg="and out of it")
    for move in ("x_up", "x_down", "y_down"):
        np.testing.assert_allclose(commands.target(inside, move), [0.45, 0.04, 0.2], err_msg=move)


@pytest.mark.parametrize(("low", "high", "way"), [(-0.05, 0.04, 0.03), (-0.01, 0.04, -0.015), (0.01, 0.05, 0.0)])
@pytest.mark.parametrize("grasp", [0.0, 1.0, -1.0])
def test_nothing_is_let_go_over_what_is_avoided(low: float, high: float, way: float, grasp: float) -> None:
    """Above a wall a gripper that holds something stays closed and goes to its side; an empty one opens there."""
    robot, grip = with_gripper(), np.array([5.0])
    y = make_map("choice", robot, PERIOD).tool(at_home(robot, 0))[1]
    wall = {"avoid_lower": (-np.inf, y + low, -np.inf), "avoid_upper": (np.inf, y + high, 0.05)}
    commands = make_map("choice", robot, PERIOD, step=0.03, orientation="free", **wall)
    tick = replace(at_home(robot, 0), inputs={"grasp": np.array([grasp])})
    closed = commands.command(tick, grip)
    assert closed[-1] > 0.0
    after = replace(arm_tick(robot, robot.home, np.append(np.zeros(6), closed[-1])), inputs=tick.inputs)
    command, keeps = commands.command(after, grip), bool(way and grasp)
    assert command[-1] == (closed[-1] if keeps else 0.0)
    moved = Kinematics(robot, urdf_of(robot, kinematics=True)).positions(robot.home + PERIOD * _arm_only(command))
    np.testing.assert_allclose((moved[-1] - commands.tool(after))[:2], [0.0, way * keeps], atol=2e-3)


@pytest.mark.parametrize(
    ("room", "top", "way"),
    [
        ((-1.0, 1.0), 0.05, -0.025),  # to the nearest side
        ((-0.022, 1.0), 0.05, 0.03),  # the nearest has too little room beside it: a step to the other
        ((-0.022, 0.042), 0.05, None),  # neither has
        ((-1.0, 1.0), np.inf, None),  # not over it but within it
    ],
)
def test_what_is_held_is_let_go_where_the_tool_cannot_go_beside(room, top: float, way: float | None) -> None:
    """A wall from 2 cm on the one side to 4 cm on the other, and room of the tool's box beside it or not."""
    robot, grip = with_gripper(), np.array([5.0])
    y = make_map("choice", robot, PERIOD).tool(at_home(robot, 0))[1]
    wall = {"avoid_lower": (-np.inf, y - 0.02, -np.inf), "avoid_upper": (np.inf, y + 0.04, top)}
    box = {"lower": (-np.inf, y + room[0], -np.inf), "upper": (np.inf, y + room[1], np.inf)}
    commands = make_map("choice", robot, PERIOD, step=0.03, orientation="free", **wall, **box)
    inputs = {"grasp": np.ones(1)}
    closed = commands.command(replace(at_home(robot, 0), inputs=inputs), grip)[-1]
    after = replace(arm_tick(robot, robot.home, np.append(np.zeros(6), closed)), inputs=inputs)
    command = commands.command(after, grip)
    assert command[-1] == (0.0 if way is None else closed)
    moved = Kinematics(robot, urdf_of(robot, kinematics=True)).positions(robot.home + PERIOD * _arm_only(command))
    np.testing.assert_allclose((moved[-1] - commands.tool(after))[1], way or 0.0, atol=2e-3)


@pytest.mark.parametrize(("vertical", "choice"), [("toggle", 4.0), ("steps", 5.0)])
@pytest.mark.parametrize(("top", "way"), [(0.34, 0.02), (0.3, 0.0)])
def test_down_onto_what_is_avoided_is_beside_it(vertical: str, choice: float, top: float, way: float) -> None:
    """So that nothing waits there for a step that is not made; over lower walls the tool goes down."""
    robot = with_gripper()
    tick = replace(at_home(robot, 0), inputs={"grasp": np.zeros(1)})
    x, y, z = make_map("choice", robot, PERIOD).tool(tick)
    wall = {"avoid_lower": (-np.inf, y - 0.02, -np.inf), "avoid_upper": (np.inf, y + 0.015, top)}
    commands = make_map(
        "choice", robot, PERIOD, vertical=vertical, step=0.03, heights=(z - 0.03, z), orientation="free", **wall
    )
    command = commands.command(tick, np.array([choice]))
    moved = Kinematics(robot, urdf_of(robot, kinematics=True)).positions(robot.home + PERIOD * _arm_only(command))[-1]
    np.testing.assert_allclose(moved, [x, y + way, z if way else z - 0.03], atol=2e-3)


@pytest.mark.parametrize("lift", ["always", "holding"])
@pytest.mark.parametrize("grasp", [0.0, 1.0])
def test_a_step_against_what_is_avoided_leads_up_as_far_as_the_tool_may(lift: str, grasp: float) -> None:
    """So that nothing waits beside walls for a step that is not made; such a step is told as the one up that it is."""
    robot = with_gripper()
    tick = replace(at_home(robot, 0), inputs={"grasp": np.array([grasp])})
    x, y, z = make_map("choice", robot, PERIOD).tool(tick)
    wall = {"avoid_lower": (-np.inf, y + 0.006, -np.inf), "avoid_upper": (np.inf, y + 0.1, z + 0.02)}
    limits = {"step": 0.03, "heights": (z, z + 0.05), "orientation": "free", "lift": lift}
    commands = make_map("choice", robot, PERIOD, **limits, **wall)
    up, against = np.array([4.0]), np.array([2.0])
    command, may = commands.command(tick, against), lift == "always" or grasp
    moved = Kinematics(robot, urdf_of(robot, kinematics=True)).positions(robot.home + PERIOD * _arm_only(command))[-1]
    np.testing.assert_allclose(moved, [x, y, z + 0.05 * bool(may)], atol=2e-3)
    np.testing.assert_array_equal(command, commands.command(tick, up))
    assert commands.decided(tick, command) == up


def _arm_only(command: np.ndarray) -> np.ndarray:
    return np.append(command[:-1], 0.0)


@pytest.mark.parametrize("vertical", ["toggle", "steps"])
@pytest.mark.parametrize("grasp", [0.0, 1.0, -1.0])
def test_nothing_is_lifted_by_what_holds_nothing_if_so_told(vertical: str, grasp: float) -> None:
    """It may come down, go sideways and close its gripper; up it goes with a thing alone."""
    robot = with_gripper()
    always, holding = (
        make_map("choice", robot, PERIOD, vertical=vertical, heights=(0.1, 0.2), step=0.05, lift=lift)
        for lift in ("always", "holding")
    )
    settings = ChoiceSettings(vertical=vertical, heights=(0.1, 0.2), step=0.05)
    assert settings.make("choice", robot, PERIOD).describe() == always.describe(), (
        "told as it was before there was a choice"
    )
    assert holding.describe() == {**always.describe(), "lift": "holding"}
    high = replace(at_home(robot, 0), inputs={"grasp": np.array([grasp])})
    down = "height" if vertical == "toggle" else "z_down"
    up = {"z_down": "z_up"}.get(down, down)
    numbers = {name: np.array([float(number)]) for number, name in enumerate(always.moves)}
    while always.tool(high)[2] > 0.16:  # now low
        np.testing.assert_array_equal(holding.command(high, numbers[down]), always.command(high, numbers[down]))
        moved = high.measurement["joint_position"] + PERIOD * np.where(
            robot.commanded_by("velocity"), always.command(high, numbers[down]), 0.0
        )
        high = replace(high, measurement=Measurement(joint_position=moved))
    for name, number in numbers.items():
        asked, usual = holding.command(high, number), always.command(high, number)
        if name == up and not grasp:
            assert np.abs(usual).max() > 0.1 and np.abs(asked[robot.commanded_by("velocity")]).max() < 1e-6
        else:
            np.testing.assert_array_equal(asked, usual)
            assert holding.decided(high, asked) == always.decided(high, usual)


@pytest.mark.parametrize("grasp", [0.0, 1.0])
@pytest.mark.parametrize("closed", [False, True])
def test_an_empty_gripper_opens_by_itself_if_so_told(closed: bool, grasp: float) -> None:
    """Whatever is chosen next, if it is closed and holds nothing; otherwise it does as it is told."""
    robot = with_gripper()
    usual, opening = (
        make_map("choice", robot, PERIOD, heights=(0.1, 0.25), empty_opens=opens) for opens in (False, True)
    )
    assert opening.describe() == {**usual.describe(), "empty_opens": True}
    grips = robot.commanded_by("position")
    shut = usual.command(at_home(robot, 0), np.array([float(usual.choices - 1)]))
    opened = usual.command(at_home(robot, 0), np.array([0.0]))
    before = np.where(grips, shut if closed else opened, 0.0)
    tick = replace(arm_tick(robot, robot.home, before), inputs={"grasp": np.array([grasp])})
    for number, name in enumerate(usual.moves):
        asked, plain = (commands.command(tick, np.array([float(number)])) for commands in (opening, usual))
        if closed and not grasp:
            np.testing.assert_array_equal(asked[grips], opened[grips])
            np.testing.assert_array_equal(asked[~grips], plain[~grips])
        else:
            np.testing.assert_array_equal(asked, plain, err_msg=name)


def test_a_closing_that_has_not_acted_yet_is_not_taken_back() -> None:
    robot = with_gripper()
    commands = make_map("choice", robot, PERIOD, heights=(0.1, 0.25), empty_opens=True)
    home = replace(at_home(robot, 0), inputs={"grasp": np.zeros(1)})
    shut, opened = (commands.command(home, np.array([float(number)])) for number in (commands.choices - 1, 0))
    grips = robot.commanded_by("position")
    for previous, pending, expected in ((opened, shut, shut), (shut, shut, opened), (shut, opened, opened)):
        still = [np.where(grips, one, 0.0) for one in (previous, pending)]
        tick = replace(arm_tick(robot, robot.home, still[0], [still[1]]), inputs={"grasp": np.zeros(1)})
        np.testing.assert_array_equal(commands.command(tick, np.array([0.0]))[grips], expected[grips])


def test_a_task_that_remembers_no_grasp_always_lifts() -> None:
    options = [{"control.commands.name": "choice", "agent.name": "dqn", "control.commands.lift": "holding"}]
    with pytest.raises(
        ConfigError, match="lift 'holding' and empty_opens go by grasp, which task 'ur5_reach' does not remember"
    ):
        load_settings("ur5_reach", overrides=options)
    assert load_settings("ur5_pick_place", overrides=options).control.commands.memory == ("grasp",)


@pytest.mark.parametrize(
    "box", [{"avoid_lower": (0.0, 0.0, 0.0)}, {"avoid_lower": (0.0, 0.2, 0.0), "avoid_upper": (1.0, 0.1, 1.0)}]
)
def test_half_a_box_to_avoid_is_none(box) -> None:
    with pytest.raises(ConfigError, match="avoid_lower .* is not below avoid_upper"):
        ChoiceSettings(**box)


@pytest.mark.parametrize("kind", [CartesianSettings, ChoiceSettings])
def test_an_inverted_box_is_refused_as_it_is_read(kind: type) -> None:
    with pytest.raises(ConfigError, match="control.commands.lower is above upper along y, 0.2 and -0.2 m"):
        kind(lower=(0.3, 0.2, -np.inf), upper=(0.5, -0.2, np.inf))
    kind(lower=(0.3, -0.2, 0.04), upper=(0.5, 0.2, 0.04))  # a plane
