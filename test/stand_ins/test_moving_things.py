# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Arms' drivers move things at their stand-ins, in real time, with a tracker that is late: filter, guards and all."""

import time
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

pytest.importorskip("pybullet")

from loopback import free_address

from ros_rl.backends import make_backend
from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT
from ros_rl.experts import make_expert
from ros_rl.resources import share_path
from ros_rl.runtime.making import make_driver_loop
from ros_rl.runtime.onlookers import Onlooker, WithOnlookers
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import ALL_TASKS
from ros_rl.stand_ins.stand_in import StandIn
from ros_rl.stand_ins.surroundings import Surroundings
from ros_rl.stand_ins.ur import UrStandIn
from ros_rl.tasks.arm.bins import TWO_BINS
from ros_rl.types import Command, SafetyState

pytestmark = [pytest.mark.flaky(reruns=2), pytest.mark.timeout(180)]  # real time, on a machine that has other work
BY_JOINTS = ("control.rate_hz=20", "control.delay=1", "control.commands.name=joints", "agent.name=mpc")
LATE, PATIENCE = 0.05, 40.0  # s


def xarm() -> AbstractContextManager[Any]:
    pytest.importorskip("xarm")
    from xarm_stand_ins import served

    return served(around=Surroundings.of_task("xarm_pick_place"))


def ur() -> AbstractContextManager[Any]:
    pytest.importorskip("rtde_control")
    address = free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT)
    stand_in = UrStandIn(address, surroundings=Surroundings.of_task("ur5_pick_place"), gripper_port=0)
    stand_in.start()
    return closing(stand_in)


def where(stand_in: Any, driver: str) -> dict[str, object]:
    """Settings of the driver's backend."""
    if driver == "xarm":
        return {"address": stand_in.host, "control_port": stand_in.control_port, "report_port": stand_in.report_port}
    return {
        "address": stand_in.address,
        "gripper.port": stand_in.gripper_port,
        "silence_limit": 1.0,
        "watchdog_hz": 2.0,
    }


@pytest.mark.parametrize(
    ("task", "driver", "serve"), [("xarm_pick_place", "xarm", xarm), ("ur5_pick_place", "ur_rtde", ur)]
)
def test_the_expert_moves_a_thing_through_the_driver(task: str, driver: str, serve: Any, tmp_path: Path) -> None:
    file = yaml.safe_load(share_path("config", "robots").joinpath(f"{ALL_TASKS[task].robot}.yaml").read_text())
    file["safety"]["stale"] = 1.0  # s; all is one process here
    (tmp_path / "arm.yaml").write_text(yaml.safe_dump(file, sort_keys=False))
    with serve() as stand_in:
        chosen = [f"robot={tmp_path / 'arm.yaml'}", "driver.objects_limit=2.0", "learner.replay.n_step=1", *BY_JOINTS]
        chosen += [f"driver.backend.name={driver}", "driver.mode=real_time"]
        chosen += [f"driver.backend.{key}={value}" for key, value in where(stand_in, driver).items()]
        settings = load_settings(task, overrides=chosen)
        robot, period = settings.load_robot(), settings.control.period
        tracker = Onlooker("tracked_objects", "about things", settings.driver.objects_limit)
        backend = WithOnlookers(make_backend(settings), [tracker])
        expert = make_expert("pick_place", robot, settings.task, period)

        def look() -> None:
            places = np.concatenate([stand_in.things[name].position for name in robot.objects])
            tracker.take(lambda: {"object_position": places}, time.time_ns(), LATE)

        look()
        backend.connect()
        try:
            loop = make_driver_loop(settings, robot, backend)
            tick = loop.start()
            loop.latch.arm(), loop.latch.resume()
            due = end = time.monotonic()
            held = []
            while time.monotonic() < end + PATIENCE and not moved(stand_in):
                look()
                if tick.safety is SafetyState.RUNNING:
                    loop.accept(Command(tick.stamp, robot.command(expert.act(tick))))
                    held.append(float(tick.inputs["grasp"][0]))
                due += period
                time.sleep(max(0.0, due - time.monotonic()))
                tick = loop.advance()
                assert not loop.fault
        finally:
            backend.close()
        assert moved(stand_in) and np.ptp(held) == 1.0 and max(held) == 1.0, "it was felt to be held, from the left bin"


def moved(stand_in: StandIn) -> bool:
    """Whether a thing lies in the right bin."""
    places = [pose.position for pose in stand_in.things.values()]
    return any(bool(TWO_BINS.side(place) == -1.0 and place[2] < 0.03) for place in places)
