from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.decide import replacing
from tests.support.command_line import Ran, mirante
from tests.support.patience import patience, wait_until

MAPPING = """\
mapping: mine
version: "1"
description: my loans
customer:
  customer_id: {read: text, column: id}
  cpf: {read: cpf, column: cpf}
application:
  amount_cents: {read: money, column: amount}
  term_months: {read: integer, column: term}
  purpose: {read: choice, column: why, values: {car: CAR}}
"""
HEADER = "id,cpf,amount,term,why"
GOOD = "C-1,529.982.247-25,1000,12,car"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return path


def decided(tmp_path: Path, mapping: Path, content: bytes, *more: object) -> Ran:
    table = tmp_path / "loans.csv"
    table.write_bytes(content)
    return mirante("decide", table, "--map", mapping, *more)


def lines(*rows: str) -> bytes:
    return ("\n".join(rows) + "\n").encode()


def test_every_row_is_decided_or_named_with_file_line_column_and_reason(
    tmp_path: Path, mapping: Path
) -> None:
    rows = (HEADER, GOOD, "C-2,529.982.247-25,-5,12,car", "C-3,111,1000,12,car", "C-4,529.982.247-25")
    ran = decided(tmp_path, mapping, lines(*rows))
    assert ran.status == 0
    assert "4 rows read, 1 decided, 3 unusable" in ran.out
    assert f"{tmp_path}/loans.csv:3: column 'amount': amount_cents: negative (1 row unusable)" in ran.out
    assert "loans.csv:4: column 'cpf': not a valid CPF" in ran.out
    assert "loans.csv:5: the row has 2 cells where the header has 5" in ran.out
    assert "111" not in ran.out  # a number that was meant as a CPF is not repeated


def test_the_same_rows_give_the_same_digest_and_decisions_by_line(tmp_path: Path, mapping: Path) -> None:
    out = tmp_path / "decisions.jsonl"
    day = ("--as-of", "2026-01-15", "--out", out)
    first = decided(tmp_path, mapping, lines(HEADER, GOOD), *day)
    written = out.read_bytes()
    second = decided(tmp_path, mapping, lines(HEADER, GOOD), *day)
    assert (first.status, second.status) == (0, 0)
    assert first.out == second.out
    assert out.read_bytes() == written
    document = json.loads(written)
    assert (document["row"], document["customer_id"], document["outcome"]) == (1, "C-1", "REFER")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1: has no header. Write the column names on the first line"),
        (
            lines("id,cpf,amount,term"),
            ":1: column 'why': is not a column of the file. Add the column, or name another",
        ),
        (
            lines(HEADER, GOOD) + b"C-2,1,1,1,ca\xe7r\n",
            ":3: column 'why': is not UTF-8. Save the file as UTF-8",
        ),
        (b"\x00\x01\xff\xfe", ":1: the file: is not UTF-8"),
        (
            lines(HEADER, 'C-1,"529,1000,12,car'),
            ":2: the file: is not CSV (unexpected end of data). Save the file as CSV",
        ),
        (lines("id,id,cpf,amount,term,why"), ":1: column 'id': appears twice. Rename one of them"),
    ],
    ids=["empty", "missing column", "broken UTF-8", "binary", "open quote", "column twice"],
)
def test_a_table_that_cannot_be_read_says_where_and_how_to_fix_it(
    tmp_path: Path, mapping: Path, content: bytes, expected: str
) -> None:
    ran = decided(tmp_path, mapping, content)
    assert ran.status == 1
    assert f"{tmp_path}/loans.csv{expected}" in ran.err
    assert "Traceback" not in ran.err


def test_an_encoding_that_the_mapping_names_is_used(tmp_path: Path, mapping: Path) -> None:
    mapping.write_text(MAPPING.replace("car: CAR", "carroça: CAR") + "encoding: latin-1\n", encoding="utf-8")
    content = lines(HEADER, GOOD.replace("car", "carroça")).decode().encode("latin-1")
    assert decided(tmp_path, mapping, content).status == 0


