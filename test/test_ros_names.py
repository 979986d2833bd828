# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Namespaces that ROS refuses are refused, with one that it takes."""

import pytest

from ros_rl.errors import ConfigError
from ros_rl.ros_names import check_namespace, likely_name

GOOD = ("a1", "/a1", "a1/", "lab/a1", "_x", "A_1", "/")
BAD = {
    "my-robot": "my_robot",
    "1robot": "robot1",
    "1": "robot1",
    "42_go2": "go2_42",
    "lab/2nd": "lab/nd2",
    "a b": "a_b",
    "a//b": "a/b",
    "~": "_",
    "{node}": "_node_",
    "r\u00f6bi": "r_bi",
    "a.b": "a_b",
    "a\n": "a_",
}


@pytest.mark.parametrize("text", GOOD)
def test_a_valid_namespace_is_taken_without_its_slashes(text: str) -> None:
    assert check_namespace(text) == text.strip("/")


@pytest.mark.parametrize(("text", "right"), BAD.items())
def test_a_wrong_namespace_is_refused_with_a_right_one(text: str, right: str) -> None:
    with pytest.raises(ConfigError, match=f"is no name that ROS allows.* '{right}' is one"):
        check_namespace(text)
    assert check_namespace(right) == right


def test_a_namespace_without_end_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 300 characters, allowed: 200"):
        check_namespace(300 * "a")


@pytest.mark.parametrize("name", ["", "a1", "go2-left", "3", "-", "7_of_9"])
def test_any_robots_name_gives_a_namespace(name: str) -> None:
    assert check_namespace(likely_name(name)) == likely_name(name) != ""


@pytest.mark.ros
@pytest.mark.parametrize("text", [*GOOD, *BAD])
def test_ros_judges_alike(text: str) -> None:
    pytest.importorskip("rclpy")
    from rclpy.exceptions import InvalidNamespaceException
    from rclpy.validate_namespace import validate_namespace

    try:
        validate_namespace(f"/{text.strip('/')}")
    except InvalidNamespaceException:
        assert text in BAD
    else:
        assert text in GOOD
