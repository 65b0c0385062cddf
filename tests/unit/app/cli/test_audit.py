from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dataplatform.directory import DirectoryLock
from tests.support.command_line import mirante


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    path = tmp_path / "records.jsonl"
    customers = [("C-1", "529.982.247-25"), ("C-2", "111.444.777-35"), ("C-3", "123.456.789-09")]
    rows = [json.dumps({"kind": "customer", "data": {"customer_id": c, "cpf": cpf}}) for c, cpf in customers]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert mirante("--data-dir", tmp_path / "data", "ingest", path).status == 0
    return tmp_path / "data"


def change(data_dir: Path, statement: str) -> None:
    """As an intruder with the file would, past the triggers that forbid it."""
    with closing(sqlite3.connect(data_dir / "data" / "relational.sqlite")) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(statement)


def test_an_intact_trail_answers_yes_with_its_head(data_dir: Path) -> None:
    ran = mirante("--data-dir", data_dir, "audit", "verify")
    assert ran.status == 0
    assert "3 entries" in ran.out
    assert "intact: every link is valid and every anchor matches the chain" in ran.out
    document = json.loads(mirante("--data-dir", data_dir, "audit", "verify", "--json").out)
    assert document["intact"]
    assert document["by_action"] == {"customer.upserted": 3}


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE sequence = 2", "entry 2: altered"),
        ("DELETE FROM audit WHERE sequence = 2", "entry 2: removed"),
        ("DELETE FROM audit WHERE sequence = 3", "entry 3: truncated"),
    ],
)
def test_a_damaged_trail_answers_no_and_names_the_entry(data_dir: Path, statement: str, finding: str) -> None:
    change(data_dir, statement)
    ran = mirante("--data-dir", data_dir, "audit", "verify")
    assert ran.status == 1
    assert "DAMAGED" in ran.out
    assert finding in ran.out


def test_a_trail_whose_anchors_are_gone_is_not_called_intact(data_dir: Path) -> None:
    (data_dir / "anchors" / "audit.jsonl").unlink()
    young = mirante("--data-dir", data_dir, "audit", "verify")
    assert young.status == 0
    assert "nothing outside confirms it yet" in young.out
    later = mirante("--data-dir", data_dir, "--clock", "scaled:1000@2026-01-01T00:00:00Z", "audit", "verify")
    assert later.status == 1
    assert f"NOT CONFIRMED: every link holds, but {data_dir / 'anchors'} has no anchor there" in later.out
    assert "intact:" not in later.out


def test_the_trail_is_verified_while_a_server_runs(data_dir: Path) -> None:
    held = DirectoryLock(data_dir / "data" / "lock")
    try:
        assert mirante("--data-dir", data_dir, "audit", "verify").status == 0
    finally:
        held.release()


def test_without_a_trail_the_path_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    ran = mirante("--data-dir", tmp_path / "none", "audit", "verify")
    assert ran.status == 3
    assert f"{tmp_path}/none/data/relational.sqlite" in ran.err
    assert not (tmp_path / "none").exists()
