# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Our driver against the Sphero that is not there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sphero_stand_ins import served, settings_for
from xarm_stand_ins import until

from ros_rl.backends.backend import Backend
from ros_rl.backends.sphero.backend import SpheroBackend
from ros_rl.backends.sphero.camera import open_camera
from ros_rl.backends.sphero.keeper import Keeper
from ros_rl.backends.sphero.overhead import Overhead
from ros_rl.backends.sphero.tracker import Floor, find
from ros_rl.errors import BackendError, ConfigError, TimingError
from ros_rl.features import equipped
from ros_rl.robot import load_robot
from ros_rl.settings.hardware.sphero import SpheroSettings
from ros_rl.settings.nodes import ControlSettings
from ros_rl.stand_ins.sphero.ball import ARENA, COLOUR, DrivenBall
from ros_rl.stand_ins.sphero.stand_in import SpheroStandIn

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

needs_client = pytest.mark.usefixtures("client")
ROLL = np.array([12.0, 9.0])
PATIENCE = 20.0


@pytest.fixture
def client() -> None:
    pytest.importorskip("spherov2")


@contextmanager
def connected(stand_in: SpheroStandIn, fields: tuple[str, ...] = (), **more: float) -> Iterator[Backend]:
    backend = SpheroBackend(equipped(load_robot("sphero"), fields), settings_for(stand_in, **more), 0.5)
    backend.connect()
    try:
        yield backend
    finally:
        backend.close()


def roll(backend: Backend, stand_in: SpheroStandIn) -> None:
    until(lambda: told(backend) or stand_in.ball.speed > 0.2, PATIENCE)
    assert not backend.read().health


def told(backend: Backend) -> bool:
    """As the driver does, with a little change in every period."""
    backend.write(ROLL + np.random.default_rng().uniform(-2.0, 2.0, 2), time.monotonic() + 1.0)
    time.sleep(0.1)
    return bool(backend.read().health)


@needs_client
def test_it_makes_out_its_heading_by_what_was_told_and_seen() -> None:
    """Ahead and a little to the left, a command every half second."""
    with served() as stand_in, connected(stand_in, ("heading_estimate",)) as backend:
        backend.arm()
        for _ in range(6):
            backend.write(np.array([5.0, 5.5]), time.monotonic() + 1.0)
            time.sleep(0.5)
            estimate = float(backend.read().measurement["heading_estimate"][0])
        off = estimate - stand_in.ball.heading
        assert abs((off + np.pi) % (2.0 * np.pi) - np.pi) < 0.35


@needs_client
def test_it_rolls_when_armed_and_stops_by_expiry_safe_disarming_and_closing() -> None:
    with served() as stand_in:
        with connected(stand_in) as backend:
            backend.write(ROLL, time.monotonic() + 1.0)
            time.sleep(0.3)
            assert stand_in.ball.speed == 0.0
            backend.arm()
            roll(backend, stand_in)
            reading = backend.read()
            assert set(reading.measurement) == set(load_robot("sphero").sensors)
            assert (reading.measurement["joint_position"] > 0.0).all()
            place = reading.measurement["base_position"]
            np.testing.assert_allclose(place[:2], stand_in.ball.place, atol=0.2)
            until(lambda: stand_in.ball.speed < 0.01, PATIENCE)  # the last target has expired
            roll(backend, stand_in)
            backend.safe()
            until(lambda: stand_in.ball.speed < 0.01, PATIENCE)
            roll(backend, stand_in)
            backend.disarm()
            until(lambda: stand_in.ball.speed < 0.01, PATIENCE)
            backend.arm()
            roll(backend, stand_in)
            with pytest.raises(BackendError, match="2 wheels"):
                backend.write(np.array([np.nan, 0.0]), time.monotonic() + 1.0)
        assert stand_in.toy.duty == (0, 0)
        assert stand_in.toy.stabilized
        assert stand_in.received[-1].what == ("stabilization", (1,))


