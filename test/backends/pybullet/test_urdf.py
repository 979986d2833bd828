# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A URDF that a robot cannot be is one line that names the file and what is wrong, and no process ends of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ros_rl.backends.pybullet.client import connect
from ros_rl.backends.pybullet.model import load_robot
from ros_rl.errors import ConfigError
from ros_rl.robot import load_robot as read_robot
from ros_rl.robot import robot_names
from ros_rl.robot.model import check_model
from ros_rl.robot.robot import Simulation
from ros_rl.settings.simulators.pybullet import PyBulletSettings

SOLID = '<inertial><mass value="1"/><inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial>'
JOINT = """<joint name="{name}" type="{kind}"><parent link="base"/><child link="{name}_link"/><axis xyz="0 0 1"/>
<limit lower="-1" upper="1" effort="1" velocity="1"/></joint><link name="{name}_link">{solid}{more}</link>"""
MESH = '<collision><geometry><mesh filename="{file}"/></geometry></collision>'


def joint(name: str, kind: str = "revolute", more: str = "") -> str:
    return JOINT.format(name=name, kind=kind, solid=SOLID, more=more)


def load(tmp_path: Path, *parts: str, text: str = ""):
    """The mock robot of two joints, axis_1_joint and axis_2_joint, with the URDF of these parts."""
    return load_robot(connect(PyBulletSettings()), with_urdf(write(tmp_path, *parts, text=text)))


def write(tmp_path: Path, *parts: str, text: str = "") -> Path:
    path = tmp_path / "robot.urdf"
    path.write_text(text or f'<robot name="r"><link name="base">{SOLID}</link>{"".join(parts)}</robot>')
    return path


def with_urdf(path: Path):
    return replace(read_robot("mock"), simulation=Simulation(urdf=str(path)))


@pytest.mark.parametrize("kind", ["revolute", "continuous", "prismatic"])
def test_joints_with_an_axis_are_taken(tmp_path, kind) -> None:
    body = load(tmp_path, joint("axis_1_joint"), joint("free", "floating"), joint("axis_2_joint", kind))
    assert len(set(body.joints)) == 2


@pytest.mark.parametrize("kind", ["fixed", "floating", "planar", "spherical"])
def test_joints_without_one_axis_are_refused(tmp_path, kind) -> None:
    with pytest.raises(ConfigError, match=f"robot.urdf: joint 'axis_2_joint' is {kind}, which .*allowed: revolute, "):
        load(tmp_path, joint("axis_1_joint"), joint("axis_2_joint", kind))


@pytest.mark.parametrize(
    ("parts", "complaint"),
    [
        ((joint("axis_1_joint"),), "has no joint axis_2_joint; it has axis_1_joint"),
        (
            (joint("axis_1_joint"), joint("axis_2_joint"), joint("axis_2_joint").replace("_joint_link", "_x")),
            "there are 2 joints 'axis_2_joint'",
        ),
        ((joint("axis_1_joint"), joint("axis_2_joint"), '<link name="base"/>'), "there are 2 links 'base'"),
        (
            (joint("axis_1_joint"), joint("axis_2_joint").replace("base", "nowhere")),
            "joint 'axis_2_joint' has the parent 'nowhere', which is no link of it",
        ),
        (
            (joint("axis_1_joint"), joint("axis_2_joint").replace('child link="axis_2', 'child link="axis_1')),
            "2 joints carry link 'axis_1_joint_link'",
        ),
        (
            (joint("axis_1_joint"), joint("axis_2_joint"), '<link name="loose"/>'),
            "links base, loose have no joint that carries them, expected one root link",
        ),
        (
            (joint("axis_1_joint"), joint("axis_2_joint").replace('lower="-1"', 'lower="x"')),
            "joint 'axis_2_joint' has lower 'x', expected a number",
        ),
        (
            (joint("axis_1_joint"), joint("axis_2_joint", more=MESH.format(file="meshes/arm.obj"))),
            "there is no mesh 'meshes/arm.obj', beside it or",
        ),
        (
            (joint("axis_1_joint"), joint("axis_2_joint", more=MESH.format(file="package://nobody/arm.stl"))),
            "there is no mesh 'package://nobody/arm.stl'",
        ),
    ],
)
def test_what_is_missing_or_there_twice_is_named(tmp_path, parts, complaint) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, *parts)
    assert str(caught.value).startswith(str(tmp_path / "robot.urdf")) and complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("<robot><link", "not valid XML: "), ("<sdf/>", "its root is <sdf>, expected <robot>"), (" ", "not valid XML")],
)
def test_what_is_no_urdf_is_refused(tmp_path, text, complaint) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load(tmp_path, text=text)


