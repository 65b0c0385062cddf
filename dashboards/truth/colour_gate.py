"""Colours and units come from one registry: no other hex stands in a generated board."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dashboards.model.palette import SERIES, SEVERITY_COLOURS, STATES, UNITS, VALUE_COLOURS, Colour
from dashboards.truth.untruth import Untruth

GATE = "colours"
NAMED = ("color", "fixedColor", "iconColor")
_WATCHED = frozenset((*NAMED, "unit"))
_NESTED = frozenset((dict, list))
_NOT_OURS = ("rgba(255,0,255,0.7)",)  # Grafana's own mark of an exemplar


def _registered() -> frozenset[str]:
    colours: list[Colour] = [*SERIES, *SEVERITY_COLOURS.values(), *VALUE_COLOURS.values()]
    colours += [style.colour for style in STATES.values()]
    return frozenset(text for colour in colours for text in (colour.light, colour.dark))


REGISTERED = _registered()
GRAFANA_UNITS = frozenset(style.grafana for style in UNITS.values())


def of_document(where: str, document: Mapping[str, Any]) -> Iterator[Untruth]:
    """A Grafana board or a CloudWatch body, as plain data."""
    if not _is_registered(document):
        yield from _walk(where, document, "")


def _is_registered(value: Any) -> bool:
    """Whether there is nothing to tell: nearly always so, and then no path is spelt."""
    left = [value]
    while left:
        here = left.pop()
        if type(here) is list:
            left += [inner for inner in here if type(inner) in _NESTED]
            continue
        for key, inner in here.items():
            if type(inner) in _NESTED:
                left.append(inner)
            elif key in _WATCHED and next(_key("", key, inner, ""), None) is not None:
                return False
    return True


def _walk(where: str, value: Any, path: str) -> Iterator[Untruth]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _key(where, key, inner, f"{path}/{key}")
            yield from _walk(where, inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(where, inner, f"{path}/{index}")


def _key(where: str, key: str, value: Any, path: str) -> Iterator[Untruth]:
    if key in NAMED and isinstance(value, str) and value not in REGISTERED and value not in _NOT_OURS:
        yield Untruth(GATE, f"{where}{path}", f"colour {value!r} is not in the registry", "Use the palette")
    if key == "unit" and isinstance(value, str) and value not in GRAFANA_UNITS:
        yield Untruth(GATE, f"{where}{path}", f"unit {value!r} is not in the registry", "Use the palette")
