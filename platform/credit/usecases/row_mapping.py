"""Column mappings as YAML, checked field by field; ``openintro-loans.yaml`` in ``mappings/`` is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from credit.domain.application import Purpose
from credit.domain.customer import CustomerStatus
from credit.domain.facts import HOME_OWNERSHIP
from credit.usecases.field_sources import CellReading, FieldSource, Treatment, When
from credit.usecases.ingest import PROFILE_NUMBERS
from foundation.files import document, read_bytes
from foundation.located import Place, Section

Readings = Mapping[str, tuple[CellReading, ...]]
Ways = Mapping[str, tuple[FieldSource, ...]]

_NUMERIC = (
    CellReading.INTEGER,
    CellReading.MONEY,
    CellReading.MONEY_PER_YEAR,
    CellReading.PERCENT_OF,
    CellReading.LADDER,
    CellReading.YEARS_SINCE,
)
_NAMING = (CellReading.TEXT, CellReading.ROW_NUMBER)
_CHOOSING = (CellReading.CHOICE,)
_CUSTOMER: Readings = {
    "customer_id": _NAMING,
    "cpf": (CellReading.CPF, CellReading.SYNTHETIC_CPF),
    "home_ownership": _CHOOSING,
    "status": _CHOOSING,
    **dict.fromkeys(PROFILE_NUMBERS, _NUMERIC),
}
_APPLICATION: Readings = {
    "amount_cents": (CellReading.INTEGER, CellReading.MONEY),
    "term_months": (CellReading.INTEGER,),
    "purpose": _CHOOSING,
    "reference": _NAMING,
}
_ALLOWED: Mapping[str, tuple[str, ...]] = {
    "home_ownership": HOME_OWNERSHIP,
    "status": tuple(CustomerStatus),
    "purpose": tuple(Purpose),
}
_REQUIRED = ("customer_id", "cpf", "amount_cents", "term_months", "purpose")


@dataclass(frozen=True, slots=True)
class RowMapping:
    """A mapping file, checked. For each field the ways to get it, the first whose ``when`` fits applies."""

    name: str
    version: str
    description: str
    encoding: str
    delimiter: str
    null_values: frozenset[str]
    customer: Ways
    application: Ways
    source_file: str

    @property
    def columns(self) -> frozenset[str]:
        """Every column the mapping needs."""
        ways = [
            way for fields in (self.customer, self.application) for ways in fields.values() for way in ways
        ]
        return frozenset(column for way in ways for column in way.columns)


def load_mapping(path: Path) -> RowMapping:
    """Read a mapping file.

    Raises:
        DefinitionErrors: everything wrong, each with file, line, field and fix.
    """
    return parse_mapping(read_bytes(path), str(path))


def parse_mapping(content: bytes, file: str) -> RowMapping:
    """The same from bytes.

    Raises:
        DefinitionErrors: everything wrong, each with file, line, field and fix.
    """
    top = document(content, file)
    fields = top.fields(
        ["mapping", "version", "description", "customer", "application"],
        ["encoding", "delimiter", "null_values"],
    )
    mapping = RowMapping(
        name=fields["mapping"].text(),
        version=fields["version"].text(),
        description=fields["description"].text(),
        encoding=fields["encoding"].text() if "encoding" in fields else "utf-8-sig",
        delimiter=_delimiter(fields.get("delimiter")),
        null_values=_texts(fields.get("null_values")),
        customer=_section(fields["customer"], _CUSTOMER),
        application=_section(fields["application"], _APPLICATION),
        source_file=file,
    )
    top.source.problems.raise_if_any()
    return mapping


def _delimiter(place: Place | None) -> str:
    written = "," if place is None else place.scalar()
    if place is not None and len(written) != 1:
        place.wrong("is not one character", 'Write one character, such as ";"')
    return written


def _texts(place: Place | None) -> frozenset[str]:
    return frozenset() if place is None else frozenset(item.scalar() for item in place.items(least=1))


def _section(place: Place, known: Readings) -> Ways:
    required = [name for name in known if name in _REQUIRED]
    fields = place.fields(required, [name for name in known if name not in _REQUIRED])
    found = {name: _ways(fields[name], name, known[name]) for name in known if name in fields}
    _check_percentages(place, found)
    return found


def _ways(place: Place, name: str, readings: tuple[CellReading, ...]) -> tuple[FieldSource, ...]:
    listed = place.items(least=1) if place.is_list else [place]
    ways = tuple(_way(item, name, readings) for item in listed)
    for item, way in zip(listed[:-1], ways, strict=False):
        if way.when is None:
            item.wrong("always applies, so the entries after it never do", "Add a 'when', or put it last")
    return ways


def _way(place: Place, name: str, readings: tuple[CellReading, ...]) -> FieldSource:
    section = Section(place)
    word = section.need("read").choice(readings)
    if not word:
        return FieldSource(readings[0])  # which other keys it may have hangs on it
    reading = CellReading(word)
    said = _details(reading, section, name)
    if reading not in (CellReading.ROW_NUMBER, CellReading.SYNTHETIC_CPF):
        said["column"] = section.need("column").text()
    if reading in _NUMERIC:
        said["outside"] = _treatment(section, "outside", name)
        said |= {bound: section.number(bound) for bound in ("at_least", "at_most", "above")}
    missing, when = _treatment(section, "missing", name), _when(section.take("when"))
    section.close()
    return FieldSource(reading, when=when, missing=missing, **said)


def _details(reading: CellReading, section: Section, name: str) -> dict[str, Any]:
    """What one way of reading needs and no other, by the name of its field in ``FieldSource``."""
    match reading:
        case CellReading.CHOICE:
            pairs = section.need("values").entries()
            return {"values": {written: place.choice(_ALLOWED[name]) for written, place in pairs}}
        case CellReading.LADDER:
            return _ladder(section, name)
        case CellReading.PERCENT_OF:
            return {"of": section.need("of").choice(list(PROFILE_NUMBERS))}
        case CellReading.YEARS_SINCE:
            return {"until": section.need("until").text()}
        case CellReading.ROW_NUMBER:
            digits = section.need("digits").integer(1, 12)
            return {"prefix": section.need("prefix").text(), "digits": digits}
        case CellReading.SYNTHETIC_CPF:
            return {"seed": section.need("seed").integer(0, 2**53)}
    return {}


def _treatment(section: Section, field: str, name: str) -> Treatment:
    place = section.take(field)
    if place is None:
        strict = field == "outside" or name in _REQUIRED
        return Treatment.UNUSABLE if strict else Treatment.UNKNOWN
    chosen = place.member(Treatment)
    if chosen is Treatment.UNKNOWN and name in _REQUIRED:
        place.wrong(f"{name} cannot be unknown", "Write 'unusable'")
    return chosen


def _when(place: Place | None) -> When | None:
    if place is None:
        return None
    fields = place.fields(["column", "equals"])
    return When(fields["column"].text(), fields["equals"].scalar())


def _ladder(section: Section, name: str) -> dict[str, Any]:
    order = section.need("order")
    steps = tuple(item.scalar() for item in order.items(least=1))
    if len(set(steps)) != len(steps):
        order.wrong("names a step twice", "Name each step once")
    top = section.need("first").integer(0, 10**6)
    step = section.need("step")
    by = step.integer(-(10**6), 10**6)
    last = top + by * (len(steps) - 1)
    if step.given and (by == 0 or not 0 <= last <= PROFILE_NUMBERS.get(name, 10**6)):
        step.wrong(
            f"would end at {last}, out of range", "Choose first and step so that every value is in range"
        )
    return {"order": steps, "first": top, "step": by}


def _check_percentages(place: Place, found: Ways) -> None:
    for name, ways in found.items():
        for base in {way.of for way in ways if way.of}:
            if base not in found:
                place.wrong(f"{name} is a share of {base}, which has no source", f"Add '{base}:'")
            elif any(way.of for way in found[base]):
                place.wrong(
                    f"{name} is a share of {base}, which is itself a share", "Use a plain field as the base"
                )
