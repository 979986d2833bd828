# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What has to be there before MuJoCo draws."""

import sys

import pytest

mujoco = pytest.importorskip("mujoco")

from ros_rl.backends.mujoco import client  # noqa: E402

BALL = "<mujoco><worldbody><geom size='0.1'/></worldbody></mujoco>"


def test_triton_is_loaded_before_anything_is_drawn(tmp_path, monkeypatch):
    """The other way round the process dies; a stand-in's package tells when it was loaded."""
    (tmp_path / "triton" / "_C").mkdir(parents=True)
    for name in ("__init__.py", "_C/__init__.py", "_C/libtriton.py"):
        (tmp_path / "triton" / name).touch()
    for name in ("triton", "triton._C", "triton._C.libtriton"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = []
    monkeypatch.setattr(mujoco, "Renderer", lambda *size: seen.append("triton._C.libtriton" in sys.modules))
    client.open_renderer(mujoco.MjModel.from_xml_string(BALL), 8, 8)
    assert seen == [True]
    for name in ("triton", "triton._C", "triton._C.libtriton"):
        sys.modules.pop(name, None)


def test_it_draws_where_there_is_no_triton(monkeypatch):
    def refused(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(client, "find_spec", lambda name: object())
    monkeypatch.setattr(client, "import_module", refused)
    monkeypatch.setattr(mujoco, "Renderer", lambda *size: size[1:])
    assert client.open_renderer(mujoco.MjModel.from_xml_string(BALL), 8, 6) == (6, 8)