@pytest.mark.parametrize(
    ("simulation", "complaint"),
    [
        ({"feet": ("toe",)}, "has no link toe behind a joint; it has axis_1_joint_link, axis_2_joint_link"),
        ({"tool_link": "base"}, "has no link base behind a joint"),
        ({"joints": {"axis_1_joint": "hip"}}, "has no joint hip; it has axis_1_joint"),
    ],
)
def test_a_run_is_refused_before_it_starts_what_the_simulator_would_refuse(tmp_path, simulation, complaint) -> None:
    """Without PyBullet being asked, which every process of a run would do anew."""
    robot = with_urdf(write(tmp_path, joint("axis_1_joint"), joint("axis_2_joint")))
    robot = replace(robot, simulation=replace(robot.simulation, **simulation))
    with pytest.raises(ConfigError, match=complaint):
        PyBulletSettings().check_robot(robot)


def test_limits_are_left_out_only_where_the_urdf_has_none(tmp_path) -> None:
    wheel = joint("axis_1_joint", "continuous")
    endless = replace(read_robot("mock").limits, lower=np.array([-np.inf, -1.0]), upper=np.array([np.inf, 1.0]))
    for second, complaint in ((wheel, None), (joint("axis_1_joint"), "limits joint 'axis_1_joint' to .-1, 1.: give")):
        robot = replace(with_urdf(write(tmp_path, second, joint("axis_2_joint"))), limits=endless)
        if complaint is None:
            PyBulletSettings().check_robot(robot)
            continue
        with pytest.raises(ConfigError, match=complaint):
            PyBulletSettings().check_robot(robot)


def test_a_missing_file_is_named(tmp_path) -> None:
    with pytest.raises(
        ConfigError, match="simulation.urdf: there is no /.*none.urdf beside the file of robot 'mock', below"
    ):
        load_robot(connect(PyBulletSettings()), with_urdf(tmp_path / "none.urdf"))


def test_a_mesh_in_a_package_beside_it_is_found(tmp_path) -> None:
    (tmp_path / "arm_description" / "urdf").mkdir(parents=True)
    (tmp_path / "arm_description" / "arm.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 0 1\nf 1 2 3\nf 1 2 4\n")
    mesh = MESH.format(file="package://arm_description/arm.obj")
    load(tmp_path / "arm_description" / "urdf", joint("axis_1_joint"), joint("axis_2_joint", more=mesh))


@pytest.mark.parametrize("name", [name for name in robot_names() if read_robot(name).simulation])
def test_robots_that_ship_have_urdfs_without_a_fault(name) -> None:
    load_robot(connect(PyBulletSettings()), read_robot(name))


_FROM_URDF = [name for name in robot_names() if getattr(read_robot(name).simulation, "inertia_from_urdf", False)]


@pytest.mark.parametrize("name", _FROM_URDF)
def test_links_have_the_masses_and_principal_inertias_of_the_urdf(name) -> None:
    """Worked out from collision shapes, a calf of the A1 would have a fifth."""
    robot = read_robot(name)
    client = connect(PyBulletSettings())
    body, urdf = load_robot(client, robot), check_model(robot)
    for index in range(client.getNumJoints(body.index)):
        link = client.getJointInfo(body.index, index)[12].decode()
        mass, _, principal = client.getDynamicsInfo(body.index, index)[:3]
        written = urdf.links[link].find("inertial")
        assert mass == pytest.approx(float(written.find("mass").get("value")), rel=1e-6), link
        value = {key: float(text) for key, text in written.find("inertia").items()}
        expected = np.linalg.eigvalsh([[value["i" + "".join(sorted(a + b))] for b in "xyz"] for a in "xyz"])
        np.testing.assert_allclose(np.sort(principal), expected, rtol=1e-4, atol=1e-9, err_msg=link)


def test_inertias_that_no_body_has_are_refused(tmp_path) -> None:
    """PyBullet would take them for zero, as those of the vendor's xArm6, without a word."""
    robot = read_robot("xarm6")
    robot = replace(robot, simulation=replace(robot.simulation, inertia_from_urdf=True))
    with pytest.raises(ConfigError, match="link 'link2' has an inertia that no body has"):
        load_robot(connect(PyBulletSettings()), robot)