@needs_client
@pytest.mark.parametrize(
    ("fault", "complaint"),
    [("response_lost", "not answered"), ("disconnected", "lost|not answered|refused"), ("refused", "refused")],
)
def test_toy_that_fails_is_told_and_comes_back_at_rest(fault: str, complaint: str) -> None:
    with served() as stand_in, connected(stand_in, reply_time=0.5) as backend:
        backend.arm()
        roll(backend, stand_in)
        stand_in.play(fault)
        until(lambda: told(backend), PATIENCE)
        health = backend.read().health
        assert any(part in health for part in complaint.split("|")), health
        stand_in.heal(fault)
        backend.safe()
        until(lambda: stand_in.ball.speed < 0.01, PATIENCE)
        told(backend)
        time.sleep(0.5)
        assert stand_in.ball.speed < 0.01, "only arming lets it move again"


@needs_client
@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGSTOP])
def test_driver_that_is_stopped_or_killed_leaves_the_ball_at_rest(stop: signal.Signals) -> None:
    with served() as stand_in:
        script = Path(__file__).parents[1] / "stand_ins" / "driver_of_sphero.py"
        ports = [str(stand_in.toy_port), str(stand_in.camera_port)]
        driver = subprocess.Popen([sys.executable, str(script), *ports])
        try:
            until(lambda: stand_in.ball.speed > 0.2, 40.0)
            os.kill(driver.pid, stop)
            until(lambda: stand_in.toy.duty == (0, 0), 10.0)
            until(lambda: stand_in.ball.speed < 0.01, 5.0)
        finally:
            driver.kill()
            driver.wait()
            until(lambda: not stand_in._servers[0].clients, PATIENCE)


@needs_client
@pytest.mark.parametrize(("stop", "words"), [(signal.SIGKILL, "has ended"), (signal.SIGSTOP, "hangs")])
def test_process_that_fails_is_replaced_and_the_ball_comes_to_rest(stop: signal.Signals, words: str) -> None:
    with served() as stand_in, connected(stand_in) as backend:
        backend.arm()
        roll(backend, stand_in)
        keeper = backend._link._process  # type: ignore[attr-defined]
        keeper.send_signal(stop)
        until(lambda: words in backend.read().health, PATIENCE)
        until(lambda: stand_in.toy.duty == (0, 0) and stand_in.ball.speed < 0.01, PATIENCE)
        told(backend)
        assert backend.read().health and stand_in.toy.duty == (0, 0), "nothing moves before it is armed anew"
        assert keeper.poll() is not None
        backend.arm()
        roll(backend, stand_in)


@needs_client
def test_toy_that_is_not_there_is_refused() -> None:
    with served("not_found") as stand_in, pytest.raises(BackendError, match="no toy of Sphero was found in 1 s"):
        with connected(stand_in, connect_time=1.0):
            pass


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ("dark", "0 pixels have its colour"),
        ("hidden", "0 pixels have its colour"),
        ("two_balls", "in several places"),
        ("jumping", "it jumped by 0.5"),
        ("camera_frozen", "same picture"),
        ("camera_stops", "timed out|no picture"),
        ("camera_lost", "closed|reset"),
    ],
)
def test_camera_that_fails_is_told_and_the_place_grows_old(fault: str, complaint: str) -> None:
    with served() as stand_in:
        settings = settings_for(stand_in)
        overhead = Overhead(settings, lambda: open_camera(settings))
        overhead.start()
        assert overhead.newest()[3] == ""
        stand_in.play(fault)
        seen: list[str] = []
        until(lambda: seen.append(overhead.newest()[3]) or any(part in seen[-1] for part in complaint.split("|")), 10.0)
        stand_in.heal(fault)
        until(lambda: overhead.newest()[3] == "", PATIENCE)
        overhead.close()


