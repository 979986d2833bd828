# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An arm stays in its workspace and out of boxes, whatever it is told; one that was found outside may come back."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from measurements import at_rest

from ros_rl.errors import ConfigError
from ros_rl.robot import Robot, load_robot, robot_names
from ros_rl.robot.limits import Box
from ros_rl.safety import CommandFilter, Guards
from ros_rl.safety.workspace import Workspace, workspace_of

PERIOD = 0.05
ARM = load_robot("xarm6")
POST = Box(lower=(0.3, 0.15, -1.0), upper=(0.5, 0.35, 1.0))


def boxed(**changes: object) -> Robot:
    return replace(ARM, safety=replace(ARM.safety, **changes))


def drive(robot: Robot, wanted, periods: int, start=None) -> tuple[np.ndarray, float]:
    """Where the joints end under velocity commands through the filter, and the deepest that a point went [m]."""
    filter_, workspace = CommandFilter(robot, PERIOD), Workspace(robot)
    position = robot.home.copy() if start is None else start.copy()
    last, deepest = np.zeros(robot.size), 0.0
    for period in range(periods):
        value = filter_(wanted(period, position), position).value
        for share in np.linspace(0.1, 1.0, 10):  # the velocity ramps from the last one over the whole period
            position = position + 0.1 * PERIOD * (last + share * (value - last))
            deepest = max(deepest, workspace.depth(position)[0])
        last = value
    return position, deepest


def test_an_arm_driven_into_the_table_stops_above_it() -> None:
    down = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    position, deepest = drive(ARM, lambda *_: down, 60)
    assert position[1] > ARM.home[1] + 0.1
    assert deepest == 0.0
    at = Workspace(ARM)._kinematics.positions(position)[:, 2].min()
    assert 0.02 <= at < 0.12


def test_what_is_left_of_the_last_velocity_counts() -> None:
    """Half a second up and the same way down again ends where it began, a ramp after it: by hand, to rounding."""
    period, up = 0.5, np.array([0.0, -0.4, 0.0, 0.0, 0.0, 0.0])
    lowest = float(Workspace(ARM)._kinematics.positions(ARM.home)[:, 2].min())
    robot = boxed(workspace=Box(lower=(-1.0, -1.0, lowest - 0.03), upper=(1.0, 1.0, 2.0)))
    fast = replace(robot, limits=replace(robot.limits, step=np.full(6, 100.0)), command_ramp=1.0)
    filter_ = CommandFilter(fast, period)
    assert not filter_(up, ARM.home).limited
    middle = ARM.home + 0.5 * period * up  # of the ramp; the other half of the way is still to come
    assert not filter_(-up, middle).limited, "it comes to rest in the home pose"
    assert filter_(-1.5 * up, ARM.home - 0.5 * period * up).limited, "down twice is too far"


@pytest.mark.parametrize("seed", range(10))
def test_random_commands_never_leave_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    commands = np.repeat(rng.uniform(-3.0, 3.0, (20, 6)), 10, axis=0)
    robot = boxed(keep_out={"post": POST})
    _, deepest = drive(robot, lambda period, _: commands[period], 200)
    assert deepest < 0.02  # between two checks lies the arc of a period; the guard allows 0.03


def test_a_box_is_gone_round_or_not_at_all() -> None:
    turn = np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    free, _ = drive(ARM, lambda *_: turn, 40)
    kept, deepest = drive(boxed(keep_out={"post": POST}), lambda *_: turn, 40)
    assert free[0] > 1.5 and kept[0] < 0.6 and deepest == 0.0


def test_from_outside_the_way_back_is_free_and_the_way_on_is_not() -> None:
    outside = ARM.home + np.array([0.0, 1.2, 0.0, 0.0, 0.0, 0.0])
    depth = Workspace(ARM).depth(outside)[0]
    assert depth > 0.08
    back, _ = drive(ARM, lambda *_: np.array([0.0, -0.5, 0.0, 0.0, 0.0, 0.0]), 40, outside)
    assert Workspace(ARM).depth(back)[0] == 0.0
    on, deepest = drive(ARM, lambda *_: np.array([0.0, 0.5, 0.0, 0.0, 0.0, 0.0]), 40, outside)
    assert deepest == pytest.approx(depth) and on == pytest.approx(outside)


def test_the_guard_trips_for_what_goes_on_outwards_alone() -> None:
    guards, deep = Guards(ARM, PERIOD), np.array([0.0, 1.2, 0.0, 0.0, 0.0, 0.0])

    def check(share: float) -> str | None:
        return guards.check(at_rest(ARM, joint_position=ARM.home + share * deep), np.zeros(6))

    assert check(1.0) is None  # it was found there
    assert check(0.9) is None and check(0.8) is None
    reason = check(1.0)
    assert reason is not None and "outside the workspace" in reason
    fresh = Guards(ARM, PERIOD)
    assert fresh.check(at_rest(ARM), np.zeros(6)) is None


