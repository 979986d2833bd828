# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person moves a simulated arm's tool: what they do is an action that an agent could have taken, and is recorded."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.commands.choice import ChoiceCommands  # noqa: E402
from ros_rl.errors import ConfigError  # noqa: E402
from ros_rl.runtime.robot_world import RobotWorld  # noqa: E402
from ros_rl.settings.loading import load_settings  # noqa: E402
from ros_rl.settings.teleop import TeleopSettings  # noqa: E402
from ros_rl.settings.tree import Settings  # noqa: E402
from ros_rl.teleop.teleoperator import Teleoperator  # noqa: E402
from ros_rl.teleop.wish import Wish  # noqa: E402
from ros_rl.types import Command, Transition  # noqa: E402

Drive = Callable[..., Transition | None]
CARTESIAN = ["control.commands.name=cartesian", "control.commands.speed=0.2", "control.rate_hz=20", "agent.name=sac"]


class Person:
    """At keys that are held all the time, in a world that waits for them."""

    def __init__(self, settings: Settings, speed: float = 0.5) -> None:
        self.world = RobotWorld(settings, seed=1)
        self.map = self.world.spec.map
        made = TeleopSettings(device="keyboard", speed=speed)
        self.hand = Teleoperator(self.world.robot, made, settings.control.period, 0.5, self.map)
        self.hand.take(Wish(), 0.0)
        self.tick = self.world.begin_episode().tick

    def does(self, held: bool = True, **wish: float) -> Transition | None:
        self.hand.take(Wish(held, **wish), 0.1)  # type: ignore[arg-type]
        step = self.world.step(Command(self.tick.stamp, self.hand.command(self.tick, 0.1)))
        self.tick = step.tick
        return step.transition

    @property
    def tool(self) -> np.ndarray:
        return self.tick.measurement["tool_position"]


@pytest.fixture(params=["ur5_pick_place", "xarm_pick_place"])
def chooser(request) -> Iterator[Person]:
    person = Person(load_settings(request.param))
    yield person
    person.world.close()


def to_a_bin(person: Person) -> None:
    """From over the wall between them, where no choice goes down."""
    while person.map.tool(person.tick)[1] < 0.13:
        assert person.does(left=1.0) is not None


def test_keys_are_the_six_moves(chooser: Person) -> None:
    commands = chooser.map
    assert isinstance(commands, ChoiceCommands)

    def move(**wish: float) -> str | None:
        done = chooser.does(**wish)
        return None if done is None else list(commands.moves)[int(done.action[0])]

    to_a_bin(chooser)
    assert move(jog=-1.0) == "height" and chooser.tool[2] < 0.1
    assert move(turn=1.0) == "grip" and commands.closed(chooser.tick)
    move(turn=1.0)
    assert commands.closed(chooser.tick), "what is closed stays so"
    assert move(turn=-1.0) == "grip" and not commands.closed(chooser.tick)
    assert move(jog=1.0) == "height" and move(jog=1.0) is None and chooser.tool[2] > 0.1
    for wish, name, axis, sign in (
        ({"forward": 1.0}, "x_up", 0, 1),
        ({"forward": -1.0, "left": 0.4}, "x_down", 0, -1),
        ({"left": -1.0}, "y_down", 1, -1),
        ({"left": 1.0}, "y_up", 1, 1),
    ):
        before = chooser.tool.copy()
        assert move(**wish) == name
        chooser.does()  # it comes to rest
        assert sign * (chooser.tool - before)[axis] == pytest.approx(0.03, abs=0.01)


def test_who_asks_for_nothing_rests_and_shows_no_choice(chooser: Person) -> None:
    to_a_bin(chooser)
    chooser.does()
    for wish in ({}, {"forward": 0.3}):
        before = chooser.tool.copy()
        assert chooser.does(**wish) is None
        np.testing.assert_allclose(chooser.tool, before, atol=6e-3)  # of which 3 mm are noise


