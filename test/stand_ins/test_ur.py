# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The UR that is not there: what the vendor's own client sees of it, and what it does when commands stop."""

import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator

import numpy as np
import pytest
from loopback import free_address

from ros_rl.backends.ur_rtde.protocol import DASHBOARD_PORT, PORT, SCRIPT_PORT, Frame, Recipe, Runtime, pack, unpack
from ros_rl.stand_ins.ur import UrStandIn
from ros_rl.stand_ins.ur.controller import Controller, Order

pytestmark = pytest.mark.flaky(reruns=2)  # real time, on a machine that has other work

STILL = np.zeros(6)


@pytest.fixture
def robot() -> Iterator[UrStandIn]:
    stand_in = UrStandIn(free_address(PORT, DASHBOARD_PORT, SCRIPT_PORT))
    stand_in.start()
    yield stand_in
    stand_in.close()


VENDOR = """
import json, sys, time
from rtde_control import RTDEControlInterface
from rtde_receive import RTDEReceiveInterface
from dashboard_client import DashboardClient

address, told = sys.argv[1], {}
dashboard = DashboardClient(address)
dashboard.connect()
told["remote"], told["mode"] = dashboard.isInRemoteControl(), dashboard.robotmode()
receive = RTDEReceiveInterface(address)
told["before"] = receive.getActualQ()
control = RTDEControlInterface(address)
told["speed"] = all(control.speedJ([0.2, 0, 0, 0, 0, 0], 2.0, 0.008) and not time.sleep(0.01) for _ in range(60))
told["moving"], told["velocity"] = receive.getActualQ(), receive.getActualQd()
told["stop"] = control.speedStop(10.0)
told["move"] = control.moveJ(told["before"], 1.0, 2.0)
told["back"], told["pose"] = receive.getActualQ(), receive.getActualTCPPose()
told["safe"] = [receive.getSafetyMode(), receive.getRobotMode(), receive.getRuntimeState(), receive.getSpeedScaling()]
told["watchdog"] = control.setWatchdog(5.0)
time.sleep(0.5)
told["after"] = control.isProgramRunning()
told["refused"] = not control.speedJ([0.2, 0, 0, 0, 0, 0], 2.0, 0.008)
print(json.dumps(told), flush=True)
"""


