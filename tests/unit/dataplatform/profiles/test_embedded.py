"""Opening the data directory: whole or not at all, one writer, clear refusals, nothing in clear."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.domain.errors import StoreUnavailable
from credit.ports.faults import Fault
from dataplatform.errors import DataDirectoryBusy, DataDirectoryError, PlatformError, SchemaError
from dataplatform.profiles import workers
from dataplatform.profiles.audited import verify_directory
from dataplatform.profiles.embedded import open_embedded
from dataplatform.security.audit_chain import Damage
from foundation.clock import ManualClock, SystemClock
from tests.support.credit_samples import NOON, a_decision, a_key, a_profile
from tests.support.open_platform import OpenPlatform, database_of, opened
from tests.support.recording_telemetry import RecordingTelemetry

SCRIPT = Path(__file__).parents[3] / "support" / "record_decisions.py"
NOBODY = 65_534


async def open_and_close(root: Path) -> None:
    await open_embedded(root, ManualClock(NOON)).close()


async def test_a_second_opening_finds_what_the_first_one_stored(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.platform.decisions.record(a_decision(1), a_key(1))
    async with opened(tmp_path) as bench:
        assert (await bench.platform.decisions.record(a_decision(2), a_key(1))).replayed
        assert (await bench.platform.audit.append("ana", "x", "y", b"{}")).sequence == 2
    report = verify_directory(tmp_path / "mirante")
    assert (report.findings, report.entries, report.unanchored) == ((), 2, 0)


def test_a_second_process_is_refused_by_name_and_the_lock_goes_with_its_holder(tmp_path: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(tmp_path / "m"), "1", "1000000", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "opened\n"
        with pytest.raises(DataDirectoryBusy, match=f"process {holder.pid}.*Stop that process"):
            open_embedded(tmp_path / "m", SystemClock())
        holder.kill()
    asyncio.run(open_and_close(tmp_path / "m"))


async def test_the_same_process_cannot_open_it_twice(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(DataDirectoryBusy):
            open_embedded(tmp_path / "mirante", ManualClock(NOON))
    await open_and_close(tmp_path / "mirante")


def test_a_missing_parent_and_a_file_in_the_way_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match=r"a/b: its parent directory does not exist. Run: mkdir -p"):
        open_embedded(tmp_path / "a" / "b", ManualClock(NOON))
    (tmp_path / "file").touch()
    with pytest.raises(DataDirectoryError, match="it is a file, not a directory"):
        open_embedded(tmp_path / "file", ManualClock(NOON))


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A folder that other users can reach, as they cannot reach the session's own."""
    with tempfile.TemporaryDirectory(prefix="mirante-test-", dir=Path("/tmp")) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def open_as_somebody_else(root: Path) -> str:
    """What a process without privileges is told when it opens ``root``."""
    heard, told = os.pipe()
    child = os.fork()  # the interpreter's own files may be out of that user's reach
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            open_embedded(root, SystemClock())
        except PlatformError as error:
            os.write(told, str(error).encode())
        finally:
            os._exit(0)
    os.close(told)
    os.waitpid(child, 0)
    with os.fdopen(heard) as answer:
        return answer.read()


def test_a_read_only_directory_is_named_with_its_fix(shared_folder: Path) -> None:
    root = shared_folder / "mirante"
    root.mkdir(mode=0o555)
    root.chmod(0o555)
    said = open_as_somebody_else(root)
    root.chmod(0o755)
    assert str(root) in said
    assert "may not write to it" in said or "cannot be made" in said


async def test_a_damaged_database_is_named_and_nothing_stays_locked(tmp_path: Path) -> None:
    await open_and_close(tmp_path / "m")
    stream = tmp_path / "m" / "data" / "stream.sqlite"
    whole = stream.read_bytes()
    stream.write_bytes(b"junk" * 1_000)
    with pytest.raises(SchemaError, match=r"stream\.sqlite.*damaged"):
        open_embedded(tmp_path / "m", ManualClock(NOON))
    stream.write_bytes(whole)
    await open_and_close(tmp_path / "m")


def tamper(root: Path, *statements: str) -> None:
    with sqlite3.connect(root / "data" / "relational.sqlite") as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


DROP_TRIGGERS = (
    "DROP TRIGGER audit_is_append_only_update",
    "DROP TRIGGER audit_is_append_only_delete",
)


async def with_entries(tmp_path: Path) -> Path:
    async with opened(tmp_path) as bench:
        for number in range(1, 6):
            await bench.platform.decisions.record(a_decision(number), None)
    return tmp_path / "mirante"


async def test_the_trail_refuses_updates_and_deletes(tmp_path: Path) -> None:
    root = await with_entries(tmp_path)
    for statement in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            tamper(root, statement)


