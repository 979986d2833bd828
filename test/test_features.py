# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Observation fields are what their names say, in the frames that they say."""

from dataclasses import replace

import numpy as np
import pytest

from ros_rl.errors import ConfigError, UnknownNameError
from ros_rl.features import FEATURES, ObservationSpec, check_robot, equipped
from ros_rl.robot import load_robot
from ros_rl.rotations import from_rotation_vector, multiply, quaternion_to_matrix, yaw_matrix, yaw_of
from ros_rl.types import Measurement, SafetyState, Tick

ROBOT = load_robot("a1")
NAMES = ("joint_position", "joint_velocity", "gravity", "angular_velocity", "base_velocity", "heading", "base_height")


def make_tick(orientation=(0.0, 0.0, 0.0), origin=(0.0, 0.0, 0.0), delay=1, **changes) -> Tick:
    """A tick with the base turned by a rotation vector."""
    quaternion = from_rotation_vector(np.array(orientation))
    values = {
        "joint_position": ROBOT.home + 0.1,
        "joint_velocity": np.arange(12.0),
        "joint_effort": np.zeros(12),
        "imu_orientation": quaternion,
        "imu_angular_velocity": np.array([0.1, 0.2, 0.3]),
        "base_position": np.array([3.0, 4.0, 0.27]),
        "base_orientation": quaternion,
        "base_linear_velocity": np.array([1.0, 0.0, 0.0]),
    }
    return Tick(
        stamp=1,
        index=0,
        episode=0,
        step=0,
        safety=SafetyState.RUNNING,
        intact=True,
        origin=np.array(origin),
        previous_command=ROBOT.command(np.full(12, 0.5)),
        pending_commands=ROBOT.command(np.linspace(-1.0, 1.0, delay * 12).reshape(delay, 12)),
        measurement=Measurement(values | changes),
    )


def observe(tick: Tick, names=NAMES, delay=1):
    spec = ObservationSpec(ROBOT, names, delay)
    return spec.split(spec.observe(tick))


def test_joints_are_relative_to_home_and_actions_scaled():
    fields = observe(make_tick(delay=2), delay=2)
    np.testing.assert_allclose(fields["joint_position"], 0.1)
    np.testing.assert_allclose(fields["joint_velocity"], np.arange(12.0))
    np.testing.assert_allclose(fields["last_action"], 0.5)
    np.testing.assert_allclose(fields["pending_actions"], np.linspace(-1.0, 1.0, 24))
    np.testing.assert_allclose(fields["base_height"], 0.27)
    np.testing.assert_allclose(fields["angular_velocity"], [0.1, 0.2, 0.3])


def test_gravity_points_down_in_the_body():
    np.testing.assert_allclose(observe(make_tick())["gravity"], [0.0, 0.0, -1.0], atol=1e-12)
    nose_down = observe(make_tick((0.0, np.pi / 2, 0.0)))["gravity"]  # positive pitch lowers the nose (x)
    np.testing.assert_allclose(nose_down, [1.0, 0.0, 0.0], atol=1e-12)
    right_down = observe(make_tick((np.pi / 2, 0.0, 0.0)))["gravity"]  # positive roll lowers the right side (-y)
    np.testing.assert_allclose(right_down, [0.0, -1.0, 0.0], atol=1e-12)


@pytest.mark.parametrize("roll, pitch", [(0.0, 0.0), (0.4, -0.3), (-2.8, 1.2), (np.pi - 0.01, 0.0)])
@pytest.mark.parametrize("yaw", [0.0, 2.0])
def test_roll_and_pitch_are_those_of_any_heading(roll, pitch, yaw):
    turned = from_rotation_vector(np.array([roll, 0.0, 0.0]))
    for vector in ([0.0, pitch, 0.0], [0.0, 0.0, yaw]):
        turned = multiply(from_rotation_vector(np.array(vector)), turned)
    fields = observe(make_tick(imu_orientation=turned), ("joint_position", "roll_pitch", "roll_pitch_rate"))
    np.testing.assert_allclose(fields["roll_pitch"], [roll, pitch], atol=1e-12)
    np.testing.assert_allclose(fields["roll_pitch_rate"], [0.1, 0.2])


