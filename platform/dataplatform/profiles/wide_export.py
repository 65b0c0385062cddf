"""Wide rows as files for analysis (B.2: a scheduled export, so that analysts do not read from the store).

One folder an export, whole or not there: gzip files of one JSON object a line, and ``manifest.json`` with the
rows and the sha256 of each. Content goes out as it is stored: what was sealed stays sealed, bytes are base64.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from credit.ports.projections import WideRow, WideStore
from foundation.clock import Clock

PAGE_ROWS = 500
FILE_ROWS = 50_000
UNFINISHED = ".unfinished"


@dataclass(frozen=True, slots=True)
class ExportedFile:
    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class WideExport:
    """``folder`` holds the files. Rows written while it ran may or may not be among them."""

    folder: Path
    started_at: datetime
    finished_at: datetime
    files: Sequence[ExportedFile]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """``rows_per_second`` (clock seconds) bounds what is read from the store; None: as fast as it goes."""

    rows_per_second: float | None = None
    rows_per_file: int = FILE_ROWS


@dataclass(slots=True)
class _Files:
    folder: Path
    done: list[ExportedFile] = field(default_factory=list)

    def write(self, rows: Sequence[WideRow]) -> None:
        name = f"creditdata-{len(self.done) + 1:05d}.jsonl.gz"
        lines = b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        content = gzip.compress(lines, compresslevel=6, mtime=0)
        (self.folder / name).write_bytes(content)
        self.done.append(ExportedFile(name, len(rows), hashlib.sha256(content).hexdigest()))


async def export_wide(
    store: WideStore,
    out: Path,
    clock: Clock,
    plan: ExportPlan | None = None,
    progress: Callable[[int], None] = lambda rows: None,
) -> WideExport:
    """Every row that lives, into a new folder below ``out``. ``progress`` hears how many there are so far.

    Raises:
        StoreUnavailable: the store stopped answering; the unfinished folder stays under a name that says so.
    """
    chosen, started_at = plan or ExportPlan(), clock.now()
    folder = out / f"creditdata-{started_at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}"
    unfinished = folder.with_name(folder.name + UNFINISHED)
    unfinished.mkdir(parents=True)
    files = _Files(unfinished)
    waiting: list[WideRow] = []
    async for page in _pages(store, clock, chosen.rows_per_second):
        waiting.extend(page)
        progress(sum(file.rows for file in files.done) + len(waiting))
        while len(waiting) >= chosen.rows_per_file:
            await asyncio.to_thread(files.write, waiting[: chosen.rows_per_file])
            del waiting[: chosen.rows_per_file]
    if waiting:
        await asyncio.to_thread(files.write, waiting)
    done = WideExport(folder, started_at, clock.now(), tuple(files.done))
    (unfinished / "manifest.json").write_bytes(_manifest(done))
    unfinished.rename(folder)
    return done


async def _pages(
    store: WideStore, clock: Clock, rows_per_second: float | None
) -> AsyncIterator[Sequence[WideRow]]:
    """Every page, none before its time."""
    began, read = clock.monotonic(), 0
    after: tuple[str, str] | None = None
    while page := await store.scan(PAGE_ROWS, after):
        yield page
        read, after = read + len(page), (page[-1].customer_id, page[-1].data_type)
        if rows_per_second is not None:
            early = read / rows_per_second - (clock.monotonic() - began)
            await clock.sleep(max(0.0, early))


def _manifest(done: WideExport) -> bytes:
    told = {
        "table": "creditplatform.creditdata",
        "started_at": done.started_at,
        "finished_at": done.finished_at,
        "rows": done.rows,
        "files": done.files,
    }
    return msgspec.json.format(msgspec.json.encode(told)) + b"\n"
