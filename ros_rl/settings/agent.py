# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What the settings of every agent have in common, and those of the agents that take no actions to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ros_rl.config import setting
from ros_rl.errors import ConfigError
from ros_rl.settings.replay import HOW_DRAWN


@dataclass(frozen=True)
class AgentSettings:
    """What is asked of the settings of an agent, whichever it is; where one has such a setting, that answers."""

    discrete: ClassVar[bool | None] = False
    """Whether it chooses among discrete actions, as some command maps and Gymnasium environments have them; None: it
    learns these and continuous ones."""
    learns: ClassVar[bool] = True
    offline: ClassVar[bool] = False
    """Whether it learns from a log, before it acts, and not from what it does."""
    learns_model: ClassVar[bool] = False
    """Whether it learns a dynamics model, for which observations must hold the last action."""
    plans: ClassVar[bool] = False
    """Whether it holds a planner."""
    imagines: ClassVar[bool] = False
    """Whether it learns a world model that foretells what will be seen."""
    foresees: ClassVar[bool] = False
    """Whether it learns a latent state that foretells itself and rewards, and is never decoded."""
    sees_images: ClassVar[bool] = False
    """Whether it learns from images beside the observation, too."""
    changeable: ClassVar[tuple[str, ...]] = ()
    """Beginnings of settings that may change after a training: weights and what they mean do not depend on them."""

    def __post_init__(self) -> None:
        """Check what spans two settings; subclasses check theirs as well."""

    @classmethod
    def acts(cls, discrete: bool) -> bool:
        """Whether it learns discrete actions, or continuous ones."""
        return cls.discrete is None or cls.discrete == discrete

    @property
    def smoothing(self) -> float:
        """Share of the last action in the next one."""
        return 0.0

    @property
    def gamma(self) -> float:
        """Discount per step."""
        return 1.0

    @property
    def mirror(self) -> bool:
        """Whether it learns from left-right mirror images too."""
        return False

    @property
    def relabel_fraction(self) -> float:
        """Share of each batch that gets another transition's goal."""
        return 0.0

    @property
    def log(self) -> str:
        """What was recorded, to learn from before it acts; empty: nothing."""
        return ""

    @property
    def teacher(self) -> str:
        """Folder of a run whose planner it takes over; empty: none."""
        return ""

    @property
    def learns_task(self) -> bool:
        """Whether it learns reward or termination from data, and so serves no other task."""
        return False

    @property
    def frames(self) -> int:
        """How many observations it sees at once: the newest and those before it."""
        return 1

    @property
    def chunk(self) -> int:
        """Control periods that a decision is for, an action for each."""
        return 1

    @property
    def adapts(self) -> bool:
        """Whether it goes on from a run, in another world, and learns only what differs there."""
        return False

    @property
    def judges_by_task(self) -> bool:
        """Whether it needs the task's own reward or termination of what it predicts."""
        return False

    @property
    def replays(self) -> bool:
        """Whether updates draw from the replay buffer, and so may be as many as one likes."""
        return True

    def unused_replay(self) -> tuple[str, ...]:
        """Settings of `learner.replay` that would have no effect."""
        return ()

    def whole_episodes(self) -> int:
        """How many finished episodes an update needs at once."""
        return 0

    def within_episode(self) -> dict[str, int]:
        """Settings that say how many steps of one episode an update needs in a row, and how many."""
        return {}

    def through_episodes(self) -> dict[str, int]:
        """Settings that say how many observations of one robot, through the ends of episodes, make a row, and how many.

        A row counts as so many transitions of ``learner.batch_size``.
        """
        return {}

    def without_remedy(self) -> frozenset[str]:
        """Its own settings of which no change helps against values that lie: it has no effect, or is made already."""
        return frozenset()

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """What decides what an agent's weights are and mean, by the setting's name: a checkpoint goes on with the same.

        Args:
            agent: Settings of this kind of agent as plain data, perhaps of an earlier version.
        """
        return {}


@dataclass(frozen=True)
class SmoothSettings(AgentSettings):
    """Of agents with continuous actions."""

    smoothing: float = setting(0.3, "share of the last action in the next one", low=0.0, high=0.95)


@dataclass(frozen=True)
class NetworkSettings(AgentSettings):
    """Of agents with networks for a policy or for values."""

    hidden: int = setting(256, "units in each of the two hidden layers", low=1)
    learning_rate: float = setting(1e-3, "Adam's step size", low=1e-7, high=1.0)

    @classmethod
    def meaning(cls, agent: Mapping[str, Any]) -> dict[str, Any]:
        """See `AgentSettings.meaning`."""
        return super().meaning(agent) | {"hidden": agent.get("hidden")}


@dataclass(frozen=True)
class ReturnSettings(NetworkSettings):
    """Of agents that learn from rewards."""

    gamma: float = setting(0.99, "discount per step", low=0.0, high=1.0)

    def __post_init__(self) -> None:
        """Check what the range cannot say."""
        super().__post_init__()
        if self.gamma == 0.0:
            raise ConfigError("agent.gamma is 0.0, allowed: above 0, to 1")


@dataclass(frozen=True)
class AugmentedSettings(AgentSettings):
    """Of agents that learn more from a transition than what happened."""

    relabel_fraction: float = setting(
        0.5, "share of each batch that gets another transition's goal (tasks with goals)", low=0.0, high=1.0
    )
    mirror: bool = setting(True, "learn from left-right mirror images too, where robot and task are symmetric")


@dataclass(frozen=True)
class RandomSettings(SmoothSettings):
    """Uniform random actions, smoothed like the learned ones."""

    learns: ClassVar[bool] = False


@dataclass(frozen=True)
class BcSettings(SmoothSettings, NetworkSettings):
    """Behaviour cloning from a log."""

    offline: ClassVar[bool] = True

    log: str = setting("", "folder of the run whose actions are cloned, or MCAP file or folder", path=True)
    updates: int = setting(5000, "updates before it acts", low=1)
    smoothing: float = setting(0.0, "share of the last action in the next one", low=0.0, high=0.95)

    def unused_replay(self) -> tuple[str, ...]:
        """See `AgentSettings.unused_replay`: an action is cloned whatever it brought."""
        return HOW_DRAWN
