"""Every text a person reads, in English and in Brazilian Portuguese, from the tables in ``texts/``.

A table is YAML: ``key: {en: ..., pt: ...}``; fields in braces are filled in. A text that lacks a language
stops the process at its start, not a reader in the middle of the night.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml

from app.console.errors import TextMissing
from dashboards.model.palette import LANGUAGES

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
def text_table(*packages: str) -> Mapping[str, Mapping[str, str]]:
    """All tables of the console as one, with those of other ``packages`` whose pages are made like ours.

    Raises:
        TextMissing: a key lacks a language or stands in two tables.
    """
    table: dict[str, Mapping[str, str]] = {}
    folders = [files("app.console").joinpath("texts"), *map(files, packages)]
    for source in [file for folder in folders for file in sorted(folder.iterdir(), key=lambda f: f.name)]:
        if source.name.endswith(".yaml"):
            _merge(table, yaml.safe_load(source.read_text(encoding="utf-8")))
    return table


def _merge(table: dict[str, Mapping[str, str]], entries: Mapping[str, Mapping[str, str]]) -> None:
    for key, languages in entries.items():
        if key in table:
            raise TextMissing(key, "stands in two tables")
        if set(languages) != set(LANGUAGES):
            raise TextMissing(key, f"is in {sorted(languages)}, not in {sorted(LANGUAGES)}")
        table[key] = languages


@cache
def texts_in(language: str, *packages: str) -> Texts:
    """The texts of ``language``, those of ``packages`` among them; an unknown language reads English."""
    return Texts(language if language in LANGUAGES else DEFAULT_LANGUAGE, text_table(*packages))


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
