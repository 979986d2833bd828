# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a stand-in really does, as ``ros-rl stand-in`` writes it, and stand-ins beside another."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybullet")

from ros_rl.backends.robot_description import urdf_of
from ros_rl.cli.main import main
from ros_rl.robot import load_robot
from ros_rl.robot.kinematics import Kinematics
from ros_rl.stand_ins import load_stand_in


@pytest.mark.flaky(reruns=2)  # a process, in real time
def test_the_tool_of_an_arm_that_lies_folded(tmp_path: Path) -> None:
    file = tmp_path / "truth.txt"
    command = [sys.executable, "-m", "ros_rl.cli", "stand-in", "so101", "--truth", str(file)]
    begin = time.time()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and "stands in at /" in process.stdout.readline()
        time.sleep(2.0)
        process.send_signal(signal.SIGINT)
        told = re.findall(r"joints \[(.*?)\] rad", process.stdout.read())[-1]
    end, known = time.time(), np.loadtxt(file)
    robot = load_robot("so101")
    tool = Kinematics(robot, urdf_of(robot, kinematics=True)).positions(np.array(told.split(), float))[-1]
    np.testing.assert_allclose(known[-1, 1:], tool, atol=0.01)
    assert begin < known[0, 0] and known[-1, 0] < end
    assert np.median(np.diff(known[:, 0])) == pytest.approx(0.05, abs=0.02)


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing" / "truth.txt"
    assert main(["stand-in", "so101", "--truth", str(missing)]) == 2
    assert f"--truth {missing} cannot be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "needs", "address"),
    [
        ("a1", "numpy", "127.0.0.2:8007"),
        ("go2", "cyclonedds", "domain 97, interface lo"),
        ("ur", "numpy", "127.0.0.2"),
    ],
)
def test_a_second_one_beside_another(name: str, needs: str, address: str) -> None:
    pytest.importorskip(needs)
    assert load_stand_in(name).with_options(("second",)).address == address