def test_height_over_the_feet_is_that_of_the_lowest_along_gravity():
    """Of a straight leg of an A1, 0.4 m and a foot of 0.02 m; on its side, the hips' 0.047 + 0.085 m stick out."""
    straight = np.tile([0.0, 0.0, 0.0], 4)
    bent = np.where(np.arange(12) < 9, np.tile([0.0, np.pi / 3, -2 * np.pi / 3], 4), straight)
    for joints, turned, height in (
        (straight, (0.0, 0.0, 0.3), 0.42),
        (np.tile([0.0, np.pi / 3, -2 * np.pi / 3], 4), (0.0, 0.0, 0.0), 0.22),
        (bent, (0.0, 0.0, 0.0), 0.42),  # one leg reaches further down than the others
        (straight, (np.pi, 0.0, 0.0), -0.38),  # legs up
        (straight, (np.pi / 2, 0.0, 0.0), 0.047 + 0.08505 + 0.02),
        (straight, (0.0, np.pi / 2, 0.0), 0.183 + 0.02),  # on its nose
    ):
        fields = observe(make_tick(turned, joint_position=joints), ("height_over_feet",))
        np.testing.assert_allclose(fields["height_over_feet"], [height], atol=1e-9)


def test_feet_are_lifted_over_the_lowest_along_gravity():
    """A leg of an A1 bent by 60 degrees is half as long, 0.2 of 0.4 m; on a slope the hips' places count, too."""
    joints = np.tile([0.0, 0.0, 0.0], 4)
    joints[3:6] = 0.0, np.pi / 3, -2 * np.pi / 3
    lift = observe(make_tick(joint_position=joints), ("feet_lift",))["feet_lift"]
    np.testing.assert_allclose(lift, [0.0, 0.2, 0.0, 0.0], atol=1e-9)
    nose_down = observe(make_tick((0.0, 0.1, 0.0), joint_position=np.zeros(12)), ("feet_lift",))["feet_lift"]
    np.testing.assert_allclose(nose_down, [0.0, 0.0, *[2 * 0.183 * np.sin(0.1)] * 2], atol=1e-9)


@pytest.mark.parametrize("turned", [(0.0, 0.0, 0.0), (0.1, -0.3, 2.0), (0.0, np.pi, 0.0)])
def test_along_its_own_axis_a_slope_is_a_floor(turned):
    """However the trunk is turned, its legs are as they are under a level one."""
    joints = np.tile([0.0, 0.0, 0.0], 4)
    joints[3:6] = 0.0, np.pi / 3, -2 * np.pi / 3
    fields = observe(make_tick(turned, joint_position=joints), ("body_height_over_feet", "body_feet_lift"))
    np.testing.assert_allclose(fields["body_height_over_feet"], [0.42], atol=1e-9)
    np.testing.assert_allclose(fields["body_feet_lift"], [0.0, 0.2, 0.0, 0.0], atol=1e-9)


def test_the_gait_clock_goes_round_twice_a_second_by_the_stamps():
    for seconds, angle in ((0.0, 0.0), (0.125, np.pi / 2), (0.25, np.pi), (1000.375, 1.5 * np.pi)):
        phase = observe(replace(make_tick(), stamp=round(1e9 * seconds)), ("gait_phase",))["gait_phase"]
        np.testing.assert_allclose(phase, [np.sin(angle), np.cos(angle)], atol=1e-6)


def test_lifted_feet_need_contact_links_in_the_order_of_the_legs():
    robot = load_robot("a1")
    robot = replace(robot, contact_links=robot.contact_links[::-1])
    with pytest.raises(
        ConfigError, match="heights of each foot need contact_links of robot 'a1' to be its feet .* FR_toe, FL_toe"
    ):
        ObservationSpec(robot, ("feet_lift",), 0)


def test_a_robot_without_legs_has_no_height_over_feet():
    with pytest.raises(ConfigError, match="'height_over_feet' is of legs, and the file of robot 'xarm6' has no 'legs'"):
        check_robot(load_robot("xarm6"), ("height_over_feet",))


