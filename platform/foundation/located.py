"""Values of a file that know their file, line and path, so that an error can say where and how to fix.

Reading never stops at a problem: it is noted and a stand-in returned, so one pass finds everything wrong.
``Problems.raise_if_any`` then tells all. A value that is null counts as not written.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from foundation.bilingual import Text
from foundation.errors import Effect, Problems
from foundation.quantities import duration_text, parse_duration, parse_number
from foundation.yaml_nodes import Listing, Mapping, Node, Scalar, plain

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)
ZERO = timedelta(0)
SECOND = timedelta(seconds=1)
LARGEST = 10**18
MOST_NAMES = 20
SHORT = reprlib.Repr()
SHORT.maxstring = 80


@dataclass(slots=True)
class SourceFile:
    """The file being read. ``working_day`` is what ``wd`` lasts in it; ``None``: no unit there."""

    file: str
    problems: Problems
    working_day: timedelta | None = None


class Place:
    """One value, or a place where one is missing: reading that answers a stand-in and notes nothing more."""

    __slots__ = ("_node", "line", "path", "source")

    def __init__(self, source: SourceFile, path: str, node: Node | None, line: int | None) -> None:
        self.source = source
        self.path = path
        self.line = line  # of its key, or its own
        self._node = node

    @property
    def given(self) -> bool:
        return self._node is not None

    @property
    def is_null(self) -> bool:
        return isinstance(self._node, Scalar) and self._node.is_null

    @property
    def is_list(self) -> bool:
        return isinstance(self._node, Listing)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self._node, Mapping)

    def wrong(self, problem: str, fix: str) -> None:
        self.source.problems.refuse(self.source.file, self.line, self.path, problem, fix)

    def scalar(self) -> str:
        """As written, blanks included."""
        scalar = self._scalar()
        return "" if scalar is None else scalar.text

    def text(self) -> str:
        scalar = self._scalar()
        text = "" if scalar is None else scalar.text.strip()
        if scalar is not None and not text:
            self.wrong("is empty", "Write a word or a sentence.")
        return text

    def choice(self, allowed: Sequence[str]) -> str:
        """One of ``allowed``; empty after a problem."""
        text = self.text()
        if not text or text in allowed:
            return text
        names = ", ".join(allowed[:MOST_NAMES])
        self.wrong(f"{shown(text)} is not one of {names}", suggestion(text, allowed, "Write one of them."))
        return ""

    def member(self, kind: type[Choice]) -> Choice:
        """The enumeration's first after a problem."""
        text = self.choice([member.value for member in kind])
        return kind(text) if text else next(iter(kind))

    def flag(self, default: bool = False) -> bool:
        scalar = self._scalar()
        if scalar is None:
            return default
        if scalar.truth is None:
            self.wrong(f"{shown(scalar.text)} is not true or false", "Write true or false, unquoted.")
        return bool(scalar.truth)

    def number(self) -> Fraction | None:
        return self._parsed(parse_number, "is not a number", "Write a plain number, for example 0.999.")

    def integer(self, least: int = 0, most: int = LARGEST) -> int:
        """``least`` after a problem."""
        value = self._parsed(
            parse_number, "is not a whole number", f"Write a whole number of at least {least}."
        )
        if value is None or (value.denominator == 1 and least <= value <= most):
            return least if value is None else value.numerator
        allowed = f"of at least {least}" if most == LARGEST else f"from {least} to {most}"
        self.wrong(f"{shown(self.scalar())} is not a whole number {allowed}", "Write digits only.")
        return least

    def duration(self, least: timedelta = ZERO) -> timedelta:
        """``least`` after a problem."""
        return self.maybe_duration(least) or least

    def maybe_duration(self, least: timedelta) -> timedelta | None:
        working_day = self.source.working_day
        units = "5m, 1h30m, 3d or 4w" + ("" if working_day is None else ", or 1wd for a working day")
        value = self._parsed(
            lambda text: parse_duration(text, working_day), "is not a duration", f"Write for example {units}."
        )
        if value is None or value >= least:
            return value
        self.wrong(f"{shown(self.scalar())} is too short", f"Write at least {duration_text(least)}.")
        return None

    def items(self, least: int = 0) -> list[Place]:
        if isinstance(self._node, Listing):
            if len(self._node.items) < least:
                self.wrong("is empty", "Give at least one item.")
            return [
                Place(self.source, f"{self.path}[{index}]", node, node.line)
                for index, node in enumerate(self._node.items)
            ]
        if self.given:
            self.wrong("expected a list", "Start each item with `- `.")
        return []

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def bilingual(self) -> Text:
        """``{en: ..., pt: ...}``."""
        fields = self.fields(["en", "pt"])
        return Text(fields["en"].text(), fields["pt"].text())

    def entries(self) -> list[tuple[str, Place]]:
        """Key and value of a mapping, in file order."""
        if isinstance(self._node, Mapping):
            return [(key, self.below(key, node, line)) for key, (line, node) in self._node.entries.items()]
        if self.given:
            self.wrong("expected a mapping", "Indent its `key: value` lines below it.")
        return []

    def section(self) -> Section | None:
        """``None``, and a problem if anything is written here, unless it is a mapping."""
        section = Section(self)
        return section if self.is_mapping else None

    def fields(self, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, Place]:
        """Its keys as places, optional ones only if written. Every other key is a problem."""
        section = Section(self)
        found = {key: section.need(key) for key in required}
        found |= {key: place for key in optional if (place := section.take(key)) is not None}
        section.close()
        return found

    def plain(self) -> object:
        """Whatever is written here, as Python values."""
        return None if self._node is None else plain(self._node)

    def below(self, key: str, node: Node | None, line: int | None) -> Place:
        return Place(self.source, f"{self.path}.{key}" if self.path else key, node, line)

    def _scalar(self) -> Scalar | None:
        if isinstance(self._node, Scalar) and not self._node.is_null:
            return self._node
        if self.is_null:
            self.wrong("has no value", "Write one.")
        elif self.given:
            self.wrong("expected a single value", "Write one value after the colon.")
        return None

    def _parsed(self, parse: Callable[[str], T | None], problem: str, fix: str) -> T | None:
        scalar = self._scalar()
        value = None if scalar is None else parse(scalar.text.strip())
        if scalar is not None and value is None:
            self.wrong(f"{shown(scalar.text)} {problem}", fix)
        return value


