# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""A control graph is exported in one thread while another one trains."""

import threading

import torch

from ros_rl.networks.exporting import exporting, is_exporting
from ros_rl.networks.mlp import BatchedMLP


def test_only_the_thread_that_exports_makes_a_control_graph() -> None:
    """A batch's own statistics normalise it in training; in a control graph the running ones do."""
    torch.manual_seed(0)
    net, x = BatchedMLP(2, 3, 4, 2, 1, "batch"), 5.0 + torch.randn(1, 6, 3)
    expected, inside, found = net(x), threading.Event(), {}

    def export() -> None:
        with exporting():
            found["there"], found["graph"] = is_exporting(), net(x)
            inside.set()
            done.wait(10.0)
        found["after"] = is_exporting()

    done = threading.Event()
    thread = threading.Thread(target=export)
    thread.start()
    assert inside.wait(10.0)
    assert not is_exporting()
    torch.testing.assert_close(net(x), expected)
    done.set()
    thread.join()
    assert found["there"] and not found["after"]
    assert (found["graph"] - expected).abs().max() > 0.01