@pytest.mark.parametrize("origin", [0.0, 1.0, -3.0])
@pytest.mark.parametrize("turned", [0.0, 0.4, -2.5])
def test_velocity_and_heading_are_relative_to_the_start(origin, turned):
    fields = observe(make_tick((0.0, 0.0, origin + turned), (5.0, 6.0, origin)))
    np.testing.assert_allclose(fields["heading"], [np.sin(turned), np.cos(turned)], atol=1e-12)
    np.testing.assert_allclose(fields["base_velocity"], [np.cos(turned), np.sin(turned), 0.0], atol=1e-12)


def test_states_come_first_then_the_goal_then_actions():
    spec = ObservationSpec(load_robot("xarm6"), ("goal_position", "joint_position", "tool_position"), 2)
    names = ["joint_position", "tool_position", "goal_position", "last_action", "pending_actions"]
    assert [item.name for item in spec.fields] == names
    assert (spec.state_size, spec.goal_size, spec.action_size, spec.size) == (9, 3, 6, 30)
    assert (spec.state, spec.goal) == (slice(0, 9), slice(9, 12))


def test_a_state_alone_splits_into_what_it_holds():
    spec = ObservationSpec(ROBOT, NAMES, 1)
    parts = spec.split(np.zeros((4, 5, spec.state_size)))
    assert list(parts) == list(NAMES)
    assert parts["heading"].shape == (4, 5, 2)


def test_splitting_copies_nothing():
    spec = ObservationSpec(ROBOT, NAMES, 1)
    flat = np.zeros(spec.size)
    spec.split(flat)["heading"][:] = 3.0
    assert (flat[spec.slices["heading"]] == 3.0).all()


def test_without_a_delay_nothing_is_pending():
    tick = make_tick(delay=0)
    fields = observe(tick, delay=0)
    assert fields.get("pending_actions", np.zeros(0)).size == 0
    spec = ObservationSpec(ROBOT, NAMES, 0)
    assert "pending_actions" not in [item["name"] for item in spec.describe()]


def test_an_unknown_field_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="base_height"):
        ObservationSpec(ROBOT, ("smell",), 1)


@pytest.mark.parametrize("name", sorted(name for name, field in FEATURES.items() if field.sensors or field.input))
def test_a_missing_measurement_is_named(name):
    empty = replace(make_tick(), measurement=Measurement())
    needed = {*FEATURES[name].sensors, FEATURES[name].input} - {""}
    with pytest.raises(ConfigError, match=f"'{name}' needs '({'|'.join(needed)})', which the tick does not hold"):
        observe(empty, (name,))


def test_a_value_that_is_not_finite_is_named():
    with pytest.raises(ConfigError, match="angular_velocity"):
        observe(make_tick(imu_angular_velocity=np.array([np.nan, 0.0, 0.0])))


