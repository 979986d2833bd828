# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A person drives a robot of real processes: what is learned from is what the person asked for, and no more moves."""

import json
import signal
import threading

import numpy as np
import pytest

pytest.importorskip("rclpy")

import rclpy
from geometry_msgs.msg import Twist
from live_processes import PATIENCE, PATIENT, command, family, read_until, wait_for
from ros_graph import graph
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Float64MultiArray, String

from ros_rl.nodes import packets
from ros_rl.nodes.background import Background
from ros_rl.nodes.messages import from_command
from ros_rl.nodes.qos import EXPERIENCE, LATCHED, NEWEST, STATE
from ros_rl.nodes.running import create_timer
from ros_rl.nodes.teleoperator import TeleoperatorNode
from ros_rl.robot import load_robot
from ros_rl.settings.loading import load_settings
from ros_rl.teleop.wish import Wish, wish_fields
from ros_rl.types import SafetyState
from ros_rl.wire import BY_PERSON, Header

pytestmark = [pytest.mark.ros, pytest.mark.flaky(reruns=2)]
ARM, STOP, DEAD_MAN = 0, 1, 4
BUSY = ["control.rate_hz=10", "driver.miss_limit=50", "driver.miss_share=1.0", "driver.unjudged_limit=0"]
"""A machine that has other work is not what is tried here."""


class Person:
    """Holds a joystick, and looks at what the graph tells."""

    def __init__(self, robot: str = "mock") -> None:
        self.node = rclpy.create_node("joy_node", namespace=robot, use_global_arguments=False)
        self.axes, self.down, self.there = [0.0] * 8, set(), True
        self.state, self.transitions, self.commands, self.stamps = "", {}, {}, {}
        self.robot, self.marked = load_robot(robot), set[int]()
        self._lock = threading.Lock()
        self._joy = self.node.create_publisher(Joy, "joy", NEWEST)
        create_timer(self.node, 0.05, self.publish)
        self.node.create_subscription(String, "safety_state", self._on_state, LATCHED)
        self.node.create_subscription(Float64MultiArray, "transitions", self._on_transition, EXPERIENCE)
        self.node.create_subscription(Float64MultiArray, "tick", self._on_tick, STATE)
        self.node.create_subscription(JointState, "joint_command", self._on_command, STATE)
        self.states: list[str] = []

    def publish(self) -> None:
        if self.there:
            self._joy.publish(Joy(axes=self.axes, buttons=[int(index in self.down) for index in range(11)]))

    def _on_state(self, message: String) -> None:
        self.state = message.data
        self.states.append(message.data)

    def _on_transition(self, message: Float64MultiArray) -> None:
        fields = packets.from_vectors(message)[1]
        self.transitions[int(fields["tick"][0])] = fields["action"]
        self.marked |= {int(fields["tick"][0])} if BY_PERSON in fields else set()

    def _on_tick(self, message: Float64MultiArray) -> None:
        header, fields = packets.from_vectors(message)
        self.stamps[header.sequence] = header.stamp
        self.ticked = SafetyState(int(fields["safety"][0]))

    def _on_command(self, message: JointState) -> None:
        found = from_command(message, self.robot)
        self.commands[found.stamp] = found.value

    def wait(self, state: str) -> None:
        wait_for(lambda: self.state.startswith(state), state, 30.0)

    def press(self, button: int) -> None:
        """Briefly, after the buttons were seen up."""
        for down in (set(), {button}, set()):
            self.down = down
            threading.Event().wait(0.3)


@pytest.fixture
def person(request):
    rclpy.init(args=[])
    made = Person(getattr(request, "param", "mock"))
    background = Background(made.node)
    yield made
    background.close()
    made.node.destroy_node()
    rclpy.try_shutdown()


