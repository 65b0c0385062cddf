"""An export holds every row once, says so in its manifest, keeps its pace, and is whole or says it is not."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from credit.domain.errors import StoreUnavailable
from credit.ports.projections import WideRow
from dataplatform.ingestion.projections import content_digest, project_customer
from dataplatform.profiles.wide_export import ExportPlan, WideExport, export_wide
from dataplatform.stores.sqlite.wide import SqliteWideStore
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON, a_profile, a_wide_row
from tests.support.in_memory import InlineDatabase


async def filled(clock: ManualClock, rows: int) -> SqliteWideStore:
    store = SqliteWideStore(InlineDatabase(), clock)
    for number in range(rows):
        await store.put_if_newer(a_wide_row(number, columns={"amount_cents": number}))
    return store


def lines(export: WideExport) -> list[dict[str, Any]]:
    found = []
    for file in export.files:
        content = (export.folder / file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        rows = gzip.decompress(content).splitlines()
        assert len(rows) == file.rows
        found += [json.loads(row) for row in rows]
    return found


async def test_every_row_is_exported_once_and_the_manifest_says_how_many(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    store = await filled(clock, 1_203)
    await store.put_if_newer(a_wide_row(9_999, expires_at=NOON - timedelta(days=1)))
    told: list[int] = []
    done = await export_wide(store, tmp_path / "out", clock, ExportPlan(rows_per_file=400), told.append)
    exported = lines(done)
    assert [row["customer_id"] for row in exported] == [f"C-{number:05d}" for number in range(1_203)]
    assert [file.rows for file in done.files] == [400, 400, 400, 3]
    manifest = json.loads((done.folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["rows"], len(manifest["files"])) == (1_203, 4)
    assert told[-1] == 1_203
    assert [path.name for path in (tmp_path / "out").iterdir()] == [done.folder.name]


async def test_what_is_sealed_stays_sealed_and_content_keeps_its_digest(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    store = SqliteWideStore(InlineDatabase(), clock)
    await store.put_if_newer(project_customer(a_profile()).wide)
    (row,) = lines(await export_wide(store, tmp_path, clock))
    assert row["columns"]["cpf_sealed"]
    assert content_digest(row["columns"]) == row["digest"]


async def test_an_export_reads_no_faster_than_it_may(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    store = await filled(clock, 1_500)
    done = await export_wide(store, tmp_path, clock, ExportPlan(rows_per_second=100.0))
    assert done.finished_at - done.started_at == timedelta(seconds=15)


class Stops(SqliteWideStore):
    """Answers one page."""

    async def scan(self, limit: int, after: tuple[str, str] | None = None) -> Sequence[WideRow]:
        if after is not None:
            raise StoreUnavailable("wide", "gone")
        return await super().scan(limit)


async def test_an_export_that_was_cut_short_says_so_in_its_name(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    store = Stops(InlineDatabase(), clock)
    await store.put_if_newer(a_wide_row())
    with pytest.raises(StoreUnavailable):
        await export_wide(store, tmp_path, clock)
    (left,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
    assert left.name.endswith(".unfinished")
    assert not (left / "manifest.json").exists()
