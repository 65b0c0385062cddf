from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from dataplatform.directory import DirectoryLock, prepare_directory
from tests.support.command_line import mirante

CUSTOMER = '{"kind": "customer", "data": {"customer_id": "C-1", "cpf": "529.982.247-25"}}'
TRANSACTION = (
    '{"kind": "transaction", "data": {"transaction_id": "T-1", "customer_id": "%s", '
    '"amount_cents": 1000, "kind": "PURCHASE"}}'
)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def records(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "records.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_file_is_stored_and_projected_at_once_when_no_server_runs(tmp_path: Path, data_dir: Path) -> None:
    path = records(tmp_path, CUSTOMER, TRANSACTION % "C-1")
    ran = mirante("--data-dir", data_dir, "ingest", path)
    assert ran.status == 0
    assert "2 records accepted, 0 bad lines skipped" in ran.out
    assert "2 stored, 0 already known, 0 set aside" in ran.out
    status = json.loads(mirante("--data-dir", data_dir, "ingest", "status", "--json").out)
    assert (status["waiting"], status["dead_letters"]) == (0, {})
    check = mirante("--data-dir", data_dir, "consistency", "check")
    assert check.status == 0
    assert "2 compared, 0 different" in check.out


def test_taking_a_file_twice_changes_nothing(tmp_path: Path, data_dir: Path) -> None:
    path = records(tmp_path, CUSTOMER, TRANSACTION % "C-1")
    mirante("--data-dir", data_dir, "ingest", path)
    again = mirante("--data-dir", data_dir, "ingest", path)
    assert again.status == 0
    assert "0 stored, 2 already known, 0 set aside" in again.out


def test_a_bad_line_is_named_and_left_out_while_the_others_are_taken(tmp_path: Path, data_dir: Path) -> None:
    bad_cpf = CUSTOMER.replace("529.982.247-25", "529.982.247-26")
    path = records(tmp_path, CUSTOMER, "", bad_cpf, "not json", '{"kind": "loan", "data": {}}')
    path.write_bytes(path.read_bytes() + b'{"kind": "\xff"}\n')
    ran = mirante("--data-dir", data_dir, "ingest", path)
    assert ran.status == 1
    assert f"{path}:3: data.cpf: not a valid CPF. Send eleven digits" in ran.out
    assert f"{path}:4: not JSON. Send the record as a JSON object" in ran.out
    assert f"{path}:5: kind: not a known kind. Use customer or transaction" in ran.out
    assert f"{path}:6: not UTF-8. Encode the record in UTF-8" in ran.out
    assert "529.982" not in ran.out
    assert "1 records accepted, 4 bad lines skipped" in ran.out


def test_a_byte_order_mark_is_no_bad_line(tmp_path: Path, data_dir: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + CUSTOMER.encode())
    assert mirante("--data-dir", data_dir, "ingest", path).status == 0


def test_standard_input_is_a_file_too(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(CUSTOMER.encode())))
    ran = mirante("--data-dir", data_dir, "ingest", "-")
    assert (ran.status, "1 stored" in ran.out) == (0, True)


def test_an_orphan_is_set_aside_shown_and_replayed_once_its_customer_came(
    tmp_path: Path, data_dir: Path
) -> None:
    orphan = mirante("--data-dir", data_dir, "ingest", records(tmp_path, TRANSACTION % "C-1"))
    assert orphan.status == 1
    assert "1 set aside" in orphan.out
    letters = json.loads(mirante("--data-dir", data_dir, "ingest", "dead-letters", "--json").out)
    assert [letter["reason"] for letter in letters] == [
        "customer_id: there is no customer C-1. Send the customer first"
    ]
    assert "there is no customer C-1" in mirante("--data-dir", data_dir, "ingest", "dead-letters").out
    mirante("--data-dir", data_dir, "ingest", records(tmp_path, CUSTOMER))
    replayed = mirante("--data-dir", data_dir, "ingest", "replay", letters[0]["sequence"])
    assert replayed.status == 0
    assert "1 dead letters put back" in replayed.out
    assert "1 stored" in replayed.out
    assert mirante("--data-dir", data_dir, "ingest", "dead-letters").out == "There are no dead letters.\n"


def test_replaying_what_is_no_dead_letter_answers_no(tmp_path: Path, data_dir: Path) -> None:
    mirante("--data-dir", data_dir, "ingest", records(tmp_path, CUSTOMER))
    ran = mirante("--data-dir", data_dir, "ingest", "replay", "99")
    assert ran.status == 1
    assert "1 are not dead letters" in ran.out


def test_replaying_needs_numbers_or_all_and_not_both(data_dir: Path) -> None:
    for arguments in ((), ("4", "--all")):
        ran = mirante("--data-dir", data_dir, "ingest", "replay", *arguments)
        assert ran.status == 2
        assert "Give the sequence numbers of dead letters, or --all." in ran.err


def test_beside_a_running_server_a_file_is_refused_with_what_to_do(tmp_path: Path, data_dir: Path) -> None:
    prepare_directory(data_dir)
    held = DirectoryLock(data_dir / "data" / "lock")
    try:
        ran = mirante("--data-dir", data_dir, "ingest", records(tmp_path, CUSTOMER))
    finally:
        held.release()
    assert ran.status == 3
    assert "the data side is running here (process " in ran.err
    assert "POST /v1/records" in ran.err
    assert "mirante keys create loader --scope ingest:write" in ran.err


def test_status_works_beside_a_running_server(tmp_path: Path, data_dir: Path) -> None:
    mirante("--data-dir", data_dir, "ingest", records(tmp_path, CUSTOMER))
    held = DirectoryLock(data_dir / "data" / "lock")
    try:
        ran = mirante("--data-dir", data_dir, "ingest", "status")
    finally:
        held.release()
    assert ran.status == 0
    assert "0 records wait" in ran.out
    assert "newest batches" in ran.out


def test_without_a_stream_status_says_so(data_dir: Path) -> None:
    ran = mirante("--data-dir", data_dir, "ingest", "status")
    assert ran.status == 3
    assert "there is no stream here yet. Check --data-dir, or start with `mirante up`" in ran.err


@pytest.mark.parametrize(("name", "problem"), [("none.jsonl", "No such file"), (".", "Is a directory")])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, problem: str) -> None:
    ran = mirante("--data-dir", tmp_path / "data", "ingest", tmp_path / name)
    assert (ran.status, problem in ran.err, str(tmp_path / name) in ran.err) == (3, True, True)
    assert not (tmp_path / "data").exists()


def test_a_misspelt_command_is_told_from_a_file() -> None:
    ran = mirante("ingest", "statsu")
    assert ran.status == 2
    assert "'statsu' is neither a file nor a command. Did you mean 'status'?" in ran.err


def test_the_real_purchases_are_records_that_the_same_command_takes(tmp_path: Path, data_dir: Path) -> None:
    written = mirante("ingest", "purchases", "--customers", 3)
    assert written.status == 0
    assert "9 purchases; the CPFs are synthetic" in written.err
    ran = mirante("--data-dir", data_dir, "ingest", records(tmp_path, *written.out.splitlines()))
    assert ran.status == 0
    assert "12 stored, 0 already known, 0 set aside" in ran.out
