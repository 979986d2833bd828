# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is wrong with a YAML file is told in one line."""

from pathlib import Path

import pytest

from ros_rl.errors import ConfigError
from ros_rl.formats.yaml_text import read_yaml


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\nb: {c: 2, d: 3, c: 4}\n", "not valid YAML: line 2: key 'c' stands twice"),
        (b"a: 1\nb: 2\na: 3\n", "not valid YAML: line 3: key 'a' stands twice"),
        (b"a: 1\nb: [1, 2\nc: 3\n", "not valid YAML: line 3: "),
        (b"a: 1\n\tb: 2\n", "not valid YAML: line 2: found character"),
        ("a: \xe4\n".encode("latin-1"), "byte 3 is not text in UTF-8"),
        ("a: 1\n".encode("utf-16"), "byte 0 is not text in UTF-8"),
        (b"a: \x01\n", "not valid YAML: unacceptable character"),
        (b"a: !!python/object:os.system {}\n", "not valid YAML: line 1: could not determine a constructor"),
        (b"a: 2026-13-40\n", "not valid YAML: month must be in 1..12"),
    ],
)
def test_broken_yaml_is_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "robot.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_merged_keys_may_stand_again(tmp_path: Path) -> None:
    path = tmp_path / "robot.yaml"
    path.write_text(
        "leg: &leg {mass: 1, length: 2}\nlong: &long\n  <<: *leg\n  length: 3\nlonger: {<<: *long, length: 4}\n"
    )
    read = read_yaml(path)
    assert read["longer"] == {"mass": 1, "length": 4} and read["long"] == {"mass": 1, "length": 3}
