"""Attributes of an item as bytes and back: MessagePack, keys sorted, so that equal items give equal bytes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from credit.ports.projections import ItemValue

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def pack(attributes: Mapping[str, ItemValue]) -> bytes:
    return _ENCODER.encode(dict(attributes))


def unpack(content: bytes) -> dict[str, ItemValue]:
    found: dict[str, ItemValue] = msgspec.msgpack.decode(content)
    return found
