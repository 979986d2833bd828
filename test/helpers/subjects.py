# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The robots of the campaign of faults at stand-ins, and what each of them needs to be installed."""

from pathlib import Path

BENCH = str(Path(__file__).resolve().parents[2] / "bench")
NEEDS = {
    "a1": "pybullet",
    "go2": "cyclonedds",
    "xarm": "xarm",
    "ur": "rtde_control",
    "ur_gripper": "rtde_control",
    "ros2_control": "rclpy",
    "so101": "scservo_sdk",
    "sphero": "spherov2",
}
