# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""How named vectors, blocks of bytes and arrays travel in one flat array, without ROS.

A packet begins with its stamp, sequence number and version; a list of (label, size) names every field. On the wire
the array is the data of a `std_msgs` multi-array and the list its ``layout.dim`` (`ros_rl.nodes.packets`).

What is a name and no number stands in a label: a transition's robot is the empty field ``source.<robot>``, and dtype
and shape of an array follow its name (``images.front |u1 48,64,3``). A transition without images is a packet of
vectors; with images it is one of arrays.
"""

from ros_rl.wire.fields import LARGEST_WHOLE, first_beyond, number, vector, whole
from ros_rl.wire.packets import Header, Labels, pack, pack_arrays, pack_bytes, unpack, unpack_arrays, unpack_bytes
from ros_rl.wire.transitions import (
    BY_PERSON,
    IMAGES,
    METRICS,
    NEXT_IMAGES,
    SOURCE,
    metrics_from,
    transition_arrays,
    transition_fields,
    transition_from,
)

__all__ = [
    "BY_PERSON",
    "IMAGES",
    "LARGEST_WHOLE",
    "METRICS",
    "NEXT_IMAGES",
    "SOURCE",
    "Header",
    "Labels",
    "first_beyond",
    "metrics_from",
    "number",
    "pack",
    "pack_arrays",
    "pack_bytes",
    "transition_arrays",
    "transition_fields",
    "transition_from",
    "unpack",
    "unpack_arrays",
    "unpack_bytes",
    "vector",
    "whole",
]
