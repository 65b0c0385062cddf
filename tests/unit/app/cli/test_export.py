"""``mirante export`` from the embedded store and from a Cassandra, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from app.bootstrap.platform import wide_addresses
from app.settings import SettingsError
from dataplatform.directory import DirectoryLock
from dataplatform.local.server import free_port
from dataplatform.stores.cassandra.wide import CassandraWideStore
from foundation.clock import SystemClock
from tests.support.command_line import mirante
from tests.support.credit_samples import a_wide_row
from tests.support.local_servers import cassandra, empty_cassandra, needs_cassandra


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    record = {"kind": "customer", "data": {"customer_id": "C-1", "cpf": "529.982.247-25"}}
    (tmp_path / "records.jsonl").write_text(json.dumps(record), encoding="utf-8")
    assert mirante("--data-dir", tmp_path / "data", "ingest", tmp_path / "records.jsonl").status == 0
    return tmp_path / "data"


def manifest(out: Path) -> dict[str, object]:
    (folder,) = out.iterdir()
    found: dict[str, object] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return found


def test_the_embedded_stores_rows_are_exported(data_dir: Path, tmp_path: Path) -> None:
    ran = mirante("--data-dir", data_dir, "export", "--out", tmp_path / "out")
    assert (ran.status, ran.out.startswith("1 row in 1 file of ")) == (0, True)
    assert manifest(tmp_path / "out")["rows"] == 1


def test_while_the_data_side_runs_it_says_what_can_be_done(data_dir: Path, tmp_path: Path) -> None:
    lock = DirectoryLock(data_dir / "data" / "lock")
    try:
        ran = mirante("--data-dir", data_dir, "export", "--out", tmp_path / "out")
    finally:
        lock.release()
    assert (ran.status, "MIRANTE_WIDE_HOSTS" in ran.err) == (3, True)


@needs_cassandra
async def test_the_rows_of_a_cassandra_are_exported_while_it_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CassandraWideStore(empty_cassandra(), SystemClock())
    await store.fill([a_wide_row(number) for number in range(3)])
    monkeypatch.setenv("MIRANTE_WIDE_HOSTS", f"127.0.0.1:{cassandra().port}")
    ran = await asyncio.to_thread(mirante, "--data-dir", tmp_path, "export", "--out", tmp_path / "out")
    assert ran.status == 0, ran.err
    assert manifest(tmp_path / "out")["rows"] == 3


def test_nobody_there_is_told_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRANTE_WIDE_HOSTS", f"127.0.0.1:{free_port()}")
    ran = mirante("--data-dir", tmp_path, "export", "--out", tmp_path / "out")
    assert (ran.status, "the wide store is unavailable" in ran.err) == (3, True)


def test_hosts_share_one_port() -> None:
    assert wide_addresses("a.example:9142, b.example:9142") == (["a.example", "b.example"], 9142)
    for wrong in ("a.example", "a.example:x", ":9042", "a:1,b:2"):
        with pytest.raises(SettingsError):
            wide_addresses(wrong)
