"""A workspace is written whole, and never over anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.new_workspace import folder as module
from app.new_workspace.folder import FolderTaken, example_files, write

FILES = {"a/b.yaml": b"x: 1\n", "mirante.toml": b"", "c.md": b"c"}


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_new_folder_holds_every_file(tmp_path: Path) -> None:
    write(FILES, tmp_path / "new" / "deep")
    assert contents(tmp_path) == {f"new/deep/{path}": content for path, content in FILES.items()}


def test_everybody_may_read_it(tmp_path: Path) -> None:
    write(FILES, tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_is_filled_and_stays_the_same_folder(tmp_path: Path) -> None:
    target = tmp_path / "empty"
    target.mkdir()
    before = target.stat().st_ino
    write(FILES, target)
    assert contents(target) == FILES
    assert target.stat().st_ino == before
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(FolderTaken, match="has one, two"):
        write(FILES, tmp_path)
    assert contents(tmp_path) == {"one": b"mine", "two": b"mine"}


def test_many_names_are_cut(tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"f{number}").touch()
    with pytest.raises(FolderTaken, match="f4 and 3 more"):
        write(FILES, tmp_path)


@pytest.mark.parametrize("kind", ["file", "broken link"])
def test_what_is_no_folder_is_refused(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "taken"
    if kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(FolderTaken, match="a file of that name"):
        write(FILES, target)


def test_a_failure_half_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="exists"):
        write({"a": b"", "a/b": b""}, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_an_empty_folder_is_filled_empties_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings come last: whoever finds them finds the rest."""
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if target == tmp_path / module.CONFIG:
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        write(FILES, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_example_names_no_credit() -> None:
    for path, content in example_files().items():
        assert b"credit" not in content.lower(), path
