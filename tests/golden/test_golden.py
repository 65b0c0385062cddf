"""Generated files against reviewed ones: a change in them is seen, read and meant."""

from __future__ import annotations

import pytest

from app.build import artifacts
from tests.golden.update import ENVIRONMENT, FOLDER, REVIEWED, golden_path
from tests.support.catalogues import shipped_workspace


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return artifacts(shipped_workspace(), ENVIRONMENT)


@pytest.mark.parametrize("path", REVIEWED)
def test_a_generated_file_is_the_reviewed_one(made: dict[str, bytes], path: str) -> None:
    assert made[path].decode() == golden_path(path).read_text(encoding="utf-8"), (
        "if you meant this change, run `python tests/golden/update.py` and read the difference"
    )


def test_no_reviewed_file_is_left_over() -> None:
    known = {golden_path(path) for path in REVIEWED}
    assert {file for file in FOLDER.iterdir() if "__" in file.name and file.is_file()} == known
