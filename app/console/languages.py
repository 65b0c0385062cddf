"""Every text a person reads, in English and in Brazilian Portuguese, from the tables in ``texts/``.

A table is YAML: ``key: {en: ..., pt: ...}``; fields in braces are filled in. A text that lacks a language
stops the process at its start, not a reader in the middle of the night.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path

from app.console.errors import TextMissing
from dashboards.model.palette import LANGUAGES
from foundation.errors import Problems
from foundation.files import read_document

TEXTS = Path(__file__).parent / "texts"
DEFAULT_LANGUAGE = "en"
HTML_LANGUAGE = {"en": "en", "pt": "pt-BR"}
LANGUAGE_NAMES = {"en": "English", "pt": "Português"}


class Texts:
    """The texts of one language: ``texts("oncall.title")``, ``texts("when.in", duration="3 h")``."""

    def __init__(self, language: str, table: Mapping[str, Mapping[str, str]]) -> None:
        self.language = language
        self._table = table

    def __call__(self, key: str, **fields: object) -> str:
        """The text with its fields filled in.

        Raises:
            TextMissing: no such key, or a field the text needs was not given.
        """
        try:
            return self._table[key][self.language].format(**fields)
        except KeyError as error:
            raise TextMissing(key, f"is not in the table, or lacks {error}") from error

    def counted(self, key: str, count: int, **fields: object) -> str:
        """``key.one`` for one, ``key.other`` for any other number; ``count`` is a field of both."""
        return self(f"{key}.{'one' if count == 1 else 'other'}", count=count, **fields)

    def word(self, prefix: str, value: str) -> str:
        """The word for a value that others may add to: the value itself when nobody has named it yet."""
        key = f"{prefix}.{value}"
        return self(key) if key in self._table else value


@cache
def text_table(*folders: Path) -> Mapping[str, Mapping[str, str]]:
    """All tables of the console as one, with those of other ``folders`` whose pages are made like ours.

    Raises:
        DefinitionErrors: everything wrong in them: a key lacks a language, or is in two tables.
    """
    problems = Problems()
    table: dict[str, Mapping[str, str]] = {}
    for path in [path for folder in (TEXTS, *folders) for path in sorted(folder.glob("*.yaml"))]:
        problems.attempt(partial(_add, path, table))
    problems.raise_if_any()
    return table


def _add(path: Path, table: dict[str, Mapping[str, str]]) -> None:
    document = read_document(path)
    for key, place in document.entries():
        if key in table:
            place.wrong("is in two tables", "Keep one of them.")
        table[key] = {language: text.text() for language, text in place.fields(LANGUAGES).items()}
    document.source.problems.raise_if_any()


@cache
def texts_in(language: str, *folders: Path) -> Texts:
    """The texts of ``language``, those of ``folders`` among them; an unknown language reads English."""
    return Texts(language if language in LANGUAGES else DEFAULT_LANGUAGE, text_table(*folders))


def negotiate(accept_language: str) -> str:
    """The better of our languages for an ``Accept-Language`` header; English when it names neither."""
    wanted: list[tuple[float, int, str]] = []
    for order, part in enumerate(accept_language.split(",")[:20]):
        tag, _, parameters = part.strip().partition(";")
        language = tag.split("-")[0].strip().lower()
        if language in LANGUAGES:
            wanted.append((-_quality(parameters), order, language))
    best = min(wanted, default=(0.0, 0, DEFAULT_LANGUAGE))
    return best[2] if best[0] < 0 else DEFAULT_LANGUAGE


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
