"""Payloads that a sender might make by mistake or in anger: changed ones, damaged ones, any bytes."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

NASTY = (
    *("", " ", "\x00", "\ud800", "\u202e", "null", "P1", "firing", "resolved", "ALARM", "OK", "x" * 5000),
    *(
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999999Z",
        "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z",
    ),
    *("2026-03-02", "2026-W10-1T13:00:00Z", "2026-03-02T13:00:00", "2026-03-02T13:00:00.1234567890+0000"),
    *(10**40, -(2**63), 2**64, 1e308, float("inf"), float("nan"), -0.0, True, None),
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(NASTY)
)
TEXTS = st.text(max_size=20) | st.sampled_from([nasty for nasty in NASTY if isinstance(nasty, str)])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
DEEP = b"[" * 20_000 + b"]" * 20_000


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside, the document itself left out."""
    keys = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in keys:
        yield (*at, key)
        yield from places(inner, (*at, key))


def inside(document: Any, way: Sequence[Any]) -> Any:
    for key in way:
        document = document[key]
    return document


@st.composite
def reworded(draw: st.DrawFn, documents: st.SearchStrategy[Any]) -> Any:
    """One of ``documents`` with up to four of its texts being others."""
    document = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(0, 4))):
        texts = [way for way in places(document) if isinstance(inside(document, way), str)]
        if texts:
            *way, last = draw(st.sampled_from(texts))
            inside(document, way)[last] = draw(TEXTS)
    return document


@st.composite
def changed(draw: st.DrawFn, documents: st.SearchStrategy[Any], most: int = 3) -> Any:
    """One of ``documents`` with up to ``most`` values replaced, removed, renamed or repeated."""
    document = copy.deepcopy(draw(documents))
    for _ in range(draw(st.integers(0, most))):
        found = list(places(document))
        if not found:
            return document
        *way, last = draw(st.sampled_from(found))
        holder = inside(document, way)
        match draw(st.sampled_from(("replace", "replace", "remove", "rename", "repeat"))):
            case "replace":
                holder[last] = draw(VALUES)
            case "remove":
                del holder[last]
            case "rename" if isinstance(holder, dict):
                holder[draw(st.text(max_size=8))] = holder.pop(last)
            case "repeat" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[last]))
    return document


@st.composite
def damaged(draw: st.DrawFn, texts: st.SearchStrategy[bytes]) -> bytes:
    """Cut off, or with some bytes overwritten."""
    text = bytearray(draw(texts))
    for _ in range(draw(st.integers(0, 4))):
        if text:
            text[draw(st.integers(0, len(text) - 1))] = draw(st.integers(0, 255))
    return bytes(text[: draw(st.integers(0, len(text)))])


def encoded(document: Any) -> bytes:
    """As JSON; numbers that JSON does not have, and halves of characters, as Python would write them."""
    return json.dumps(document).encode()


def bodies(documents: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    """Mostly readable, sometimes damaged, sometimes of another kind altogether."""
    readable = changed(documents).map(encoded)
    mostly_right = [reworded(documents).map(encoded), changed(documents, most=1).map(encoded)]
    other = VALUES.map(encoded) | st.binary(max_size=200) | st.just(DEEP)
    return st.one_of(*mostly_right, *mostly_right, readable, damaged(readable), other)
