"""Settings of the example agent. The robot's nodes read them too, so nothing here may need torch."""

from dataclasses import dataclass

from ros_rl.config import setting
from ros_rl.settings.critics import CriticSettings


@dataclass(frozen=True)
class AwrSettings(CriticSettings):
    """Advantage-weighted regression."""

    temperature: float = setting(1.0, "advantage at which an action's weight is e", low=1e-3)
    exploration: float = setting(0.2, "standard deviation of the executed noise, in units of action", low=0.0)
