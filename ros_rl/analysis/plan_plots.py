# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The plots of a decision's report."""

from __future__ import annotations

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from ros_rl.analysis.model_report import state_fields
from ros_rl.analysis.plan_report import CLOSED_LOOP, OPEN_LOOP, PlanReport
from ros_rl.analysis.report import grid
from ros_rl.features import ObservationSpec

_STYLES = {OPEN_LOOP: {"color": "C3", "ls": "-"}, CLOSED_LOOP: {"color": "C2", "ls": "--"}}
_LOW_PERCENT = 5.0
"""Returns below this percentile get the darkest colour: one hopeless candidate must not hide the others."""


def plots(report: PlanReport, spec: ObservationSpec) -> dict[str, Figure]:
    """All figures by name."""
    chosen = _chosen_values(report, spec)
    return {
        "candidates": candidates(report, chosen),
        "predicted_and_real": predicted_and_real(report, chosen),
        "along_the_plan": along_the_plan(report),
    }


def _chosen_values(report: PlanReport, spec: ObservationSpec) -> dict[str, int]:
    """For each field, the value in which the candidates differ most, by the label that a plot gives it."""
    spread = report.expectation.candidates.states.std(0).max(0)
    units, chosen = report.numbers["units"], {}
    for name, part in state_fields(spec).items():
        value = part.start + int(spread[part].argmax())
        unit = "" if units[name] == "1" else f" [{units[name]}]"
        chosen[f"{name.replace('_', ' ')}[{value - part.start}]{unit}"] = value
    return chosen


def _time(report: PlanReport, count: int, first: int = 0) -> np.ndarray:
    """Of states from the `first` on, relative to the tick [s]."""
    return np.asarray(report.numbers["control_period"] * (first + np.arange(count)))


def candidates(report: PlanReport, chosen: dict[str, int]) -> Figure:
    """Predicted states of every candidate, coloured by return, the best on top, and the chosen plan's."""
    found, delay = report.expectation.candidates, report.numbers["delay"]
    order = np.argsort(found.returns)
    low, high = np.percentile(found.returns, _LOW_PERCENT), found.returns.max()
    figure, axes = grid(len(chosen), 4)
    time = _time(report, found.states.shape[1], delay)
    mean = report.expectation.states.mean(0)
    for axis, (label, value) in zip(axes, chosen.items(), strict=True):
        lines = [np.column_stack([time, found.states[index, :, value]]) for index in order]
        drawn = LineCollection(lines, cmap="viridis", lw=0.7, alpha=0.7)
        drawn.set_array(found.returns[order])
        drawn.set_clim(low, max(high, low + 1e-9))
        axis.add_collection(drawn)
        axis.plot(_time(report, len(mean)), mean[:, value], color="black", lw=2, label="chosen plan")
        axis.axvline(time[0], color="gray", ls=":", label="the decision acts")
        axis.set_ylabel(label)
        axis.set_xlabel("time after the tick [s]")
        axis.margins(0.05)
    figure.colorbar(drawn, ax=axes, label="return, mean of members", extend="min")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def predicted_and_real(report: PlanReport, chosen: dict[str, int]) -> Figure:
    """What the members expected of the plan, and what was measured: the plan to its end, and deciding anew."""
    states, delay = report.expectation.states, report.numbers["delay"]
    figure, axes = grid(len(chosen), 4)
    time = _time(report, states.shape[1])
    for axis, (label, value) in zip(axes, chosen.items(), strict=True):
        for number, member in enumerate(states):
            axis.plot(time, member[:, value], color="C0", lw=0.8, alpha=0.6, label=None if number else "each member")
        axis.plot(time, states.mean(0)[:, value], color="black", lw=1.5, label="predicted, mean")
        for name, happened in report.real.items():
            real = happened.states[:, value]
            axis.plot(time[: len(real)], real, marker=".", label=f"measured, {name}", **_STYLES[name])
        axis.axvline(time[delay], color="gray", ls=":", label="the decision acts")
        axis.set_ylabel(label)
        axis.set_xlabel("time after the tick [s]")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=5)
    return figure


def along_the_plan(report: PlanReport) -> Figure:
    """Reward, value and disagreement, step by step, predicted and real."""
    predicted, real = report.numbers["predicted"], report.numbers["real"]
    figure, (top, middle, bottom) = grid(3, 3, 4.6, 3.6)
    time = _time(report, len(predicted["value"]))
    top.plot(time[1:], predicted["reward"], "k.-", label="predicted")
    middle.plot(time, predicted["value"], "k.-", label="predicted, mean of members")
    low, high = (predicted["value"] + sign * predicted["value_std"] for sign in (-1.0, 1.0))
    middle.fill_between(time, low, high, color="C0", alpha=0.25, lw=0, label="+- 1 deviation across members")
    bottom.plot(time, predicted["disagreement"], "k.-", label="disagreement across members")
    for name, item in real.items():
        top.plot(time[1 : 1 + item["steps"]], item["reward"], marker=".", label=f"real, {name}", **_STYLES[name])
        middle.plot(time[: item["steps"] + 1], item["value"], marker=".", label=f"real, {name}", **_STYLES[name])
        bottom.plot(time[: item["steps"] + 1], item["error"], marker=".", label=f"error, {name}", **_STYLES[name])
    labels = ("reward of a step", "value by the critics", "RMS over the state\n[deviations of the data]")
    for axis, label in zip((top, middle, bottom), labels, strict=True):
        axis.axvline(time[report.numbers["delay"]], color="gray", ls=":")
        axis.set_ylabel(label)
        axis.set_xlabel("time after the tick [s]")
        axis.locator_params(axis="x", nbins=5)
        low, high = axis.get_ylim()
        axis.set_ylim(low, high + 0.45 * (high - low))  # room for the legend
        axis.legend(fontsize=8, loc="upper left")
    return figure
