# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""What came of `mutmut run`: for each module, how many small faults the tests notice, and which they do not.

One that no test can tell from the original is named in ``test/equivalent_mutants.txt``, with the reason, and does
not count; all others are printed. The exit status is 1 if a module notices less than 95 %.

    make mutants
    make mutants MUTANTS='ros_rl.wire*'
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

WANTED = 0.95
EQUIVALENT = Path("test") / "equivalent_mutants.txt"
EVERYWHERE = "everywhere"
Lines = tuple[str, ...]


@dataclass
class Known:
    """Mutants that no test can tell from the original.

    Attributes:
        lines: By file, what is taken away and what is put in its place, line by line.
        parts: The same of parts of a line, in any file.
    """

    lines: dict[str, set[tuple[Lines, Lines]]] = field(default_factory=dict)
    parts: set[tuple[str, str]] = field(default_factory=set)

    def holds(self, path: str, removed: Lines, added: Lines) -> bool:
        """Whether a mutant is known to be equivalent."""
        if (removed, added) in self.lines.get(path, set()):
            return True
        if len(removed) != 1 or len(added) != 1:
            return False
        return any(part in removed[0] and _once(*removed, *added, part, other) for part, other in self.parts)


def _once(removed: str, added: str, part: str, other: str) -> bool:
    """Whether the lines differ by one exchange of these parts."""
    pieces = removed.split(part)
    return any(part.join(pieces[:i]) + other + part.join(pieces[i:]) == added for i in range(1, len(pieces)))


def load(path: Path) -> Known:
    """Read the list: ``[file]``, reasons behind ``#``, and pairs of lines that begin with ``- `` and ``+ ``."""
    known, section = Known(), ""
    removed: list[str] = []
    added: list[str] = []

    def note() -> None:
        if section == EVERYWHERE and removed:
            known.parts.add((removed[0], added[0]))
        elif removed or added:
            known.lines.setdefault(section, set()).add((tuple(removed), tuple(added)))
        removed.clear()
        added.clear()

    for line in path.read_text(encoding="utf-8").splitlines():
        if added and not line.startswith("+ "):
            note()
        if line.startswith("["):
            section = line.strip("[]")
        elif line.startswith("- "):
            removed.append(line[2:] if section == EVERYWHERE else line[2:].strip())
        elif line.startswith("+ "):
            added.append(line[2:] if section == EVERYWHERE else line[2:].strip())
    note()
    return known


def changed(mutant: str, path: str) -> tuple[Lines, Lines]:
    """The lines that a mutant takes away, and those in their place."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    lines = get_diff_for_mutant(mutant, path=path).splitlines()[2:]
    removed, added = (tuple(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+")
    return removed, added


def results() -> Iterator[tuple[str, dict[str, str]]]:
    """The files that were mutated, and what became of each of their mutants."""
    from mutmut.__main__ import SourceFileMutationData, walk_mutatable_files
    from mutmut.stats import status_by_exit_code

    for path in sorted(walk_mutatable_files()):
        data = SourceFileMutationData(path=path)
        data.load()
        yield str(path), {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def main() -> int:
    """Print the table and the survivors."""
    known, short = load(EQUIVALENT), []
    print("| module | faults | noticed | equivalent | not noticed | share |\n|---|---|---|---|---|---|")
    survivors: list[str] = []
    for path, found in results():
        counts: Counter[str] = Counter()
        for mutant, status in found.items():
            if status not in ("survived", "no tests"):
                counts["noticed" if status in ("killed", "timeout", "segfault") else "open"] += 1
                continue
            removed, added = changed(mutant, path)
            same = known.holds(path, removed, added)
            counts["equivalent" if same else "unnoticed"] += 1
            if not same:
                survivors += [mutant, *(f"  - {line}" for line in removed), *(f"  + {line}" for line in added)]
        judged = counts["noticed"] + counts["unnoticed"]
        if judged:
            share, total = counts["noticed"] / judged, sum(counts.values())
            short += [path] * (share < WANTED)
            left = f" ({counts['open']} not tried)" if counts["open"] else ""
            cells = (path, f"{total}{left}", counts["noticed"], counts["equivalent"], counts["unnoticed"])
            print("| " + " | ".join(map(str, cells)) + f" | {100 * share:.0f} % |")
    print("\n".join(["", *survivors]))
    if short:
        print(f"\nless than {100 * WANTED:.0f} % noticed: {', '.join(short)}")
    return int(bool(short))


if __name__ == "__main__":
    sys.exit(main())
