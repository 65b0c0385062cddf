"""The recipes for contributors name files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([A-Za-z_.-]+/[A-Za-z0-9_./-]*)`")
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "docs/adr/0022-import-names.md")
ELSEWHERE = {"mirante/", "app/", "platform/", "slo/", ".venv/"}


def named_in(page: str) -> list[str]:
    return NAMED.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_a_page_names_exists(page: str) -> None:
    paths = [path for path in named_in(page) if path not in ELSEWHERE]
    assert paths
    assert [path for path in paths if not (ROOT / path.replace("NAME", "*")).exists() and not new(path)] == []


def new(path: str) -> bool:
    """A file that the reader is about to write, in a folder that is there."""
    return "NAME" in path and (ROOT / path.partition("NAME")[0]).is_dir()


def test_a_recipe_for_each_thing_that_people_add() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for kind in ("type of SLI", "channel", "store", "panel", "command"):
        assert f"### A {kind}" in text
