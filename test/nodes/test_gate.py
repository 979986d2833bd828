# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The gate lets nothing through to the executor but what the end of the process raises."""

import inspect
import time
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy")

from std_msgs.msg import String

from ros_rl.errors import ContractError
from ros_rl.nodes import gate as module
from ros_rl.nodes.gate import Gate
from ros_rl.nodes.qos import LATCHED, NEWEST
from ros_rl.settings.loading import load_settings

pytestmark = pytest.mark.ros
SETTINGS = load_settings("mock_point")
FIRST, SECOND, STRANGER = (bytes([number]) * 16 for number in (1, 2, 3))


class Node:
    """The part of a node that a gate uses."""

    def __init__(self) -> None:
        self.publishers = {FIRST: "learner", SECOND: "learner", STRANGER: "stranger"}
        self.logged: list[str] = []
        self.timers: list[Any] = []

    def create_subscription(self, kind, topic, callback, qos, raw):
        return SimpleNamespace(callback=callback)

    def create_timer(self, seconds, callback, clock):
        timer = SimpleNamespace(callback=callback, running=True)
        timer.reset = lambda: setattr(timer, "running", True)
        timer.cancel = lambda: setattr(timer, "running", False)
        self.timers.append(timer)
        return timer

    def get_namespace(self) -> str:
        return "/t"

    def resolve_topic_name(self, topic: str) -> str:
        return f"/t/{topic}"

    def get_publishers_info_by_topic(self, topic: str):
        return [
            SimpleNamespace(endpoint_gid=list(gid), node_namespace="/t", node_name=name)
            for gid, name in self.publishers.items()
        ]

    def get_logger(self):
        return SimpleNamespace(error=lambda text, **_: self.logged.append(text))


class Listener:
    """A gate with one entrance that takes texts, and what came of them."""

    def __init__(self, topic: str = "progress", qos: Any = NEWEST, anybody: bool = False) -> None:
        self.node, self.taken, self.reports = Node(), [], []
        self.gate = Gate(self.node, SETTINGS, self.reports.append)
        self.entrance = self.gate.subscribe(String, topic, self._decode, self._take, qos, anybody=anybody)

    def _decode(self, message: String) -> str:
        if message.data == "wrong":
            raise ContractError("not what it should be")
        if message.data == "worse":
            return {}["nothing"]
        return message.data

    def _take(self, text: str) -> None:
        if text == "refused":
            raise ContractError("not taken")
        if text == "broken":
            raise ZeroDivisionError("by zero")
        self.taken.append(text)

    def hear(self, text: str, gid: bytes = FIRST) -> None:
        """As the events executor of rclpy 9.1.2 calls: one tuple."""
        self.entrance((String(data=text), {"publisher_gid": {"data": gid}}))

    def retry(self) -> None:
        time.sleep(0.11)  # until the graph may be looked at again
        (timer,) = self.node.timers
        if timer.running:
            timer.callback()


def test_what_a_node_takes_gets_to_it() -> None:
    listener = Listener()
    listener.hear("a")
    listener.entrance(String(data="b"), {"publisher_gid": {"data": FIRST}})  # as other executors call
    assert listener.taken == ["a", "b"] and listener.gate.describe() == {}


def test_rclpy_believes_that_it_takes_the_message_with_its_info() -> None:
    entrance = Listener().entrance
    with pytest.raises(TypeError):
        inspect.signature(entrance).bind(object())
    inspect.signature(entrance).bind(object(), object())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("wrong", "not what it should be"),
        ("worse", "KeyError: 'nothing'"),
        ("refused", "not taken"),
        ("broken", "ZeroDivisionError: by zero"),
    ],
)
def test_whatever_is_wrong_is_counted_with_its_reason(text, reason) -> None:
    listener = Listener()
    for _ in range(3):
        listener.hear(text)
    listener.hear("fine")
    assert listener.taken == ["fine"]
    assert listener.gate.refused == 3
    assert listener.gate.describe() == {"refused progress": f"3: {reason}"}
    assert listener.reports == [f"progress refused: {reason}"], "a flood is reported a few times a second"


