# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The package as users get it: built with colcon, installed with pip, and run from a checkout."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from pathlib import Path

import pytest

import ros_rl
from ros_rl import resources
from ros_rl.errors import ResourceNotFound

ROOT = Path(__file__).resolve().parents[1]
BUILD_READS = "package.xml setup.py setup.cfg pyproject.toml LICENSE resource ros_rl launch config models sim".split()
SHARED_FOLDERS = ("launch", "config", "models", "sim")
NODES = ("driver", "guard", "controller", "collector", "learner", "supervisor", "evaluator", "teleoperator")
EXECUTABLES = {*NODES, "ros-rl"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what a build reads, since builds leave things behind in the folder that they build."""
    copy = tmp_path_factory.mktemp("source") / "ros_rl"
    copy.mkdir()
    for name in BUILD_READS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module", params=["copied", "symlinked"])
def colcon_prefix(request: pytest.FixtureRequest, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's install space, as ``colcon build`` (``--symlink-install``) leaves it."""
    colcon = find_colcon()
    workspace = tmp_path_factory.mktemp("workspace")
    (workspace / "src").mkdir()
    shutil.copytree(source, workspace / "src" / "ros_rl")
    command = [colcon, "build", "--executor", "sequential"]
    command += ["--symlink-install"] if request.param == "symlinked" else []
    run(command, workspace)
    return workspace / "install" / "ros_rl"


@pytest.mark.build
def test_colcon_installs_executables_where_ros_looks(colcon_prefix: Path) -> None:
    folder = colcon_prefix / "lib" / "ros_rl"
    assert {path.name for path in folder.iterdir()} == EXECUTABLES
    assert all(os.access(path, os.X_OK) for path in folder.iterdir())


@pytest.mark.build
def test_colcon_registers_the_package(colcon_prefix: Path) -> None:
    assert (colcon_prefix / "share/ament_index/resource_index/packages/ros_rl").is_file()
    manifest = colcon_prefix / "share/ros_rl/package.xml"
    assert ElementTree.parse(manifest).findtext("name") == "ros_rl"
    hooks = "".join(path.read_text() for path in (colcon_prefix / "share/ros_rl/hook").glob("*.sh"))
    assert "AMENT_PREFIX_PATH" in hooks
    assert "PYTHONPATH" in hooks


@pytest.mark.build
def test_colcon_installs_every_shared_file_and_module(colcon_prefix: Path) -> None:
    assert shared_files(colcon_prefix / "share" / "ros_rl") == shared_files(ROOT)
    if not is_symlinked(colcon_prefix):
        (package,) = colcon_prefix.glob("lib/python*/site-packages/ros_rl")
        assert modules(package) == modules(ROOT / "ros_rl")
        assert (package / "py.typed").is_file()


@pytest.mark.build
def test_sourced_workspace_finds_its_own_files(colcon_prefix: Path, tmp_path: Path) -> None:
    """As a user does: source the workspace, run an executable, find the files that belong to it."""
    setup = colcon_prefix.parent / "setup.sh"
    expected = (
        colcon_prefix.parents[1] / "src/ros_rl" if is_symlinked(colcon_prefix) else colcon_prefix / "share/ros_rl"
    )
    found = run(["sh", "-c", f". {setup} && exec {sys.executable} -c '{PRINT_SHARE}'"], tmp_path)
    assert found.split() == [str(expected), ros_rl.__version__]
    printed = run(["sh", "-c", f". {setup} && exec {colcon_prefix}/lib/ros_rl/ros-rl --version"], tmp_path)
    assert ros_rl.__version__ in printed


@pytest.mark.build
def test_wheel_carries_everything(source: Path, tmp_path: Path) -> None:
    """A plain ``pip install`` finds its files beside itself, whatever folder it is started in."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    run([*pip, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(tmp_path), str(source)], tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    prefix = tmp_path / "prefix"
    # Without --ignore-installed, pip would first uninstall the package that these tests run from.
    options = ["--quiet", "--no-deps", "--ignore-installed", "--no-warn-script-location", f"--prefix={prefix}"]
    run([*pip, "install", *options, str(wheel)], tmp_path)
    assert {path.name for path in (prefix / "bin").iterdir()} == EXECUTABLES
    assert shared_files(prefix / "share" / "ros_rl") == shared_files(ROOT)
    (package,) = prefix.glob("lib/python*/site-packages/ros_rl")
    assert modules(package) == modules(ROOT / "ros_rl")
    found = run([sys.executable, "-c", PRINT_SHARE], tmp_path, {"PYTHONPATH": str(package.parent)})
    assert found.split() == [str(prefix / "share/ros_rl"), ros_rl.__version__]


def test_every_executable_has_its_module_and_main() -> None:
    scripts = re.findall(r"= ([\w.]+):main", run([sys.executable, "-c", PRINT_ENTRY_POINTS], ROOT))
    assert len(scripts) == len(EXECUTABLES)
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in scripts]
    assert [str(path) for path in files if not path.is_file() or "def main(" not in path.read_text()] == []


def test_version_is_the_same_everywhere() -> None:
    stated = ElementTree.parse(ROOT / "package.xml").findtext("version")
    assert re.fullmatch(r"\d+\.\d+\.\d+", stated or "")
    assert ros_rl.__version__ == stated
    assert run([sys.executable, "setup.py", "--version"], ROOT).split()[-1] == stated


def test_manifest_names_what_the_code_imports_from_ros() -> None:
    manifest = ElementTree.parse(ROOT / "package.xml").getroot()
    assert manifest.get("format") == "3"
    assert manifest.findtext("export/build_type") == "ament_python"
    named = {element.text for element in manifest.findall("exec_depend")}
    used = set()
    for folder in ("ros_rl/nodes", "launch"):
        for path in (ROOT / folder).rglob("*.py"):
            used |= set(
                re.findall(
                    r"^\s*(?:from|import) (rclpy|launch\w*|\w+_(?:msgs|srvs|interfaces))\b", path.read_text(), re.M
                )
            )
    assert used - named == set()


def test_executables_go_where_ros_looks() -> None:
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    assert settings["develop"]["script_dir"] == "$base/lib/ros_rl"
    assert settings["install"]["install_scripts"] == "$base/lib/ros_rl"


def test_checkout_uses_its_own_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A checkout wins over an older install of the same package."""
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(make_share(tmp_path).parents[1]))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert resources.share_path() == ROOT
    assert resources.share_path("config", "robots") == ROOT / "config" / "robots"


