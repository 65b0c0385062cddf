"""A shared trail is anchored as it grows, and one that was cut or rewritten since is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dataplatform.errors import SchemaError
from dataplatform.security.anchor_file import AnchorFile, read_anchors
from dataplatform.security.audit_chain import Damage
from dataplatform.security.trail_anchor import TrailAnchor, verify_trail
from foundation.clock import ManualClock
from tests.support.credit_samples import NOON
from tests.support.in_memory import InMemory


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, ManualClock(NOON)
        self.stores = InMemory(self.clock)
        self.trail = self.stores.relational.audit
        self.file = AnchorFile(folder)
        self.anchor = TrailAnchor(self.trail, self.file, self.clock)

    async def append(self, count: int) -> None:
        for _ in range(count):
            await self.trail.append("ana", "x", "y", b"{}")

    def damage(self, *statements: str) -> None:
        """By somebody who may do everything: past the guards of the table."""
        guards = [f"DROP TRIGGER IF EXISTS audit_is_append_only_{verb}" for verb in ("update", "delete")]
        self.stores.run(*guards, *statements)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.file.close()


async def test_the_head_is_anchored_when_it_moved_and_only_then(scene: Scene) -> None:
    assert not await scene.anchor.run_once()
    await scene.append(3)
    assert await scene.anchor.run_once()
    assert not await scene.anchor.run_once()
    await scene.append(2)
    scene.clock.advance(timedelta(minutes=1))
    assert await scene.anchor.run_once()
    kept = read_anchors(scene.folder)
    linked = scene.stores.run("SELECT sequence, digest FROM audit WHERE sequence IN (3, 5) ORDER BY sequence")
    assert [(anchor.sequence, anchor.digest) for anchor in kept] == linked
    assert kept[1].at == NOON + timedelta(minutes=1)


async def test_a_trail_that_was_cut_is_told_even_when_it_grew_again(scene: Scene) -> None:
    await scene.append(5)
    await scene.anchor.run_once()
    scene.damage("DELETE FROM audit WHERE sequence > 3")
    with pytest.raises(SchemaError, match="entry 5 has an anchor but is missing"):
        await scene.anchor.run_once()
    scene.clock.advance(timedelta(seconds=1))
    await scene.append(4)
    with pytest.raises(SchemaError, match="entry 5 does not match its anchor"):
        await scene.anchor.run_once()
    assert len(read_anchors(scene.folder)) == 1


async def test_the_whole_trail_is_verified_page_by_page_against_its_anchors(scene: Scene) -> None:
    await scene.append(2_100)
    await scene.anchor.run_once()
    report = await verify_trail(scene.trail, read_anchors(scene.folder))
    assert (report.intact, report.entries, report.unanchored) == (True, 2_100, 0)
    scene.damage(
        "UPDATE audit SET actor = 'bea' WHERE sequence = 1501", "DELETE FROM audit WHERE sequence > 2090"
    )
    report = await verify_trail(scene.trail, read_anchors(scene.folder))
    assert [finding.damage for finding in report.findings] == [Damage.ALTERED, Damage.TRUNCATED]
