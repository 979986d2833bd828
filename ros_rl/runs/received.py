# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a learner has received so far: part of its checkpoints, so that a resumed run goes on counting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ros_rl.runs.records import Record, Stepped, Taken
from ros_rl.runs.senders import SequenceCheck, StepCounter


class Received:
    """Packets and steps, source by source.

    Args:
        joins: Whether drivers may have acted before this run heard them; see `StepCounter`.
    """

    def __init__(self, joins: bool = False) -> None:
        self.transitions, self.steps = SequenceCheck(), StepCounter(joins)

    def state(self) -> dict[str, Any]:
        """What `restore` takes; JSON can hold it."""
        return {"transitions": self.transitions.state(), "steps": self.steps.state()}

    def restore(self, state: Mapping[str, Any] | None, since: Iterable[Record]) -> None:
        """Go on from a checkpoint and what was received after it.

        Args:
            state: Of the checkpoint; None: there was none.
            since: What was received since, in order.
        """
        if state is not None:
            self.transitions.restore(state["transitions"])
            self.steps.restore(state["steps"])
        for record in since:
            if isinstance(record, Taken):
                self.transitions.take(record.transition.source, record.session, record.sequence)
            elif isinstance(record, Stepped):
                self.steps.note(record.source, record.session, record.steps)
