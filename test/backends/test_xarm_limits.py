# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the filter lets through never brings the control box to its own joint limits, however wild the commands are."""

import struct

import numpy as np
import pytest

from ros_rl.robot import load_robot
from ros_rl.safety import CommandFilter
from ros_rl.safety.filter import expected_position
from ros_rl.stand_ins.xarm.arm import LOWER, UPPER
from ros_rl.stand_ins.xarm.firmware import VELOCITY_MODE, Firmware
from ros_rl.stand_ins.xarm.frames import Request

ROBOT, PERIOD, STEP = load_robot("xarm6"), 0.05, 0.005
LATEST = 3  # steps (15 ms) by which a velocity comes late, and reports are old: 4 and 12 are measured, 20 is chance
PUSHES = [
    lambda rng, tick: np.full(6, 100.0),
    lambda rng, tick: np.full(6, -100.0),
    lambda rng, tick: rng.choice([-100.0, 100.0], 6),
    lambda rng, tick: np.full(6, 100.0) * (-1.0) ** (tick // 7),
    lambda rng, tick: np.full(6, 100.0) * (-1.0) ** (tick // 30),
    lambda rng, tick: rng.uniform(-3.0, 3.0, 6),
]


class Box:
    """The control box's rules and joints that follow them at once."""

    def __init__(self) -> None:
        self.now, self.position = 0.0, ROBOT.home.copy()
        self.way = [self.position] * (LATEST + 1)
        self.firmware = Firmware("2.3.0", LOWER, UPPER, lambda: self.now)
        self.firmware.enabled = True
        for function, value in ((19, VELOCITY_MODE), (12, 0)):
            self._ask(function, bytes([value]))

    def _ask(self, function: int, payload: bytes) -> None:
        self.firmware.answer(Request(1, 2, function, payload), lambda: None, np.zeros(6))

    def move(self, velocity: np.ndarray, seconds: float) -> None:
        self._ask(81, struct.pack("<7f?f", *velocity, 0.0, False, seconds))

    def step(self) -> None:
        self.now += STEP
        self.position = self.position + STEP * self.firmware.step(self.position, STEP)
        self.way.append(self.position)


@pytest.mark.parametrize("push", range(len(PUSHES)))
@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_no_command_ends_at_the_control_boxs_own_limit(push: int, late: bool) -> None:
    rng, box, limit = np.random.default_rng(push), Box(), CommandFilter(ROBOT, PERIOD)
    acting = pending = np.zeros(6)
    reached = 0.0
    for tick in range(600):
        wait, old = rng.integers(0, LATEST + 1, 2) if late else (0, 0)
        seen = box.way[-1 - old]
        for count in range(round(PERIOD / STEP)):
            if count == wait:
                box.move(pending, 2.0 * PERIOD)
            box.step()
        expected = expected_position(ROBOT, PERIOD, seen, acting, pending[None])
        acting, pending = pending, limit(PUSHES[push](rng, tick), expected).value
        assert box.firmware.error == 0, f"tick {tick}: {box.position - LOWER}, {UPPER - box.position}"
        reached = max(reached, float(np.abs(box.position - ROBOT.home).max()))
    assert reached > 0.7