class Section:
    """A mapping read key by key; ``close`` refuses what nobody asked for. A key that is null is not there."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._places = dict(place.entries())
        self._asked: set[str] = set()

    @property
    def file(self) -> str:
        return self.place.source.file

    @property
    def line(self) -> int | None:
        return self.place.line

    @property
    def is_part(self) -> bool:
        """Whether it is somebody's who may keep what it names elsewhere."""
        return self.place.source.problems.is_part

    def refuse(self, key: str, problem: str, fix: str) -> None:
        """About ``key``, written or not; an empty key is the mapping itself."""
        (self._at(key) if key else self.place).wrong(problem, fix)

    def no_such(self, key: str, kind: str, name: str, fix: str) -> None:
        """What ``key`` names is in no file; not told while a file is unread that may have it.

        Of a file that others may go with, it is only noticed.
        """
        problems = self.place.source.problems
        if problems.is_part:
            self.notice(key, f"there is no {kind} {name!r} in these files", fix, Effect.LOST)
        elif not problems.incomplete:
            self.refuse(key, f"there is no {kind} {name!r}", fix)

    def repeated(self, key: str, problem: str) -> None:
        """A second one of a name. Of a file that others may go with, the first is kept."""
        if self.place.source.problems.is_part:
            self.notice(key, f"{problem}; the first is kept", "Rename one.", Effect.LOST)
        else:
            self.refuse(key, problem, "Rename one.")

    def notice(self, key: str, reason: str, fix: str = "", effect: Effect = Effect.ASSUMED) -> None:
        """Said aloud about ``key``, which is read all the same."""
        at = self._at(key)
        at.source.problems.notice(self.file, at.line, at.path, reason, fix, effect)

    def has(self, key: str) -> bool:
        return key in self._places and not self._places[key].is_null

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._places if self.has(key))

    def take(self, key: str) -> Place | None:
        self._asked.add(key)
        return self._places[key] if self.has(key) else None

    def need(self, key: str) -> Place:
        place = self.take(key)
        if place is not None:
            return place
        if key in self._places:
            self._places[key].wrong("has no value", "Write one.")
        elif self.place.is_mapping:
            self._at(key).wrong("is required but missing", f"Add `{key}:`.")
        return self.place.below(key, None, self.line)

    def text(
        self,
        key: str,
        *,
        required: bool = False,
        default: str = "",
        choices: Sequence[str] = (),
        longest: int | None = None,
    ) -> str:
        """Only one that is required is refused where it is empty."""
        place = self._asked_for(key, required)
        if place is None or not (required or place.scalar().strip()):
            return default
        value = place.choice(choices) if choices else place.text()
        if longest is not None and len(value) > longest:
            place.wrong(f"is {len(value)} characters long, at most {longest} allowed", "Shorten it.")
        return value or default

    def bilingual(self, key: str) -> Text:
        """``key`` and ``key_pt``, both required."""
        return Text(self.need(key).text(), self.need(f"{key}_pt").text())

    def flag(self, key: str, default: bool) -> bool:
        place = self.take(key)
        return default if place is None else place.flag(default)

    def number(self, key: str, *, required: bool = False) -> Fraction | None:
        place = self._asked_for(key, required)
        return None if place is None else place.number()

    def duration(self, key: str, *, required: bool = False, least: timedelta = SECOND) -> timedelta | None:
        place = self._asked_for(key, required)
        return None if place is None else place.maybe_duration(least)

    def section(self, key: str, *, required: bool = False) -> Section | None:
        place = self._asked_for(key, required)
        return None if place is None else place.section()

    def sections(self, key: str, *, required: bool = False) -> list[Section]:
        place = self._asked_for(key, required)
        items = [] if place is None else place.items(least=int(required))
        return [section for item in items if (section := item.section()) is not None]

    def texts(self, key: str) -> tuple[str, ...]:
        place = self.take(key)
        return () if place is None else place.texts()

    def labels(self, key: str) -> dict[str, str]:
        """A mapping of text to text; a list of texts is kept as ``a, b`` (OpenSLO allows both)."""
        place = self.take(key)
        found = [] if place is None else place.entries()
        return {
            name: ", ".join(value.texts()) if value.is_list else value.scalar()
            for name, value in found
            if not value.is_null
        }

    def plain(self, key: str) -> object:
        place = self.take(key)
        return None if place is None else place.plain()

    def close(self, ignored_by: str = "") -> None:
        """Refuse every key nobody asked for; in a file of somebody's who moves, what their tool ignores is
        only said."""
        unknown = [key for key in self._places if key not in self._asked]
        for key in unknown[:MOST_NAMES]:
            known = sorted(self._asked)
            fix = suggestion(key, known, f"Known keys: {', '.join(known)}.")
            if ignored_by and self.place.source.problems.is_part:
                reason = f"`{key}` is not a key of {ignored_by}, which ignores it as well. {fix}"
                self.notice(key, reason, effect=Effect.LOST)
            else:
                self._places[key].wrong("is not a known key", fix)
        if len(unknown) > MOST_NAMES:
            self.place.wrong(f"has {len(unknown)} unknown keys", "Remove them.")

    def _asked_for(self, key: str, required: bool) -> Place | None:
        return self.need(key) if required else self.take(key)

    def _at(self, key: str) -> Place:
        return self._places.get(key) or self.place.below(key, None, self.line)


def shown(text: str) -> str:
    """As it may stand in a message: quoted, and not the whole of a long one."""
    return SHORT.repr(text)


def suggestion(written: str, names: Sequence[str], otherwise: str) -> str:
    """The name that was probably meant, however its words are joined: `pageAlert`, `page-alert`."""
    meant = closest(written, names)
    return f"Did you mean `{meant}`?" if meant else otherwise


def closest(written: str, names: Sequence[str]) -> str:
    """Empty where none is close."""
    as_meant = {_joined(name): name for name in names}
    close = difflib.get_close_matches(_joined(written), as_meant, 1, 0.6)
    return as_meant[close[0]] if close else ""


def _joined(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
