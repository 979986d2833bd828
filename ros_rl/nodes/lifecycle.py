# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Leads another process's lifecycle node through its states; only valid transitions are ever asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.node import Node

from ros_rl.errors import NodeSilentError, RosRlError

_CALL_SECONDS = 5.0  # a transition may load a simulator
_STATE_SECONDS = 1.0  # it may have been asked of a process that has died
_AGAIN_SECONDS = 0.05
_POLL_SECONDS = 0.005
_NEXT = {
    (State.PRIMARY_STATE_UNCONFIGURED, State.PRIMARY_STATE_INACTIVE): Transition.TRANSITION_CONFIGURE,
    (State.PRIMARY_STATE_UNCONFIGURED, State.PRIMARY_STATE_ACTIVE): Transition.TRANSITION_CONFIGURE,
    (State.PRIMARY_STATE_INACTIVE, State.PRIMARY_STATE_ACTIVE): Transition.TRANSITION_ACTIVATE,
    (State.PRIMARY_STATE_ACTIVE, State.PRIMARY_STATE_INACTIVE): Transition.TRANSITION_DEACTIVATE,
}
UNCONFIGURED, INACTIVE = State.PRIMARY_STATE_UNCONFIGURED, State.PRIMARY_STATE_INACTIVE
ACTIVE = State.PRIMARY_STATE_ACTIVE


class TransitionRefused(RosRlError):
    """A lifecycle node answered a transition with failure; its diagnostics say why."""


class ManagedNode:
    """The lifecycle services of one node. The calling node must be spinning in another thread.

    Args:
        node: Calls.
        name: Name of the managed node, in the same namespace.
        stop: Ends the waiting for an answer.
        waiting: Called again and again, each few milliseconds, while an answer is waited for.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        stop: threading.Event | None = None,
        waiting: Callable[[], object] = lambda: None,
    ) -> None:
        self.name, self._waiting = name, waiting
        self._stop = stop if stop is not None else threading.Event()
        self._get: Any = node.create_client(GetState, f"{name}/get_state")
        self._change: Any = node.create_client(ChangeState, f"{name}/change_state")

    @property
    def there(self) -> bool:
        """Whether its services have been discovered."""
        return self._get.service_is_ready() and self._change.service_is_ready()

    def state(self) -> int | None:
        """Its state (`lifecycle_msgs/State`); None if it does not answer."""
        if not self.there:
            return None
        response = self._call(self._get, GetState.Request(), _STATE_SECONDS)
        return None if response is None else int(response.current_state.id)

    def step_towards(self, target: int) -> bool:
        """Ask for the next transition on the way to `target`.

        Returns:
            Whether the target is reached.

        Raises:
            TransitionRefused: The node could not make it.
        """
        state = self.state()
        if state == target:
            return True
        transition = _NEXT.get((state, target)) if state is not None else None
        if transition is not None:
            request = ChangeState.Request()
            request.transition.id = transition
            response = self._call(self._change, request, _CALL_SECONDS)
            if response is not None and not response.success:
                raise TransitionRefused(self.name)
        return False

    def bring_to(self, target: int, timeout: float) -> None:
        """Step until the target is reached, or `stop` is set; a refused transition is asked for again.

        Args:
            target: `INACTIVE` or `ACTIVE`.
            timeout: Wall-clock limit [s].

        Raises:
            NodeSilentError: It was not reached in time.
        """
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                if self.step_towards(target):
                    return
            except TransitionRefused:
                pass
            if self._stop.wait(_AGAIN_SECONDS):
                return
        raise NodeSilentError(f"{self.name} did not come up within {timeout:g} s")

    def _call(self, client: Any, request: Any, seconds: float) -> Any:
        future = client.call_async(request)
        end = time.monotonic() + seconds
        while not future.done():
            self._waiting()
            if time.monotonic() > end or self._stop.wait(_POLL_SECONDS):
                client.remove_pending_request(future)
                return None
        return future.result()
