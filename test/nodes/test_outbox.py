# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What is published in a thread: in order, all of it, and what fails is told."""

import threading

import pytest

from ros_rl.nodes.outbox import Outbox


class Publisher:
    """Keeps what it publishes; may be held up."""

    def __init__(self) -> None:
        self.published: list[int] = []
        self.free = threading.Event()

    def publish(self, message: int) -> None:
        self.free.wait(5.0)
        self.published.append(message)


def test_nobody_waits_and_the_end_flushes_all_in_order() -> None:
    outbox, publisher, other = Outbox(), Publisher(), Publisher()
    other.published = publisher.published
    for number in range(6):
        outbox.publish((publisher, other)[number % 2], lambda number=number: number)
    assert not publisher.published
    publisher.free.set()
    other.free.set()
    outbox.close()
    assert publisher.published == list(range(6))


def test_a_failure_is_told_once_and_ends_nothing() -> None:
    outbox, publisher = Outbox(), Publisher()
    publisher.free.set()
    outbox.publish(publisher, lambda: 1 // 0)
    outbox.publish(publisher, lambda: 2)
    with pytest.raises(ZeroDivisionError):
        outbox.close()
    assert publisher.published == [2]
