# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The robot's own motion service, which moves the motors until it is released (RPC `motion_switcher`)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from ros_rl.backends.unitree_go2.dds import Participant
from ros_rl.backends.unitree_go2.types import Request, RequestHeader, RequestIdentity, RequestLease, RequestPolicy
from ros_rl.errors import BackendError

REQUESTS, RESPONSES = "rt/api/motion_switcher/request", "rt/api/motion_switcher/response"
CHECK, SELECT, RELEASE = 1001, 1002, 1003
"""What can be asked of it."""
_AGAIN = 0.5  # s; a request that nobody heard is lost
_LOOKS = 0.005  # s


class MotionService:
    """A client.

    Args:
        participant: Of the robot's domain.
        timeout: How long an answer may take, and the service to be released [s].
    """

    def __init__(self, participant: Participant, timeout: float) -> None:
        self._requests, self._responses = participant.writer(REQUESTS), participant.reader(RESPONSES)
        self._timeout, self._number = timeout, time.time_ns()

    def name(self) -> str:
        """What moves the robot at present; empty if nobody.

        Raises:
            BackendError: The robot does not answer, or with something else.
        """
        answer = self._ask(CHECK)
        name = answer.get("name")
        if not isinstance(name, str):
            raise BackendError(f"motion_switcher answers {answer}, expected a name")
        return name

    def release(self) -> None:
        """Release it.

        Raises:
            BackendError: The robot does not answer, or does not release it.
        """
        deadline = time.monotonic() + self._timeout
        while name := self.name():
            if time.monotonic() > deadline:
                raise BackendError(
                    f"the robot's motion service '{name}' was asked to release the motors and still has them after "
                    f"{self._timeout:g} s; end it in the vendor's app, or start the robot anew"
                )
            self._ask(RELEASE)

    def _ask(self, what: int) -> Mapping[str, Any]:
        self._number += 1
        identity = RequestIdentity(self._number, what)
        request = Request(RequestHeader(identity, RequestLease(0), RequestPolicy(0, False)), "{}", [])
        deadline, again = time.monotonic() + self._timeout, 0.0
        while (now := time.monotonic()) < deadline:
            if now >= again:
                self._requests.write(request)
                again = now + _AGAIN
            for response in self._responses.take():
                if response.header.identity.id == self._number:
                    return _content(response)
            time.sleep(_LOOKS)
        raise BackendError(
            f"the robot's motion_switcher does not answer within {self._timeout:g} s; is it a Go2 EDU, and has it "
            "finished starting?"
        )


def _content(response: Any) -> Mapping[str, Any]:
    code = response.header.status.code
    if code:
        asked = response.header.identity.api_id
        raise BackendError(f"the robot's motion_switcher refuses request {asked}: code {code}")
    try:
        content = json.loads(response.data or "{}")
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise BackendError(f"the robot's motion_switcher answers {response.data!r}, expected JSON")
    return content
