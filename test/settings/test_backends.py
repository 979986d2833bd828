# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Backends are variants: each has its own settings, says what it is, and refuses what it cannot do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import ros_rl
from ros_rl.config import to_mapping
from ros_rl.errors import ConfigError
from ros_rl.settings.backends import BackendSettings, ExternalSettings
from ros_rl.settings.loading import load_settings
from ros_rl.settings.registry import BACKEND_SETTINGS
from ros_rl.settings.simulators.mock import MockSettings
from ros_rl.settings.simulators.mujoco import MujocoSettings
from ros_rl.settings.simulators.pybullet import PyBulletSettings


def test_each_says_what_it_is() -> None:
    backends = {name: cls() for name, cls in BACKEND_SETTINGS.items()}
    assert {name for name, backend in backends.items() if backend.simulated} == {
        "pybullet",
        "mujoco",
        "mock",
        "rolling",
    }
    assert {name for name, backend in backends.items() if backend.knows_truth} == {
        "pybullet",
        "mujoco",
        "mock",
        "rolling",
    }
    assert {name for name, backend in backends.items() if backend.renders} == {"pybullet", "mujoco", "rolling"}
    assert {name for name, backend in backends.items() if not backend.starts_driver} == {"external"}
    assert backends["pybullet"].requires == ("pybullet",)
    assert backends["mujoco"].requires == ("mujoco",)
    assert backends["mock"].sensor_noise() is None and backends["pybullet"].sensor_noise() is not None


def test_nobody_else_compares_names_of_backends() -> None:
    compared = re.compile(r"backend(_name)?\s*(==|!=|in)\s*[\"'(\[]")
    root = Path(ros_rl.__file__).parent
    assert [str(path) for path in root.rglob("*.py") if compared.search(path.read_text())] == []


def test_another_backend_drops_the_settings_of_the_last(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text("/**: {ros__parameters: {driver: {backend: {physics_rate_hz: 1000, noise: {height: 0.0}}}}}")
    assert load_settings("a1_walk", path).driver.backend.physics_rate_hz == 1000.0
    for name, cls in (("mock", MockSettings), ("external", ExternalSettings)):
        assert load_settings("a1_walk", path, [{"driver.backend.name": name}]).driver.backend == cls()
    assert load_settings("mock_point").driver.backend == MockSettings()
    assert load_settings("mock_point", overrides=["driver.backend.name=pybullet"]).driver.backend == PyBulletSettings()


def test_another_physics_engine_keeps_what_both_know() -> None:
    pytest.importorskip("pybullet")
    overrides = [{"driver.backend.name": "mujoco"}, "driver.backend.impratio=10"]
    backend = load_settings("xarm_reach", overrides=["driver.backend.solver_iterations=50", *overrides]).driver.backend
    assert isinstance(backend, MujocoSettings)
    assert (backend.noise.joint_velocity, backend.impratio) == (0.02, 10.0)
    back = ["driver.backend.name=mujoco", "driver.backend.latency=0.01", "driver.backend.name=pybullet"]
    assert load_settings("xarm_reach", overrides=back).driver.backend.latency == 0.01


def test_without_pybullet_mujoco_takes_its_place() -> None:
    code = "import sys; sys.modules['pybullet'] = None; from ros_rl.settings.loading import load_settings;"
    code += "from ros_rl.settings.registry import DEFAULT_TOLD; print(DEFAULT_TOLD);"
    code += "backend = load_settings('xarm_reach').driver.backend; print(backend.name, backend.noise.joint_velocity)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert told.splitlines() == ["pybullet is not installed: mujoco takes its place", "mujoco 0.02"]


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("driver.backend=mock", "'driver.backend' is 'mock', expected a group of settings with a name"),
        ("driver.backend.gui=true", "unknown setting 'driver.backend.gui'; valid in driver.backend 'mock': none"),
        (
            "driver.noise.height=0",
            "unknown setting 'driver.noise'; valid in driver: arena, auto_arm",
        ),
    ],
)
def test_settings_that_a_backend_has_not(override: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        load_settings("mock_point", overrides=[override])


class TestAutoRecover:
    def driver(self, *overrides: str):
        return load_settings("mock_point", overrides=overrides).driver

    def test_it_is_on_in_simulation_unless_it_is_set(self) -> None:
        assert self.driver().recovers
        assert not self.driver("driver.auto_recover=false").recovers

    def test_it_is_off_where_nothing_is_simulated(self) -> None:
        assert not self.driver("driver.backend.name=external").recovers
        assert not self.driver("driver.backend.name=external", "driver.auto_recover=false").recovers
        with pytest.raises(ConfigError, match="auto_recover is True, but driver.backend 'external' is no simulator"):
            self.driver("driver.backend.name=external", "driver.auto_recover=true")

    def test_only_a_simulation_arms_itself(self):
        assert self.driver().arms_itself and not self.driver("driver.auto_arm=false").arms_itself
        assert not self.driver("driver.backend.name=external").arms_itself
        with pytest.raises(ConfigError, match="auto_arm is True, but driver.backend 'external' is no simulator"):
            self.driver("driver.backend.name=external", "driver.auto_arm=true")

    def test_a_robot_waits_for_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(BACKEND_SETTINGS, "real", type("Real", (BackendSettings,), {}))
        with pytest.raises(ConfigError, match="mode is 'lock_step', but driver.backend 'real' is no simulator.*real_t"):
            self.driver("driver.backend.name=real")
        assert self.driver("driver.backend.name=real", "driver.mode=real_time").backend_name == "real"

    def test_a_run_in_simulation_can_go_on_a_robot(self) -> None:
        """What a run wrote down does not hold the default of its backend."""
        saved = to_mapping(load_settings("mock_point"))
        assert not load_settings(overrides=[saved, {"driver.backend.name": "external"}]).driver.recovers


def test_a_headless_copy_opens_no_window() -> None:
    pytest.importorskip("pybullet")
    settings = load_settings("a1_walk", overrides=["driver.backend.gui=true"])
    assert settings.driver.backend.gui and not settings.headless().driver.backend.gui
    assert load_settings("mock_point").headless() == load_settings("mock_point")


def test_a_simulator_needs_a_model_of_the_robot() -> None:
    settings = load_settings("mock_point", overrides=["driver.backend.name=pybullet"])
    with pytest.raises(
        ConfigError, match="driver 'pybullet' needs a URDF; the file of robot 'mock' has no 'simulation'"
    ):
        settings.load_robot()
