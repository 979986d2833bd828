# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who drives what: the shipped agents, their drivers, and the stand-ins that these meet."""

from __future__ import annotations

import re
from dataclasses import dataclass

WALKS, REACHES, NAVIGATES = "walks", "reaches", "navigates"
GOALS = {REACHES: "goal_position", NAVIGATES: "goal_planar"}
"""Inputs that say where to."""
_ADDRESS = "127.0.0.2"  # of stand-ins with the option `second`


@dataclass(frozen=True)
class Case:
    """An agent at a robot's stand-in."""

    task: str
    driver: str
    stand_in: str
    does: str
    """What is measured: `WALKS`, `REACHES` or `NAVIGATES`."""
    options: tuple[str, ...] = ()
    """Of the stand-in."""
    settings: tuple[str, ...] = ()
    """Of the driver's backend: where the robot is, nothing else."""

    @property
    def agent(self) -> str:
        """The shipped graph, from the root of the repository."""
        return f"models/{self.task}/agent.onnx"

    def found_at(self, address: str) -> tuple[str, ...]:
        """All settings, once the stand-in has said where it is."""
        port = re.search(r"control_port (\d+)", address)
        found = (f"port={address}",) if self.stand_in == "so101" else (f"control_port={port[1]}",) if port else ()
        return self.settings + found


CASES: dict[str, Case] = {
    "a1": Case("a1_walk", "unitree_a1", "a1", WALKS, ("hanging", "second"), (f"address={_ADDRESS}", "local_port=0")),
    "go2": Case("go2_walk", "unitree_go2", "go2", WALKS, ("second",), ("domain=97", "interface=lo")),
    "ur": Case("ur5_reach", "ur_rtde", "ur", REACHES, ("second",), (f"address={_ADDRESS}",)),
    "ros2_control": Case("ur5_reach", "ros2_control", "ros2_control", REACHES, settings=("status=required",)),
    "xarm": Case("xarm_reach", "xarm", "xarm", REACHES, ("second",), (f"address={_ADDRESS}",)),
    "so101": Case("so101_reach", "so101", "so101", REACHES),
    "sphero": Case(
        "sphero_navigate",
        "sphero",
        "sphero",
        NAVIGATES,
        settings=("bridge=127.0.0.1:50004", "camera=tcp://127.0.0.1:50005"),
    ),
}
"""By the names of this bench; all in a simulator take the same tasks."""
