# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An address of this machine's own where nobody listens, for clients whose ports are fixed."""

import os
import random
import socket

_RANDOM = random.Random(os.getpid())


def free_address(*ports: int) -> str:
    """One of 127.0.0.0/8 whose ports are free."""
    while True:
        address = f"127.{_RANDOM.randint(1, 254)}.{_RANDOM.randint(0, 254)}.{_RANDOM.randint(1, 254)}"
        try:
            for port in ports:
                socket.create_server((address, port)).close()
            return address
        except OSError:
            continue
