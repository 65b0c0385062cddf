"""The trace of whoever sent a record, carried in front of its content.

The mark begins no JSON text. Content that begins with it by chance gets an empty header, so what was put
comes out as it was.
"""

from __future__ import annotations

from app.ports.tracing import CORRELATION, trace_header

_MARK = b"\x1f"
_END = b"\n"
_LONGEST = 200  # bytes; a header of ours has 76


def with_trace(data: bytes) -> bytes:
    """``data`` behind the header of the current request, if there is one."""
    current = CORRELATION.get()
    if current is not None:
        return _MARK + trace_header(current).encode() + _END + data
    return _MARK + _END + data if data.startswith(_MARK) else data


def split_trace(data: bytes) -> tuple[str, bytes]:
    """The header (empty: none was carried) and what was put."""
    end = data.find(_END, 0, _LONGEST) if data.startswith(_MARK) else -1
    if end < 0:
        return "", data
    return data[1:end].decode("ascii", "replace"), data[end + 1 :]
