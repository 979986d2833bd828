# Copyright 2026 the ros_rl authors
# SPDX-License-Identifier: Apache-2.0

"""OBJ files by their objects: MuJoCo reads the first alone, and a convex decomposition has a part in each."""

from __future__ import annotations

from pathlib import Path

from ros_rl.errors import ConfigError


def obj_parts(path: Path) -> list[bytes]:
    """The objects and groups of an OBJ file, each as a file of its own, with places and faces and nothing else.

    Raises:
        ConfigError: It cannot be read.
    """
    vertices: list[str] = []
    parts: list[list[list[int]]] = [[]]
    try:
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            key, *words = line.split() or [""]
            if key == "v":
                vertices.append(" ".join(words[:3]))
            elif key == "f":
                parts[-1].append([_index(word, len(vertices)) for word in words])
            elif key in ("o", "g") and parts[-1]:
                parts.append([])
        return [_write(vertices, faces) for faces in parts if faces]
    except (OSError, ValueError, IndexError) as error:
        raise ConfigError(f"{path}: it cannot be read as OBJ: {error}") from None


def _index(word: str, count: int) -> int:
    """From 0; in the file from 1, or backwards from the newest."""
    number = int(word.partition("/")[0])
    return number - 1 if number > 0 else count + number


def _write(vertices: list[str], faces: list[list[int]]) -> bytes:
    used = {old: new for new, old in enumerate(sorted({index for face in faces for index in face}), start=1)}
    lines = [f"v {vertices[index]}" for index in used]
    lines += ["f " + " ".join(str(used[index]) for index in face) for face in faces]
    return "\n".join(lines).encode()
