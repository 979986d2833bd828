# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a joystick's axes and buttons do, and what is refused of it."""

import math

import pytest

from ros_rl.errors import CommandError, ConfigError
from ros_rl.settings.loading import load_settings
from ros_rl.settings.teleop import TeleopSettings
from ros_rl.teleop.joystick import Joystick

DEAD_MAN = 4
AXES, BUTTONS = [0.0] * 8, [0] * 11


def joystick(**settings) -> Joystick:
    return Joystick(TeleopSettings(device="joystick", **settings), DEAD_MAN, 0.5)


def pressed(*indices: int) -> list[int]:
    return [int(index in indices) for index in range(len(BUTTONS))]


def test_axes_by_their_names_with_a_deadzone() -> None:
    stick = joystick(axes=("-selected", "forward", "axis_1_joint"), deadzone=0.2)
    wish, _ = stick.read([0.6, 0.1, -1.0], pressed(DEAD_MAN), 0.0)
    assert wish.held and wish.jog == pytest.approx(-0.5) and wish.forward == 0.0
    assert wish.joints == {"axis_1_joint": -1.0}
    wish, _ = stick.read([5.0, -5.0, 0.0], BUTTONS, 0.1)
    assert (wish.held, wish.jog, wish.forward) == (False, -1.0, -1.0), "no more than all of it"


def test_a_button_counts_when_it_goes_down_and_not_while_it_stays_so() -> None:
    stick = joystick()
    assert stick.read(AXES, pressed(0), 0.0)[1] == [], "it may have been down for long"
    assert stick.read(AXES, BUTTONS, 0.1)[1] == []
    assert stick.read(AXES, pressed(0), 0.2)[1] == ["arm"]
    assert stick.read(AXES, pressed(0, 3), 0.3)[1] == []
    wish, calls = stick.read(AXES, pressed(3, 5), 0.4)
    assert (wish.select, wish.speed, calls) == (0, 1, [])
    assert stick.read(AXES, pressed(0), 2.0)[1] == [], "nobody knows what happened meanwhile"


def test_an_emergency_stop_counts_also_when_it_is_down_from_the_start() -> None:
    stick = joystick()
    assert stick.read(AXES, pressed(1), 0.0)[1] == ["emergency_stop"]
    assert stick.read(AXES, pressed(1), 0.1)[1] == []
    stick.read(AXES, BUTTONS, 0.2)
    assert stick.read(AXES, pressed(1), 0.3)[1] == ["emergency_stop"]


@pytest.mark.parametrize(
    ("axes", "buttons", "complaint"),
    [
        ([0.0, 0.0], BUTTONS, r"joy has 2 axes, but 'teleop.axes\[3\]' is 'turn'"),
        (AXES, [0, 0], "joy has 2 buttons, driver.dead_man_button is 4"),
        (AXES, [0] * 8, r"joy has 8 buttons, but 'teleop.buttons\[10\]' is 'disarm'"),
        ([0.0, math.nan, 0.0, 0.0, 0.0], BUTTONS, "axis 1 of joy is nan"),
        ([], [], "joy has 0 axes"),
    ],
)
def test_a_joystick_that_does_not_fit_is_refused(axes, buttons, complaint) -> None:
    with pytest.raises(CommandError, match=complaint):
        joystick().read(axes, buttons, 0.0)


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("teleop.axes=[elbow]", r"'teleop.axes\[0\]' is 'elbow', expected selected, .*axis_1_joint"),
        ("teleop.buttons=[fly]", r"'teleop.buttons\[0\]' is 'fly', expected one of arm"),
        ("driver.dead_man_button=1", r"'teleop.buttons\[1\]' is 'emergency_stop', but driver.dead_man_button is 1"),
        ("driver.mode=lock_step", "driver.mode is 'lock_step', but teleop.device is 'joystick'"),
        ("teleop.device=wheel", "'wheel'"),
    ],
)
def test_wrong_mappings_are_refused(setting, complaint) -> None:
    with pytest.raises(ConfigError, match=complaint) as refused:
        load_settings("mock_point", overrides=["driver.mode=real_time", "teleop.device=joystick", setting]).load_robot()
    assert "\n" not in str(refused.value)
