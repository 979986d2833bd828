# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Whose messages count, by plain numbers: GIDs, names and times."""

import pytest

from ros_rl.nodes.admission import Admission, Answer
from ros_rl.nodes.speakers import Speakers, speakers_on
from ros_rl.settings.loading import load_settings

FIRST, SECOND, STRANGER = (bytes([number]) * 16 for number in (1, 2, 3))
DRIVER, OTHER = "/a1/driver", "/a1/somebody"


class Graph:
    """What the graph says."""

    def __init__(self, **publishers: str) -> None:
        self.publishers: dict[bytes, str] = {FIRST: DRIVER, SECOND: DRIVER, STRANGER: OTHER}
        self.looks = 0

    def look(self):
        self.looks += 1
        return list(self.publishers.items())


@pytest.fixture
def graph() -> Graph:
    return Graph()


def admission(graph: Graph, expected=(DRIVER,), silence: float = 1.5) -> Admission:
    return Admission(expected, silence, graph.look)


def test_the_expected_node_is_admitted_and_another_is_not(graph) -> None:
    gate = admission(graph)
    assert [gate.judge(gid, 0.0) for gid in (FIRST, STRANGER, FIRST)] == [
        Answer.ADMITTED,
        Answer.STRANGER,
        Answer.ADMITTED,
    ]
    assert gate.name(STRANGER) == OTHER


def test_longer_gids_are_compared_by_their_first_bytes(graph) -> None:
    """Before Jazzy messages and graph give 24 bytes, filled up with zeros."""
    assert admission(graph).judge(FIRST + bytes(8), 0.0) is Answer.ADMITTED


def test_most_messages_do_not_look_at_the_graph(graph) -> None:
    gate = admission(graph)
    for k in range(100):
        assert gate.judge(FIRST, k / 20) is Answer.ADMITTED
    assert graph.looks == 1


def test_a_flood_of_strangers_does_not_look_at_each(graph) -> None:
    gate = admission(graph)
    for k in range(30_000):
        gate.judge(STRANGER if k % 2 else bytes(16), k / 30_000)
    assert graph.looks <= 11


def test_of_two_of_one_name_the_first_is_kept(graph) -> None:
    gate = admission(graph)
    answers = [gate.judge(gid, k / 20) for k, gid in enumerate([FIRST, SECOND] * 100)]
    assert answers == [Answer.ADMITTED, Answer.SECOND] * 100


def test_one_that_left_the_graph_is_replaced_at_once(graph) -> None:
    gate = admission(graph, silence=float("inf"))
    assert gate.judge(FIRST, 0.0) is Answer.ADMITTED
    assert gate.judge(SECOND, 0.05) is Answer.SECOND
    del graph.publishers[FIRST]
    assert gate.judge(SECOND, 0.2) is Answer.ADMITTED
    assert gate.judge(FIRST, 0.25) is Answer.UNKNOWN, "what it still had under way"


def test_one_that_was_killed_is_replaced_when_it_was_silent(graph) -> None:
    """It is in the graph for up to 20 s more."""
    gate = admission(graph)
    gate.judge(FIRST, 0.0)
    assert gate.judge(SECOND, 1.4) is Answer.SECOND
    assert gate.judge(SECOND, 1.6) is Answer.ADMITTED
    assert gate.judge(FIRST, 1.7) is Answer.SECOND, "there is one at a time"
    assert gate.judge(SECOND, 1.8) is Answer.ADMITTED


def test_a_last_word_of_one_that_left_counts(graph) -> None:
    gate = admission(graph)
    gate.judge(FIRST, 0.0)
    graph.publishers.clear()
    assert gate.judge(bytes(16), 1.0) is Answer.UNKNOWN  # looks at the graph
    assert gate.judge(FIRST, 1.0) is Answer.ADMITTED


def test_a_name_may_come_later_than_the_message(graph) -> None:
    gate = admission(graph)
    graph.publishers = {FIRST: "/_NODE_NAME_UNKNOWN_", SECOND: "_NODE_NAMESPACE_UNKNOWN_/_NODE_NAME_UNKNOWN_"}
    assert gate.judge(FIRST, 0.0) is gate.judge(SECOND, 0.0) is Answer.UNKNOWN
    graph.publishers = {FIRST: DRIVER}
    assert gate.judge(FIRST, 0.2) is Answer.ADMITTED


def test_several_names_speak_beside_each_other(graph) -> None:
    gate = admission(graph, expected=(DRIVER, OTHER))
    assert [gate.judge(gid, 0.0) for gid in (FIRST, STRANGER, SECOND, FIRST)] == [
        Answer.ADMITTED,
        Answer.ADMITTED,
        Answer.SECOND,
        Answer.ADMITTED,
    ]


def test_where_any_may_speak_it_is_one_at_a_time(graph) -> None:
    gate = admission(graph, expected=None)
    assert gate.judge(STRANGER, 0.0) is Answer.ADMITTED
    assert gate.judge(FIRST, 0.1) is Answer.SECOND
    assert gate.judge(FIRST, 2.0) is Answer.ADMITTED


def test_without_gids_the_crowd_is_named(graph) -> None:
    assert admission(graph).crowd(0.0) == (DRIVER, OTHER)
    assert admission(graph, expected=None).crowd(0.0) == (DRIVER, OTHER)
    graph.publishers = {FIRST: DRIVER}
    assert admission(graph).crowd(0.0) == ()


def settings_of(*overrides: str):
    return load_settings("a1_walk", overrides=overrides)


class TestSpeakers:
    @pytest.mark.parametrize(
        ("topic", "names"),
        [
            ("verdict", ("/a1/collector",)),
            ("tick", ("/a1/driver",)),
            ("joint_states", ("/a1/driver",)),
            ("applied_command", ("/a1/driver",)),
            ("joint_command", ("/a1/controller",)),
            ("transitions", ("/a1/collector",)),
            ("control_graph", ("/a1/learner", "/a1/supervisor")),
            ("step_allowance", ("/a1/learner", "/a1/supervisor")),
            ("progress", ("/a1/learner",)),
            ("evaluation", ("/a1/evaluator",)),
            ("evaluation_request", ("/a1/learner",)),
        ],
    )
    def test_each_topic_has_its_node(self, topic, names) -> None:
        assert speakers_on(topic, settings_of()).full_names("/a1") == names

    def test_names_are_of_the_own_namespace_or_whole(self) -> None:
        speakers = Speakers(("collector", "/a2/collector"), 1.0)
        assert speakers.full_names("/a1") == ("/a1/collector", "/a2/collector")
        assert speakers.full_names("/") == ("/collector", "/a2/collector")

    def test_settings_say_who_else(self) -> None:
        settings = settings_of("driver.commanders=[controller, teleop]", "learner.collectors=[/a/collector]")
        assert speakers_on("joint_command", settings).names == ("controller", "teleop")
        assert speakers_on("transitions", settings).names == ("/a/collector",)

    def test_an_external_driver_has_any_name_unless_it_is_given(self) -> None:
        external = ("driver.backend.name=external", "driver.mode=real_time")
        assert speakers_on("tick", settings_of(*external)).names == ("driver",), "the guard before it"
        assert speakers_on("external/tick", settings_of(*external)).names is None
        there = speakers_on("external/tick", settings_of(*external, "driver.nodes=[bridge]")).full_names("/a1")
        assert there == ("/a1/external/bridge",)
        external = (*external, "driver.backend.guard=false")
        assert speakers_on("tick", settings_of(*external)).names is None
        assert speakers_on("tick", settings_of(*external, "driver.nodes=[bridge]")).names == ("bridge",)
