# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""An SO-101 that is not there, for the vendor's client and for ours."""

from __future__ import annotations

from ros_rl.stand_ins.so101.stand_in import So101StandIn, Written

__all__ = ["So101StandIn", "Written"]
