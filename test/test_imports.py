# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The import rules: where ROS, simulators and torch may be imported, and which room may know which.

Imports are read from the source, nothing is imported. An import counts wherever it stands, also inside a function;
under ``if TYPE_CHECKING`` it counts for the rules on ROS, clients and rooms, but loads nothing.
"""

import ast
import re
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "ros_rl"

# From the bottom up: rooms (folders) and loose modules. A module may import its own layer and those below it.
LAYERS = (
    (
        "types",
        "errors",
        "resources",
        "rotations",
        "wire",
        "plugins",
        "config",
        "ros_names",
        "formats",
        "layout",
    ),
    ("robot", "scenes", "floor_plan", "sensors", "features", "safety", "commands", "tasks", "experts"),
    ("settings",),
    ("networks", "watch", "deploy", "cameras", "backends"),
    ("dynamics", "replay", "runs"),
    ("planning", "world_models", "runtime", "teleop"),
    ("agents",),
    ("training",),
    ("gym", "nodes", "analysis", "conformance", "stand_ins"),
    ("cli",),
)
TORCH_FREE = ("settings", "runtime", "runs", "cameras", "backends", "teleop")
"""Rooms that never reach torch, whatever module of them is asked for."""
TORCH_FREE_NODES = (
    "controller",
    "collector",
    "driver",
    "guard",
    "supervisor",
    "evaluator",
    "teleoperator",
    "ros2_control.driver",
    "ros2_control.command_node",
)
"""What runs on the robot's side."""
FORBIDDEN = {
    "agents.common": r"agents\.(?!common\b|agent\b).+",
    "planning": r"(?!planning\b|settings\b).+",
}
"""What else a room may not import although its layer would allow it: what is shared knows no algorithm, and planners
know a world and nothing of what it is made of, such as fields, tasks, networks and ensembles."""
EXEMPT = {
    "planning.world": r"(layout|tasks|networks|dynamics)\b.*",
    "planning.propagation": r"dynamics\b.*",
}
"""What single modules may import all the same: they are there to keep it from the rest of their room."""
EVERYWHERE = frozenset({"numpy", "yaml"})
"""Packages that a backend may share with everybody; any other that one imports is its client, and nobody else's."""
ROS_MODULE = re.compile(
    r"rclpy|launch|launch_[a-z_]+|ament_[a-z_]+|ros2[a-z]+|rosidl_[a-z_]+|rosbag2_[a-z_]+|rpyutils|tf2_[a-z_]+"
    r"|[a-z0-9_]+_(msgs|srvs|interfaces)"
)


@dataclass(frozen=True)
class Import:
    """One name that a module imports: absolute, dotted."""

    name: str
    line: int
    loads: bool = True
    """False under ``if TYPE_CHECKING``."""

    @property
    def top(self) -> str:
        return self.name.partition(".")[0]


def test_package_keeps_the_import_rules() -> None:
    assert violations(ROOT) == []


def test_rooms_of_the_rules_exist() -> None:
    """A rule is empty if what it speaks of is renamed."""
    modules = read_modules(ROOT)
    named = [*TORCH_FREE, *(f"nodes.{node}" for node in TORCH_FREE_NODES), *FORBIDDEN]
    named += [name for names in LAYERS for name in names]
    assert [name for name in named if f"{PACKAGE}.{name}" not in modules] == []


