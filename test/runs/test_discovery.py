# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How far ROS looks for others."""

import pytest

from ros_rl.runs.discovery import set_discovery

RANGE, HUMBLE = "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY"


@pytest.mark.parametrize(
    ("before", "network", "after"),
    [
        ({}, False, {RANGE: "LOCALHOST"}),
        ({"ROS_DISTRO": "jazzy"}, False, {"ROS_DISTRO": "jazzy", RANGE: "LOCALHOST"}),
        ({"ROS_DISTRO": "humble"}, False, {"ROS_DISTRO": "humble", HUMBLE: "1"}),
        ({RANGE: "SUBNET"}, False, {RANGE: "SUBNET"}),
        ({HUMBLE: "0"}, False, {HUMBLE: "0"}),
        ({}, True, {RANGE: "SUBNET"}),
        ({RANGE: "LOCALHOST", HUMBLE: "1"}, True, {RANGE: "SUBNET"}),
    ],
)
def test_this_machine_unless_somebody_says_otherwise(before, network, after) -> None:
    environment = dict(before)
    set_discovery(environment, network)
    assert environment == after
