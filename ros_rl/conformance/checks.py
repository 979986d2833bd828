# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What every task keeps, and what is worth a look: each a function of a trial that says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ros_rl.conformance.trial import EPISODES, STEPS, Trial
from ros_rl.features import FEATURES
from ros_rl.sensors.inputs import INPUTS
from ros_rl.types import Array

Check = Callable[[Trial], Iterator[str]]
_LARGEST_SCALED = 10.0
_SAME = 1e-9


def inputs_are_drawn(trial: Trial) -> Iterator[str]:
    """`draw_inputs` gives each input, in its shape, finite and within its bounds, and nothing else."""
    bounds = trial.task.input_bounds()
    for step, drawn in enumerate(_drawn(trial)):
        what = "change_inputs" if step else "draw_inputs"
        if set(drawn) != set(trial.task.inputs):
            yield f"{what} gives {', '.join(drawn) or 'nothing'}, expected {', '.join(trial.task.inputs) or 'nothing'}"
            return
        for name, value in drawn.items():
            shape = INPUTS[name].shape_of(trial.robot)
            if np.shape(value) != shape or not np.isfinite(value).all():
                yield f"{what} gives {name} {np.array2string(np.asarray(value))}, expected finite values of {shape}"
                return
            low, high = bounds.get(name, (-np.inf, np.inf))
            if (value < low).any() or (value > high).any():
                yield f"{what} gives {name} {np.array2string(np.asarray(value))}, beyond its input_bounds"
                return


def _drawn(trial: Trial) -> Iterator[dict[str, Array]]:
    rng, period = np.random.default_rng(trial.seed), trial.settings.control.period
    inputs = trial.task.draw_inputs(rng)
    yield inputs
    for step in range(1, STEPS):
        inputs = trial.task.change_inputs(inputs, step, period, rng)
        yield inputs


def it_repeats(trial: Trial) -> Iterator[str]:
    """The same seed gives the same episodes and rewards."""
    again, other = Trial(trial.settings, trial.seed), Trial(trial.settings, trial.seed + 1)
    for name in ("observation", "reward"):
        if not np.array_equal(trial.batch(name), again.batch(name)):
            yield f"two runs of one seed differ in their {name}s"
    if np.array_equal(trial.observations, other.observations):
        yield "two runs of different seeds are the same"


def nothing_is_shared(trial: Trial) -> Iterator[str]:
    """Whoever overwrites what a tick gave changes nothing that comes after it."""
    vandalised = np.array([episode.observations for episode in trial.roll_out(vandal=True)])
    if not np.array_equal(trial.observations, vandalised):
        yield "an array of a tick is still used after the tick was handed out: it must be a copy"


def goals_follow_inputs(trial: Trial) -> Iterator[str]:
    """A goal field changes only with its input: planners hold it fixed while they look ahead."""
    for episode in trial.episodes:
        for step in range(1, len(episode.observations)):
            before, after = episode.inputs[step - 1], episode.inputs[step]
            if not episode.steps[step] or any(not np.array_equal(before[name], after[name]) for name in after):
                continue
            for item in trial.spec.fields:
                part = trial.spec.slices[item.name]
                seen = episode.observations[step - 1 : step + 1, part]
                if item.kind == "goal" and not np.array_equal(seen[0], seen[1]):
                    yield f"goal field '{item.name}' changes while nothing else is asked for: it is a state"
                    return


def starts_go_on(trial: Trial) -> Iterator[str]:
    """No episode ends where it begins."""
    for number, episode in enumerate(trial.episodes):
        if bool(trial.task.terminated(trial.spec.split(episode.observations[0]))):
            yield f"episode {number} is terminated in its first state"


def rewards_are_batched(trial: Trial) -> Iterator[str]:
    """Reward and end of a batch are those of its rows, finite, and bool."""
    reward, ended = judged(trial, *steps(trial))
    count = len(trial.batch("reward"))
    if np.shape(reward) != (count,) or np.shape(ended) != (count,):
        yield f"of {count} states reward has shape {np.shape(reward)} and terminated {np.shape(ended)}"
        return
    if np.asarray(ended).dtype != bool:
        yield f"terminated gives {np.asarray(ended).dtype}, expected bool"
    if not np.isfinite(reward).all():
        yield f"reward is not finite: {np.asarray(reward)[~np.isfinite(reward)][0]}"
    if not np.allclose(reward, trial.batch("reward"), atol=_SAME, equal_nan=True):
        yield "the reward of a batch is not that of its rows"
    if not np.array_equal(ended, trial.batch("terminated")):
        yield "the end of a batch is not that of its rows"


def torch_agrees(trial: Trial) -> Iterator[str]:
    """Torch tensors with more leading dimensions give what numpy arrays do, as planners need it."""
    import torch

    count, own = len(trial.batch("reward")), judged(trial, *steps(trial))
    success = trial.task.succeeded(trial.spec.split(steps(trial)[1]))
    if any(np.shape(values) != (count,) for values in own):
        return  # told by `rewards_are_batched`
    tensors = [torch.as_tensor(array)[None, :, None] for array in steps(trial)]
    try:
        found = judged(trial, *tensors)
        succeeded = trial.task.succeeded(trial.spec.split(tensors[1]))
    except (TypeError, AttributeError, RuntimeError, ValueError) as error:
        yield f"reward, terminated or succeeded cannot be computed with torch: {error}"
        return
    pairs = zip(("reward", "terminated", "succeeded"), (*own, success), (*found, succeeded), strict=True)
    for what, values, other in pairs:
        if values is None and other is None:
            continue
        if not isinstance(other, torch.Tensor):
            yield f"{what} of torch tensors is {type(other).__name__}: use what both share"
        elif other.shape != (1, count, 1):
            yield f"{what} of torch tensors of shape (1, {count}, 1, size) is {tuple(other.shape)}"
        elif not np.allclose(other.reshape(-1).numpy(), values, atol=1e-6):
            yield f"{what} of torch tensors is not that of numpy arrays"


