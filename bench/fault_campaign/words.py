# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Messages that harm nobody: malformed, huge, not finite, from strangers, and from those who bear a node's name."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from std_msgs.msg import String

from fault_campaign.fault import Fault, Holds
from fault_campaign.live import run_live
from fault_campaign.scene import GUEST, Scene
from fault_campaign.stranger import JOINTS, SIGNATURE, Stranger, joint_state, tick_fields, transition_fields
from ros_rl.wire import Header

Say = Callable[[Stranger, Scene], None]
_HUGE = 10**12
_TIMES = 20
_APART_SECONDS = 0.05


def said(what: Say, *names: str, times: int = _TIMES) -> Callable[[Scene], dict[str, Any]]:
    """Said by a stranger, and by one of each of these names; the guest's word counts, the others' does not."""

    def act(scene: Scene) -> dict[str, Any]:
        began = time.monotonic()
        for name in ("stranger", *names):
            with Stranger(scene, name) as stranger:
                for _ in range(times):
                    what(stranger, scene)
                    time.sleep(_APART_SECONDS)
        return {"began": began, "signature": SIGNATURE}

    return act


def verdict(value: float) -> Say:
    """On the newest tick."""
    return lambda stranger, scene: stranger.vectors("verdict", {"verdict": value}, Header(_stamp(scene)))


def tick(header: Header | None = None, **changes: Any) -> Say:
    """A tick of which something is wrong, with the joints that belong to it."""

    def say(stranger: Stranger, scene: Scene) -> None:
        stamp = time.time_ns()
        states = joint_state(stamp, [0.0, 0.0])
        states.position, states.effort = [0.0, 0.0], [0.0, 0.0]
        stranger.say("joint_states", states)
        stranger.vectors("tick", tick_fields(**changes), header or Header(stamp, 5, 1))

    return say


def transition(header: Header | None = None, **changes: Any) -> Say:
    """A transition of which something is wrong."""
    return lambda stranger, scene: stranger.vectors(
        "transitions", transition_fields(**changes), header or Header(time.time_ns(), time.monotonic_ns(), 7)
    )


def command(velocity: list[float], names: list[str] | None = None) -> Say:
    """A command that answers the open tick."""
    return lambda stranger, scene: stranger.command(_stamp(scene), velocity, names)


def states(**changes: Any) -> Say:
    """Joint states with the newest tick's stamp."""

    def say(stranger: Stranger, scene: Scene) -> None:
        message = joint_state(_stamp(scene), [0.0, 0.0])
        for name, value in changes.items():
            setattr(message, name, value)
        stranger.say("joint_states", message)

    return say


def text(topic: str, words: str) -> Say:
    """Text."""
    return lambda stranger, scene: stranger.say(topic, String(data=words))


def vectors(topic: str, **fields: Any) -> Say:
    """Named vectors."""
    return lambda stranger, scene: stranger.vectors(topic, fields)


def raw(topic: str, data: list[float], *labels: tuple[str, int]) -> Say:
    """Numbers under labels that do not fit."""
    return lambda stranger, scene: stranger.raw(topic, data, list(labels))


def flood(scene: Scene) -> dict[str, Any]:
    """As many commands as one thread can publish in two seconds."""
    began, count = time.monotonic(), 0
    with Stranger(scene) as stranger:
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            stranger.command(_stamp(scene), [SIGNATURE, SIGNATURE])
            count += 1
    return {"began": began, "messages": count, "signature": SIGNATURE}


def _stamp(scene: Scene) -> int:
    """Of the newest tick [ns]."""
    return scene.operator.ticks[-1].stamp


_HEADER = (("stamp_sec", 1), ("stamp_nanosec", 1), ("sequence", 1), ("version", 1))
_MINE = [SIGNATURE, SIGNATURE]


def faults() -> list[Fault]:
    """All of them."""
    rows: dict[str, tuple[Say, tuple[str, ...]]] = {
        "verdict inf": (verdict(math.inf), ("collector",)),
        "verdict NaN": (verdict(math.nan), ("collector",)),
        "verdict that ends the episode": (verdict(1.0), ("collector",)),
        "tick without fields": (vectors("tick"), ("driver", GUEST)),
        "tick with labels that do not fit": (raw("tick", [1.0, 2.0], *_HEADER, ("index", 9)), ("driver", GUEST)),
        "tick of huge index": (tick(index=_HUGE, env_steps=_HUGE), ("driver",)),
        "tick NaN": (tick(index=math.nan, env_steps=math.nan, safety=math.inf), ("driver", GUEST)),
        "tick that says fault": (tick(safety=3), ("driver",)),
        "transition of another size": (transition(observation=[0.1], action=[0.1] * 5), ("collector", GUEST)),
        "transition NaN": (transition(observation=[math.nan] * 8), ("collector", GUEST)),
        "transition of reward 1e30": (transition(reward=1e30), ("collector", GUEST)),
        "transition of huge sequence": (transition(Header(time.time_ns(), _HUGE, 7)), ("collector",)),
        "evaluation not JSON": (text("evaluation", "{not json"), ("evaluator",)),
        "evaluation of nonsense": (text("evaluation", '{"env_steps": "many", "final": 3}'), ("evaluator",)),
        "progress done": (vectors("progress", done=1.0), ("learner",)),
        "allowance inf": (vectors("step_allowance", steps=math.inf), ("learner",)),
        "allowance negative": (vectors("step_allowance", steps=-5.0), ("learner",)),
        "command with the right stamp": (command(_MINE), ("controller",)),
        "command NaN": (command([math.nan, math.inf]), ("controller", GUEST)),
        "command of wrong size": (command([SIGNATURE]), ("controller", GUEST)),
        "command of other joints": (command(_MINE, ["left", "right"]), ("controller", GUEST)),
        "command of a joint twice": (command([SIGNATURE] * 3, [*JOINTS, JOINTS[0]]), ("controller", GUEST)),
        "joint states of wrong length": (states(position=[1.0], velocity=[1.0, 2.0, 3.0]), ("driver", GUEST)),
        "joint states NaN": (states(position=[math.nan] * 2, effort=[math.inf] * 2), ("driver",)),
        "applied command of others": (
            lambda stranger, scene: stranger.say("applied_command", joint_state(_stamp(scene), _MINE)),
            ("driver",),
        ),
    }
    found = [
        Fault(name, Holds.HARMLESS, said(say, *names, times=3 if "huge" in name else _TIMES), run_live)
        for name, (say, names) in rows.items()
    ]
    return [*found, Fault("flood of commands", Holds.HARMLESS, flood, run_live)]
