"""What the last build left in its folder, so that the next one makes only what has changed.

It may be lost or wrong: then everything is made again, and files that have the right bytes stay as they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import msgspec

STATE = ".mirante-build.json"
FORMAT = 1
# What decides the bytes beside the inputs: the code of these folders, and what it leans on.
CODE = ("alarms", "app/build", "dashboards", "exporters", "slo", "platform/foundation", "foundation")
LIBRARIES = ("grafanalib", "msgspec", "promql-parser")


@dataclass(frozen=True, slots=True)
class MadePart:
    """``files``: the sha256 of each by its path below the output folder."""

    inputs: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BuildState:
    code: str
    parts: Mapping[str, MadePart] = field(default_factory=dict)
    format: int = FORMAT

    def packed(self) -> bytes:
        return msgspec.json.encode(self, order="sorted")


def read_state(out: Path) -> BuildState:
    """An empty one where there is none that this very code has left."""
    try:
        found = msgspec.json.decode((out / STATE).read_bytes(), type=BuildState)
    except (OSError, msgspec.DecodeError):
        return BuildState(code_digest())
    return found if (found.code, found.format) == (code_digest(), FORMAT) else BuildState(code_digest())


@lru_cache(maxsize=1)
def code_digest() -> str:
    """Of the generators as they are installed."""
    root = Path(__file__).resolve().parents[2]
    found = hashlib.sha256()
    for name in LIBRARIES:
        found.update(f"{name} {version(name)}\n".encode())
    for folder in CODE:
        for path in sorted((root / folder).rglob("*.py")):
            found.update(f"{path.relative_to(root)} {path.stat().st_size}\n".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