class FakeToy:
    """Answers at once, or never."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, ...]] = []
        self.answers = True
        self.sleeps: Callable[[], None] = lambda: None

    def set_raw_motors(self, *modes: int) -> None:
        self.sent.append(modes)
        while not self.answers:
            time.sleep(0.01)

    def set_stabilization(self, on: bool) -> None:
        pass

    def add_will_sleep_notify_listener(self, listener: Callable[[], None]) -> None:
        self.sleeps = listener

    def add_battery_state_changed_notify_listener(self, listener: Callable[[int], None]) -> None:
        self.battery = listener


def kept(toy: FakeToy, lines: list[str]) -> Keeper:
    keeper = Keeper(lambda: toy, 0.1, lines.append)
    keeper._toy = toy
    keeper._listen(toy)
    return keeper


def steps(keeper: Keeper, count: int = 5) -> None:
    for _ in range(count):
        keeper.step()
        time.sleep(0.01)


def test_keeper_sends_what_has_not_expired_and_only_when_it_is_on() -> None:
    toy, lines = FakeToy(), []
    keeper = kept(toy, lines)
    keeper.take(f"10 -20 {time.monotonic() + 5.0}")
    steps(keeper)
    assert toy.sent == []
    keeper.take("on")
    steps(keeper)
    assert toy.sent == [], "what was asked for before it was on"
    keeper.take(f"10 -20 {time.monotonic() + 0.2}")
    steps(keeper)
    assert toy.sent == [(1, 10, 2, 20)]
    assert lines[-1].startswith("sent 10 -20 ")
    time.sleep(0.2)
    steps(keeper)
    assert toy.sent[-1] == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", ["sleep", "battery", "parent"])
def test_keeper_switches_off_when_toy_or_parent_goes(kind: str) -> None:
    toy, lines = FakeToy(), []
    keeper = kept(toy, lines)
    keeper.take("on")
    keeper.take(f"10 10 {time.monotonic() + 5.0}")
    steps(keeper)
    if kind == "sleep":
        toy.sleeps()
    elif kind == "battery":
        toy.battery(3)
    keeper.ended = kind == "parent"
    steps(keeper)
    assert toy.sent[-1] == (0, 0, 0, 0)
    keeper.take(f"10 10 {time.monotonic() + 5.0}")
    steps(keeper)
    assert toy.sent[-1] == (0, 0, 0, 0)
    assert any(line.startswith("problem the toy") for line in lines) == (kind != "parent")


def test_blob_is_found_however_bright_and_refused_where_there_are_two() -> None:
    ball = DrivenBall()
    for place in np.array(((0.0, 0.0), (0.31, -0.42), (-0.7, 0.5))):
        picture = ball.picture((place,))
        for bright in (picture, (picture * 0.4).astype(np.uint8)):
            pixel, why = find(bright, COLOUR, 0.12, 12)
            assert pixel is not None, why
            np.testing.assert_allclose(Floor(ARENA, ()).place(pixel, picture.shape), place, atol=0.006)
    assert find(ball.picture((np.array([0.5, 0.3]), np.array([-0.5, -0.3]))), COLOUR, 0.12, 12)[0] is None
    assert find(ball.picture(()), COLOUR, 0.12, 12)[0] is None


def test_floor_is_seen_from_the_side_by_its_corners() -> None:
    corners = (60.0, 40.0, 100.0, 40.0, 150.0, 110.0, 10.0, 110.0)
    floor = Floor((2.0, 1.0), corners)
    for pixel, place in (
        ((60, 40), (-1, 0.5)),
        ((100, 40), (1, 0.5)),
        ((150, 110), (1, -0.5)),
        ((10, 110), (-1, -0.5)),
    ):
        np.testing.assert_allclose(floor.place(np.array(pixel, float), (120, 160)), place, atol=1e-9)
    assert floor.place(np.array([80.0, 60.0]), (120, 160))[0] == pytest.approx(0.0)


def test_what_cannot_be_is_refused() -> None:
    robot, settings = load_robot("sphero"), SpheroSettings()
    settings.check_robot(robot)
    settings.check_timing(ControlSettings(rate_hz=2.0))
    with pytest.raises(TimingError, match="control.rate_hz is 20, but a Sphero takes a command every 60 ms"):
        settings.check_timing(ControlSettings(rate_hz=20.0))
    with pytest.raises(ConfigError, match="cannot be robot 'xarm6'"):
        settings.check_robot(load_robot("xarm6"))
    with pytest.raises(ConfigError, match="velocity 90 rad/s; at full power a wheel does"):
        settings.check_robot(replace(robot, limits=replace(robot.limits, velocity=np.full(2, 90.0))))
    with pytest.raises(ConfigError, match="cannot measure sensor 'base_orientation'"):
        settings.check_robot(replace(robot, sensors=(*robot.sensors, "base_orientation")))
    with pytest.raises(ConfigError, match="driver.backend.corners has 6 values, expected 8"):
        SpheroSettings(corners=(0.0,) * 6)
    with pytest.raises(ConfigError, match="camera is 'usb', expected a camera's number, or tcp://HOST:PORT"):
        SpheroSettings(camera="usb")