@pytest.mark.ros
@pytest.mark.parametrize("node", TORCH_FREE_NODES)
def test_robot_side_node_loads_without_torch(node: str) -> None:
    """What the source says, tried: with torch and PyBullet not to be had, the module still loads."""
    code = f"import sys; sys.modules.update(torch=None, pybullet=None); import {PACKAGE}.nodes.{node}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        # ROS
        ({"runtime/loop.py": "import rclpy"}, "ros_rl/runtime/loop.py:1: rclpy belongs in ros_rl/nodes/"),
        ({"robot.py": "def f():\n    from sensor_msgs.msg import Imu"}, "ros_rl/robot.py:2: sensor_msgs.msg belongs"),
        ({"runs/bringup.py": "from launch import LaunchDescription"}, "ros_rl/runs/bringup.py:1: launch belongs"),
        ({"cli/main.py": "import launch_ros.actions"}, "ros_rl/cli/main.py:1: launch_ros.actions belongs"),
        ({"safety.py": "from std_srvs.srv import Trigger"}, "ros_rl/safety.py:1: std_srvs.srv belongs"),
        ({"runtime/a.py": "try:\n    import tf2_msgs\nexcept ImportError: pass"}, "ros_rl/runtime/a.py:2: tf2_msgs"),
        ({"cli/a.py": "import importlib\nimportlib.import_module('rclpy')"}, "ros_rl/cli/a.py:2: rclpy belongs"),
        # clients of backends
        (
            {"backends/pybullet/scene.py": "import pybullet_data", "runtime/a.py": "import pybullet_data"},
            "ros_rl/runtime/a.py:1: pybullet_data belongs in ros_rl/backends/pybullet",
        ),
        (
            {"backends/arm.py": "from arm_sdk import Arm", "backends/mock.py": "import arm_sdk.wrapper"},
            "ros_rl/backends/mock.py:1: arm_sdk.wrapper belongs in ros_rl/backends/arm",
        ),
        # rooms
        ({"types.py": "import ros_rl.robot", "robot.py": ""}, "ros_rl/types.py:1: types may not import robot"),
        ({"tasks/a.py": "from ros_rl import replay", "replay/__init__.py": ""}, "tasks may not import replay"),
        ({"tasks/a.py": "from ..agents import mpc", "agents/mpc.py": ""}, "tasks may not import agents"),
        (
            {"replay/a.py": "def f():\n    from ros_rl.nodes.x import y", "nodes/x.py": ""},
            "replay may not import nodes",
        ),
        ({"runtime/a.py": "from ros_rl.training import t", "training/t.py": ""}, "runtime may not import training"),
        ({"nodes/a.py": "from ros_rl.cli.main import main", "cli/main.py": ""}, "nodes may not import cli"),
        ({"stuff.py": ""}, "ros_rl/stuff.py: stuff has no layer"),
        (
            {"nodes/a.py": "from ros_rl.gym.b import x", "gym/b.py": "", "gym/c.py": "import ros_rl.nodes.a"},
            "rooms import each other in a circle: gym, nodes",
        ),
        (
            {"runs/a.py": "from ros_rl.runs.b import x", "runs/b.py": "def f():\n    from ros_rl.runs.a import y"},
            "modules import each other in a circle: ros_rl.runs.a, ros_rl.runs.b",
        ),
        (
            {"agents/common/a.py": "from ros_rl.agents.sac import SacAgent", "agents/sac.py": ""},
            "ros_rl/agents/common/a.py:1: agents.common may not import agents.sac",
        ),
        (
            {"planning/cem.py": "from ros_rl.tasks.task import Judge", "tasks/task.py": ""},
            "ros_rl/planning/cem.py:1: planning may not import tasks.task",
        ),
        (
            {"planning/planner.py": "from ros_rl.networks.spaces import Spaces", "networks/spaces.py": ""},
            "ros_rl/planning/planner.py:1: planning may not import networks.spaces",
        ),
        ({"planning/plan.py": "import ros_rl.layout", "layout.py": ""}, "planning may not import layout"),
        (
            {"planning/propagation.py": "from ros_rl.tasks import Task", "tasks/__init__.py": ""},
            "ros_rl/planning/propagation.py:1: planning may not import tasks",
        ),
        # torch
        (
            {"nodes/__init__.py": "import torch", "nodes/driver.py": ""},
            "ros_rl/nodes/__init__.py:1: nodes.driver reaches torch",
        ),
        (
            {"nodes/controller.py": "def f():\n    import torch.nn"},
            "ros_rl/nodes/controller.py:2: nodes.controller reaches torch",
        ),
        ({"backends/new_robot.py": "import torch"}, "ros_rl/backends/new_robot.py:1: backends.new_robot reaches torch"),
        (
            {"nodes/driver.py": "from ros_rl.robot import Robot", "robot.py": "from torch import Tensor"},
            "ros_rl/robot.py:1: nodes.driver -> robot reaches torch",
        ),
        (
            {
                "nodes/collector.py": "from ros_rl.replay.ring import Ring",
                "replay/__init__.py": "from . import learn",
                "replay/ring.py": "",
                "replay/learn.py": "import torch",
            },
            "ros_rl/replay/learn.py:1: nodes.collector -> replay -> replay.learn reaches torch",
        ),
    ],
)
def test_checker_sees_a_broken_rule(tmp_path: Path, files: dict[str, str], complaint: str) -> None:
    write_package(tmp_path, files)
    found = violations(tmp_path)
    assert len(found) == 1
    assert complaint in found[0]


