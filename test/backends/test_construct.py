# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A backend whose vendor's client is not there, or is another package of that name."""

import subprocess
import sys

import pytest

_CODE = """
import sys, types
sys.modules[{client!r}] = {module}
from ros_rl.backends import construct
from ros_rl.errors import MissingDependencyError
from ros_rl.robot import load_robot
from ros_rl.settings.registry import BACKEND_SETTINGS
try:
    construct({driver!r}, load_robot({robot!r}), BACKEND_SETTINGS[{driver!r}](), 0.05)
except MissingDependencyError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("driver", "robot", "client", "module", "told"),
    [
        ("so101", "so101", "scservo_sdk", "None", "feetech-servo-sdk is not installed; install it with: pip install"),
        ("xarm", "xarm6", "xarm", "None", "xarm-python-sdk is not installed; install it with: pip install"),
        ("xarm", "xarm6", "xarm", "types.ModuleType('xarm')", "xarm-python-sdk is not installed"),  # a toy arm's
        ("unitree_go2", "go2", "cyclonedds", "None", "cyclonedds is not installed; install it with: pip install"),
    ],
)
def test_what_to_install_is_said_in_one_line(driver: str, robot: str, client: str, module: str, told: str) -> None:
    code = _CODE.format(driver=driver, robot=robot, client=client, module=module)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(told) and "ros_rl[" in done.stdout and done.stdout.count("\n") == 1
