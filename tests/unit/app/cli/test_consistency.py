from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from dataplatform.directory import DirectoryLock
from tests.support.command_line import mirante

CPFS = ("529.982.247-25", "111.444.777-35", "123.456.789-09")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Three customers in every store."""
    path = tmp_path / "records.jsonl"
    rows = [
        json.dumps({"kind": "customer", "data": {"customer_id": f"C-{number}", "cpf": cpf}})
        for number, cpf in enumerate(CPFS)
    ]
    path.write_text("\n".join(rows), encoding="utf-8")
    ran = mirante("--data-dir", tmp_path / "data", "ingest", path)
    assert ran.status == 0, ran.out
    return tmp_path / "data"


def lose_hot_items(data_dir: Path, count: int) -> None:
    with closing(sqlite3.connect(data_dir / "data" / "hot.sqlite")) as connection, connection:
        connection.execute("DELETE FROM hot_items WHERE customer_id < ?", (f"C-{count}",))


def test_stores_that_agree_answer_yes(data_dir: Path) -> None:
    ran = mirante("--data-dir", data_dir, "consistency", "check")
    assert ran.status == 0
    assert "relational-hot: 3 compared, 0 different; index 100.0000 %, every record was compared" in ran.out
    assert "relational-wide: 3 compared, 0 different" in ran.out


def test_a_difference_answers_no_names_the_record_and_changes_nothing(data_dir: Path) -> None:
    lose_hot_items(data_dir, 1)
    for _ in range(2):
        ran = mirante("--data-dir", data_dir, "consistency", "check", "--pair", "relational-hot")
        assert ran.status == 1
        assert "3 compared, 1 different; index 66.6666 %" in ran.out
        assert "missing: customer C-" in ran.out
        assert "nothing was changed; `mirante consistency repair` repairs them" in ran.out
        assert "relational-wide" not in ran.out


def test_a_repair_repairs_from_the_source_of_truth_and_is_audited(data_dir: Path) -> None:
    lose_hot_items(data_dir, 2)
    ran = mirante("--data-dir", data_dir, "consistency", "repair")
    assert ran.status == 0
    assert "repaired: 2 written, 0 removed" in ran.out
    assert mirante("--data-dir", data_dir, "consistency", "check").status == 0
    assert "consistency.repaired" in mirante("--data-dir", data_dir, "audit", "verify").out


def test_more_differences_than_the_cap_are_not_touched(data_dir: Path) -> None:
    lose_hot_items(data_dir, 3)
    ran = mirante("--data-dir", data_dir, "consistency", "repair", "--cap", "2")
    assert ran.status == 1
    assert "3 records differ, but one repair may touch at most 2; nothing was repaired" in ran.out
    assert mirante("--data-dir", data_dir, "consistency", "check").status == 1


def test_the_report_shows_each_pair_with_bound_and_age_beside_a_running_server(data_dir: Path) -> None:
    mirante("--data-dir", data_dir, "consistency", "check", "--sample", "1")
    held = DirectoryLock(data_dir / "data" / "lock")
    try:
        ran = mirante("--data-dir", data_dir, "consistency", "report")
        refused = mirante("--data-dir", data_dir, "consistency", "check")
    finally:
        held.release()
    assert ran.status == 0
    assert "relational-hot" in ran.out
    assert "(95 %)" in ran.out
    assert all(len(line.rstrip()) <= 80 for line in ran.out.splitlines())
    assert " ago" in ran.out
    assert refused.status == 3
    assert "the data side is running here (process " in refused.err
    assert "`mirante consistency report` shows its newest results" in refused.err


def test_the_bound_of_a_sample_is_below_its_index_though_every_digest_was_compared(data_dir: Path) -> None:
    ran = mirante("--data-dir", data_dir, "consistency", "check", "--sample", "1", "--json")
    for reading in json.loads(ran.out):
        assert reading["index_ratio"] == 1.0
        assert reading["lower_bound_ratio"] < 1.0
        assert reading["coverage_ratio"] == 1.0


def test_no_check_on_file_is_said_and_nothing_is_made(tmp_path: Path) -> None:
    ran = mirante("--data-dir", tmp_path, "consistency", "report")
    assert (ran.status, "has no check on file" in ran.out) == (0, True)
    assert list(tmp_path.iterdir()) == []
