# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What an agent's file survives: one disturbance after the other, in a simulator, episodes of 20 s.

The agent acts unchanged. An episode *ends early* where the task or a guard ends it; *falls* are those that ended
with the base tilted by more than 32 degrees or something else than feet on the ground, by the simulator's truth. The
velocity is that along the heading at which the episode began, over the time that it lasted. All is simulated; starts,
noise and draws follow from the seed.

    python bench/robust.py models/a1_walk/agent.onnx --episodes 20
    python bench/robust.py models/a1_walk/agent.onnx --driver mujoco --only nominal "hard feet (4 ms)"
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from machine import add_output, describe_line, describe_machine, table, write_result

from ros_rl.deploy.agent_file import contract_of
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.rotations import quaternion_to_matrix
from ros_rl.runtime.robot_world import RobotWorld
from ros_rl.settings.loading import load_settings
from ros_rl.types import Truth

_UPRIGHT = 0.85  # cosine of a tilt of 32 degrees; tasks call 37 a fall


def _world(**settings: Any) -> dict[str, Any]:
    return {"world": settings}


def _friction(value: float) -> dict[str, Any]:
    return {"friction_low": value, "friction_high": value}


CASES: dict[str, dict[str, Any]] = {
    "nominal": {},
    "one period of delay more": _world(late=[1, 1]),
    "two periods of delay more": _world(late=[2, 2]),
    "delay of 0 to 2 periods more, drawn per command": _world(late=[0, 2]),
    "latency 25 ms": {"latency": 0.025},
    "10 % of commands lost": _world(dropped=[0.1, 0.1]),
    "payload 5 kg": _world(payload=[5.0, 5.0], payload_place=[0.0, 0.0, 0.08]),
    "centre of mass +-3 cm": _world(centre_shift=[0.03, 0.03, 0.03]),
    "friction 0.3": _friction(0.3),
    "friction 1.5": _friction(1.5),
    "motors 75 %": _world(motor_strength=[0.75, 0.75]),
    "gains -20 %": _world(stiffness=[0.8, 0.8], damping=[0.8, 0.8]),
    "gains +20 %": _world(stiffness=[1.2, 1.2], damping=[1.2, 1.2]),
    "pushes of 0.5 m/s every 2 s": _world(push=[0.5, 0.5], push_every=[2.0, 2.0]),
    "slopes of 10 degrees, up and down": _world(terrain={"kinds": ["slopes"], "slope": [0.175, 0.175]}),
    "rough ground, 5 cm": _world(terrain={"kinds": ["rough"], "rough_height": [0.05, 0.05]}),
    "steps of 3 to 5 cm": _world(terrain={"kinds": ["steps"], "step_height": [0.03, 0.05]}),
    "slippery patches, friction 0.1 to 0.3": _world(terrain={"kinds": ["slippery"]}),
    "soft feet (30 ms)": _world(foot_give=[0.03, 0.03]),
    "hard feet (4 ms)": _world(foot_give=[0.004, 0.004]),
    "dry friction 0.2 N m, viscous 0.05 N m s/rad": _world(joint_friction=[0.2, 0.2], joint_damping=[0.05, 0.05]),
    "armature 0.01 kg m2, dry friction 0.2 N m": _world(armature=[0.01, 0.01], joint_friction=[0.2, 0.2]),
}
"""Settings of the backend that differ; armature is MuJoCo's alone. Ground that is not named is flat."""
_FLAT = {"terrain": {"kinds": ["flat"]}}


def _fallen(truth: Truth) -> bool:
    return truth.fallen_contacts > 0 or quaternion_to_matrix(truth.base_orientation)[2, 2] < _UPRIGHT


def survive(agent: Path, backend: dict[str, Any], episodes: int, seconds: float, seed: int) -> dict[str, Any]:
    """What became of some episodes under one disturbance."""
    own = {**backend, "world": {**_FLAT, **backend.get("world", {})}}
    settings = load_settings(contract_of(agent).task, overrides=[{"driver": {"backend": own}}])
    world = RobotWorld(settings.headless(), seed, track_contacts=True)
    world.restart(seed, seconds)
    control, found = world.control_loop(explore=0.0), []
    control.use(OnnxGraph.load(agent))
    for _ in range(episodes):
        start, truth, ticks, ended = world.truth(), world.truth(), 0, False
        for step in world.episode(lambda tick: control.step(tick).command):
            truth, ticks = world.truth(), step.tick.step
            start = truth if ticks == 0 else start
            ended = step.ended and ticks * settings.control.period < seconds - 1e-9
        ahead = np.array([np.cos(start.base_yaw), np.sin(start.base_yaw)])
        way = float((truth.base_position - start.base_position)[:2] @ ahead)
        lasted = max(ticks * settings.control.period, settings.control.period)
        found.append(
            {"ended": ended, "fell": bool(ended and _fallen(truth)), "seconds": lasted, "velocity": way / lasted}
        )
    world.close()
    return {
        "episodes": found,
        "ended": sum(one["ended"] for one in found),
        "fell": sum(one["fell"] for one in found),
        "seconds": float(np.mean([one["seconds"] for one in found])),
        "velocity": float(np.mean([one["velocity"] for one in found])),
    }


def main() -> None:
    """Disturb, count and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("agent", type=Path, help="agent.onnx of a quadruped that walks")
    parser.add_argument("--driver", default="pybullet", choices=("pybullet", "mujoco"))
    parser.add_argument("--episodes", type=int, default=20, help="of each disturbance")
    parser.add_argument("--seconds", type=float, default=20.0, help="length of each")
    parser.add_argument("--seed", type=int, default=7000)
    parser.add_argument(
        "--only", nargs="+", choices=list(CASES), help="these disturbances; all that the simulator knows"
    )
    add_output(parser, "robust")
    args = parser.parse_args()
    known = [case for case in CASES if args.driver == "mujoco" or "armature" not in CASES[case].get("world", {})]
    results, rows = {}, []
    for case in args.only or known:
        backend = {"name": args.driver, **CASES[case]}
        found = results[case] = survive(args.agent, backend, args.episodes, args.seconds, args.seed)
        ended, fell = (f"{found[key]} of {args.episodes}" for key in ("ended", "fell"))
        rows.append([case, ended, fell, f"{found['seconds']:.1f}", f"{found['velocity']:.2f}"])
        print(" | ".join(rows[-1]), flush=True)
    header = ["disturbance", "ended early", "falls", "lasted [s]", "velocity [m/s]"]
    print(
        f"\n{describe_line(describe_machine())} Simulated ({args.driver}), seed {args.seed}.\n\n{table(header, rows)}"
    )
    chosen = {"driver": args.driver, "seed": args.seed, "seconds": args.seconds}
    write_result(args.out, {"agent": args.agent.parent.name, **chosen, "cases": results})


if __name__ == "__main__":
    main()
