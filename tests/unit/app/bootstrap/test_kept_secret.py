"""A secret of the installation: one for all processes, and nobody else's."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.bootstrap.kept_secret import kept_secret


def test_it_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "access" / "key"
    secret = kept_secret(path)
    assert len(secret) >= 43
    assert kept_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["key"]


def test_all_who_ask_for_the_first_time_at_once_get_the_same(tmp_path: Path) -> None:
    path = tmp_path / "access" / "key"
    with ThreadPoolExecutor(16) as pool:
        found = set(pool.map(kept_secret, [path] * 64))
    assert len(found) == 1
    assert os.listdir(path.parent) == ["key"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "access").write_text("a file", encoding="utf-8")
    with pytest.raises(OSError, match="access"):
        kept_secret(tmp_path / "access" / "key")
