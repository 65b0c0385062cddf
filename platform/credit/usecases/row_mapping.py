"""Column mappings as YAML, checked field by field; ``openintro-loans.yaml`` in ``mappings/`` is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from credit.domain.application import Purpose
from credit.domain.customer import CustomerStatus
from credit.domain.errors import MappingError
from credit.domain.facts import HOME_OWNERSHIP
from credit.domain.yaml_fields import Fields, Value, read_yaml
from credit.usecases.field_sources import CellReading, FieldSource, RowMapping, Treatment, When
from credit.usecases.ingest import PROFILE_NUMBERS

__all__ = ["OPENINTRO_LOANS", "SHIPPED_MAPPINGS", "RowMapping", "load_mapping", "parse_mapping"]

Readings = Mapping[str, tuple[CellReading, ...]]
Ways = Mapping[str, tuple[FieldSource, ...]]

SHIPPED_MAPPINGS = Path(__file__).resolve().parent.parent / "mappings"
OPENINTRO_LOANS = SHIPPED_MAPPINGS / "openintro-loans.yaml"
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


def load_mapping(path: Path) -> RowMapping:
    """Read a mapping file.

    Raises:
        MappingError: the first thing wrong, with file, line, field and mend.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        problem = f"cannot be read ({error.strerror or type(error).__name__})"
        raise MappingError(str(path), "the file", problem, "Check the path and its permissions") from None
    return parse_mapping(content, str(path))


def parse_mapping(content: bytes, file: str) -> RowMapping:
    """The same from bytes.

    Raises:
        MappingError: the first thing wrong, with file, line, field and mend.
    """
    top = read_yaml(content, file, MappingError).fields()
    mapping = RowMapping(
        name=top.take("mapping").text(),
        version=top.take("version").text(),
        description=top.take("description").text(),
        encoding=_text_or(top.maybe("encoding"), "utf-8-sig"),
        delimiter=_delimiter(top.maybe("delimiter")),
        null_values=_texts(top.maybe("null_values")),
        customer=_section(top.take("customer"), _CUSTOMER),
        application=_section(top.take("application"), _APPLICATION),
        source_file=file,
    )
    top.done()
    return mapping


def _text_or(value: Value | None, default: str) -> str:
    return default if value is None else value.text()


def _delimiter(value: Value | None) -> str:
    written = "," if value is None else value.scalar()
    if value is not None and len(written) != 1:
        raise value.wrong("is not one character", 'Write one character, such as ";"')
    return written


def _texts(value: Value | None) -> frozenset[str]:
    return frozenset() if value is None else frozenset(item.scalar() for item in value.items())


def _section(value: Value, known: Readings) -> Ways:
    fields = value.fields()
    found: dict[str, tuple[FieldSource, ...]] = {}
    for name, readings in known.items():
        given = fields.take(name) if name in _REQUIRED else fields.maybe(name)
        if given is not None:
            found[name] = _ways(given, name, readings)
    fields.done()
    _check_percentages(value, found)
    return found


def _ways(value: Value, name: str, readings: tuple[CellReading, ...]) -> tuple[FieldSource, ...]:
    listed = value.items() if value.is_list() else [value]
    ways = tuple(_way(item, name, readings) for item in listed)
    for item, way in zip(listed[:-1], ways, strict=False):
        if way.when is None:
            raise item.wrong("always applies, so what follows never does", "Add a 'when', or put it last")
    return ways


def _way(value: Value, name: str, readings: tuple[CellReading, ...]) -> FieldSource:
    fields = value.fields()
    reading = CellReading(fields.take("read").choice(readings))
    way = _DETAILS.get(reading, _plain)(FieldSource(reading, line=value.line), fields, name)
    if reading not in (CellReading.ROW_NUMBER, CellReading.SYNTHETIC_CPF):
        way = replace(way, column=fields.take("column").text())
    way = replace(way, when=_when(fields.maybe("when")), missing=_treatment(fields, "missing", name))
    if reading in _NUMERIC:
        way = _bounds(way, fields, name)
    fields.done()
    return way


def _treatment(fields: Fields, field: str, name: str) -> Treatment:
    value = fields.maybe(field)
    if value is None:
        strict = field == "outside" or name in _REQUIRED
        return Treatment.UNUSABLE if strict else Treatment.UNKNOWN
    chosen = Treatment(value.choice(list(Treatment)))
    if chosen is Treatment.UNKNOWN and name in _REQUIRED:
        raise value.wrong(f"{name} cannot be unknown", "Write 'unusable'")
    return chosen


def _bounds(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    return replace(
        way,
        outside=_treatment(fields, "outside", name),
        at_least=_number(fields.maybe("at_least")),
        at_most=_number(fields.maybe("at_most")),
        above=_number(fields.maybe("above")),
    )


def _number(value: Value | None) -> Fraction | None:
    return None if value is None else value.number()


def _when(value: Value | None) -> When | None:
    if value is None:
        return None
    fields = value.fields()
    when = When(fields.take("column").text(), fields.take("equals").scalar())
    fields.done()
    return when


def _plain(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    return way


def _choice(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    pairs = fields.take("values").pairs()
    return replace(way, values={written: value.choice(_ALLOWED[name]) for written, value in pairs})


def _ladder(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    order = fields.take("order")
    steps = tuple(item.scalar() for item in order.items())
    if len(set(steps)) != len(steps):
        raise order.wrong("names a step twice", "Name each step once")
    first, step = fields.take("first"), fields.take("step")
    top, by = first.integer(0, 10**6), step.integer(-(10**6), 10**6)
    last = top + by * (len(steps) - 1)
    if by == 0 or not 0 <= last <= PROFILE_NUMBERS.get(name, 10**6):
        raise step.wrong(f"would end at {last}", "Choose first and step so that every value is in range")
    return replace(way, order=steps, first=top, step=by)


def _percent(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    return replace(way, of=fields.take("of").choice(list(PROFILE_NUMBERS)))


def _years(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    return replace(way, until=fields.take("until").text())


def _row_number(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    return replace(way, prefix=fields.take("prefix").text(), digits=fields.take("digits").integer(1, 12))


def _synthetic(way: FieldSource, fields: Fields, name: str) -> FieldSource:
    return replace(way, seed=fields.take("seed").integer(0, 2**53))


_DETAILS = {
    CellReading.CHOICE: _choice,
    CellReading.LADDER: _ladder,
    CellReading.PERCENT_OF: _percent,
    CellReading.YEARS_SINCE: _years,
    CellReading.ROW_NUMBER: _row_number,
    CellReading.SYNTHETIC_CPF: _synthetic,
}


def _check_percentages(section: Value, found: Ways) -> None:
    for name, ways in found.items():
        for base in {way.of for way in ways if way.of}:
            if base not in found:
                raise section.wrong(f"{name} is a share of {base}, which has no source", f"Add '{base}:'")
            if any(way.of for way in found[base]):
                raise section.wrong(
                    f"{name} is a share of {base}, itself a share", "Take it of a plain field"
                )
