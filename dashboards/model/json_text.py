"""JSON as bytes: sorted keys, one space of indent, a final newline. The same document, the same bytes."""

from __future__ import annotations

import msgspec


def json_bytes(document: object) -> bytes:
    """Written by msgspec: the standard library leaves its C encoder as soon as it indents."""
    packed = msgspec.json.encode(document, order="sorted")
    return msgspec.json.format(packed, indent=1) + b"\n"
