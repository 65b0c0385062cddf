"""``docs/coverage.md`` names only what exists, and knows every row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATES = {"done", "begun", "answered", "not yet"}
FOLDERS = {"dataplatform": "platform/dataplatform"}
PATH = re.compile(r"`((?:app|slo|alarms|dashboards|exporters|dataplatform|platform|tests|docs)/[^`\s]*)`")


def rows() -> dict[str, list[str]]:
    text = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 6 and re.fullmatch(r"[A-Z]+-\d+", cells[0]):
            found[cells[0]] = cells
    return found


def expanded(text: str) -> Iterator[str]:
    """``a/{b,c}.py`` as ``a/b.py`` and ``a/c.py``."""
    match = re.search(r"\{([^}]*)\}", text)
    if match is None:
        yield text
        return
    for choice in match[1].split(","):
        yield text[: match.start()] + choice + text[match.end() :]


def paths() -> list[str]:
    text = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    return sorted({path for found in PATH.findall(text) for path in expanded(found)})


def test_every_row_has_a_known_state_and_what_works_has_code_and_proof() -> None:
    table = rows()
    assert len(table) == 72
    for name, (_, _, _, state, code, proof) in table.items():
        assert state in STATES, name
        assert (state == "not yet") == (not code), name
        assert state == "not yet" or proof, name


@pytest.mark.parametrize("path", paths())
def test_what_the_table_names_is_there(path: str) -> None:
    first, _, rest = path.partition("/")
    place = f"{FOLDERS.get(first, first)}/{rest}"
    assert list(ROOT.glob(place.rstrip("/"))), path


@pytest.mark.parametrize("page", [*sorted((ROOT / "docs").rglob("*.md")), ROOT / "README.md"], ids=str)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
