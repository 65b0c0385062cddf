from __future__ import annotations

from pathlib import Path

import pytest

from app.demo import dataset
from credit.domain.errors import TableError
from tests.support.command_line import mirante


def test_a_demo_without_its_extra_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise TableError("loans", "the package is not there", "Install it")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dataset, "read_real_loans", missing)
    ran = mirante("demo")
    assert (ran.status, list(tmp_path.iterdir())) == (3, [])
