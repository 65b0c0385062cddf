"""The canonical form itself: JSON bytes, digests, instants, and strict readers of decoded JSON.

Instants are UTC ISO 8601 with microseconds; there are no floats.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

_FAST = msgspec.json.Encoder(order="deterministic")


def canonical_json(document: object) -> bytes:
    """UTF-8 JSON, keys sorted, no spaces.

    Raises:
        TypeError: a float somewhere; floats have no canonical text.
    """
    refuse_floats(document)
    return dump(document)


def dump(document: object) -> bytes:
    """``canonical_json`` for documents whose builder holds no float by construction.

    The encoder gives the same bytes as the standard library's, a dozen times faster; integers wider than
    64 bits are the one thing it cannot write.
    """
    try:
        return _FAST.encode(document)
    except OverflowError:
        return _reference_dump(document)


def _reference_dump(document: object) -> bytes:
    """What the canonical form is: the definition that the fast encoder is tested against."""
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode()


def refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise TypeError("a float has no canonical form: use integer cents or a ratio")
    if isinstance(value, Mapping):
        for item in value.values():
            refuse_floats(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            refuse_floats(item)


def digest(content: bytes) -> str:
    """blake2b of canonical bytes, 128 bits as hex."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def instant_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def instant_from(text: str) -> datetime:
    return datetime.fromisoformat(text)


def integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected an integer, found {type(value).__name__}")
    return value


def mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"expected an object, found {type(value).__name__}")
    return value


def items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {type(value).__name__}")
    return value


def optional_integer(value: object) -> int | None:
    return None if value is None else integer(value)


def text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, found {type(value).__name__}")
    return value


def optional_text(value: object) -> str | None:
    return None if value is None else text(value)