def success_is_batched(trial: Trial) -> Iterator[str]:
    """Success is unknown, or bool for each state of a batch."""
    _, after, _ = steps(trial)
    found = trial.task.succeeded(trial.spec.split(after))
    if found is not None and (np.shape(found) != (len(after),) or np.asarray(found).dtype != bool):
        yield f"succeeded gives {np.asarray(found).dtype} {np.shape(found)}, expected bool ({len(after)},)"
    elif found is not None and (found & trial.batch("terminated")).any():
        yield "a state is a success and a termination at once"


def mirror_image_is_as_good(trial: Trial) -> Iterator[str]:
    """A task that calls itself symmetric rewards the left-right mirror image alike."""
    image = trial.spec.mirror() if trial.task.symmetric else None
    if image is None:
        return
    index, sign = image
    part = trial.spec.slices["last_action"]
    order, signs = np.array(index[part]) - part.start, sign[part]
    before, after, action = steps(trial)
    mirrored = judged(trial, before[:, index] * sign, after[:, index] * sign, action[:, order] * signs)
    for what, own, other in zip(("reward", "terminated"), judged(trial, before, after, action), mirrored, strict=True):
        if not np.allclose(own, other, atol=_SAME):
            yield f"it is symmetric, but its {what} differs in the mirror image"


def measures_are_known(trial: Trial) -> Iterator[str]:
    """Measures have names of their own and units, and give numbers."""
    names = [measure.name for measure in trial.task.measures]
    for measure in trial.task.measures:
        if names.count(measure.name) > 1 or not measure.unit or not measure.summaries:
            yield f"measure '{measure.name}' is there twice, or has no unit or summaries"
        for episode in trial.episodes:
            if episode.truths and not np.isfinite(measure.of(episode.outcome(trial.settings.control.period))):
                yield f"measure '{measure.name}' gives no number: the simulator does not know what it needs"
                break


def metrics_are_numbers(trial: Trial) -> Iterator[str]:
    """Metrics are finite and always the same ones."""
    found = [metrics for episode in trial.episodes for metrics in episode.metrics]
    if any(set(metrics) != set(found[0]) for metrics in found):
        yield "metrics have other names at other ticks"
    for name, value in next((m.items() for m in found if not np.isfinite(list(m.values())).all()), ()):
        yield f"metric '{name}' is {value}"


CHECKS: tuple[Check, ...] = (
    inputs_are_drawn,
    it_repeats,
    nothing_is_shared,
    goals_follow_inputs,
    starts_go_on,
    rewards_are_batched,
    success_is_batched,
    torch_agrees,
    mirror_image_is_as_good,
    measures_are_known,
    metrics_are_numbers,
)
"""What a task must keep."""


def elements_change(trial: Trial) -> Iterator[str]:
    """Elements of the observation that never change tell nothing, unless another scene or robot changes them."""
    flat = trial.observations.reshape(-1, trial.spec.size)
    for name, part in trial.spec.slices.items():
        still = np.flatnonzero(np.ptp(flat[:, part], axis=0) == 0.0)
        if still.size and not (name in FEATURES and FEATURES[name].remembered):  # it may change by what is done well
            yield f"field '{name}' does not change in elements {', '.join(map(str, still))}"


def starts_differ(trial: Trial) -> Iterator[str]:
    """Episodes begin in different states."""
    first = trial.observations[:, 0, trial.spec.state]
    if (first == first[0]).all():
        yield "all episodes begin in the same state"


def values_are_of_order_one(trial: Trial) -> Iterator[str]:
    """What networks see is near [-1, 1]."""
    largest = np.abs(trial.observations * trial.spec.scale).reshape(-1, trial.spec.size).max(0)
    for item in trial.spec.fields:
        most = largest[trial.spec.slices[item.name]].max(initial=0.0)
        if most > _LARGEST_SCALED:
            yield f"field '{item.name}' reaches {most:.3g} with its scale, more than {_LARGEST_SCALED:g}"


def episodes_are_whole(trial: Trial) -> Iterator[str]:
    """No guard trips under random actions."""
    count = len(trial.batch("reward"))
    if count < EPISODES * STEPS:
        yield f"random actions trip guards: {EPISODES * STEPS - count} of {EPISODES * STEPS} steps teach nothing"


def images_are_known(trial: Trial) -> Iterator[str]:
    """What is symmetric has mirror images to learn from."""
    if trial.task.symmetric and trial.spec.mirror() is None:
        yield f"it is symmetric, but robot '{trial.robot.name}', its actions or a field have no mirror image"


REMARKS: tuple[Check, ...] = (
    elements_change,
    starts_differ,
    values_are_of_order_one,
    episodes_are_whole,
    images_are_known,
)
"""What may be meant as it is."""


def steps(trial: Trial) -> tuple[Array, Array, Array]:
    """Observations, next observations and the actions between them, of all transitions."""
    following = trial.batch("next_observation")
    return trial.batch("observation"), following, following[:, trial.spec.slices["last_action"]]


def judged(trial: Trial, before: Any, after: Any, action: Any) -> tuple[Any, Any]:
    """Rewards and ends of flat observations; a step is rewarded by the goals with which it began."""
    fields, following = trial.spec.split(before), trial.spec.split(after)
    asked = {item.name: fields[item.name] for item in trial.spec.fields if item.kind == "goal"}
    reward = trial.task.reward(fields, fields["last_action"], action, following | asked)
    return reward, trial.task.terminated(following)
