from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from foundation.errors import DefinitionErrors
from foundation.paths import files_below, files_in, is_absent, is_folder, open_file


def told(path: Path) -> str:
    with pytest.raises(DefinitionErrors) as raised:
        open_file(path)
    return raised.value.problem


def test_only_a_name_without_an_entry_is_absent(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "file").touch()
    assert is_absent(tmp_path / "none")
    assert is_absent(tmp_path / "none" / "deeper")
    there = [tmp_path, tmp_path / "link", tmp_path / "link" / "deeper", tmp_path / "file" / "deeper"]
    assert [path for path in there if is_absent(path)] == []


def test_what_is_on_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "file").touch()
    assert told(tmp_path / "none") == "cannot be read: nothing is there, expected a file"
    way = f"cannot be read: {tmp_path}/link is a link to nothing (gone), expected a file"
    assert told(tmp_path / "link" / "deeper") == way
    assert "a part of its path is not a folder" in told(tmp_path / "file" / "deeper")


def test_a_socket_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as here:
        here.bind("s")
        assert "is a socket" in told(Path("s"))


def test_a_link_to_a_file_is_one_and_what_the_shell_hands_over_may_be_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    with open_file(tmp_path / "link") as opened:
        assert opened.read() == b"x"
    reader, writer = os.pipe()
    os.write(writer, b"y")
    os.close(writer)
    with open_file(Path(f"/dev/fd/{reader}")) as opened:
        assert opened.read() == b"y"
    os.close(reader)


def test_a_folder_lists_whatever_has_the_ending_but_an_editors_lock(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").symlink_to("gone")
    (tmp_path / ".#b.yaml").symlink_to("somebody@here.1")
    (tmp_path / "inner.yaml").mkdir()
    (tmp_path / "inner.yaml" / "a.yml").touch()
    (tmp_path / "elsewhere").symlink_to("inner.yaml")
    assert [path.name for path in files_in(tmp_path, ".yaml")] == ["b.yaml", "inner.yaml"]
    below = [str(path.relative_to(tmp_path)) for path in files_below(tmp_path, ".yaml", ".yml")]
    assert below == ["b.yaml", "inner.yaml", "inner.yaml/a.yml"]
    assert files_in(tmp_path / "none", ".yaml") == files_below(tmp_path / "none", ".yaml") == []


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DefinitionErrors, match="is a file, expected a folder"):
        is_folder(tmp_path / "file")
    assert not is_folder(tmp_path / "none")
