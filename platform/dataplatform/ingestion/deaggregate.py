"""Records that the Kinesis Producer Library packed together, unpacked; any other record passes as it is.

The protocol buffers are ``aws-kinesis-agg``'s. Its own loop is not used: of a package whose indices are wrong
it prints an error and drops the rest, and here nothing may be lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import aws_kinesis_agg
from aws_kinesis_agg.deaggregator import messages_pb2  # it puts what they import on the path
from google.protobuf.message import DecodeError


@dataclass(frozen=True, slots=True)
class Part:
    """``number`` within the package; None when the record was none."""

    partition_key: str
    data: bytes
    number: int | None = None


def parts(partition_key: str, data: bytes) -> Sequence[Part]:
    """What a record holds. What only looks like a package is one record: nobody will be able to parse it."""
    body = _body(data)
    if body is None:
        return [Part(partition_key, data)]
    package = messages_pb2.AggregatedRecord()
    try:
        package.ParseFromString(body)
        keys = package.partition_key_table
        return [Part(keys[r.partition_key_index], r.data, n) for n, r in enumerate(package.records)]
    except (DecodeError, IndexError):
        return [Part(partition_key, data)]


def record_name(shard: str, sequence: str, part: int | None = None) -> str:
    """As Lambda's ``eventID``; a part of an aggregated record carries its number behind."""
    return f"{shard}:{sequence}" if part is None else f"{shard}:{sequence}/{part}"


def _body(data: bytes) -> bytes | None:
    """The message between the magic number and its digest, if both are right."""
    magic, size = aws_kinesis_agg.MAGIC, aws_kinesis_agg.DIGEST_SIZE
    if not data.startswith(magic) or len(data) <= len(magic) + size:
        return None
    body = data[len(magic) : -size]
    return body if hashlib.md5(body, usedforsecurity=False).digest() == data[-size:] else None