def test_what_a_person_does_is_what_is_learned_from(person, tmp_path) -> None:
    arguments = ["run", "mock_point", "--driver", "mock", "--teleop", "joystick", "--out", str(tmp_path / "run")]
    with command(*arguments, *(word for item in BUSY for word in ("--set", item)), *PATIENT) as process:
        person.wait("DISARMED")
        wait_for(lambda: person.commands, "the teleoperator's first answers")
        person.axes[4] = 0.5
        person.down = {DEAD_MAN}
        threading.Event().wait(0.6)
        assert person.state == "DISARMED" and not any(value.any() for value in person.commands.values())

        person.down = set()
        person.press(ARM)
        person.wait("READY")
        assert "RUNNING" not in person.states, "armed and not held"

        person.down = {DEAD_MAN}
        wait_for(lambda: len(person.transitions) >= 12, "transitions", 60.0)
        # (0.5 - 0.1) / 0.9 of a tenth of 2 rad/s, of actions of 1.5 rad/s
        wanted = np.array([0.4 / 0.9 * 0.1 * 2.0 / 1.5, 0.0])
        person.down = set()
        person.wait("READY")
        told = [(action, person.commands.get(person.stamps[tick])) for tick, action in person.transitions.items()]
        asked = [(action, answer) for action, answer in told if answer is not None]
        assert len(asked) >= len(told) - 1 and sum(action == pytest.approx(wanted) for action, _ in asked) >= 8
        for action, answer in asked:
            np.testing.assert_allclose(action * 1.5, answer, rtol=0.0, atol=1e-12)

        person.down, before = {DEAD_MAN}, len(person.states)
        wait_for(lambda: person.states[before:] == ["RUNNING"], "another hold", 30.0)
        person.there = False  # the joystick's battery is empty
        person.wait("READY")
        person.there = True
        threading.Event().wait(0.6)
        assert person.state == "READY", "what comes back held resumes nothing"

        person.press(STOP)
        person.wait("EMERGENCY_STOP")
        process.send_signal(signal.SIGINT)
        shown = read_until(process, "stopped")
        assert "mock_point with a person at a joystick on mock" in shown
        assert process.wait(timeout=PATIENCE) == 130 and not family(process.pid)
    assert list((tmp_path / "run" / "log").glob("*.mcap"))


def test_a_person_shows_a_task_as_many_times_as_asked_for(person, tmp_path) -> None:
    """The task ends each time, of a second, and the run ends with the last; what was done is marked."""
    arguments = ["record", "mock_point", "--driver", "mock", "--teleop", "joystick", "--episodes", "2"]
    sets = [word for item in [*BUSY, "task.episode_seconds=1"] for word in ("--set", item)]
    with command(*arguments, "--out", str(tmp_path / "run"), *sets, *PATIENT) as process:
        person.wait("DISARMED")
        wait_for(lambda: person.commands, "the teleoperator's first answers")
        person.press(ARM)
        person.wait("READY")
        person.axes[4], person.down = 0.5, {DEAD_MAN}
        assert process.wait(timeout=PATIENCE) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["episodes"] >= 2 and summary["agent"] == "a person at a joystick"
    assert len(person.marked) >= 8, "of twenty; a busy machine misses some"
    assert person.marked == set(person.transitions)


@pytest.mark.parametrize("person", ["ur5e_gripper"], indirect=True)
def test_a_person_shows_an_arm_the_moves_that_an_agent_chooses(person, tmp_path) -> None:
    """A stick to the left is a step along y, the right one down the lower height; nothing else is kept."""
    pytest.importorskip("pybullet")
    arguments = ["record", "ur5_pick_place", "--teleop", "joystick", "--episodes", "1", "--out", str(tmp_path / "run")]
    sets = [word for item in [*BUSY[1:], "task.episode_seconds=10"] for word in ("--set", item)]
    with command(*arguments, *sets, *PATIENT) as process:
        person.wait("DISARMED")
        wait_for(lambda: person.commands, "the teleoperator's first answers")
        person.press(ARM)
        person.wait("READY")
        person.axes[0], person.down = 1.0, {DEAD_MAN}
        wait_for(lambda: len(person.transitions) >= 5, "steps", 60.0)
        person.axes[0], person.axes[4] = 0.0, -1.0
        assert process.wait(timeout=PATIENCE) == 0
    shown = [float(action[0]) for action in person.transitions.values()]
    assert person.marked == set(person.transitions) and set(shown) == {2.0, 4.0}
    assert shown.count(2.0) >= 4 and shown.index(4.0) >= 4