def test_positions_are_kept_inside_as_well() -> None:
    """By their targets, which is where the joints come to rest."""
    robot = replace(ARM, interfaces=("position",) * 6, command_ramp=0.5)
    filter_, workspace = CommandFilter(robot, PERIOD), Workspace(robot)
    for _ in range(100):
        value = filter_(ARM.home + np.array([0.0, 1.5, 0.0, 0.0, 0.0, 0.0])).value
        assert workspace.depth(value)[0] == 0.0
    assert value[1] > ARM.home[1] + 0.1


def test_who_is_where_is_said() -> None:
    depth, text = Workspace(boxed(keep_out={"post": POST})).depth(ARM.home + np.array([0.6, 0, 0, 0, 0, 0]))
    assert depth > 0.0 and "inside the box 'post'" in text and "m is 0." in text


@pytest.mark.parametrize(("open_side", "axis"), [("lower", 0), ("lower", 2), ("upper", 0), ("upper", 1), ("upper", 2)])
def test_a_box_with_an_open_side_keeps_out_as_a_large_one_does(open_side: str, axis: int) -> None:
    """What is within it is as deep as in a box that ends a hundred metres away."""
    position = ARM.home + np.array([0.6, 0, 0, 0, 0, 0])
    far = {"lower": list(POST.lower), "upper": list(POST.upper)}
    far[open_side][axis] = -100.0 if open_side == "lower" else 100.0
    wide = {**far, open_side: [value if abs(value) < 100.0 else value * np.inf for value in far[open_side]]}
    closed, opened = (
        Workspace(boxed(keep_out={"post": Box(lower=tuple(box["lower"]), upper=tuple(box["upper"]))})).depth(position)
        for box in (far, wide)
    )
    assert opened == closed and opened[0] > 0.0


def test_a_home_pose_outside_its_workspace_is_refused() -> None:
    """With the box that would hold it, which is tight and does."""
    with pytest.raises(ConfigError) as refused:
        Workspace(boxed(workspace=Box(lower=(0.5, -0.8, 0.02), upper=(0.8, 0.8, 1.1))))
    text = str(refused.value)
    assert text.startswith("safety.workspace of robot 'xarm6' leaves out a part of its home pose: link3 at (-0.019, ")
    assert " m is 0.519 m outside [0.5, -0.8, 0.02] to [0.8, 0.8, 1.1] m; let the box hold [" in text
    low, high = (json.loads(f"[{side}]") for side in re.findall(r"hold \[(.*)\] to \[(.*)\] m", text)[0])
    Workspace(boxed(workspace=Box(lower=tuple(low), upper=tuple(high))))
    with pytest.raises(ConfigError, match="leaves out"):
        Workspace(boxed(workspace=Box(lower=tuple(low), upper=(high[0] - 0.002, *high[1:]))))


def test_a_home_pose_in_a_box_to_keep_out_of_is_refused() -> None:
    tool = Workspace(ARM)._kinematics.positions(ARM.home)[-1]
    stand = Box(lower=tuple(tool - 0.02), upper=tuple(tool + [0.01, 0.05, 0.05]))
    words = r"safety.keep_out.stand of robot 'xarm6' holds a part of its home pose: .* m is 0.010 m inside \["
    with pytest.raises(ConfigError, match=words):
        Workspace(boxed(keep_out={"stand": stand, "post": POST}))


@pytest.mark.parametrize("name", robot_names())
def test_robots_that_ship_may_be_at_home(name: str) -> None:
    workspace_of(load_robot(name))


def test_a_robot_whose_urdf_is_not_there_is_refused() -> None:
    pytest.importorskip("pybullet")  # among whose models it is looked for, too
    with pytest.raises(ConfigError, match="there is no nothing.urdf"):
        CommandFilter(replace(ARM, kinematics="nothing.urdf"), PERIOD)


def test_a_hot_motor_is_named() -> None:
    a1 = load_robot("a1")
    heat = np.full(12, 40.0)
    state = at_rest(a1)
    assert Guards(a1, PERIOD).check(type(state)(state | {"joint_temperature": heat}), a1.home) is None
    heat[5] = 61.0
    reason = Guards(a1, PERIOD).check(type(state)(state | {"joint_temperature": heat}), a1.home)
    assert reason == "motor of FL_calf_joint has 61 degC, limit 60 degC: let it cool down"
    heat[5] = np.nan
    assert Guards(a1, PERIOD).check(type(state)(state | {"joint_temperature": heat}), a1.home) is not None
