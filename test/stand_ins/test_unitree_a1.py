# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The A1 that is not there: our driver talks to it, and what reached its motors is what counts.

No client of the vendor's can be installed; the golden vectors of `test/backends/unitree_a1` stand for it.
"""

import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends.backend import EMPTY  # noqa: E402
from ros_rl.backends.unitree_a1 import wire  # noqa: E402
from ros_rl.backends.unitree_a1.backend import UnitreeA1Backend  # noqa: E402
from ros_rl.errors import BackendError  # noqa: E402
from ros_rl.robot import load_robot  # noqa: E402
from ros_rl.settings.hardware.unitree_a1 import UnitreeA1Settings  # noqa: E402
from ros_rl.stand_ins.quadruped import Told  # noqa: E402
from ros_rl.stand_ins.unitree_a1 import A1StandIn  # noqa: E402

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

A1 = load_robot("a1")
PERIOD = 0.05
SLACK = 0.4  # s, for a busy machine


@pytest.fixture
def stand_in() -> Iterator[A1StandIn]:
    made = A1StandIn(port=0, start="standing")
    made.start()
    yield made
    made.close()


def settings_for(stand_in: A1StandIn, **changes) -> UnitreeA1Settings:
    return UnitreeA1Settings(
        **{"address": "127.0.0.1", "port": stand_in.port, "local_port": 0, "silence_limit": 0.3, **changes}
    )


@pytest.fixture
def backend(stand_in) -> Iterator[UnitreeA1Backend]:
    made = UnitreeA1Backend(A1, settings_for(stand_in), PERIOD, EMPTY)
    yield made
    made.close()


@pytest.fixture
def walking(backend, stand_in) -> UnitreeA1Backend:
    """It follows its home pose, for as long as the test lasts."""
    backend.connect()
    backend.arm()
    backend.write(A1.home, time.monotonic() + 60.0)
    wait_for(lambda: phase(stand_in) == "follow")
    return backend


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def phase_of(told: Told) -> str:
    if told.stiffness.any():
        return "follow"
    return "damp" if told.damping.any() else "rest"


def phase(stand_in: A1StandIn) -> str:
    commands = [item.what for item in stand_in.since(time.monotonic() - 1.0) if isinstance(item.what, Told)]
    return phase_of(commands[-1]) if commands else ""


def check_stops(backend: UnitreeA1Backend, stand_in: A1StandIn, since: float, told: str) -> None:
    """It says why, damps, and sends no target from then on."""
    wait_for(lambda: told in backend.read().health)
    wait_for(lambda: phase(stand_in) == "damp")
    commands = [(item.time, phase_of(item.what)) for item in stand_in.since(since) if isinstance(item.what, Told)]
    first = next(moment for moment, word in commands if word == "damp")
    assert first - since <= 2 * PERIOD + SLACK
    assert {word for moment, word in commands if moment >= first} == {"damp"}


def test_it_answers_each_command_and_holds_the_last_one_for_ever(stand_in):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5.0)
        record = np.zeros(1, wire.COMMAND)
        record["level"] = wire.LOW_LEVEL
        motors = record["motors"][0]
        motors["mode"], motors["position"][:12] = wire.SERVO, A1.home + 0.05
        motors["stiffness"], motors["damping"] = 80 * 32, 2 * 16
        client.sendto(wire.encode(record[0]), ("127.0.0.1", stand_in.port))
        first = wire.decode(client.recv(2048), wire.STATE)
        assert not isinstance(first, str)
        time.sleep(0.5)
        np.testing.assert_allclose(stand_in.told.position, A1.home + 0.05, atol=1e-6)
        client.sendto(b"no command", ("127.0.0.1", stand_in.port))
        client.sendto(wire.encode(record[0]), ("127.0.0.1", stand_in.port))
        later = wire.decode(client.recv(2048), wire.STATE)
        assert later["tick"] > first["tick"] + 100  # ms
        np.testing.assert_allclose(np.linalg.norm(later["orientation"]), 1.0, atol=1e-5)
        assert later["foot_force"].sum() > 80  # N, of some 120
        assert stand_in.refused == 1


def test_it_measures_what_the_robot_does(walking, stand_in):
    wait_for(lambda: len(stand_in.since(0.0)) > 300)
    reading = walking.read()
    truth, measured = stand_in.body.measurement, reading.measurement
    assert reading.health == "" and reading.age < 1.0
    assert set(measured) == set(A1.sensors)
    np.testing.assert_allclose(measured["joint_position"], truth["joint_position"], atol=0.02)
    np.testing.assert_allclose(measured["imu_orientation"], truth["imu_orientation"], atol=0.02)
    np.testing.assert_allclose(measured["imu_linear_acceleration"], [0.0, 0.0, 9.81], atol=1.0)
    np.testing.assert_allclose(measured["base_position"][2], truth["base_position"][2], atol=0.03)
    np.testing.assert_allclose(measured["base_linear_velocity"], np.zeros(3), atol=0.1)


def test_targets_arrive_as_they_were_written(walking, stand_in):
    target = A1.home + np.linspace(-0.05, 0.05, 12)
    walking.write(target, time.monotonic() + 60.0)
    wait_for(lambda: np.allclose(stand_in.told.position, target, atol=1e-6))
    np.testing.assert_array_equal(stand_in.told.stiffness, A1.stiffness)
    np.testing.assert_array_equal(stand_in.told.damping, A1.damping)
    np.testing.assert_array_equal(stand_in.told.velocity, np.zeros(12))
    np.testing.assert_array_equal(stand_in.told.effort, np.zeros(12))


def test_the_end_damps_then_frees_the_motors(walking, stand_in):
    event = time.monotonic()
    walking.close()
    wait_for(lambda: phase(stand_in) == "rest")
    words = [phase_of(item.what) for item in stand_in.since(event) if isinstance(item.what, Told)]
    changes = [word for index, word in enumerate(words) if not index or word != words[index - 1]]
    assert changes in (["follow", "damp", "rest"], ["damp", "rest"])


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("silent", "has sent no state"),
        ("wrong_crc", "a datagram has checksum"),
        ("go1_length", "614 bytes, expected 771; a Go1"),
        ("tick_stands", "has sent no state"),
        ("other_address", "a datagram comes from 127.0.0.1:"),
        ("nan", "position that is not finite"),
        ("hot_motor", "motor of FR_calf_joint has 90 degC"),
        ("motor_off", "the motor of FR_hip_joint is in mode 0"),
        ("remote_stop", "remote control: stop"),
    ],
)
def test_faults_that_stop_it(walking, stand_in, fault, told):
    event = time.monotonic()
    stand_in.play(fault)
    check_stops(walking, stand_in, event, told)


@pytest.mark.parametrize("fault", ["lost", "duplicated", "reordered", "tick_back", "late"])
def test_faults_that_it_goes_on_with(walking, stand_in, fault):
    event = time.monotonic()
    stand_in.play(fault)
    time.sleep(0.4)
    reading = walking.read()
    assert reading.health == "" and reading.age < 0.3
    words = {phase_of(item.what) for item in stand_in.since(event) if isinstance(item.what, Told)}
    assert words == {"follow"}


def test_a_robot_that_starts_anew_stays_free(walking, stand_in):
    event = time.monotonic()
    stand_in.play("reboot")
    wait_for(lambda: phase(stand_in) == "damp")
    stand_in.heal("reboot")
    wait_for(lambda: "started anew" in walking.read().health)
    first = next(item.time for item in stand_in.since(event) if phase_of(item.what) == "damp")
    assert {phase_of(item.what) for item in stand_in.since(first)} == {"damp"}


def test_a_second_client_is_seen(walking, stand_in):
    stand_in.play("second_client")
    wait_for(lambda: len(stand_in.senders) == 2)
    wait_for(lambda: "2 clients" in stand_in.describe())


def test_a_robot_that_is_a_go1_is_refused(stand_in, backend):
    stand_in.play("go1_length")
    with pytest.raises(BackendError, match="a datagram has 614 bytes, expected 771; a Go1 sends that"):
        UnitreeA1Backend(A1, settings_for(stand_in, connect_timeout=0.5), PERIOD, EMPTY).connect()


def test_a_port_that_is_taken_is_refused(stand_in):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        with pytest.raises(BackendError, match=f"from port {port}: Address already in use"):
            UnitreeA1Backend(A1, settings_for(stand_in, local_port=port), PERIOD, EMPTY).connect()
    with pytest.raises(BackendError, match="cannot listen at 127.0.0.1"):
        A1StandIn(port=stand_in.port).open()
