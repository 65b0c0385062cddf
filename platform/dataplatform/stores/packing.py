"""Attributes of an item as bytes and back: MessagePack, keys sorted, so that equal items give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from app.ports.projections import ItemValue

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(dict[str, str | int | bool | bytes | None])


def pack(attributes: Mapping[str, ItemValue]) -> bytes:
    return _ENCODER.encode(dict(attributes))


def unpack(content: bytes) -> dict[str, ItemValue]:
    return dict(_DECODER.decode(content))
