"""How what is deployed differs from what is wanted, in words a person can check."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST_LINES = 6
LONGEST_VALUE = 60
NAMING_KEYS = ("title", "Id", "Name", "Key", "refId", "alert", "record", "name", "metricName")
_ABSENT = object()


def in_words(wanted: object, deployed: object) -> tuple[str, ...]:
    """``Threshold: 20 there, 14.4 wanted``, a line each; the rest is counted when there are many."""
    found = list(_differences("", wanted, deployed))
    if len(found) <= MOST_LINES:
        return tuple(found)
    return (*found[: MOST_LINES - 1], f"and {len(found) - MOST_LINES + 1} more differences")


def _differences(path: str, wanted: Any, deployed: Any) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(deployed, Mapping):
        for key in sorted({*wanted, *deployed}):
            below = f"{path}.{key}" if path else str(key)
            yield from _differences(below, wanted.get(key, _ABSENT), deployed.get(key, _ABSENT))
    elif _is_list(wanted) and _is_list(deployed):
        yield from _in_lists(path, wanted, deployed)
    elif wanted != deployed:
        yield f"{path or 'content'}: {_told(deployed)} deployed, {_told(wanted)} wanted"


def _in_lists(path: str, wanted: Sequence[Any], deployed: Sequence[Any]) -> Iterator[str]:
    for index in range(max(len(wanted), len(deployed))):
        ours = wanted[index] if index < len(wanted) else _ABSENT
        theirs = deployed[index] if index < len(deployed) else _ABSENT
        yield from _differences(f"{path}[{_label(ours, theirs, index)}]", ours, theirs)


def _label(wanted: object, deployed: object, index: int) -> str:
    """What people call an entry, where it has a name; else its number."""
    for one in (wanted, deployed):
        if isinstance(one, Mapping):
            for key in NAMING_KEYS:
                if isinstance(one.get(key), str) and one[key]:
                    return str(one[key])
    return str(index)


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _told(value: object) -> str:
    if value is _ABSENT:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
