"""Reading the fields of one decoded stream record strictly: each wrong field is a named rejection."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from credit.domain.application import is_identifier
from credit.domain.errors import RejectedRecord
from credit.usecases.reject_reason import RejectReason

MAX_RECORD_BYTES = 64 * 1024
MAX_CENTS = 10**15  # ten trillion: beyond it is a broken sender, and all stores hold it exactly
MAX_COUNT = 10_000


class _Duplicate(ValueError):
    pass


class _Inexact(ValueError):
    pass


def decode_object(data: bytes) -> Mapping[str, object]:
    """The JSON object of a record. Floats, NaN and repeated names are refused.

    Raises:
        RejectedRecord: anything else than one object.
    """
    if len(data) > MAX_RECORD_BYTES:
        raise RejectedRecord(RejectReason.TOO_LARGE, "")
    try:
        document = json.loads(
            data.decode("utf-8"),
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError:
        raise RejectedRecord(RejectReason.NOT_UTF8, "") from None
    except _Inexact:
        raise RejectedRecord(RejectReason.WRONG_TYPE, "a number with a fraction") from None
    except _Duplicate as twice:
        raise RejectedRecord(RejectReason.DUPLICATE_FIELD, str(twice)) from None
    except (ValueError, RecursionError):
        raise RejectedRecord(RejectReason.NOT_JSON, "") from None
    if not isinstance(document, dict):
        raise RejectedRecord(RejectReason.NOT_AN_OBJECT, "")
    return document


def _refuse_number(text: str) -> object:
    raise _Inexact(text)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _Duplicate(_printable(name))
        found[name] = value
    return found


def _printable(name: str) -> str:
    """A field name from outside, fit for a log: it may be anything, personal data included."""
    return name if is_identifier(name) and not name.isdigit() else "(unprintable name)"


class RecordFields:
    """Takes each field once; ``done`` refuses those nobody asked for."""

    def __init__(self, document: Mapping[str, object], prefix: str = "") -> None:
        self._left = dict(document)
        self._prefix = prefix

    def place(self, name: str) -> str:
        return f"{self._prefix}{name}"

    def section(self, name: str) -> RecordFields:
        value = self._required(name)
        if not isinstance(value, dict):
            raise self._reject(RejectReason.WRONG_TYPE, name)
        return RecordFields(value, f"{self.place(name)}.")

    def text(self, name: str) -> str:
        return self._text(name, self._required(name))

    def choice(self, name: str, allowed: Sequence[str], missing: str | None = None) -> str:
        value = self._left.pop(name, None)
        if value is None and missing is not None:
            return missing
        if value is None:
            raise self._reject(RejectReason.MISSING_FIELD, name)
        return self._allowed(name, value, allowed)

    def maybe_choice(self, name: str, allowed: Sequence[str]) -> str | None:
        value = self._left.pop(name, None)
        return None if value is None else self._allowed(name, value, allowed)

    def identifier(self, name: str) -> str:
        value = self.text(name)
        if not is_identifier(value):
            raise self._reject(RejectReason.INVALID_IDENTIFIER, name)
        return value

    def number(self, name: str, low: int, high: int) -> int:
        return self._number(name, self._required(name), low, high)

    def maybe_number(self, name: str, low: int, high: int) -> int | None:
        value = self._left.pop(name, None)
        return None if value is None else self._number(name, value, low, high)

    def instant(self, name: str, missing: datetime) -> datetime:
        value = self._left.pop(name, None)
        if value is None:
            return missing
        try:
            at = datetime.fromisoformat(self._text(name, value))
            if at.tzinfo is None:
                raise ValueError("no time zone")
            return at.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self._reject(RejectReason.INVALID_TIME, name) from None

    def done(self) -> None:
        for name in self._left:
            raise self._reject(RejectReason.UNKNOWN_FIELD, _printable(name))

    def _required(self, name: str) -> object:
        value = self._left.pop(name, None)
        if value is None:
            raise self._reject(RejectReason.MISSING_FIELD, name)
        return value

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str):
            raise self._reject(RejectReason.WRONG_TYPE, name)
        return value

    def _allowed(self, name: str, value: object, allowed: Sequence[str]) -> str:
        if self._text(name, value) not in allowed:
            raise self._reject(RejectReason.UNKNOWN_VALUE, name)
        return str(value)

    def _number(self, name: str, value: object, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._reject(RejectReason.WRONG_TYPE, name)
        if value < 0 <= low:
            raise self._reject(RejectReason.NEGATIVE, name)
        if not low <= value <= high:
            raise self._reject(RejectReason.OUT_OF_RANGE, name)
        return value

    def _reject(self, reason: RejectReason, name: str) -> RejectedRecord:
        return RejectedRecord(reason, self.place(name))
