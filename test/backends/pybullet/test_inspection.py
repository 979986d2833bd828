# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What PyBullet tells of a robot of boxes, against what their sizes, places and weights say."""

import re

import pytest
from boxes import entry, joint, link, write_robot

from ros_rl.backends.pybullet.inspection import held_findings, hold, still_findings
from ros_rl.robot import load_robot

CUBE = "0.2 0.2 0.2"
BASE = link("base", 3.0, CUBE)


def still(folder, *parts, joints, **changes):
    robot = load_robot(write_robot(folder, *parts, joints=joints, **changes))
    mass, findings = still_findings(robot, "plane")
    return mass, [(finding.text, finding.fatal) for finding in findings]


def number(text: str) -> float:
    """The first number with a point in it."""
    return float(re.search(r"\d+\.\d+", text)[0])


def test_mass_of_what_moves(tmp_path) -> None:
    parts = (
        BASE,
        joint("hip", "arm", xyz="0 0 1"),
        link("arm", 2.5),
        joint("plate", "top", "fixed"),
        link("top", None),
    )
    assert still(tmp_path, *parts, joints={"hip": entry()})[0] == pytest.approx(2.5 + 1.0)
    assert still(tmp_path, *parts, joints={"hip": entry()}, floating_base=True)[0] == pytest.approx(3.0 + 2.5 + 1.0)


@pytest.mark.parametrize(("kind", "simulated"), [("prismatic", False), ("prismatic", True)])
def test_links_that_overlap_at_home(tmp_path, kind, simulated) -> None:
    """Two cubes of 0.2 m, 0.15 m apart, at the ends of two arms: they share 0.05 m."""
    arms = [
        joint(f"joint_{side}", side, kind, xyz=f"{x} 0 1") + link(side, 1.0, CUBE)
        for side, x in (("a", 0), ("b", 0.15))
    ]
    joints = {"joint_a": entry(), "joint_b": entry()}
    _, ((text, fatal),) = still(tmp_path, BASE, *arms, joints=joints, simulation={"self_collision": simulated})
    assert text.startswith("home pose: links a and b overlap by ") and not fatal
    assert number(text) == pytest.approx(0.05, abs=0.002)
    assert ("pushes them apart" in text) == simulated


def test_neighbours_may_overlap(tmp_path) -> None:
    """Also across a joint that is fixed."""
    parts = (joint("hip", "arm", xyz="0 0 1"), link("arm", 1.0, CUBE), joint("fixed", "hand", "fixed", "arm"))
    assert still(tmp_path, BASE, *parts, link("hand", 1.0, CUBE), joints={"hip": entry()})[1] == []


@pytest.mark.parametrize(
    ("height", "words", "fatal"), [(0.06, "0.040 m in the ground", True), (0.3, "0.200 m above", False)]
)
def test_a_base_that_starts_in_the_ground_or_high_above_it(tmp_path, height, words, fatal) -> None:
    """A cube of 0.2 m stands with its middle 0.1 m above the ground."""
    parts = (BASE, joint("hip", "arm"), link("arm"))
    simulation = {"spawn_height": height}
    _, ((text, found),) = still(tmp_path, *parts, joints={"hip": entry()}, floating_base=True, simulation=simulation)
    assert words in text and found == fatal
    assert float(re.search(r"spawn_height (\d\.\d+)", text)[1]) == pytest.approx(0.1, abs=0.002)


def test_what_a_fixed_base_stands_in_is_its_own_affair(tmp_path) -> None:
    parts = (BASE, joint("hip", "arm", xyz="0 0 0.05"), link("arm", 1.0, CUBE))
    _, ((text, fatal),) = still(tmp_path, *parts, joints={"hip": entry()})
    assert text.startswith("home pose: link arm starts 0.05") and fatal, "its arm does not"


def test_a_mesh_that_cannot_be_read(tmp_path) -> None:
    (tmp_path / "arm.stl").write_bytes(b"nonsense")
    arm = link("arm", 1.0, CUBE).replace(f'<box size="{CUBE}"/>', '<mesh filename="arm.stl"/>')
    _, ((text, fatal),) = still(tmp_path, BASE, joint("hip", "arm", xyz="0 0 1"), arm, joints={"hip": entry()})
    assert text == "link arm touches nothing: PyBullet cannot read its collision shape" and fatal


class TestHolding:
    """An arm whose centre of mass stands 0.5 m beside its joint, held by a motor."""

    def held(self, folder, mass: float, **changes):
        arm = link("arm", mass).replace("<inertial>", '<inertial><origin xyz="0.5 0 0"/>')
        parts = (BASE, joint("hip", "arm", xyz="0 0 1"), arm)
        robot = load_robot(write_robot(folder, *parts, joints={"hip": entry(**changes)}))
        held = hold(robot, "plane", 0.05)
        return held, [finding.text for finding in held_findings(robot, held)]

    def test_the_effort_is_that_of_the_weight(self, tmp_path) -> None:
        held, texts = self.held(tmp_path, 5.0)
        assert held.strain[0] == pytest.approx(5.0 * 9.81 * 0.5 / 50.0, rel=0.01)
        assert held.drift[0] < 0.005 and held.tripped == "" and texts == []

    def test_one_that_is_nearly_too_heavy(self, tmp_path) -> None:
        _, texts = self.held(tmp_path, 9.6)
        assert texts == ["home pose: holding it takes 94 % of the effort of hip"]

    def test_one_that_is_too_heavy_falls_until_a_guard_trips(self, tmp_path) -> None:
        held, texts = self.held(tmp_path, 20.0)
        assert "hip" in held.tripped and texts[0].startswith("home pose: a guard trips after 0.")
        assert any(re.match(r"home pose: hip drifts by \d\.\d+ rad", text) for text in texts)

    def test_springs_may_give_way_by_half_of_what_the_guard_allows(self, tmp_path) -> None:
        """24.5 N m on 300 N m/rad are 0.082 rad."""
        arm = link("arm", 5.0).replace("<inertial>", '<inertial><origin xyz="0.5 0 0"/>')
        parts = (BASE, joint("hip", "arm", xyz="0 0 1"), arm)
        spring = {"hip": entry(stiffness=300.0, damping=40.0, action_scale=0.5)}
        safety = {"tilt": float("inf"), "joint_margin": 0.1, "safe_action": "hold", "damping": 0.0}
        for allowed, count in ((0.5, 0), (0.12, 1)):
            path = write_robot(
                tmp_path, *parts, joints=spring, command_interface="position", safety={**safety, "joint_error": allowed}
            )
            robot = load_robot(path)
            held = hold(robot, "plane", 0.05)
            assert held.drift[0] == pytest.approx(24.5 / 300.0, abs=0.01)
            assert len(list(held_findings(robot, held))) == count
