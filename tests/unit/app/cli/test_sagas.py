from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from credit.ports.sagas import SagaState
from dataplatform.directory import DirectoryLock
from dataplatform.profiles.embedded import open_embedded
from foundation.clock import SystemClock
from tests.support.command_line import mirante


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Stores with an open, a stuck and a finished saga."""

    async def fill() -> None:
        platform = open_embedded(tmp_path / "data", SystemClock())
        for name, state in (("s-open", None), ("s-stuck", SagaState.STUCK), ("s-done", SagaState.DONE)):
            await platform.sagas.begin(name, "disbursement", b"{}")
            held = await platform.sagas.claim_one(name, "t", 60.0)
            assert held is not None
            if state is not None:
                await platform.sagas.end(held, state, "draft: the wide store is unavailable")
        await platform.close()

    asyncio.run(fill())
    return tmp_path / "data"


def test_stuck_and_open_sagas_are_listed_beside_a_running_server_and_stuck_ones_are_a_no(
    data_dir: Path,
) -> None:
    held = DirectoryLock(data_dir / "data" / "lock")
    try:
        ran = mirante("--data-dir", data_dir, "sagas", "list")
        done = mirante("--data-dir", data_dir, "sagas", "list", "--state", "done", "--json")
        refused = mirante("--data-dir", data_dir, "sagas", "retry", "--all")
    finally:
        held.release()
    assert ran.status == 1
    assert "s-open" in ran.out
    assert "the wide store is unavailable" in ran.out
    assert "s-done" not in ran.out
    assert (done.status, [saga["saga_id"] for saga in json.loads(done.out)]) == (0, ["s-done"])
    assert refused.status == 3


def test_one_saga_is_shown_with_its_steps(data_dir: Path) -> None:
    shown = json.loads(mirante("--data-dir", data_dir, "sagas", "show", "s-stuck").out)
    assert (shown["state"], shown["phase"], shown["steps"]) == ("STUCK", "FORWARD", {})
    assert mirante("--data-dir", data_dir, "sagas", "show", "nobody").status == 1


def test_a_stuck_saga_goes_on_after_retry_and_only_a_stuck_one(data_dir: Path) -> None:
    ran = mirante("--data-dir", data_dir, "sagas", "retry", "s-stuck", "s-done")
    assert ran.status == 1
    assert "1 sagas will continue when the data side starts" in ran.out
    assert "s-done is not stuck" in ran.out
    assert mirante("--data-dir", data_dir, "sagas", "list").status == 0
    assert mirante("--data-dir", data_dir, "sagas", "retry").status == 2


def test_without_a_database_it_is_said(tmp_path: Path) -> None:
    assert mirante("--data-dir", tmp_path, "sagas", "list").status == 3
