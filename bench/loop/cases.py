# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Who drives what: the shipped agents and experts, their drivers, and the stand-ins that these meet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WALKS, REACHES, NAVIGATES, MOVES = "walks", "reaches", "navigates", "moves"
GOALS = {REACHES: "goal_position", NAVIGATES: "goal_planar"}
"""Inputs that say where to."""
_ADDRESS = "127.0.0.2"  # of stand-ins with the option `second`
_JOINTS = (
    "control.rate_hz=20.0",
    "control.delay=1",
    "control.commands.name=joints",
    "agent.name=mpc",
    "learner.replay.n_step=1",
)
"""Joint velocities at 20 Hz, where a task has others."""
_STAYS = "driver.resets=never"  # a gripper that goes home drops what it holds, wherever it is


@dataclass(frozen=True)
class Case:
    """An agent or an expert at a robot's stand-in."""

    task: str
    driver: str
    stand_in: str
    does: str
    """What is measured: `WALKS`, `REACHES`, `NAVIGATES` or `MOVES`."""
    options: tuple[str, ...] = ()
    """Of the stand-in."""
    settings: tuple[str, ...] = ()
    """Of the driver's backend: where the robot is, nothing else."""
    stand_by: str = ""
    """Expert who acts in place of the task's agent, as long as none is shipped or the task's settings are others."""
    changes: tuple[str, ...] = ()
    """Of the task's settings."""
    preset: str = ""
    """Of the agent, one that sees by the robot's cameras; empty: the task's own."""

    @property
    def expert(self) -> str:
        """Who acts in place of an agent; empty: an agent does."""
        return self.stand_by if self.changes or not (ROOT / self.agent).is_file() else ""

    @property
    def acts(self) -> tuple[str, ...]:
        """The command that lets it act."""
        who = (
            ("record", self.task, "--expert", self.expert) if self.expert else ("run", self.task, "--agent", self.agent)
        )
        stays = (_STAYS,) if self.does == MOVES else ()
        preset = ("--preset", self.preset) if self.preset else ()
        return (*who, *preset, *(word for change in (*self.changes, *stays) for word in ("--set", change)))

    @property
    def stands_in(self) -> tuple[str, ...]:
        """The command that lets the robot be there, with things and a camera that sees them where it moves some."""
        options = [word for name in self.options for word in ("--with", name)]
        things = ("--task", self.task, "--track") if self.does == MOVES else ()
        return ("stand-in", self.stand_in, *options, *things, *(("--watch",) if self.preset else ()))

    @property
    def agent(self) -> str:
        """The shipped graph, from the root of the repository."""
        return f"models/{self.preset or self.task}/agent.onnx"

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
    "ur5_pick_place": Case(
        "ur5_pick_place", "ur_rtde", "ur", MOVES, ("second",), (f"address={_ADDRESS}",), stand_by="pick_place"
    ),
    "ur5_pick_place_joints": Case(
        "ur5_pick_place", "ur_rtde", "ur", MOVES, ("second",), (f"address={_ADDRESS}",), "pick_place", _JOINTS
    ),
    "xarm_pick_place": Case(
        "xarm_pick_place", "xarm", "xarm", MOVES, ("second",), (f"address={_ADDRESS}",), stand_by="pick_place"
    ),
    "xarm_pick_place_joints": Case(
        "xarm_pick_place", "xarm", "xarm", MOVES, ("second",), (f"address={_ADDRESS}",), "pick_place", _JOINTS
    ),
    "xarm_pixels": Case(
        "xarm_pick_place", "xarm", "xarm", MOVES, ("second",), (f"address={_ADDRESS}",), preset="xarm_pixels"
    ),
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
