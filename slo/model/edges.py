"""Bucket edges as numbers: ``le="0.3"``, ``"0.30"`` and ``"3e-1"`` are one edge, and ``"1"`` is ``"1.0"``.

A label is text, so Prometheus tells these spellings apart, while clients and servers write what they like:
Prometheus 3 stores ``1.0`` where 2 stored ``1`` (its migration guide), Java writes ``1.0E-4``, Go ``0.0001``
and ``1e-05``. A matcher of another spelling selects nothing, and nothing of a histogram reads as perfect.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

LABEL = "le"
_STRING = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'|`[^`]*`"
_MATCHER = re.compile(rf"(?<![\w:])le(\s*)(!?=)(\s*)({_STRING})|{_STRING}")
_MOST_DIGITS = 40  # longer numbers are matched as they are written


def edge(text: str) -> Decimal | None:
    """The number that an ``le`` says; ``None`` where it is none."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return None if value.is_nan() else value


def is_same(one: str, other: str) -> bool:
    """Whether two values of ``le`` are one edge, by number; by text where one is no number."""
    left, right = edge(one), edge(other)
    return one == other if left is None or right is None else left == right


@lru_cache(maxsize=4096)
def spellings(text: str) -> str | None:
    """A pattern of every spelling of this edge; ``None`` where only the text itself will do."""
    value = edge(text)
    if value is None or value.is_infinite():  # everybody writes +Inf
        return None
    sign, digits, exponent = value.normalize().as_tuple()
    assert isinstance(exponent, int)
    if sign or len(digits) + abs(exponent) > _MOST_DIGITS:
        return None
    plain = _plain(digits, exponent)
    return plain if exponent + len(digits) == 1 else f"{plain}|{_scientific(digits, exponent)}"


def _plain(digits: tuple[int, ...], exponent: int) -> str:
    """``0[.]30*``; ``10([.]0*)?``."""
    shown = "".join(map(str, digits))
    if exponent >= 0:
        return f"{shown}{'0' * exponent}([.]0*)?"
    shown = shown.rjust(1 - exponent, "0")
    return f"{shown[:exponent]}[.]{shown[exponent:]}0*"


def _scientific(digits: tuple[int, ...], exponent: int) -> str:
    """``3([.]0*)?[eE]-0*1``; ``1[.]50*[eE][+]?0*3``."""
    rest = "".join(map(str, digits[1:]))
    power = exponent + len(digits) - 1
    mantissa = f"{digits[0]}[.]{rest}0*" if rest else f"{digits[0]}([.]0*)?"
    return f"{mantissa}[eE]{'-' if power < 0 else '[+]?'}0*{abs(power)}"


def by_number(query: str) -> str:
    """The query with each ``le="…"`` matching every spelling of its edge."""
    return _MATCHER.sub(_respelled, query) if LABEL in query else query


def _respelled(found: re.Match[str]) -> str:
    written = found[4]
    pattern = None if written is None else spellings(written[1:-1])
    if pattern is None:
        return found[0]
    return f'le{found[1]}{"!~" if found[2] == "!=" else "=~"}{found[3]}"{pattern}"'