def test_checker_accepts_what_the_rules_allow(tmp_path: Path) -> None:
    write_package(
        tmp_path,
        {
            "types.py": "import numpy",
            "robot.py": "from ros_rl.types import Array\nfrom ros_rl.features import x",
            "features.py": "from __future__ import annotations\nfrom .types import Array",
            "backends/pybullet/backend.py": "import pybullet\nfrom ros_rl.backends.pybullet import scene",
            "backends/pybullet/scene.py": "import pybullet_data\nimport numpy",
            "tasks/task.py": "",
            "planning/world.py": "from ros_rl.tasks.task import Judge\nfrom ros_rl.dynamics.model import Model",
            "planning/propagation.py": "import torch\nfrom ros_rl.dynamics.model import DynamicsModel",
            "planning/cem.py": "import torch\nfrom ros_rl.planning import world\nfrom ros_rl.settings import tree",
            "dynamics/model.py": "import torch",
            "agents/agent.py": "import torch",
            "agents/common/critics.py": "import torch\nfrom ros_rl.agents.agent import Agent",
            "agents/mpc.py": "import torch\nfrom ros_rl.agents.common import critics",
            "training/training_loop.py": "import torch\nfrom ros_rl.agents import mpc",
            "runtime/control_loop.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch",
            "nodes/controller.py": "import rclpy\nfrom ros_rl.runtime.control_loop import ControlLoop",
            "nodes/learner.py": "from std_msgs.msg import String\nfrom ros_rl.training import training_loop",
        },
    )
    assert violations(tmp_path) == []


def violations(root: Path) -> list[str]:
    """Check the package below a folder.

    Returns:
        One line for each broken rule, with file and line.
    """
    modules = read_modules(root)
    clients = clients_of_backends(modules)
    found = []
    for module, (path, imports) in modules.items():
        shown = path.relative_to(root)
        if layer(module) is None:
            found.append(f"{shown}: {part(module)} has no layer; give it one in LAYERS")
        for item in imports:
            where = f"{shown}:{item.line}"
            if ROS_MODULE.fullmatch(item.top) and not may_import_ros(module):
                found.append(f"{where}: {item.name} belongs in {PACKAGE}/nodes/")
            owner = clients.get(item.top)
            if owner is not None and backend_of(module) != owner:
                found.append(f"{where}: {item.name} belongs in {PACKAGE}/backends/{owner}")
            if item.top == PACKAGE and (layer(item.name) or 0) > (layer(module) or 0):
                found.append(f"{where}: {part(module)} may not import {part(item.name)}, which lies above it")
            if (room := forbidding_room(module, item.name)) is not None:
                found.append(f"{where}: {room} may not import {item.name.removeprefix(f'{PACKAGE}.')}")
    found += [f"modules import each other in a circle: {names}" for names in circles(imports_within(modules))]
    found += [f"rooms import each other in a circle: {names}" for names in circles(imports_between_rooms(modules))]
    for start in modules:
        if part(start) in TORCH_FREE or start.removeprefix(f"{PACKAGE}.nodes.") in TORCH_FREE_NODES:
            found += torch_reached(root, modules, start)
    return list(dict.fromkeys(found))


def may_import_ros(module: str) -> bool:
    """Whether a module is a node's."""
    return part(module) == "nodes"


def imports_within(modules: dict[str, tuple[Path, list[Import]]]) -> dict[str, set[str]]:
    """By module, those of the package that it loads."""
    return {
        module: {item.name for item in imports if item.loads and item.name in modules} - {module}
        for module, (_, imports) in modules.items()
    }


def imports_between_rooms(modules: dict[str, tuple[Path, list[Import]]]) -> dict[str, set[str]]:
    """By room or loose module, the others that it loads."""
    found: dict[str, set[str]] = {part(module): set() for module in modules}
    for module, loaded in imports_within(modules).items():
        found[part(module)] |= {part(name) for name in loaded} - {part(module)}
    return found


def circles(arrows: dict[str, set[str]]) -> list[str]:
    """Those that reach each other, one line for each group."""
    reached = {name: set(to) for name, to in arrows.items()}
    for middle in reached:  # Warshall's transitive closure
        for name in reached:
            if middle in reached[name]:
                reached[name] |= reached[middle]
    groups = {frozenset(other for other in reached[name] if name in reached[other]) for name in reached}
    return sorted(", ".join(sorted(group)) for group in groups if group)