@pytest.mark.parametrize(
    ("statement", "damage"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE sequence = 2", Damage.ALTERED),
        ("DELETE FROM audit WHERE sequence = 2", Damage.REMOVED),
        ("DELETE FROM audit WHERE sequence > 3", Damage.TRUNCATED),
        ("DELETE FROM audit", Damage.TRUNCATED),
    ],
)
async def test_tampering_by_raw_sql_is_found(tmp_path: Path, statement: str, damage: Damage) -> None:
    root = await with_entries(tmp_path)
    tamper(root, *DROP_TRIGGERS, statement)
    assert damage in {finding.damage for finding in verify_directory(root).findings}


async def test_a_cut_trail_is_not_written_on(tmp_path: Path) -> None:
    root = await with_entries(tmp_path)
    tamper(root, *DROP_TRIGGERS, "DELETE FROM audit WHERE sequence > 3")
    with pytest.raises(SchemaError, match=r"ends at entry 3, but entry 5 has an anchor.*audit verify"):
        open_embedded(root, ManualClock(NOON))


async def test_a_chain_ahead_of_its_anchor_is_anchored_at_the_next_start(tmp_path: Path) -> None:
    root = await with_entries(tmp_path)
    anchors = root / "anchors" / "audit.jsonl"
    lines = anchors.read_bytes().split(b"\n")
    last = max(place for place, line in enumerate(lines) if line)
    anchors.write_bytes(b"\n".join(lines[:last]) + b"\n" * 2_000)
    assert verify_directory(root).unanchored == 1
    await open_and_close(root)
    report = verify_directory(root)
    assert (report.findings, report.unanchored) == ((), 0)


async def test_verifying_where_there_is_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataDirectoryError, match=r"relational\.sqlite: there is no database here yet"):
        verify_directory(tmp_path)


async def test_no_file_ever_holds_a_cpf_in_clear(tmp_path: Path) -> None:
    cpfs = [synthetic_cpf(3, number) for number in range(20)]
    async with opened(tmp_path) as bench:
        documents = [
            {"kind": "customer", "data": {"customer_id": f"C-{n}", "cpf": cpf}} for n, cpf in enumerate(cpfs)
        ]
        await bench.producer.send(documents)
        await bench.producer.send_raw([b'{"kind":"customer","data":{"cpf":"' + cpfs[0].encode() + b'"}}'])
        assert_none_in_files(tmp_path, cpfs)
        await bench.worker.drain()
        await bench.projector.drain()
        await bench.platform.decisions.record(a_decision(1), a_key(1))
        await bench.monitor().run_once()
        assert len(await bench.platform.customers.scan(100)) == 20
        assert len(await bench.platform.stream.dead_letters(10)) == 1
        assert_none_in_files(tmp_path, cpfs)
    assert_none_in_files(tmp_path, cpfs)


def assert_none_in_files(folder: Path, cpfs: list[str]) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert any(path.name == "relational.sqlite-wal" or path.name == "relational.sqlite" for path in files)
    for path in files:
        content = path.read_bytes()
        for cpf in cpfs:
            dotted = f"{cpf[:3]}.{cpf[3:6]}.{cpf[6:9]}-{cpf[9:]}"
            assert cpf.encode() not in content, path
            assert dotted.encode() not in content, path


async def record_until_refused(bench: OpenPlatform) -> tuple[int, str]:
    """How many were recorded, and what the first refusal said."""
    for number in range(1, 1_000):
        try:
            await bench.platform.decisions.record(a_decision(number), a_key(number))
        except StoreUnavailable as error:
            return number - 1, str(error)
    raise AssertionError("nothing was ever refused")


async def test_a_full_disk_refuses_the_decision_and_the_next_one_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        relational = database_of(bench.platform, "relational")
        pages = await relational.write(lambda c: int(c.execute("PRAGMA page_count").fetchone()[0]))
        await relational.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        recorded, refusal = await record_until_refused(bench)
        assert "the disk is full; free some space" in refusal
        await relational.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
        assert await bench.platform.decisions.count() == recorded
        assert await bench.platform.outbox.depth() == recorded
        await bench.platform.decisions.record(a_decision(recorded + 1), a_key(recorded + 1))
    report = verify_directory(tmp_path / "mirante")
    assert (report.findings, report.entries) == ((), recorded + 1)


async def test_a_slow_or_failing_hot_store_is_left_alone_after_a_while(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        bench.faults.set("hot", Fault(error_ratio=1.0))
        for _ in range(20):
            with pytest.raises(StoreUnavailable):
                await bench.platform.hot.get("C-1", "PROFILE")
        with pytest.raises(StoreUnavailable, match="circuit breaker is open"):
            await bench.platform.hot.get("C-1", "PROFILE")
        assert bench.platform.breakers["hot"].state.value == "open"
        assert bench.platform.saturation().keys() == {"relational", "hot", "wide", "stream"}


async def test_the_workers_share_the_platforms_own_stores(tmp_path: Path) -> None:
    async with opened(tmp_path) as bench:
        await bench.platform.customers.upsert(a_profile(1))
        telemetry = RecordingTelemetry()
        await workers.projector(bench.platform, telemetry).drain()
        assert await bench.platform.hot.get("C-00001", "PROFILE") is not None
