"""What a person reads is plain English: the turns of phrase that readers stumbled over do not come back."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PRODUCT = ("platform", "slo", "exporters", "alarms", "dashboards", "app")
HELP = ROOT / "app" / "cli"  # where docstrings are shown to people
# "'x' is no channel" wants "is not a channel"; "mend" wants "fix".
CLUMSY = re.compile(r"(?<!there )\b(?:is|are) no (?!longer\b)[a-z]+|\bmend(?:s|ed|ing)?\b", re.IGNORECASE)


def written(source: str, *, docstrings: bool = False) -> Iterator[str]:
    """Texts of a module that are more than one word; a value that is filled in reads ``x``."""
    tree = ast.parse(source)
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield "" if id(node) in told and not docstrings else " ".join(node.value.split())


def clumsy(text: str) -> list[str]:
    return [found[0] for found in CLUMSY.finditer(text)]


@pytest.mark.parametrize("package", PRODUCT)
def test_no_module_says_it(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {phrase}"
        for path in (ROOT / package).rglob("*.py")
        for text in written(path.read_text(encoding="utf-8"), docstrings=path.is_relative_to(HELP))
        for phrase in clumsy(text)
    }
    assert sorted(found) == []


@pytest.mark.parametrize("package", PRODUCT)
def test_no_shipped_file_says_it(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {phrase}"
        for ending in ("*.yaml", "*.md")
        for path in (ROOT / package).rglob(ending)
        for phrase in clumsy(" ".join(path.read_text(encoding="utf-8").split()))
    }
    assert sorted(found) == []


@pytest.mark.parametrize("text", ["'x' is no channel", "3 are no dead letters", "and how to mend it"])
def test_it_is_found(text: str) -> None:
    assert clumsy(text)
    assert clumsy(next(written(f"raise ValueError(f{text!r})")))


@pytest.mark.parametrize(
    "text", ["it is no longer held", "There is no such page", "recommended", "is not a team"]
)
def test_plain_words_are_not(text: str) -> None:
    assert clumsy(text) == []
