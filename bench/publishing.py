# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What a new control graph costs the two threads that have better things to do, the learner's and the controller's.

*Learner*: processor time of the thread that trains, for making a graph and handing it over, between two rounds of
training, while another process receives it. *Controller*: for how long a thread of real-time priority is held up while
another one checks and loads a graph, and while it drops one; the first only wakes once a millisecond, so what
holds it up is Python's lock. That needs `ulimit -r` or root, and an idle machine: who has the lock may wait for a core.

    python bench/publishing.py
    python bench/publishing.py --set agent.hidden=512
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from typing import Any

import numpy as np
import rclpy
from machine import add_output, table, write_result
from std_msgs.msg import UInt8MultiArray

from ros_rl.deploy.onnx_graph import OnnxGraph
from ros_rl.nodes import packets
from ros_rl.nodes.outbox import Outbox
from ros_rl.nodes.qos import LATCHED
from ros_rl.settings.loading import load_settings
from ros_rl.training.training_loop import TrainingLoop
from ros_rl.types import Transition
from ros_rl.wire import Header

PRIORITY = 50
TICK, LATE = 0.001, 0.0002  # s
LISTENER = """
import rclpy
from std_msgs.msg import UInt8MultiArray
from ros_rl.nodes.qos import LATCHED
rclpy.init()
node = rclpy.create_node("listener")
node.create_subscription(UInt8MultiArray, "graph_bench", lambda message: None, LATCHED, raw=True)
rclpy.spin(node)
"""


def of_learner(training: TrainingLoop, count: int) -> np.ndarray:
    """Processor time of the training thread for each graph [s]."""
    rclpy.init()
    publisher = rclpy.create_node("publishing_bench").create_publisher(UInt8MultiArray, "graph_bench", LATCHED)
    listener, outbox, taken = subprocess.Popen([sys.executable, "-c", LISTENER]), Outbox(), []
    try:
        while not publisher.get_subscription_count():
            time.sleep(0.1)
        for index in range(count):
            training.train()
            began = time.thread_time()
            graph = training.graph()
            fields, header = {"model": graph}, Header(0, index, index)
            outbox.publish(publisher, lambda header=header, fields=fields: packets.to_raw_blocks(header, fields))
            taken.append(time.thread_time() - began)
        outbox.close()
    finally:
        listener.kill()
        listener.wait()
        rclpy.try_shutdown()
    return np.array(taken)


def held_up(work: Any) -> float:
    """How long this thread was held up while another one works [s]."""
    done, total = threading.Event(), 0.0

    def ordinary() -> None:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        work()
        done.set()

    threading.Thread(target=ordinary).start()
    last = time.perf_counter()
    while not done.is_set():
        time.sleep(TICK)
        now = time.perf_counter()
        late, last = now - last - TICK, now
        total += late if late > LATE else 0.0
    return total


def of_controller(graph: bytes, count: int) -> dict[str, np.ndarray]:
    """How long each part holds up the control thread [s]."""
    os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    message, parts = packets.to_raw_blocks(Header(0), {"model": graph}), {"load": [], "drop": []}
    for _ in range(count):
        kept: list[OnnxGraph] = []
        parts["load"].append(held_up(lambda kept=kept: kept.append(_load(message))))
        parts["drop"].append(held_up(kept.clear))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return {name: np.array(values) for name, values in parts.items()}


def _load(message: bytes) -> OnnxGraph:
    graph = OnnxGraph(bytes(packets.from_raw_graph(message)[1]))
    graph.check_outputs()
    return graph


def main() -> None:
    """Measure both and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="a1_walk", help="what is learned")
    parser.add_argument("--graphs", type=int, default=40, help="how many")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="further settings")
    add_output(parser, "publishing")
    args = parser.parse_args()
    training = TrainingLoop(load_settings(args.task, overrides=args.set))
    fill(training)
    size = len(training.graph())
    measured = {"learner": of_learner(training, args.graphs)}
    measured |= {f"controller, {k}": v for k, v in of_controller(training.graph(), args.graphs // 4).items()}
    result = {name: {"p50": float(np.median(v)), "p90": float(np.quantile(v, 0.9))} for name, v in measured.items()}
    write_result(args.out, {"bytes": size, "seconds": result})
    rows = [[name, f"{size / 1e6:.1f}", *(f"{1e3 * value:.2f}" for value in v.values())] for name, v in result.items()]
    print(table(["who is held up", "graph [MB]", "p50 [ms]", "p90 [ms]"], rows))


def fill(training: TrainingLoop) -> None:
    """Random experience, enough to learn from; one round of learning."""
    spec, rng = training.spec, np.random.default_rng(0)
    for index in range(400):
        seen = rng.normal(size=(2, spec.size))
        action = rng.uniform(-1, 1, spec.action_size)
        training.add(Transition(index, 0, seen[0], action, float(rng.normal()), seen[1], False, False))
    training.note_steps(400)
    training.train()


if __name__ == "__main__":
    main()