def forbidding_room(module: str, imported: str) -> str | None:
    """The room that keeps a module of it from importing this, by `FORBIDDEN`."""
    own, name = (text.removeprefix(f"{PACKAGE}.") for text in (module, imported))
    if name == imported:
        return None
    for room, pattern in FORBIDDEN.items():
        inside = own == room or own.startswith(f"{room}.")
        if inside and re.fullmatch(pattern, name) and not re.fullmatch(EXEMPT.get(own, ""), name):
            return room
    return None


def backend_of(module: str) -> str:
    """``pybullet`` of ``ros_rl.backends.pybullet.scene``; empty outside the backends."""
    parts = module.split(".")
    return parts[2] if parts[:2] == [PACKAGE, "backends"] and len(parts) > 2 else ""


def clients_of_backends(modules: dict[str, tuple[Path, list[Import]]]) -> dict[str, str]:
    """By the simulator's or vendor's package, the backend that imports it; the first in the order of their names."""
    found: dict[str, str] = {}
    for module, (_, imports) in sorted(modules.items()):
        for top in {item.top for item in imports} if backend_of(module) else ():
            common = top in EVERYWHERE | {PACKAGE, "torch"} or top in sys.stdlib_module_names
            if not common and not ROS_MODULE.fullmatch(top):
                found.setdefault(top, backend_of(module))
    return found


def torch_reached(root: Path, modules: dict[str, tuple[Path, list[Import]]], start: str) -> Iterator[str]:
    """Follow the imports from a module, shortest way first, and tell each module on the way that imports torch."""
    chains = {name: (start,) for name in reversed(with_parents(start)) if name in modules and start in modules}
    queue = deque(chains)
    while queue:
        module = queue.popleft()
        path, imports = modules[module]
        for item in imports:
            if item.loads and item.top == "torch":
                chain = " -> ".join(name.removeprefix(f"{PACKAGE}.") for name in chains[module])
                yield f"{path.relative_to(root)}:{item.line}: {chain} reaches torch"
                break
        for name in (loaded for item in imports if item.loads for loaded in with_parents(item.name)):
            if name in modules and name not in chains:
                chains[name] = (*chains[module], name)
                queue.append(name)


def read_modules(root: Path) -> dict[str, tuple[Path, list[Import]]]:
    """Read the file and the imports of every module of the package, by dotted name."""
    paths = {module_name(path.relative_to(root)): path for path in sorted((root / PACKAGE).rglob("*.py"))}
    return {name: (path, list(read_imports(name, path, paths))) for name, path in paths.items()}


def read_imports(module: str, path: Path, modules: dict[str, Path]) -> Iterator[Import]:
    """Yield what a module imports; ``from a import b`` names ``a.b`` where that is a module of the package."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        for name in imported_names(node, module if path.name == "__init__.py" else module.rpartition(".")[0], modules):
            yield Import(name, node.lineno, loads=id(node) not in for_types)


def imported_names(node: ast.AST, package: str, modules: dict[str, Path]) -> list[str]:
    """Return the absolute names that one statement or expression in a module of ``package`` imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            ancestors = package.split(".")
            base = ".".join([*ancestors[: len(ancestors) + 1 - node.level], *filter(None, [node.module])])
        inner = [f"{base}.{alias.name}" for alias in node.names if f"{base}.{alias.name}" in modules]
        return inner if len(inner) == len(node.names) else [base, *inner]
    if isinstance(node, ast.Call) and ast.unparse(node.func) in (
        "importlib.import_module",
        "import_module",
        "__import__",
    ):
        return [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return []


def module_name(path: Path) -> str:
    """``ros_rl/tasks/__init__.py`` is ``ros_rl.tasks``."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def with_parents(name: str) -> list[str]:
    """Importing ``a.b.c`` runs ``a``, ``a.b`` and ``a.b.c``."""
    parts = name.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


def part(module: str) -> str:
    """The part of the package that a module belongs to: ``tasks`` for ``ros_rl.tasks.quadruped.walk``."""
    return (module.split(".") + [""])[1]


def layer(module: str) -> int | None:
    """The height of a module's layer; the package itself lies at the bottom."""
    if module == PACKAGE:
        return 0
    return next((height for height, names in enumerate(LAYERS) if part(module) in names), None)


def write_package(root: Path, files: dict[str, str]) -> None:
    """Write a package of the given files, with an empty ``__init__.py`` wherever there is none."""
    for name, text in files.items():
        path = root / PACKAGE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for folder in path.relative_to(root).parents[:-1]:
            init = root / folder / "__init__.py"
            init.touch()
