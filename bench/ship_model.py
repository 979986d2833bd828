# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Puts a trained controller into ``models/<task>``: graph, film, contact sheet and a card with what was measured.

One of a variant (``--preset``) goes into ``models/<preset>``.

ros-rl train a1_walk --robot-minutes 6 --seed 0 --out runs/a1_walk_model
python bench/ship_model.py runs/a1_walk_model
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from machine import describe_machine

from ros_rl.config import to_mapping
from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.runs.run_folder import CONFIG
from ros_rl.runtime.evaluation import Evaluator
from ros_rl.runtime.recording import record
from ros_rl.settings.loading import load_settings
from ros_rl.settings.recorded import load_run
from ros_rl.settings.simulators.physics import PhysicsSettings
from ros_rl.settings.tree import Settings
from ros_rl.tasks import TASKS

_SAID = ("seed", "evaluator.", "learner.robot_minutes", "learner.demonstrations")
_SEED = 12345  # of starts, friction and noise; no training used it


def judge(run: Path, episodes: int, seconds: float) -> dict[str, Any]:
    """Evaluate a run's controller in episodes that it never saw."""
    settings = load_run(run / CONFIG)
    evaluator = Evaluator(settings, _SEED)
    try:
        return evaluator.evaluate(OnnxGraph.load(run / "agent.onnx"), episodes, seconds).to_mapping()
    finally:
        evaluator.close()


def look(run: Path, folder: Path) -> None:
    """Put a film and a contact sheet of one of these episodes beside the controller."""
    settings = load_run(run / CONFIG, [f"seed={_SEED}"])
    found = record(OnnxGraph.load(run / "agent.onnx"), settings, settings.evaluation_seconds)
    found.write(folder / "evaluation.gif", folder / "sheet.png", settings.load_robot())


def conditions(settings: Settings) -> str:
    """What its episodes were judged under, in words."""
    delay = settings.control.delay
    told = ["sensor noise", f"{delay} period{'s' if delay > 1 else ''} of delay" if delay else ""]
    told.append("drawn friction" if isinstance(settings.driver.backend, PhysicsSettings) else "")
    return " and ".join(", ".join(filter(None, told)).rsplit(", ", 1))


def card(summary: dict[str, Any], result: dict[str, Any], command: str, preset: str | None) -> str:
    """The model card, in Markdown."""
    units = {"seconds_each": "s", "foot_slip": "m/s"}
    units |= {f"{m.name}_{part}": m.unit for m in TASKS[summary["task"]].measures for part in m.summaries}
    measured = "\n".join(
        f"| {name.replace('_', ' ')}{f' [{units[name]}]' if name in units else ''} | {value:.4g} |"
        for name, value in result.items()
        if value is not None
    )
    machine, task, name = summary["machine"], summary["task"], preset or summary["task"]
    chosen = f" --preset {preset}" if preset else ""
    return f"""# {name}

A control graph for `ros-rl run {task}{chosen} --agent models/{name}/agent.onnx`, learned in simulation.

| | |
|---|---|
| agent | {summary["agent"]} |
| robot time | {summary["robot_minutes"]:.2f} min ({summary["env_steps"]} steps) |
| wall-clock | {summary["wall_minutes"]:.1f} min on {machine["cpu"]}, {machine["cores"]} cores |
| seed | {summary["seed"]} |

Measured in simulation with {conditions(load_settings(task, preset=preset))}, on starts that training never saw:

| measure | value |
|---|---|
{measured}

![film of an episode](evaluation.gif)

![frames, and curves over the episode](sheet.png)

Made by

    {command}
    python bench/ship_model.py RUN{chosen}

It was never on hardware. It learned in a simulator: expect other friction, compliance and impacts on a robot.
"""


def changed(run: Path, task: str, preset: str | None) -> list[str]:
    """What a run's settings differ in from its task's, ``key=value``, but for what the command says otherwise."""
    own = flat(to_mapping(load_run(run / CONFIG)))
    usual = flat(to_mapping(load_settings(task, preset=preset)))
    return [
        shlex.quote(f"{key}={value if isinstance(value, str) else json.dumps(value)}")
        for key, value in own.items()
        if usual.get(key) != value and not key.startswith(_SAID)
    ]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their key paths."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return found


def made_by(summary: dict[str, Any], run: Path, preset: str | None) -> str:
    """Commands that make such a run, those that show it something included."""
    chosen = f" --preset {preset}" if preset else ""
    train = (
        f"ros-rl train {summary['task']}{chosen} --robot-minutes {summary['robot_minutes']:g} --seed {summary['seed']}"
    )
    train += "".join(f" --set {item}" for item in changed(run, summary["task"], preset))
    shown = (summary.get("demonstrations") or {}).get("paths", [])
    lines = []
    for number, path in enumerate(shown):
        other = json.loads((Path(path) / "summary.json").read_text())
        how = f"--{other['agent']} --episodes {other['episodes']} --seed {other['seed']}"  # 'expert NAME'
        lines.append(f"ros-rl record {other['task']}{chosen} {how} --out runs/shown{number}")
        train += f"{' --demonstrations' if not number else ''} runs/shown{number}"
    return "\n    ".join([*lines, train])


def main() -> None:
    """Judge, copy and write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="folder of a finished training")
    parser.add_argument("--episodes", type=int, default=10, help="evaluation episodes")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each [s]")
    parser.add_argument("--preset", metavar="NAME", help="the variant of the task that it was trained with")
    args = parser.parse_args()
    summary = json.loads((args.run / "summary.json").read_text())
    result = judge(args.run, args.episodes, args.seconds)
    del result["plan_ms"]  # a matter of the machine, and of what else runs on it: bench/planner_speed.py
    models = Path(__file__).parent.parent / "models" / (args.preset or summary["task"])
    models.mkdir(parents=True, exist_ok=True)
    shutil.copy(args.run / "agent.onnx", models / "agent.onnx")
    look(args.run, models)
    command = made_by(summary, args.run, args.preset)
    (models / "README.md").write_text(card(summary, result, command, args.preset))
    results = Path(__file__).parent / "results" / f"model_{models.name}.json"
    results.parent.mkdir(exist_ok=True)
    results.write_text(json.dumps({"machine": describe_machine(), "training": command, "evaluation": result}, indent=1))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
