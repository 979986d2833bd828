# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""``ros-rl stand-in``: what it refuses, and that each fault is played when it is asked for."""

import subprocess
import sys

import pytest
from command_line import run_cli

from ros_rl.cli.stand_in import Plan, _follow, read_plan
from ros_rl.errors import ConfigError
from ros_rl.stand_ins import load_stand_in
from ros_rl.tasks import TASKS


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["unitree_a1"], "unknown stand-in 'unitree_a1'; valid: a1, go2, ros2_control"),
        (["a1", "--fault", "fire"], "unknown fault 'fire'; valid: deaf, "),
        (["a1", "--with", "wings"], "unknown option 'wings'; valid: hanging, rescue"),
        (["so101", "--with", "wings"], "unknown option 'wings'; valid: none"),
        (["a1", "--task", "xarm_pick_place"], "the stand-in of robot 'a1' stands in no task's scene"),
        (["xarm", "--task", "fly"], f"unknown task 'fly'; valid: {', '.join(sorted(TASKS))}\n"),
        (["ur", "--task", "gym"], f"unknown task 'gym'; valid: {', '.join(sorted(TASKS))}\n"),
        (["ur", "--task", "bringup"], "unknown task 'bringup'; valid: a1_back, "),
        (["xarm", "--track"], "--track: there is nothing to track; give the --task whose objects that are"),
        (["xarm", "--task", "xarm_reach", "--track"], "--track: there is nothing to track"),
        (["xarm", "--task", "xarm_pick_place", "--track", "--track-latency", "nan"], "are 0 to 5 s and 0 to 1 m"),
        (["xarm", "--watch"], "--watch: there is nothing to see by; give a --task whose robot has cameras"),
        (["xarm", "--task", "xarm_reach", "--watch"], "--watch: there is nothing to see by"),
        (
            ["xarm", "--task", "xarm_pick_place", "--watch", "--watch-size", "64"],
            "expected WIDTHxHEIGHT, such as 160x120",
        ),
        (["xarm", "--task", "xarm_pick_place", "--watch", "--watch-rate", "0"], "are up to 60 Hz and 0 to 5 s"),
        (["a1", "--with", "standing", "--with", "hanging"], "an A1 is either standing or hanging at first"),
    ],
)
def test_what_it_cannot_play_is_one_line(arguments, complaint, capsys) -> None:
    if arguments[0] != "unitree_a1":
        pytest.importorskip("pybullet")
    code, _, errors = run_cli(capsys, "stand-in", *arguments)
    assert code == 2 and complaint in errors and len(errors.splitlines()) == 1


@pytest.mark.parametrize("when", ["nan", "-1", "inf", "x", "1+0", "1+-2", "1+nan", "1+2+3", "1@2"])
def test_times_that_are_none(when: str) -> None:
    with pytest.raises(ConfigError, match=r"expected NAME@SECONDS or NAME@SECONDS\+FOR, such as silent@5\+0.5"):
        read_plan(f"silent@{when}", load_stand_in("a1"))
    assert read_plan("silent@5+0.5", load_stand_in("a1")) == Plan("silent", 5.0, 5.5)


class Recorder:
    """Stands for a stand-in and remembers which faults began and ended."""

    def __init__(self) -> None:
        self.playing, self.events = set(), []

    def plays(self, fault: str) -> bool:
        return fault in self.playing

    def play(self, fault: str) -> None:
        self.playing.add(fault)
        self.events.append(f"+{fault}")

    def heal(self, fault: str) -> None:
        self.playing.remove(fault)
        self.events.append(f"-{fault}")


def test_a_fault_that_is_asked_for_twice_is_played_twice(capsys) -> None:
    played, plans = Recorder(), [Plan("silent", 1.0, 2.0), Plan("silent", 3.0, 4.0), Plan("tilt", 1.5)]
    for tenths in range(60):
        _follow(played, plans, tenths / 10)
    assert played.events == ["+silent", "+tilt", "-silent", "+silent", "-silent"]
    assert capsys.readouterr().out.count("fault silent begins") == 2


def test_without_ros_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['rclpy'] = None; from ros_rl.cli.main import main;"
    code += "sys.exit(main(['stand-in', 'ros2_control']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    told = "ros-rl: error: rclpy is not installed; install it with: pip install 'ros_rl[ros]'\n"
    assert (done.returncode, done.stderr) == (1, told)
