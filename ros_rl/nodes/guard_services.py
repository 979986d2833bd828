# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The services of a driver that stands before another's: each acts on both, and what lets something move asks both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rclpy
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from ros_rl.nodes.running import create_timer
from ros_rl.nodes.safety_services import SafetyServices
from ros_rl.runtime.dead_man import DeadMan
from ros_rl.runtime.latch import Latch

_ANSWER_SECONDS = 1.0
_RELAYED = ("clear_fault", "arm", "home", "pause", "resume")  # the others stop, and wait for nobody
_UNDONE_BY = {"arm": "disarm", "home": "pause", "resume": "pause"}


class GuardServices(SafetyServices):
    """See `SafetyServices`; while the other driver is asked, the services that stop are answered nevertheless.

    Args:
        node: The guard's.
        latch: What the services change.
        be_safe: Has the other driver stop; may be called from any thread.
        dead_man: The switch without which nothing resumes, if there is one.
        unready: Says why it cannot be armed now, if so.
        namespace: Of the other driver, relative to the node's.
    """

    def __init__(
        self,
        node: Node,
        latch: Latch,
        be_safe: Callable[[], None],
        dead_man: DeadMan | None,
        unready: Callable[[], str],
        namespace: str,
    ) -> None:
        self._group = ReentrantCallbackGroup()
        self._namespace = namespace
        self._clients: dict[str, Any] = {}
        super().__init__(node, latch, be_safe, dead_man, unready)

    def request(self, service: str) -> None:
        """Call one of the other driver's services, if it has that; nobody waits for the answer."""
        if rclpy.ok() and self.offers(service):
            self._clients[service].call_async(Trigger.Request())

    def offers(self, service: str) -> bool:
        """Whether the other driver has a service, as far as is known."""
        return service in self._clients and self._clients[service].service_is_ready()

    def _serve(self, name: str, call: Callable[[], tuple[bool, str]]) -> None:
        self._clients[name] = self._node.create_client(Trigger, f"{self._namespace}/{name}", callback_group=self._group)
        if name not in _RELAYED:
            super()._serve(name, call)
            return

        async def answer(request: Any, response: Any) -> Any:
            response.success, response.message = call()
            if response.success:
                response.success, response.message = await self._of_both(name, response.message)
            return response

        self._node.create_service(Trigger, name, answer, callback_group=self._group)

    async def _of_both(self, name: str, done: str) -> tuple[bool, str]:
        """Have the other driver do it, too; where it does not, it is not done here either."""
        told = await self._ask(name)
        if told is not None and told.success:
            return True, f"{done}; the driver: {told.message}" if told.message else done
        problem = f"the driver refuses: {told.message}" if told is not None else self._silence(name)
        if name == "pause":
            return True, f"{done}; but {problem}"
        if name in _UNDONE_BY:
            getattr(self._latch, _UNDONE_BY[name])()
            self._be_safe_unless_armed()
        return False, problem

    def _be_safe_unless_armed(self) -> None:
        if not self._latch.armed:
            self._be_safe()

    def _silence(self, name: str) -> str:
        path = self._node.resolve_service_name(f"{self._namespace}/{name}")
        return f"the driver does not answer {path}" if self.offers(name) else f"the driver has no service {path}"

    async def _ask(self, name: str) -> Any:
        """Its answer; None for none within the limit."""
        if not self.offers(name):
            return None
        client = self._clients[name]
        answered: Future[Any] = Future(executor=self._executor)
        asked = client.call_async(Trigger.Request())

        def settle(answer: Any) -> None:
            if not answered.done():
                answered.set_result(answer)

        asked.add_done_callback(lambda future: settle(future.result()))
        timer = create_timer(self._node, _ANSWER_SECONDS, lambda: settle(None))
        answer = await answered
        self._node.destroy_timer(timer)
        if answer is None:
            client.remove_pending_request(asked)
        return answer