@pytest.mark.parametrize(
    "package_dir", ["lib/python3.12/site-packages/ros_rl", "local/lib/python3.10/dist-packages/ros_rl"]
)
def test_install_uses_the_share_folder_of_its_prefix(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package_dir: str
) -> None:
    share = make_share(tmp_path / "prefix")
    monkeypatch.setattr(resources, "_PACKAGE_DIR", tmp_path / "prefix" / package_dir)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(make_share(tmp_path / "other").parents[1]))
    assert resources.share_path("config") == share / "config"


def test_code_elsewhere_uses_the_interpreter_then_the_workspaces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(resources, "_PACKAGE_DIR", tmp_path / "code" / "ros_rl")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    (tmp_path / "empty").mkdir()
    workspace = make_share(tmp_path / "workspace")
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join([str(tmp_path / "empty"), str(tmp_path / "workspace")]))
    assert resources.share_path() == workspace
    environment = make_share(tmp_path / "venv")
    assert resources.share_path() == environment


def test_missing_files_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(
        ResourceNotFound, match=re.escape(f"no config/robots/r2d2.yaml among the files of ros_rl in {ROOT}")
    ):
        resources.share_path("config", "robots", "r2d2.yaml")
    monkeypatch.setattr(resources, "_PACKAGE_DIR", tmp_path / "code" / "ros_rl")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    with pytest.raises(ResourceNotFound, match=re.escape(str(tmp_path / "venv" / "share" / "ros_rl"))):
        resources.share_path("config")


PRINT_SHARE = "import ros_rl, ros_rl.resources as r; print(r.share_path(), ros_rl.__version__)"
PRINT_ENTRY_POINTS = (
    "import setuptools, distutils.core as d; "
    "print('\\n'.join(d.run_setup('setup.py', stop_after='init').entry_points['console_scripts']))"
)


def find_colcon() -> str:
    """Return the colcon of this environment, or of the machine; skip where there is none, but not in CI."""
    here = str(Path(sys.executable).parent)
    colcon = shutil.which("colcon", path=os.pathsep.join([here, os.environ.get("PATH", "")]))
    if colcon is None:
        if os.environ.get("CI"):
            pytest.fail("colcon is not installed")
        pytest.skip("colcon is not installed: pip install -e '.[dev]'")
    return colcon


def run(command: list[str], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command as from a fresh shell and return what it printed."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("COLCON_", "AMENT_", "COV_CORE_")) and name not in ("PYTHONPATH", "PYTHONSAFEPATH")
    }
    done = subprocess.run(
        command, cwd=folder, env={**clean, **(environment or {})}, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def shared_files(share: Path) -> set[str]:
    """Name the files in the shared folders below a folder, but for what editors and interpreters leave there."""
    return {
        str(path.relative_to(share))
        for folder in SHARED_FOLDERS
        for path in (share / folder).rglob("*")
        if path.is_file() and not any(name.startswith((".", "__")) for name in path.relative_to(share).parts)
    }


def modules(package: Path) -> set[str]:
    return {str(path.relative_to(package)) for path in package.rglob("*.py")}


def is_symlinked(prefix: Path) -> bool:
    return (prefix / "share/ros_rl/package.xml").is_symlink()


def make_share(prefix: Path) -> Path:
    """Make what an install of the package has in a prefix."""
    share = prefix / "share" / "ros_rl"
    (share / "config").mkdir(parents=True)
    (share / "package.xml").touch()
    return share