def test_a_person_corrects_an_agent_that_learns(person, tmp_path) -> None:
    """What is done while the switch is held is the person's and marked, all else the agent's; then it goes on alone."""
    arguments = ["train", "mock_point", "--driver", "mock", "--agent", "sac", "--teleop", "joystick", "--steps", "600"]
    settings = [*BUSY, "agent.hidden=16", "learner.warmup_steps=590", "evaluator.final_episodes=1", "task.bound=9"]
    sets = [word for item in settings for word in ("--set", item)]
    with command(*arguments, "--eval-every", "0", "--out", str(tmp_path / "run"), *sets, *PATIENT) as process:
        person.wait("RUNNING")
        wait_for(lambda: len(person.transitions) >= 5, "transitions of the agent", 60.0)
        assert not person.marked
        person.axes[4], person.down = 0.5, {DEAD_MAN}
        wait_for(lambda: len(person.marked) >= 8, "corrections", 60.0)
        person.down = set()
        threading.Event().wait(1.0)
        held, seen = set(person.marked), len(person.transitions)
        wait_for(lambda: len(person.transitions) >= seen + 5, "the agent again", 60.0)
        assert person.marked == held and person.state == "RUNNING"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 130
    # (0.5 - 0.1) / 0.9 of a tenth of 2 rad/s, of actions of 1.5 rad/s; the filter lets the first go there
    wanted = np.array([0.4 / 0.9 * 0.1 * 2.0 / 1.5, 0.0])
    assert all(person.transitions[tick] == pytest.approx(wanted) for tick in held)
    assert not any(person.transitions[tick] == pytest.approx(wanted) for tick in person.transitions.keys() - held)
    told = json.loads((tmp_path / "run" / "summary.json").read_text())["demonstrations"]
    assert told["corrections"] == told["transitions"] >= len(held)


def test_a_keyboard_asks_a_task_for_its_velocity_and_what_is_broken_is_told(tmp_path) -> None:
    settings = load_settings("go2_track", overrides=["driver.mode=real_time", "teleop.device=keyboard"])
    with graph(settings, tmp_path, TeleoperatorNode) as (peer, _):
        peer.complaint("teleoperator", "nothing is heard of a keyboard: start ros-rl teleop")
        asked: list[list[float]] = []
        peer.node.create_subscription(
            Twist, "cmd_vel", lambda m: asked.append([m.linear.x, m.linear.y, m.angular.z]), NEWEST
        )
        wishes = peer.node.create_publisher(Float64MultiArray, "teleop", STATE)

        def say(wish: Wish, **broken: float) -> None:
            wishes.publish(packets.to_vectors(Header(0), wish_fields(wish) | broken))

        def asks(*wanted: float, wish: Wish) -> None:
            def told() -> bool:
                say(wish)
                threading.Event().wait(0.05)
                return bool(asked) and asked[-1] == pytest.approx(wanted)

            wait_for(told, f"{wanted}", 30.0)

        asks(0.0, 0.0, 0.0, wish=Wish())
        asks(0.5, 0.0, -0.35, wish=Wish(True, forward=1.0, turn=-0.5))
        asks(0.0, 0.0, 0.0, wish=Wish(False, forward=1.0))
        say(Wish(), jog=7.0)
        peer.refusal("teleoperator", "teleop", "not a wish: 'jog' is 7")
        assert not peer.commands, "an agent acts"


def test_a_joystick_that_does_not_fit_is_told(tmp_path) -> None:
    settings = load_settings("mock_point", overrides=["driver.mode=real_time", "teleop.device=joystick"])
    with graph(settings, tmp_path, TeleoperatorNode) as (peer, _):
        joy = peer.node.create_publisher(Joy, "joy", NEWEST)
        create_timer(peer.node, 0.1, lambda: joy.publish(Joy(axes=[0.0, 0.0], buttons=[0] * 11)))
        peer.complaint("teleoperator", "joy refused: joy has 2 axes, but 'teleop.axes[3]' is 'turn'")
