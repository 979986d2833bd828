# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A robot's file that is no YAML, no text, or not what its writer meant is refused in one line that names it."""

from pathlib import Path

import pytest

from ros_rl.errors import ConfigError
from ros_rl.resources import share_path
from ros_rl.robot import load_robot


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  joint2:", "  joint1:", "not valid YAML: line 16: key 'joint1' stands twice"),
        ("home: 0.85,", "home: 0.85, home: 0.9,", "not valid YAML: line 19: key 'home' stands twice"),
        ("  joint2:", "  no:", "'joints' has the name False, expected str; put it in quotes"),
        ("  joint2:", "  2:", "'joints' has the name 2, expected str; put it in quotes"),
        ("  joint2:", "  [a]:", "not valid YAML: line 16: found unhashable key"),
        ("name: xarm6", "name: yes", "'name' is True, expected str"),
        ("name: xarm6", "name: xarm6: 7", "not valid YAML: line 3: mapping values are not allowed here"),
        ("name: xarm6", "name: *xarm6", "not valid YAML: line 3: found undefined alias"),
        ("name: xarm6", "\tname: xarm6", "not valid YAML: line 3: found character"),
        ("joints:\n", "joints: {\n", "not valid YAML: line "),
        ("home: 0.85", "home: 0,85", "unknown setting 'joints.joint5.85'; valid in joints.joint5: acceleration"),
        ("home: 0.85", "home: 0.85 rad", "'joints.joint5.home' is '0.85 rad', expected float"),
        ("name: xarm6", "name: xarm6\n---", "not valid YAML: line "),
        ("name: xarm6", "name: !!python/name:os.system xarm6", "not valid YAML: line 3: could not determine"),
    ],
)
def test_a_text_that_is_wrong_is_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = share_path("config", "robots", "xarm6.yaml").read_text()
    assert text.count(old) == 1
    path = tmp_path / "robot.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        load_robot(str(path))
    assert str(caught.value).startswith(f"{path}: {words}") and "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "cp037"])
def test_another_encoding_is_one_line(tmp_path: Path, encoding: str) -> None:
    text = share_path("config", "robots", "xarm6.yaml").read_text() + "# \xe4\n"
    path = tmp_path / "robot.yaml"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(ConfigError, match="is not text in UTF-8|not valid YAML: unacceptable character") as caught:
        load_robot(str(path))
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00\x01\x02", b"\x7fELF\x02\xff\xfe", b"null", b"[]", b"3", b"[" * 10_000, b"- " * 10_000 + b"a"],
)
def test_what_is_no_robot_at_all_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "robot.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load_robot(str(path))
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "robot.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + share_path("config", "robots", "xarm6.yaml").read_bytes())
    assert load_robot(str(path)).name == "xarm6"
