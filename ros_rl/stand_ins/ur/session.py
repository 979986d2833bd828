# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""One client of the RTDE port."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from ros_rl.backends.ur_rtde.protocol import VERSION, Frame, Recipe, pack, unpack
from ros_rl.stand_ins.ur.fields import SIZES, type_of

Values = Mapping[str, Sequence[float]]


class Session:
    """Answers one client's frames, and packs its data.

    Args:
        version: Of the controller: major, minor, bugfix, build.
        fastest: Largest rate of its data [Hz].
        first: Id of its recipe of data.
        claim: Takes input fields for this client; False where another has one of them.
    """

    def __init__(
        self, version: tuple[int, int, int, int], fastest: float, first: int, claim: Callable[[Sequence[str]], bool]
    ) -> None:
        self._version, self._fastest, self._first, self._claim = version, fastest, first, claim
        self._buffer = bytearray()
        self._outputs: Recipe | None = None
        self._inputs: dict[int, Recipe] = {}
        self._every = 1.0 / fastest
        self._due = 0.0
        self.started = False
        """Whether it has asked for data."""
        self.held: deque[bytes] = deque()
        """Data that is held back."""

    def take(self, data: bytes) -> tuple[bytes, list[Values]]:
        """Take what came; gives the answer, and the inputs that it wrote.

        Raises:
            ValueError: It is no frame.
        """
        self._buffer += data
        answers: list[bytes] = []
        written: list[Values] = []
        for kind, payload in unpack(self._buffer):
            if kind == Frame.DATA:
                recipe = self._inputs.get(payload[0] if payload else 0)
                if recipe is None:
                    raise ValueError(f"data of recipe {payload[:1].hex()}, which was never set up")
                written.append(recipe.unpack(payload))
            else:
                answers.append(self._answer(kind, payload))
        return b"".join(answers), written

    def data(self, values: Values, time: float) -> bytes:
        """Its data frame at a time [s], empty where none is due."""
        if not self.started or self._outputs is None or time + 1e-6 < self._due:
            return b""
        self._due = max(self._due + self._every, time)
        return pack(Frame.DATA, self._outputs.pack(_padded(name, values) for name in self._outputs.names))

    def _answer(self, kind: int, payload: bytes) -> bytes:
        if kind == Frame.VERSION:
            return pack(Frame.VERSION, bytes([struct.unpack(">H", payload)[0] == VERSION]))
        if kind == Frame.CONTROLLER:
            return pack(Frame.CONTROLLER, struct.pack(">4I", *self._version))
        if kind == Frame.OUTPUTS:
            return self._set_up_outputs(payload)
        if kind == Frame.INPUTS:
            return self._set_up_inputs(payload)
        if kind in (Frame.START, Frame.PAUSE):
            self.started = kind == Frame.START
            return pack(Frame(kind), b"\1")
        return b""

    def _set_up_outputs(self, payload: bytes) -> bytes:
        rate, names = struct.unpack(">d", payload[:8])[0], _names(payload[8:])
        types = [type_of(name, "output") for name in names]
        if "NOT_FOUND" in types:
            return pack(Frame.OUTPUTS, b"\0" + ",".join(types).encode())
        self._every = 1.0 / min(max(rate, 1.0), self._fastest)
        self._outputs = Recipe(self._first, names, types)
        return pack(Frame.OUTPUTS, bytes([self._first]) + ",".join(types).encode())

    def _set_up_inputs(self, payload: bytes) -> bytes:
        names = _names(payload)
        types = [type_of(name, "input") for name in names]
        if not self._claim(names):
            types = ["IN_USE"] * len(names)
        if {"NOT_FOUND", "IN_USE"} & set(types):
            return pack(Frame.INPUTS, b"\0" + ",".join(types).encode())
        number = 1 + len(self._inputs)  # ur_rtde counts on it
        self._inputs[number] = Recipe(number, names, types)
        return pack(Frame.INPUTS, bytes([number]) + ",".join(types).encode())


def _names(payload: bytes) -> list[str]:
    return [name for name in payload.decode().split(",") if name]


def _padded(name: str, values: Values) -> Sequence[float]:
    """The field's numbers; zeros for what the stand-in does not know."""
    return values.get(name) or (0,) * SIZES.get(type_of(name, "output"), 1)