def test_a_table_without_one_usable_row_answers_no(tmp_path: Path, mapping: Path) -> None:
    ran = decided(tmp_path, mapping, lines(HEADER))
    assert ran.status == 1
    assert "no row could be used" in ran.out


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("read: money,", "read: moneyy,"),
            ":8: application.amount_cents.read: 'moneyy' is not one of integer",
        ),
        (("mapping: mine", "mapping: ["), "mine.yaml:"),
        (("  cpf: {read: cpf, column: cpf}\n", ""), ": customer.cpf: is required but missing"),
    ],
    ids=["unknown reading", "broken YAML", "missing field"],
)
def test_a_wrong_mapping_says_where_and_how_to_fix_it(
    tmp_path: Path, mapping: Path, change: tuple[str, str], expected: str
) -> None:
    mapping.write_text(MAPPING.replace(*change), encoding="utf-8")
    ran = decided(tmp_path, mapping, lines(HEADER, GOOD))
    assert ran.status == 1
    assert expected in ran.err


@pytest.mark.parametrize(
    ("name", "told", "status"),
    [("nowhere.csv", "nothing is there, expected a file", 3), (".", "is a folder, expected a file", 1)],
)
def test_a_missing_file_or_a_folder_is_named(
    tmp_path: Path, mapping: Path, name: str, told: str, status: int
) -> None:
    ran = mirante("decide", tmp_path / name, "--map", mapping)
    assert ran.status == status
    assert f"the file: cannot be read: {told}. " in ran.err


def test_a_missing_mapping_is_named(tmp_path: Path) -> None:
    ran = mirante("decide", tmp_path / "loans.csv", "--map", tmp_path / "none.yaml")
    assert ran.status == 3
    assert "none.yaml: the file: cannot be read" in ran.err


def test_an_unknown_policy_names_the_known_ones(tmp_path: Path, mapping: Path) -> None:
    ran = decided(tmp_path, mapping, lines(HEADER, GOOD), "--policy", "generous")
    assert ran.status == 2
    assert "there is no policy 'generous'. Known: personal-credit" in ran.err


def test_an_output_in_a_folder_that_is_not_there_names_the_path(tmp_path: Path, mapping: Path) -> None:
    ran = decided(tmp_path, mapping, lines(HEADER, GOOD), "--out", tmp_path / "none" / "out.jsonl")
    assert ran.status == 3
    assert f"{tmp_path}/none/out.jsonl: No such file or directory" in ran.err


def test_an_output_that_fails_midway_leaves_the_former_one(tmp_path: Path, mapping: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("former", encoding="utf-8")
    bad = lines(HEADER, GOOD) + b"C-2,1,1,1,ca\xe7r\n"
    assert decided(tmp_path, mapping, bad, "--out", out).status == 1
    assert out.read_text(encoding="utf-8") == "former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loans.csv", "mine.yaml", "out.jsonl"]


def test_a_full_disk_names_the_output(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space left") as caught, replacing(tmp_path / "out.jsonl"):
        raise OSError(28, "No space left on device")
    assert caught.value.filename == str(tmp_path / "out.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_130_and_no_half_written_file(tmp_path: Path, mapping: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = [
        sys.executable,
        "-m",
        "app.cli",
        "decide",
        "/dev/stdin",
        "--map",
        str(mapping),
        "--out",
        str(out),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(lines(HEADER, GOOD))
        process.stdin.flush()
        wait_until(lambda: any(tmp_path.glob(".out.jsonl.*")), 60, "the file is begun")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=patience(60))
    assert process.returncode == 130
    assert b"interrupted" in err
    assert b"Traceback" not in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.yaml"]


def test_the_help_shows_a_mapping_that_works_as_it_stands(tmp_path: Path) -> None:
    ran = mirante("decide", "--help")
    text = ran.out
    start, end = text.index("mapping: mine"), text.index("mirante decide loans.csv")
    example = "\n".join(line.removeprefix("    ") for line in text[start:end].splitlines())
    (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
    table = lines("id,cpf,amount,term,purpose", "C-1,529.982.247-25,1000,12,home")
    assert decided(tmp_path, tmp_path / "example.yaml", table).status == 0
    shipped = next(
        line.strip() for line in text.splitlines() if line.strip().endswith("openintro-loans.yaml")
    )
    assert Path(shipped).is_file()
