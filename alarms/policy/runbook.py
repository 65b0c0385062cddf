"""Runbooks: Markdown files, each in English with a Portuguese section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from alarms.policy.defaults import RUNBOOKS
from foundation.errors import Problems
from foundation.files import read_text
from foundation.paths import files_in
from foundation.workspace import SHIPPED

GENERIC = "generic"
STEP = re.compile(r"^\d+\.\s+(.*)$")


@dataclass(frozen=True, slots=True)
class Runbook:
    """``steps`` and ``steps_pt`` are the numbered lines below "## Steps" and "## Passos"."""

    id: str
    title: str
    title_pt: str
    steps: tuple[str, ...]
    steps_pt: tuple[str, ...]
    text: str


class Runbooks:
    """All runbooks of a directory, by file name without ``.md``."""

    def __init__(self, runbooks: Mapping[str, Runbook]) -> None:
        self._runbooks = dict(runbooks)

    def ids(self) -> tuple[str, ...]:
        return tuple(sorted(self._runbooks))

    def get(self, runbook_id: str) -> Runbook | None:
        return self._runbooks.get(runbook_id)

    def over(self, others: Runbooks) -> Runbooks:
        """These, and those of ``others`` that they do not have."""
        return Runbooks({**others._runbooks, **self._runbooks})

    def find(self, *candidates: str | None) -> Runbook | None:
        """The first candidate that exists, else the generic one."""
        for candidate in (*candidates, GENERIC):
            if candidate is not None and candidate in self._runbooks:
                return self._runbooks[candidate]
        return None


@lru_cache(maxsize=8)
def load_runbooks(directory: Path = SHIPPED.alarms / RUNBOOKS) -> Runbooks:
    """
    Raises:
        DefinitionErrors: every file that cannot be read, is too large or is not UTF-8.
    """
    problems = Problems()
    texts = {path.stem: problems.attempt(partial(read_text, path)) for path in files_in(directory, ".md")}
    problems.raise_if_any()
    return Runbooks({name: parse(name, text) for name, text in texts.items() if text is not None})


def parse(runbook_id: str, text: str) -> Runbook:
    titles = re.findall(r"^# (.+)$", text, re.MULTILINE)
    return Runbook(
        id=runbook_id,
        title=titles[0] if titles else runbook_id,
        title_pt=titles[1] if len(titles) > 1 else (titles[0] if titles else runbook_id),
        steps=_numbered(text, "Steps"),
        steps_pt=_numbered(text, "Passos"),
        text=text,
    )


def _numbered(text: str, heading: str) -> tuple[str, ...]:
    section = re.search(rf"^## {heading}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = section[1].splitlines() if section else []
    return tuple(match[1].strip() for match in map(STEP.match, lines) if match)