def test_the_goal_comes_from_the_tick():
    tick = replace(make_tick(), inputs={"goal_position": np.array([1.0, 2.0, 3.0])})
    np.testing.assert_allclose(observe(tick, ("goal_position",))["goal_position"], [1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("origin", "base", "goal", "seen_base", "seen_goal"),
    [
        ((0.0, 0.0, 0.0), (0.0, 0.0), (2.0, 1.0), (0.0, 0.0), (2.0, 1.0)),
        ((5.0, 6.0, 0.0), (5.0, 6.5), (7.0, 5.0), (0.0, 0.5), (2.0, -1.0)),
        ((5.0, 6.0, np.pi / 2), (5.0, 6.5), (4.0, 8.0), (0.5, 0.0), (2.0, 1.0)),  # it faces the odometry's y
        ((-1.0, 2.0, np.pi), (-1.0, 2.0), (-3.0, 3.0), (0.0, 0.0), (2.0, -1.0)),
        ((1.0, 1.0, np.arctan2(3.0, 4.0)), (1.8, 1.6), (1.0 - 0.6, 1.0 + 0.8), (1.0, 0.0), (0.0, 1.0)),
    ],
)
def test_base_and_goal_are_seen_from_where_the_episode_began(origin, base, goal, seen_base, seen_goal):
    tick = make_tick(origin=origin, base_position=np.array([*base, 0.3]))
    tick = replace(tick, inputs={"goal_planar": np.array(goal), "goal_heading": np.array([0.4 + origin[2]])})
    fields = observe(tick, ("base_position", "goal_planar", "goal_heading"))
    np.testing.assert_allclose(fields["base_position"], seen_base, atol=1e-12)
    np.testing.assert_allclose(fields["goal_planar"], seen_goal, atol=1e-12)
    np.testing.assert_allclose(fields["goal_heading"], [np.sin(0.4), np.cos(0.4)], atol=1e-12)


def test_an_orientation_is_seen_by_the_axes_that_it_turns():
    quarter = from_rotation_vector(np.array([0.0, 0.0, np.pi / 2]))  # x goes to y, y to -x
    for value in (quarter, -quarter):
        tick = replace(make_tick(), inputs={"goal_orientation": value})
        seen = observe(tick, ("goal_orientation",))["goal_orientation"]
        np.testing.assert_allclose(seen, [0, 1, 0, -1, 0, 0], atol=1e-12)


def test_objects_are_seen_from_where_the_episode_began():
    robot = replace(ROBOT, objects=("ball", "cup"))
    quarter = np.array([0.0, 0.0, np.pi / 2])  # the base stands at (3, 4) and faces y, the episode began at (2, 2) so
    tick = make_tick(tuple(quarter), (2.0, 2.0, np.pi / 2), object_position=np.array([1.0, 0.0, 0.1, 0.0, -0.5, 0.2]))
    spec = ObservationSpec(robot, ("object_planar", "object_position"), 1)
    seen = spec.split(spec.observe(tick))  # in the odometry frame (3, 5) and (3.5, 4)
    np.testing.assert_allclose(seen["object_planar"], [3.0, -1.0, 2.0, -1.5], atol=1e-12)
    np.testing.assert_array_equal(seen["object_position"], [1.0, 0.0, 0.1, 0.0, -0.5, 0.2])


def test_a_link_touches_from_its_threshold_on():
    tick = make_tick(contact_force=np.array([0.0, 1.9, 2.0, 60.0]))
    fields = observe(tick, ("contact", "contact_force"))
    assert fields["contact"].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert fields["contact_force"].tolist() == [0.0, 1.9, 2.0, 60.0]


def test_mirror_images_of_goals_tools_contacts_and_objects():
    """By the geometry: what is reflected in the plane between left and right."""
    robot = replace(ROBOT, objects=("ball", "cup"))
    names = (
        "base_position",
        "contact",
        "object_position",
        "object_orientation",
        "goal_planar",
        "goal_heading",
        "waypoints",
    )
    spec = ObservationSpec(robot, (*names, "goal_orientation"), 0)
    found = spec.mirror()
    assert found is not None
    index, sign = found
    flat = np.arange(1.0, 1.0 + spec.size)
    fields, image = spec.split(flat), spec.split(flat[index] * sign)
    reflect = np.diag([1.0, -1.0, 1.0])
    for name in ("base_position", "goal_planar", "waypoints"):
        np.testing.assert_array_equal(image[name].reshape(-1, 2), fields[name].reshape(-1, 2) * [1.0, -1.0])
    np.testing.assert_array_equal(image["contact"], fields["contact"][[1, 0, 3, 2]])  # FR, FL, RR, RL
    np.testing.assert_array_equal(
        image["object_position"].reshape(2, 3), fields["object_position"].reshape(2, 3) @ reflect
    )
    np.testing.assert_array_equal(image["goal_heading"], fields["goal_heading"] * [-1.0, 1.0])
    turned = from_rotation_vector(np.array([0.3, -0.5, 0.7]))
    matrix = reflect @ quaternion_to_matrix(turned) @ reflect
    seen = ObservationSpec(robot, ("goal_orientation",), 0)
    tick = replace(make_tick(delay=0), inputs={"goal_orientation": turned})
    order, signs = seen.mirror()
    image = (seen.observe(tick)[order] * signs)[:6]
    np.testing.assert_allclose(image, matrix[:, :2].T.reshape(-1), atol=1e-12)


def test_contacts_without_a_mirror_image_have_none():
    robot = replace(ROBOT, contact_mirror=None)
    assert ObservationSpec(robot, ("contact",), 0).mirror() is None


class TestEquipped:
    ARM = load_robot("xarm6")

    def test_optional_sensors_are_there_where_they_are_observed(self):
        assert equipped(self.ARM, ("joint_position", "tool_position")).sensors == self.ARM.sensors
        more = equipped(self.ARM, ("tool_velocity", "contact", "tool_orientation"))
        assert more.sensors == (*self.ARM.sensors, "tool_orientation", "tool_velocity", "contact_force")
        check_robot(more, ("tool_velocity", "contact"))

    def test_a_robot_without_them_is_refused(self):
        bare = replace(self.ARM, optional_sensors=())
        with pytest.raises(ConfigError, match="robot 'xarm6' has no sensor 'tool_velocity', which observation field"):
            check_robot(equipped(bare, ("tool_velocity",)), ("tool_velocity",))

    def test_objects_are_the_tasks(self):
        more = equipped(self.ARM, ("object_position", "object_velocity"), ("cube",))
        assert more.objects == ("cube",) and more.sensors[-2:] == ("object_position", "object_velocity")
        with pytest.raises(ConfigError, match="field 'object_position' is of objects, and the task names none"):
            check_robot(equipped(self.ARM, ("object_position",)), ("object_position",))


def test_passive_joints_are_seen_by_sine_and_cosine():
    cartpole = load_robot("cartpole")
    measurement = Measurement(
        joint_position=np.array([0.4]),
        joint_velocity=np.zeros(1),
        passive_position=np.array([0.3]),
        passive_velocity=np.array([-2.0]),
    )
    tick = replace(
        make_tick(delay=0), measurement=measurement, previous_command=np.array([4.0]), pending_commands=np.zeros((0, 1))
    )
    spec = ObservationSpec(cartpole, ("joint_position", "passive_direction", "passive_velocity"), 0)
    seen = spec.split(spec.observe(tick))
    np.testing.assert_allclose(seen["passive_direction"], [np.sin(0.3), np.cos(0.3)])
    np.testing.assert_allclose([seen["joint_position"], seen["passive_velocity"]], [[0.4], [-2.0]])
    np.testing.assert_allclose(seen["last_action"], [0.5])  # 4 N of 8 N


class TestRotations:
    """Against the group's axioms and Rodrigues' formula."""

    @pytest.mark.parametrize("seed", range(10))
    def test_products(self, seed):
        a, b = (from_rotation_vector(v) for v in np.random.default_rng(seed).normal(0.0, 1.5, (2, 3)))
        product = quaternion_to_matrix(multiply(a, b))
        np.testing.assert_allclose(product, quaternion_to_matrix(a) @ quaternion_to_matrix(b), atol=1e-12)
        np.testing.assert_allclose(product @ product.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(product) == pytest.approx(1.0)

    @pytest.mark.parametrize("vector", [(0.0, 0.0, 0.0), (1e-12, 0.0, 0.0), (0.3, -0.2, 0.9), (0.0, 0.0, 3.0)])
    def test_rotation_vectors(self, vector):
        angle = np.linalg.norm(vector)
        x, y, z = np.array(vector) / max(angle, 1e-300)
        skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        rodrigues = np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew
        np.testing.assert_allclose(quaternion_to_matrix(from_rotation_vector(np.array(vector))), rodrigues, atol=1e-12)

    @pytest.mark.parametrize("yaw", [-3.0, -0.5, 0.0, 1.2, 3.1])
    def test_yaw(self, yaw):
        quaternion = from_rotation_vector(np.array([0.0, 0.0, yaw]))
        assert yaw_of(quaternion) == pytest.approx(yaw)
        np.testing.assert_allclose(yaw_matrix(yaw), quaternion_to_matrix(quaternion), atol=1e-12)
