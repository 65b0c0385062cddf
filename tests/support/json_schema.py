"""A JSON Schema validator for what our OpenAPI document uses; a keyword it does not know is an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

Schema = Mapping[str, object]
Keyword = Callable[[Any, Any, Schema, Schema, str], Iterator[str]]

ANNOTATIONS = frozenset(("title", "description", "examples", "default", "discriminator"))
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


class UnknownKeyword(Exception):
    """The schema says something this validator would silently ignore."""


def violations(value: object, schema: Mapping[str, object], root: Mapping[str, object]) -> list[str]:
    """Every way in which ``value`` breaks ``schema``; references are looked up in ``root``."""
    return list(_check(value, schema, root, "#"))


def resolve(reference: str, root: Mapping[str, object]) -> Mapping[str, object]:
    """What a ``#/components/...`` reference points at. Raises KeyError if nothing is there."""
    found: object = root
    for part in reference.removeprefix("#/").split("/"):
        assert isinstance(found, Mapping)
        found = found[part]
    assert isinstance(found, Mapping)
    return found


def _check(
    value: object, schema: Mapping[str, object], root: Mapping[str, object], place: str
) -> Iterator[str]:
    for keyword, wanted in schema.items():
        if keyword in ANNOTATIONS:
            continue
        if keyword not in _KEYWORDS:
            raise UnknownKeyword(f"{place}: {keyword}")
        yield from _KEYWORDS[keyword](value, wanted, schema, root, place)


def _ref(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    yield from _check(value, resolve(wanted, root), root, place)


def _type(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    right = isinstance(value, TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
    if not right:
        yield f"{place}: {type(value).__name__} is not {wanted}"


def _any_of(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    if all(list(_check(value, option, root, place)) for option in wanted):
        yield f"{place}: fits none of the {len(wanted)} options"


def _enum(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    if value not in wanted:
        yield f"{place}: {value!r} is not one of {wanted}"


def _properties(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, part in wanted.items():
            if name in value:
                yield from _check(value[name], part, root, f"{place}/{name}")


def _required(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name in wanted:
            if name not in value:
                yield f"{place}/{name}: missing"


def _additional(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    named = schema.get("properties", {})
    assert isinstance(named, Mapping)
    for name in value.keys() - named.keys():
        if wanted is False:
            yield f"{place}/{name}: not allowed"
        elif isinstance(wanted, Mapping):
            yield from _check(value[name], wanted, root, f"{place}/{name}")


def _items(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _check(item, wanted, root, f"{place}/{number}")


def _bound(holds: Callable[[Any, Any], object]) -> Keyword:
    def check(value: Any, wanted: Any, schema: Schema, root: Schema, place: str) -> Iterator[str]:
        if not holds(value, wanted):
            yield f"{place}: {value!r} is out of bounds ({wanted})"

    return check


def _numeric(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_instant(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


_KEYWORDS: Mapping[str, Keyword] = {
    "$ref": _ref,
    "type": _type,
    "anyOf": _any_of,
    "enum": _enum,
    "properties": _properties,
    "required": _required,
    "additionalProperties": _additional,
    "items": _items,
    "minimum": _bound(lambda value, wanted: not _numeric(value) or value >= wanted),
    "maximum": _bound(lambda value, wanted: not _numeric(value) or value <= wanted),
    "minLength": _bound(lambda value, wanted: not isinstance(value, str) or len(value) >= wanted),
    "maxLength": _bound(lambda value, wanted: not isinstance(value, str) or len(value) <= wanted),
    "minItems": _bound(lambda value, wanted: not isinstance(value, list) or len(value) >= wanted),
    "maxItems": _bound(lambda value, wanted: not isinstance(value, list) or len(value) <= wanted),
    "pattern": _bound(lambda value, wanted: not isinstance(value, str) or re.search(wanted, value)),
    "format": _bound(lambda value, wanted: wanted != "date-time" or _is_instant(value)),
}
