# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""Rows as columns, for the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def columns(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Lines in which each column is as wide as its widest entry; one that is empty in all rows is left out."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width]
        yield f"  {'  '.join(cells)}".rstrip()
