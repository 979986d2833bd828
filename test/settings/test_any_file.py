# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whatever a parameters file holds, it is taken, or refused in one line that names it."""

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from ros_rl.config import iterate
from ros_rl.errors import RosRlError
from ros_rl.settings.loading import load_settings

GROUPS = sorted({name for key, _, _ in iterate(load_settings("mock_point")) for name in key.split(".")})
KEYS = st.sampled_from([*GROUPS, "name", "use_sim_time", "learner.steps", "driver.backend.name", "", ".", "a.b"])
NAMES = st.sampled_from(["mock", "pybullet", "sac", "mpc", "a1_walk", "mock_point", "real_time", "0", "1e-3", "", "é"])
NUMBERS = st.integers(-(2**70), 2**70) | st.floats() | st.integers(0, 5)
SCALARS = st.none() | st.booleans() | NUMBERS | NAMES | st.text(max_size=8)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4))
SECTIONS = st.sampled_from(["/**", "driver", "/mock/learner", "/*/*", "/**/agent", "mock", "x", "", "/", "//", "*"])
FILES = st.dictionaries(SECTIONS, st.fixed_dictionaries({"ros__parameters": VALUES}) | VALUES, max_size=3) | VALUES


@how(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FILES)
def test_a_file_is_taken_or_refused_in_one_line(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    try:
        load_settings("mock_point", path)
    except RosRlError as error:
        assert "\n" not in str(error)


@how(max_examples=100, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=3))
def test_settings_are_taken_or_refused_in_one_line(values: dict[str, Any]) -> None:
    try:
        load_settings("mock_point", overrides=[values])
    except RosRlError as error:
        assert "\n" not in str(error)
