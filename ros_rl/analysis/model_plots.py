# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The plots of a model's report."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from ros_rl.analysis.model_report import HELD_OUT, REPLAY, ModelReport, state_fields
from ros_rl.analysis.prediction import rollout
from ros_rl.analysis.report import grid
from ros_rl.analysis.trajectories import Trajectory
from ros_rl.dynamics.model import DynamicsModel
from ros_rl.layout import Layout

_BINS = 60


def plots(report: ModelReport, model: DynamicsModel, spec: Layout) -> dict[str, Figure]:
    """All figures by name."""
    numbers = report.numbers
    found = {
        "k_step_error": k_step_error(numbers),
        "k_step_normalised": k_step_normalised(numbers),
        "rollouts": rollouts(report.held_out[0], model, spec, numbers),
        "coverage": coverage(numbers),
    }
    if numbers["disagreement"]:
        found["disagreement"] = disagreement(report)
    return found


def k_step_error(numbers: dict[str, Any]) -> Figure:
    """One axis for each field, in its unit: the model on both sets, the baseline and the sensor's noise."""
    figure, axes = grid(len(numbers["units"]), 4)
    for axis, (name, unit) in zip(axes, numbers["units"].items(), strict=True):
        held_out = numbers["k_step"][HELD_OUT][name]
        k = np.arange(1, len(held_out["rmse"]) + 1)
        axis.plot(k, held_out["rmse"], color="C0", label="model, held-out")
        axis.plot(k, numbers["k_step"][REPLAY][name]["rmse"], color="C2", lw=1, label="model, replay")
        axis.plot(k, held_out["baseline_rmse"], color="C3", ls="--", label="'state stays'")
        if name in numbers["sensor_noise"]:
            axis.axhline(numbers["sensor_noise"][name], color="gray", ls=":", label="sensor noise alone")
        axis.set_title(name.replace("_", " "))
        axis.set_ylabel("RMS error" if unit == "1" else f"RMS error [{unit}]")
        axis.set_xlabel("k [steps ahead]")
        axis.set_ylim(0.0, 1.6 * np.nanmax(held_out["baseline_rmse"]))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def k_step_normalised(numbers: dict[str, Any]) -> Figure:
    """All fields on one scale, with the planner's horizon: how far may one plan?"""
    figure, (axis,) = grid(1, 1, 7.0, 4.2)
    for index, (name, found) in enumerate(numbers["k_step"][HELD_OUT].items()):
        k = np.arange(1, len(found["normalised"]) + 1)
        axis.plot(k, found["normalised"], color=f"C{index}", label=name.replace("_", " "))
        axis.plot(k, found["spread"], color=f"C{index}", ls=":", lw=1)
    axis.plot([], [], color="gray", ls=":", lw=1, label="spread of the members")
    axis.axhline(1.0, color="gray", lw=0.8)
    if numbers["planner_horizon"]:
        axis.axvline(numbers["planner_horizon"], color="black", ls="--", lw=1, label="planner's horizon")
    highest = max(max(found["normalised"]) for found in numbers["k_step"][HELD_OUT].values())
    axis.set_ylim(0.0, float(np.clip(1.1 * highest, 1.1, 3.0)) if np.isfinite(highest) else 3.0)
    axis.set_xlabel("k [steps ahead]")
    axis.set_ylabel("RMS error [standard deviations of the state]")
    axis.set_title("held-out prediction error; above 1 the data's mean would predict better")
    axis.legend(loc="best", fontsize=8)
    return figure


def rollouts(trajectory: Trajectory, model: DynamicsModel, spec: Layout, numbers: dict[str, Any]) -> Figure:
    """The most moving value of each field over an episode, and predictions that begin in it now and then."""
    horizon = min(numbers["horizon"], trajectory.steps)
    starts = np.arange(0, trajectory.steps - horizon + 1, horizon)
    actions = np.stack([trajectory.actions[t : t + horizon] for t in starts])
    predicted = rollout(model, trajectory.states[starts], trajectory.last_actions[starts], actions)
    fields, period = state_fields(spec), numbers["control_period"]
    figure, axes = grid(len(fields), 2, 6.5, 2.3)
    time = (period or 1.0) * np.arange(trajectory.steps + 1)
    for axis, (name, part) in zip(axes, fields.items(), strict=True):
        value = part.start + int(trajectory.states[:, part].std(0).argmax())
        real = trajectory.states[:, value]
        axis.plot(time, real, color="black", lw=1, label="measured")
        for row, t in enumerate(starts):
            line = np.concatenate([[real[t]], predicted[:, row, :, value].mean(0)])
            low, high = predicted[:, row, :, value].min(0), predicted[:, row, :, value].max(0)
            labels = ("model, mean of members", "members, least to greatest") if row == 0 else (None, None)
            axis.plot(time[t : t + horizon + 1], line, color="C0", lw=1.2, label=labels[0])
            axis.fill_between(time[t + 1 : t + horizon + 1], low, high, color="C0", alpha=0.25, lw=0, label=labels[1])
            axis.plot(time[t], real[t], "o", color="C0", ms=3)
        margin = 0.5 * np.ptp(real) + 1e-9
        axis.set_ylim(real.min() - margin, real.max() + margin)
        unit = numbers["units"][name]
        axis.set_ylabel(f"{name.replace('_', ' ')}[{value - part.start}]" + ("" if unit == "1" else f"\n[{unit}]"))
        axis.set_xlabel("time [s]" if period else "step")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def coverage(numbers: dict[str, Any]) -> Figure:
    """How many measured values lie within the predicted intervals, one step ahead, held-out."""
    found = numbers["one_step"][HELD_OUT]
    figure, (axis,) = grid(1, 1, 7.0, 3.8)
    place = np.arange(len(found))
    for offset, (key, label, ideal) in enumerate((("1", "within 1 sigma", 68.3), ("2", "within 2 sigma", 95.4))):
        shares = [100.0 * item[f"coverage_{key}_sigma"] for item in found.values()]
        bars = axis.bar(place + 0.4 * offset - 0.2, shares, 0.38, color=f"C{offset}", label=label)
        axis.bar_label(bars, fmt="%.0f", fontsize=7)
        axis.axhline(ideal, color=f"C{offset}", ls="--", lw=1)
    axis.set_xticks(place, [name.replace("_", "\n") for name in found], fontsize=8)
    axis.set_ylabel("measured values inside [%]")
    axis.set_ylim(0.0, 112.0)
    axis.set_title("one step ahead, held-out; below the dashed line: too sure of itself")
    axis.legend(loc="lower right", fontsize=8, framealpha=0.95)
    return figure


def disagreement(report: ModelReport) -> Figure:
    """Distributions of the disagreement for steps from inside and outside the data."""
    figure, (axis,) = grid(1, 1, 7.0, 3.8)
    outside = report.numbers["disagreement"]["auroc"]
    positive = np.concatenate([values[values > 0.0] for values in report.scores.values()])
    if len(positive) and positive.max() > positive.min():
        bins = np.geomspace(positive.min(), positive.max(), _BINS)
        for name, values in report.scores.items():
            label = f"{name} (AUROC {outside[name]:.2f})" if name in outside else f"{name} (learned from)"
            axis.hist(values, bins, weights=np.full(len(values), 1 / len(values)), histtype="step", lw=1.5, label=label)
        axis.set_xscale("log")
    axis.set_xlabel("deviation across members, one step ahead [standard deviations of a step]")
    axis.set_ylabel("share of steps")
    axis.set_title("does disagreement tell what the model has not seen?")
    axis.legend(fontsize=8)
    return figure