@pytest.mark.parametrize(("vertical", "rest"), [("toggle", None), ("steps", "stay")])
def test_holding_the_switch_moves_nothing_where_there_is_a_choice_to_stay(vertical, rest) -> None:
    """Between two heights that choice goes to the nearer one; where it moves nothing, rest is that choice."""
    overrides = [f"control.commands.{key}" for key in ("stay=true", f"vertical={vertical}")]
    person = Person(load_settings("ur5_pick_place", overrides=overrides))
    if rest is not None:
        person.does(forward=1.0)  # and the gripper opens, which is half open at home
    before = person.map.tool(person.tick)
    for wish in ({}, {"forward": 0.3}, {"turn": -1.0}):
        done = person.does(**wish)
        np.testing.assert_allclose(person.map.tool(person.tick), before, atol=8e-3)  # of which 3 mm are noise
        assert (done and list(person.map.moves)[int(done.action[0])]) == rest
    person.world.close()


@pytest.fixture
def mover() -> Iterator[Person]:
    person = Person(load_settings("xarm_pick_place", overrides=CARTESIAN))
    yield person
    person.world.close()


def test_keys_are_velocities_of_the_tool_and_the_gripper(mover: Person) -> None:
    """Half of 0.2 m/s, once the allowed acceleration has brought it there."""
    for wish, axis in (({"left": 1.0}, 1), ({"jog": 1.0}, 2), ({"forward": 1.0}, 0)):
        for _ in range(20):
            mover.does()
        for _ in range(6):
            mover.does(**wish)
        before = mover.tool.copy()
        done = mover.does(**wish)
        assert done is not None
        expected = np.zeros(4)
        expected[axis], expected[3] = 0.5, done.action[3]
        np.testing.assert_allclose(done.action, expected, atol=0.05)
        np.testing.assert_allclose((mover.tool - before)[axis], 0.5 * 0.2 / 20.0, rtol=0.3)
    for turn, end in ((1.0, 1.0), (-1.0, -1.0)):
        for _ in range(40):
            done = mover.does(turn=turn)
        assert done is not None and done.action[3] == pytest.approx(end, abs=0.01)


TOOL, STEP, GRIPPER = "i , j l: tool along x, y", "i , j l: a step along x, y", "u o: gripper closes, opens"


@pytest.mark.parametrize(
    ("task", "commands", "text"),
    [
        ("xarm_pick_place", ["name=cartesian", "speed=0.2"], f"{TOOL} | up, down: tool_z | {GRIPPER} | 10 %"),
        ("xarm_reach", ["name=cartesian"], f"{TOOL} | up, down: tool_z | 10 %"),
        ("ur5_pick_place", [], f"{STEP} | up, down: the upper, the lower height | {GRIPPER}"),
        ("ur5_pick_place", ["vertical=steps"], f"{STEP} | up, down: a step | {GRIPPER}"),
    ],
)
def test_a_person_is_told_what_counts_and_no_more(task, commands, text) -> None:
    """The speed and what is selected where they change something, the gripper where there is one."""
    overrides = ["agent.name=sac"] if "name=cartesian" in commands else []
    settings = load_settings(task, overrides=[*(f"control.commands.{item}" for item in commands), *overrides])
    robot = settings.load_robot()
    commands = settings.control.command_map(robot)
    assert Teleoperator(robot, settings.teleop, settings.control.period, 0.5, commands).text == text


def test_a_stick_of_a_single_joint_is_refused_where_actions_move_the_tool() -> None:
    settings = load_settings(
        "ur5_pick_place",
        overrides=[
            "driver.mode=real_time",
            "teleop.device=joystick",
            "teleop.axes=[elbow_joint,forward,'','',selected]",
        ],
    )
    with pytest.raises(ConfigError, match="axes.0.' is 'elbow_joint', expected .* control.commands moves the tool"):
        settings.load_robot()
