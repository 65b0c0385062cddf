"""Where the audit trail's head is anchored: an append-only file outside the database, synced line by line.

Room is written ahead (blank lines), so that after a commit the anchor only overwrites what is already
there: a full disk shows before the commit, never after it. Full segments are kept as ``audit.1.jsonl``
(newest) to ``audit.N.jsonl``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from credit.domain.canonical import instant_text
from dataplatform.errors import SchemaError
from dataplatform.security.audit_chain import Anchor

_NAME = "audit.jsonl"
_LONGEST_LINE = 512  # bytes; a line takes about 160


def _line(anchor: Anchor) -> bytes:
    fields = {"at": instant_text(anchor.at), "digest": anchor.digest, "sequence": anchor.sequence}
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def _segments(directory: Path) -> list[Path]:
    """Oldest first."""
    old = sorted(directory.glob("audit.*.jsonl"), key=lambda path: -int(path.name.split(".")[1]))
    current = directory / _NAME
    return [*old, current] if current.exists() else old


def _parse(path: Path) -> tuple[list[Anchor], int]:
    """Anchors of one segment, and the offset where the next line goes. A torn last line is none."""
    content = path.read_bytes()
    written = content.rstrip(b"\n")
    anchors: list[Anchor] = []
    offset = 0
    for number, line in enumerate(written.split(b"\n") if written else [], start=1):
        try:
            fields = json.loads(line)
            anchors.append(Anchor(fields["sequence"], fields["digest"], datetime.fromisoformat(fields["at"])))
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            if offset + len(line) < len(written):
                raise SchemaError(
                    path, f"line {number} is not an anchor ({error})", "Restore the file from a backup"
                ) from error
            break
        offset += len(line) + 1
    return anchors, offset


def read_anchors(directory: Path) -> Sequence[Anchor]:
    """Every anchor kept, oldest first; none when there is no file.

    Raises:
        SchemaError: a line in the middle cannot be read.
    """
    return [anchor for path in _segments(directory) for anchor in _parse(path)[0]]


class AnchorFile:
    """One writer at a time. ``room`` before a commit, ``append`` after it."""

    def __init__(self, directory: Path, segment_bytes: int = 256 * 1024, keep: int = 8) -> None:
        """Raises OSError (no room, no permission) or SchemaError (unreadable)."""
        self._directory, self._segment_bytes, self._keep = directory, segment_bytes, keep
        self._path = directory / _NAME
        self.newest: Anchor | None = None
        for anchor in read_anchors(directory):
            self.newest = anchor
        if not self._path.exists():
            self._fresh_segment().rename(self._path)
            self._sync_directory()
        self._offset = _parse(self._path)[1]
        self._file = os.open(self._path, os.O_RDWR)
        self._blank_torn_line()

    def room(self) -> None:
        """Make sure that one more line fits without growing the file. Raises OSError."""
        if self._offset + _LONGEST_LINE > os.fstat(self._file).st_size:
            self._rotate()

    def append(self, anchor: Anchor) -> None:
        """On disk when it returns. Raises OSError."""
        line = _line(anchor)
        os.pwrite(self._file, line, self._offset)
        os.fdatasync(self._file)
        self._offset += len(line)
        self.newest = anchor

    def close(self) -> None:
        os.close(self._file)

    def _rotate(self) -> None:
        fresh = self._fresh_segment()
        for number in range(self._keep - 1, 0, -1):
            old = self._directory / f"audit.{number}.jsonl"
            if old.exists():
                old.rename(self._directory / f"audit.{number + 1}.jsonl")
        self._path.rename(self._directory / "audit.1.jsonl")
        fresh.rename(self._path)
        self._sync_directory()
        os.close(self._file)
        self._file = os.open(self._path, os.O_RDWR)
        self._offset = _parse(self._path)[1]

    def _fresh_segment(self) -> Path:
        """A whole synced segment under a temporary name, blank but for the newest anchor."""
        fresh = self._directory / f"{_NAME}.new"
        first = b"" if self.newest is None else _line(self.newest)
        with fresh.open("wb") as file:
            file.write(first + b"\n" * (self._segment_bytes - len(first)))
            file.flush()
            os.fsync(file.fileno())
        return fresh

    def _sync_directory(self) -> None:
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def _blank_torn_line(self) -> None:
        """What a crash left of an unfinished line must not follow the next, shorter one."""
        size = os.fstat(self._file).st_size
        rest = os.pread(self._file, size - self._offset, self._offset)
        if rest.strip(b"\n"):
            os.pwrite(self._file, b"\n" * len(rest), self._offset)
            os.fdatasync(self._file)
