"""A text that people read, in English and in Brazilian Portuguese."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence twice."""

    en: str
    pt: str

    def of(self, language: str) -> str:
        """``language``: ``en``, ``pt`` or ``pt-BR``."""
        return self.pt if language.startswith("pt") else self.en

    def filled(self, *parts: Text, **values: object) -> Text:
        """Both sentences with ``{0}`` filled from the same language of ``parts`` and ``{name}`` by name."""
        return Text(
            self.en.format(*(part.en for part in parts), **values),
            self.pt.format(*(part.pt for part in parts), **values),
        )
