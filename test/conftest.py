# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What holds for every test: its own corner of the network, and ROS tests only where there is ROS."""

import importlib.util
import os

import pytest
from ros_domain import reserve_domain

from ros_rl.backends.display import draw_without_display

draw_without_display()  # before any test imports MuJoCo

# Set before any test imports rclpy; the processes that tests start inherit it. Two runs on a machine don't meet, and
# nothing leaves the machine. Who exports a domain keeps it.
_LOCK = reserve_domain()  # held as long as this process lives
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_LOCALHOST_ONLY"] = "1"  # the same for Humble


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked ``ros`` on a machine without rclpy; in CI they run, and fail there."""
    if importlib.util.find_spec("rclpy") is not None or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("ros"):
            item.add_marker(pytest.mark.skip(reason="rclpy is not installed: pip install -e '.[ros]'"))


@pytest.fixture
def seeded() -> None:
    """The same random numbers of torch in every run of a test."""
    import torch

    torch.manual_seed(0)
