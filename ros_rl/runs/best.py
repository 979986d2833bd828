# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""The controller of a run that did best in an evaluation, kept beside the last."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ros_rl.deploy.contract import METADATA_KEY, Contract
from ros_rl.deploy.onnx_file import OnnxFile
from ros_rl.errors import RosRlError
from ros_rl.runs.run_folder import BEST

JUDGED = "evaluation"
"""Entry of a control graph's provenance: what its evaluation found, if it is the best of its run."""
SCORE = "score"
"""Entry of a control graph's provenance: what it was chosen by."""


def best_controller(folder: Path | None) -> dict[str, Any] | None:
    """Which controller of a run did best, by what its file says.

    Args:
        folder: Of the run; None: there is none.

    Returns:
        File, score, and the evaluation that gave it; None before the first evaluation.
    """
    if folder is None:
        return None
    try:
        contract = Contract.from_json(OnnxFile.read((folder / BEST).read_bytes()).metadata.get(METADATA_KEY, ""))
        judged, score = contract.provenance[JUDGED], float(contract.provenance[SCORE])
    except (OSError, RosRlError, KeyError, TypeError, ValueError):
        return None
    return {"file": BEST, "score": score, **judged} if isinstance(judged, dict) else None
