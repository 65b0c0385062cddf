from __future__ import annotations

from pathlib import Path

import pytest

from dataplatform.directory import prepare_directory, writer_lock
from tests.support.command_line import mirante
from tests.support.prometheus_server import free_port


def test_a_second_up_on_a_folder_is_refused_before_it_shows_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRANTE_API_PORT", str(free_port()))
    monkeypatch.setenv("MIRANTE_CONTROL_PORT", str(free_port()))
    prepare_directory(tmp_path / "data")
    held = writer_lock(tmp_path / "data")
    try:
        ran = mirante("--data-dir", tmp_path / "data", "up")
    finally:
        held.release()
    assert ran.status == 3
    assert "is writing to this data directory" in ran.err
    assert "link" not in ran.out
