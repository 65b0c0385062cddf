"""The two languages an answer may be in, and how a request asks for one."""

from __future__ import annotations

from typing import Literal, NamedTuple

Language = Literal["en", "pt-BR"]
LANGUAGES: tuple[Language, ...] = ("en", "pt-BR")


class Text(NamedTuple):
    """The same sentence twice."""

    en: str
    pt: str

    def to(self, language: Language) -> str:
        return self.pt if language == "pt-BR" else self.en

    def of(self, *parts: Text) -> Text:
        """Both sentences with ``{0}``, ``{1}`` filled from the same language of ``parts``."""
        return Text(
            self.en.format(*(part.en for part in parts)), self.pt.format(*(part.pt for part in parts))
        )

    def filled(self, **values: object) -> Text:
        """Both sentences with ``{name}`` places filled."""
        return Text(self.en.format(**values), self.pt.format(**values))


def negotiate(accept_language: str) -> Language:
    """The language an ``Accept-Language`` header (RFC 9110, 12.5.4) prefers; English if neither."""
    best: tuple[float, Language] = (0.0, "en")
    for part in accept_language[:200].lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _known(tag.strip())
        quality = _quality(parameter.strip())
        if language is not None and quality > best[0]:
            best = (quality, language)
    return best[1]


def named(tag: str) -> Language | None:
    """The language of a tag such as ``pt``, ``pt-BR`` or ``en-GB``; ``None`` for others."""
    return _known(tag.strip().lower()) if tag.strip() != "*" else None


def _known(tag: str) -> Language | None:
    primary = tag.split("-", 1)[0]
    if primary == "pt":
        return "pt-BR"
    return "en" if primary in ("en", "*") else None


def _quality(parameter: str) -> float:
    if not parameter.startswith("q="):
        return 1.0
    try:
        quality = float(parameter[2:])
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