def test_a_fault_of_the_node_itself_is_logged_whole() -> None:
    listener = Listener()
    listener.hear("broken")
    assert "ZeroDivisionError" in listener.node.logged[0] and "_take" in listener.node.logged[0]


def test_a_stranger_is_counted_and_not_heard() -> None:
    listener = Listener()
    listener.hear("a", STRANGER)
    assert listener.taken == []
    assert listener.gate.describe() == {"refused progress": "1: it comes from /t/stranger, expected /t/learner"}


def test_what_anybody_may_say_has_no_sender() -> None:
    listener = Listener(anybody=True)
    listener.hear("a", STRANGER)
    assert listener.taken == ["a"]


def test_a_second_of_the_same_name_is_not_heard() -> None:
    listener = Listener()
    listener.hear("a"), listener.hear("b", SECOND), listener.hear("c")
    assert listener.taken == ["a", "c"]
    assert "a second /t/learner, the first is still there" in listener.gate.describe()["refused progress"]


def test_on_a_latched_topic_a_second_waits_for_the_first_to_go() -> None:
    """A restarted learner publishes its graph once; it may be sooner than the old one has left the graph."""
    listener = Listener("control_graph", LATCHED)
    listener.hear("a")
    listener.hear("b", SECOND), listener.hear("c", SECOND)
    listener.retry()
    assert listener.taken == ["a"]
    del listener.node.publishers[FIRST]
    listener.retry()
    assert listener.taken == ["a", "c"], "a latched topic of depth 1 holds the newest"
    assert listener.gate.describe() == {}
    assert not listener.node.timers[0].running
    listener.hear("d", SECOND)
    assert listener.taken == ["a", "c", "d"]


def test_a_second_that_goes_first_leaves_nothing(monkeypatch) -> None:
    monkeypatch.setattr(module, "_HOLD_SECONDS", 0.0)
    listener = Listener("control_graph", LATCHED)
    listener.hear("a"), listener.hear("b", SECOND)
    del listener.node.publishers[SECOND]
    listener.retry()
    del listener.node.publishers[FIRST]
    listener.retry()
    assert listener.taken == ["a"] and listener.gate.refused == 1


def test_messages_wait_in_order_until_the_graph_knows_whose_they_are() -> None:
    listener = Listener("transitions", SimpleNamespace(depth=10, durability=None))
    listener.node.publishers = {}
    listener.hear("a"), listener.hear("b")
    assert listener.taken == []
    listener.node.publishers = {FIRST: "collector"}
    listener.retry()
    listener.hear("c")
    assert listener.taken == ["a", "b", "c"] and listener.gate.refused == 0


def test_the_next_message_brings_those_that_wait() -> None:
    listener = Listener("transitions", SimpleNamespace(depth=10, durability=None))
    listener.node.publishers = {}
    listener.hear("a")
    listener.node.publishers = {FIRST: "collector"}
    time.sleep(0.11)
    listener.hear("b")
    listener.retry()
    assert listener.taken == ["a", "b"]


def test_those_whose_sender_stays_unknown_are_given_up(monkeypatch) -> None:
    monkeypatch.setattr(module, "_HOLD_SECONDS", 0.05)
    listener = Listener("transitions", SimpleNamespace(depth=2, durability=None))
    listener.node.publishers = {}
    for text in "abc":
        listener.hear(text)
    listener.retry()
    assert listener.taken == [] and listener.gate.refused == 2
    assert "a node that the graph does not know, expected /t/collector" in listener.entrance.reason


def test_without_a_gid_a_crowd_is_told_and_all_are_heard() -> None:
    """Before Kilted, rclpy does not say who published."""
    listener = Listener()
    listener.entrance(String(data="a"))
    listener.entrance((String(data="b"), {"source_timestamp": 0}))
    assert listener.taken == ["a", "b"] and listener.gate.refused == 0
    assert listener.reports == [
        "progress taken, but /t/learner, /t/stranger publishes here, too, and cannot be told apart"
    ]


def test_after_it_is_closed_nothing_is_described() -> None:
    listener = Listener()
    listener.hear("wrong")
    listener.node.destroy_subscription = lambda subscription: None
    listener.gate.close([listener.entrance])
    assert listener.gate.describe() == {}
