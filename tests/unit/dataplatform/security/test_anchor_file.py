"""Anchors: synced in place, bounded by rotation, whole after a crash."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from dataplatform.errors import SchemaError
from dataplatform.security.anchor_file import AnchorFile, read_anchors
from dataplatform.security.audit_chain import Anchor
from tests.support.credit_samples import NOON


def an_anchor(number: int) -> Anchor:
    return Anchor(number, f"{number:064x}", NOON + timedelta(seconds=number))


def test_anchors_are_read_back_in_order(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path)
    for number in (1, 2, 3):
        file.room()
        file.append(an_anchor(number))
    file.close()
    assert list(read_anchors(tmp_path)) == [an_anchor(1), an_anchor(2), an_anchor(3)]
    again = AnchorFile(tmp_path)
    assert again.newest == an_anchor(3)
    again.append(an_anchor(4))
    again.close()
    assert list(read_anchors(tmp_path))[-1] == an_anchor(4)


def test_no_folder_holds_no_anchors(tmp_path: Path) -> None:
    assert list(read_anchors(tmp_path)) == []


def test_appending_never_grows_the_file(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path, segment_bytes=64 * 1024)
    size = (tmp_path / "audit.jsonl").stat().st_size
    for number in range(1, 100):
        file.room()
        file.append(an_anchor(number))
        assert (tmp_path / "audit.jsonl").stat().st_size == size
    file.close()


def test_full_segments_rotate_and_the_oldest_go(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path, segment_bytes=2048, keep=3)
    for number in range(1, 101):
        file.room()
        file.append(an_anchor(number))
    file.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.jsonl"]
    kept = [anchor.sequence for anchor in read_anchors(tmp_path)]
    assert kept == sorted(kept)
    assert kept[-1] == 100
    assert set(range(kept[0], 101)) == set(kept)


def test_a_line_torn_by_a_crash_counts_for_nothing(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path)
    file.append(an_anchor(1))
    file.append(an_anchor(2))
    file.close()
    path = tmp_path / "audit.jsonl"
    content = path.read_bytes()
    end = content.index(b"\n", content.index(b"\n") + 1)
    path.write_bytes(content[: end - 20] + b"\n" * (len(content) - end + 20))
    assert list(read_anchors(tmp_path)) == [an_anchor(1)]
    again = AnchorFile(tmp_path)
    again.append(Anchor(3, "ab", NOON))
    again.close()
    assert list(read_anchors(tmp_path)) == [an_anchor(1), Anchor(3, "ab", NOON)]


def test_a_crash_between_the_renames_of_a_rotation_loses_nothing(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path)
    file.append(an_anchor(1))
    file.close()
    (tmp_path / "audit.jsonl").rename(tmp_path / "audit.1.jsonl")
    again = AnchorFile(tmp_path)
    assert again.newest == an_anchor(1)
    again.append(an_anchor(2))
    again.close()
    assert [a.sequence for a in read_anchors(tmp_path)] == [1, 1, 2]


def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path) -> None:
    file = AnchorFile(tmp_path)
    file.append(an_anchor(1))
    file.append(an_anchor(2))
    file.close()
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"?" + path.read_bytes()[1:])
    with pytest.raises(SchemaError, match=r"audit\.jsonl: line 1 is not an anchor.*backup"):
        AnchorFile(tmp_path)


def test_no_room_for_a_new_segment_shows_before_the_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AnchorFile(tmp_path, segment_bytes=1024)
    for number in range(1, 5):
        file.append(an_anchor(number))

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            file.room()
    file.room()
    file.append(an_anchor(5))
    file.close()
    assert [a.sequence for a in read_anchors(tmp_path)] == [1, 2, 3, 4, 4, 5]
