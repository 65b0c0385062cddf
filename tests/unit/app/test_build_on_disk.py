"""What of a build is on the disk, and when: files whole, then the manifest that vouches for them."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from app.build import MANIFEST, BuildOptions, build_into, differences, file_writing
from app.build.state import STATE
from app.build_kinds import OutputKind
from app.workspace import OpenWorkspace
from dashboards.model.addresses import Deployment
from slo.model.spec import Slo
from tests.support.catalogues import shipped_workspace

RULES = BuildOptions(Deployment("prod"), only=frozenset((OutputKind.RULES,)))


def workspace(**changes: str) -> OpenWorkspace:
    opened = shipped_workspace()
    some: list[Slo] = [replace(slo, labels=changes) for slo in opened.catalogue.slos]
    return replace(opened, catalogue=replace(opened.catalogue, slos=tuple(some)))


def content(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.rglob("*.yaml")}


def test_the_manifest_is_written_when_what_it_vouches_for_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    real_replace, real_sync, real_fsync = os.replace, os.sync, os.fsync

    def replaced(source: str, target: str) -> None:
        real_replace(source, target)
        done.append(os.path.basename(target))

    def synced() -> None:
        real_sync()
        done.append("all synced")

    def one_synced(handle: int) -> None:
        real_fsync(handle)
        done.append("one synced")

    monkeypatch.setattr(os, "replace", replaced)
    monkeypatch.setattr(os, "sync", synced)
    monkeypatch.setattr(os, "fsync", one_synced)
    build_into(workspace(), RULES, tmp_path)
    vouched = ["one synced", MANIFEST, "one synced", "one synced", STATE, "one synced"]
    assert done[-7:] == ["all synced", *vouched]
    assert set(done[:-7]) == set(content(tmp_path))
    done.clear()
    build_into(workspace(), RULES, tmp_path)
    assert done == []


def _killed_at_file(number: int, opened: OpenWorkspace, out: Path) -> int:
    """The status of a process that builds, and dies as it puts its so-manieth file into place."""
    pid = os.fork()
    if pid == 0:
        real, left = os.replace, [number]

        def replaced(source: str, target: str) -> None:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            real(source, target)

        os.replace = replaced  # type: ignore[assignment]
        try:
            build_into(opened, RULES, out)
        finally:
            os._exit(0)
    return os.waitpid(pid, 0)[1]


@pytest.mark.parametrize("number", [1, 2, 5, 9])
def test_a_build_that_is_killed_leaves_whole_files_is_told_and_is_finished_by_the_next(
    tmp_path: Path, number: int
) -> None:
    out, old, new = tmp_path / "out", tmp_path / "old", tmp_path / "new"
    before, after = workspace(team="a"), workspace(team="b")
    build_into(before, RULES, old)
    build_into(after, RULES, new)
    build_into(before, RULES, out)
    assert os.WIFSIGNALED(_killed_at_file(number, after, out))
    found, was, will = content(out), content(old), content(new)
    assert found.keys() == was.keys()
    assert sum(text == will[name] != was[name] for name, text in found.items()) == number - 1
    assert all(text in (was[name], will[name]) for name, text in found.items())
    assert len(differences(before, RULES, out).differing) == number - 1
    assert differences(after, RULES, out).differing != ()
    build_into(after, RULES, out)
    assert content(out) == will


def test_a_file_that_a_power_cut_left_empty_is_not_taken_for_built(tmp_path: Path) -> None:
    build_into(workspace(), RULES, tmp_path)
    whole = content(tmp_path)
    emptied = sorted(tmp_path.rglob("*.rules.yaml"))[0]
    emptied.write_bytes(b"")
    told = differences(workspace(), RULES, tmp_path).differing
    assert [one.path for one in told] == [f"prometheus/{emptied.name}"]
    build_into(workspace(), RULES, tmp_path)
    assert content(tmp_path) == whole


def test_a_file_that_cannot_be_written_leaves_the_one_before_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.yaml"
    file_writing.put(str(target), b"before")

    def full(handle: int, content: memoryview) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space left"):
        file_writing.put(str(target), b"after")
    monkeypatch.undo()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.yaml", b"before")]


def test_what_the_disk_takes_in_pieces_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: real(handle, content[:3]))
    file_writing.put(str(tmp_path / "deep" / "a.yaml"), b"one whole text")
    monkeypatch.undo()
    assert (tmp_path / "deep" / "a.yaml").read_bytes() == b"one whole text"
    assert (tmp_path / "deep" / "a.yaml").stat().st_mode & 0o777 == file_writing.MODE
