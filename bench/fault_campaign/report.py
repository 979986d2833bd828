# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The campaign as a table."""

from __future__ import annotations

from collections.abc import Sequence

from machine import table

from fault_campaign.fault import Outcome

HEADER = ["fault", "has to", "held", "reaction [periods]", "then reached the joints", "lost [s]", "told"]
_WORDS = 90


def _cells(outcome: Outcome) -> list[str]:
    held = "yes" if outcome.safe else f"NO: {'; '.join(outcome.wrong)}"
    reaction = "" if outcome.reaction is None else f"{outcome.reaction:.1f}"
    lost = "" if outcome.lost is None else f"{outcome.lost:.1f}"
    told = _short(outcome.told[0]) if outcome.told else "nothing"
    return [outcome.fault, outcome.holds, held, reaction, outcome.reached, lost, told]


def _short(text: str) -> str:
    text = " ".join(text.replace("|", "/").split())
    return text if len(text) <= _WORDS else f"{text[: _WORDS - 3]}..."


def row(outcome: Outcome) -> str:
    """One line of the table."""
    return "| " + " | ".join(_cells(outcome)) + " |"


def screen(outcomes: Sequence[Outcome]) -> str:
    """The table and the totals."""
    safe = sum(outcome.safe for outcome in outcomes)
    reactions = [outcome.reaction for outcome in outcomes if outcome.reaction is not None]
    lost = [outcome.lost for outcome in outcomes if outcome.lost is not None]
    told = sum(bool(outcome.told) for outcome in outcomes)
    totals = [
        f"{safe} of {len(outcomes)} held",
        f"slowest reaction {max(reactions, default=0.0):.1f} periods",
        f"most lost {max(lost, default=0.0):.1f} s",
        f"{told} told",
    ]
    return f"\n{table(HEADER, [_cells(outcome) for outcome in outcomes])}\n\n{', '.join(totals)}"
