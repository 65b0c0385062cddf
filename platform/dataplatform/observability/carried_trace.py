"""The trace of whoever sent a record, carried in front of its content: on the stream, and in the outbox.

The mark begins no JSON text. Content that begins with it by chance gets an empty header, so what was put
comes out as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from credit.ports.tracing import CORRELATION, trace_header

Row = tuple[str, str, int]  # kind, key and version of a change

_MARK = b"\x1f"
_END = b"\n"
_LONGEST = 200  # bytes; a header of ours has 76
_NONE: Mapping[Row, str] = MappingProxyType({})
_OF_ROWS: ContextVar[Mapping[Row, str]] = ContextVar("traces of rows", default=_NONE)


def with_trace(data: bytes) -> bytes:
    """``data`` behind the header of the current request, if there is one."""
    return behind(_current(), data)


@contextmanager
def rows_carry(traces: Mapping[Row, str]) -> Iterator[None]:
    """Changes written at once for several requests: each carries the header of its own."""
    token = _OF_ROWS.set(traces)
    try:
        yield
    finally:
        _OF_ROWS.reset(token)


def trace_of_row(kind: str, key: str, version: int) -> str:
    """The header that a change carries: that of its record, else of the current request, else empty."""
    return _OF_ROWS.get().get((kind, key, version)) or _current()


def behind(header: str, data: bytes) -> bytes:
    """What ``split_trace`` takes apart."""
    if header:
        return _MARK + header.encode("ascii", "replace") + _END + data
    return _MARK + _END + data if data.startswith(_MARK) else data


def split_trace(data: bytes) -> tuple[str, bytes]:
    """The header (empty: none was carried) and what was put."""
    end = data.find(_END, 0, _LONGEST) if data.startswith(_MARK) else -1
    if end < 0:
        return "", data
    return data[1:end].decode("ascii", "replace"), data[end + 1 :]


def _current() -> str:
    current = CORRELATION.get()
    return "" if current is None else trace_header(current)
