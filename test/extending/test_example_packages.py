# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The packages of `docs/examples/`, built and installed with pip into an environment of their own, in every command."""

import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "docs" / "examples").glob("*/pyproject.toml"))
HUSKY = ROOT / "docs" / "examples" / "husky"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter that has the examples installed, and sees what the one of these tests has."""
    folder = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=120)
    python = folder / "venv" / "bin" / "python"
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    ours = sysconfig.get_path("purelib")
    (site / "tests.pth").write_text(f"{ROOT}\nimport site; site.addsitedir({ours!r})\n")
    copies = [shutil.copytree(example, folder / example.name) for example in EXAMPLES]  # builds leave things behind
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet"]
    done = subprocess.run([*pip, "--no-deps", "--no-build-isolation", *copies], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return python


def run(python: Path, folder: Path, *arguments: str, seconds: float = 240) -> str:
    """What a command prints, in a folder that has nothing to do with the packages."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ros_rl(python: Path, folder: Path, *arguments: str) -> str:
    return run(python, folder, "-m", "ros_rl.cli", *arguments)


needs_its_model = pytest.mark.skipif(find_spec("pybullet_data") is None, reason="a Husky's model is PyBullet's")


@pytest.mark.build
class TestInstalled:
    """Named without a path, from anywhere."""

    def test_it_is_listed(self, python: Path, tmp_path: Path) -> None:
        listed = ros_rl(python, tmp_path, "list").split()
        assert {"husky", "husky_goal", "arena", "awr"} <= {*listed}

    def test_its_settings(self, python: Path, tmp_path: Path) -> None:
        assert "goal_radius_max" in ros_rl(python, tmp_path, "settings", "husky_goal")

    @needs_its_model
    def test_its_robot_is_whole(self, python: Path, tmp_path: Path) -> None:
        told = ros_rl(python, tmp_path, "check", "husky", "--scene", "arena")
        assert "forward  1 m/s" in told and "in scene arena" in told

    @needs_its_model
    def test_gymnasium_makes_it(self, python: Path, tmp_path: Path) -> None:
        code = (
            "import gymnasium, ros_rl.gym; env = gymnasium.make('ros_rl/HuskyGoal-v0'); env.reset(seed=0); "
            "print(env.action_space.shape, env.step(env.action_space.sample())[4].keys()); env.close()"
        )
        assert "(2,) dict_keys(['distance'" in run(python, tmp_path, "-c", code)

    @needs_its_model
    def test_an_agent_of_one_package_learns_the_task_of_another(self, python: Path, tmp_path: Path) -> None:
        code = (
            "from ros_rl.settings.loading import load_settings; from ros_rl.training.local import train_locally; "
            "tiny = ['agent.name=awr', 'agent.hidden=16', 'learner.robot_minutes=0.3', 'learner.warmup_steps=100']; "
            "*_, last = train_locally(load_settings('husky_goal', overrides=tiny)); print(last.training.updates)"
        )
        assert int(run(python, tmp_path, "-c", code).split()[-1]) > 0

    @needs_its_model
    @pytest.mark.ros
    def test_it_trains_through_the_nodes_and_is_evaluated(self, python: Path, tmp_path: Path) -> None:
        out = str(tmp_path / "run")
        ros_rl(python, tmp_path, "train", "husky_goal", "--preset", "debug", "--out", out)
        film = str(tmp_path / "drive.gif")
        agent = ("--agent", f"{out}/agent.onnx", "--episodes", "1", "--video", film)
        told = ros_rl(python, tmp_path, "eval", "husky_goal", *agent)
        assert "distance" in told
        assert Path(film).stat().st_size > 1000


def test_the_wheeled_base_is_as_short_as_the_documentation_says() -> None:
    def lines(name: str) -> int:
        return len((HUSKY / "husky_goal" / name).read_text(encoding="utf-8").splitlines())

    assert lines("husky.yaml") <= 40 and lines("arena.yaml") <= 10
    assert lines("task.py") + lines("__init__.py") <= 80