def test_the_vendors_client_reads_moves_and_loses_it_by_its_watchdog(robot: UrStandIn) -> None:
    pytest.importorskip("rtde_control")
    ended = subprocess.run(
        [sys.executable, "-c", VENDOR, robot.address], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["remote"] is True and "RUNNING" in told["mode"]
    assert told["watchdog"] and told["speed"] and told["stop"] and told["move"]
    assert told["moving"][0] - told["before"][0] > 0.05
    assert told["velocity"][0] == pytest.approx(0.2, abs=0.05)
    np.testing.assert_allclose(told["back"], told["before"], atol=0.01)
    np.testing.assert_allclose(told["pose"][:3], [-0.448, -0.133, 0.3], atol=0.01)  # the controller's base looks back
    assert told["safe"] == [1, 7, 2, 1.0]
    assert told["after"] is False and told["refused"]
    assert robot.controller.breaches == 1


def connect(address: str) -> socket.socket:
    link = socket.create_connection((address, PORT), 5.0)
    link.settimeout(5.0)
    return link


def ask(link: socket.socket, kind: Frame, payload: bytes = b"") -> bytes:
    link.sendall(pack(kind, payload))
    buffer = bytearray()
    while True:
        buffer += link.recv(4096) or b"?"
        for found, answer in unpack(buffer):
            if found == kind:
                return answer


def test_unknown_fields_and_those_of_another_client_are_refused(robot: UrStandIn) -> None:
    with connect(robot.address) as first, connect(robot.address) as second:
        assert ask(first, Frame.VERSION, struct.pack(">H", 1)) == b"\0"
        assert ask(first, Frame.OUTPUTS, struct.pack(">d", 10.0) + b"actual_q,no_such") == b"\0VECTOR6D,NOT_FOUND"
        assert ask(first, Frame.INPUTS, b"input_int_register_0") == b"\1INT32"
        assert ask(second, Frame.INPUTS, b"input_int_register_0,input_int_register_1") == b"\0IN_USE,IN_USE"


def test_data_come_at_the_rate_that_was_asked_for(robot: UrStandIn) -> None:
    with connect(robot.address) as link:
        answer = ask(link, Frame.OUTPUTS, struct.pack(">d", 50.0) + b"timestamp,actual_q")
        recipe = Recipe(answer[0], ("timestamp", "actual_q"), answer[1:].decode().split(","))
        ask(link, Frame.START)
        buffer, stamps = bytearray(), []
        while len(stamps) < 20:
            buffer += link.recv(4096)
            stamps += [recipe.unpack(payload)["timestamp"][0] for kind, payload in unpack(buffer) if kind == Frame.DATA]
    assert np.median(np.diff(stamps)) == pytest.approx(0.02, abs=1e-6)


def test_nonsense_ends_the_connection_and_nothing_else(robot: UrStandIn) -> None:
    with connect(robot.address) as link:
        link.sendall(b"\0\1U")
        assert link.recv(16) == b""
    with connect(robot.address) as link:
        assert ask(link, Frame.VERSION, struct.pack(">H", 2)) == b"\1"


def test_the_arm_keeps_still_where_nobody_moves_it(robot: UrStandIn) -> None:
    time.sleep(0.2)
    before = robot.measured
    time.sleep(1.0)
    np.testing.assert_allclose(robot.measured, before, atol=1e-3)


class TestController:
    @staticmethod
    def playing(watchdog: float = 0.0) -> Controller:
        control = Controller()
        control.start_program(0.0)
        if watchdog:
            control.integers[0], control.doubles[0] = Order.SET_WATCHDOG, watchdog
            control.step(0.0, STILL)
            assert control.ready == 2
            control.integers[0] = Order.NONE
            control.step(0.0, STILL)
            assert control.ready == 1
        return control

    @staticmethod
    def turn(control: Controller, speed: float, acceleration: float = 1.0) -> None:
        control.integers[0] = Order.SPEED_J
        control.doubles[:7] = [speed, speed / 2.0, 0.0, 0.0, 0.0, 0.0, acceleration]

    def test_speeds_follow_the_leading_axis(self) -> None:
        control = self.playing()
        self.turn(control, 1.0)
        for _ in range(250):
            speed = control.step(0.0, STILL)
        np.testing.assert_allclose(speed[:2], [0.5, 0.25], atol=1e-9)

    def test_it_holds_the_last_speed_for_ever_without_a_watchdog(self) -> None:
        control = self.playing()
        self.turn(control, 0.1)
        for moment in np.arange(0.0, 10.0, 0.002):
            speed = control.step(float(moment), STILL)
        assert speed[0] == pytest.approx(0.1)

    def test_the_watchdog_ends_the_program_and_the_motion(self) -> None:
        control = self.playing(watchdog=10.0)
        self.turn(control, 0.5, 20.0)
        for moment in np.arange(0.0, 0.3, 0.002):
            if moment < 0.1:
                control.kick(float(moment))
            speed = control.step(float(moment), STILL)
            if moment < 0.19:
                assert control.playing
        assert control.runtime is Runtime.STOPPED and control.breaches == 1 and not speed.any()

    def test_the_slider_slows_it(self) -> None:
        control = self.playing()
        control.slider = 0.1
        self.turn(control, 1.0, 40.0)
        for _ in range(50):
            speed = control.step(0.0, STILL)
        assert speed[0] == pytest.approx(0.1)

    def test_a_protective_stop_pauses_and_goes_on_when_it_is_resumed(self) -> None:
        control = self.playing()
        self.turn(control, 0.5, 40.0)
        control.step(0.0, STILL)
        control.stop_by_safety(2)
        for _ in range(100):
            speed = control.step(0.0, STILL)
        assert control.runtime is Runtime.PAUSED and not speed.any()
        control.safety.discard(2)
        control.resume(0.0)
        for _ in range(20):
            speed = control.step(0.0, STILL)
        assert speed[0] == pytest.approx(0.5), "which is why a driver starts the program anew"
