"""Bodies as JSON in UTF-8, however their senders packed and wrote them; and what the rest looks like."""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec

ENCODING = "content-encoding"  # a header
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
GZIP_OR_ZLIB, BARE = 15 + 32, -15  # what zlib calls them
FORM = re.compile(rb"([^={\[&\s]*=[^&]*&)*payload=")
LOOKS: Mapping[str, re.Pattern[bytes]] = {
    "it is empty": re.compile(rb"\s*\Z"),
    "it looks compressed with gzip, and cannot be unpacked": re.compile(re.escape(GZIP)),
    "it looks compressed with zstd, which is not read": re.compile(re.escape(ZSTD)),
    "it looks like HTML": re.compile(rb"\s*<(!doctype html|html|head|body)", re.IGNORECASE),
    "it looks like XML": re.compile(rb"\s*<[?!A-Za-z]"),
    "it looks like an upload (multipart form data)": re.compile(
        rb"\s*--[^\r\n]+\r?\ncontent-", re.IGNORECASE
    ),
    "it looks like form data": re.compile(rb"[A-Za-z0-9_.%+\[\]-]+=[^\s{]*(&|\s*\Z)"),
    "it looks compressed or binary": re.compile(
        rb"[^\x00]{0,200}[\x00-\x08\x0e-\x1f]|[^\x00]{0,200}[\x80-\xbf]{2}"
    ),
}


def plain(body: bytes, encoding: str, most: int) -> bytes:
    """Unpacked and in UTF-8, as ``unpacked`` has it."""
    return in_utf8(unpacked(body, encoding, most))


def unpacked(body: bytes, encoding: str, most: int) -> bytes:
    """By what it is and what ``Content-Encoding`` says; a little more than ``most`` bytes at most, whatever
    it would become. What cannot be unpacked stays as it came."""
    deflated = encoding.strip().lower() == "deflate"
    if not body.startswith(GZIP) and not deflated:
        return body
    for form in (GZIP_OR_ZLIB, BARE) if deflated else (GZIP_OR_ZLIB,):
        try:
            return _inflated(body, form, most)
        except zlib.error:
            continue
    return body


def _inflated(body: bytes, form: int, most: int) -> bytes:
    """Raises ``zlib.error``: it is not that, or is cut off."""
    found, rest = b"", body
    while rest and len(found) <= most:
        unpacker = zlib.decompressobj(form)
        found += unpacker.decompress(rest, most + 1 - len(found))
        if not unpacker.eof and len(found) <= most:
            raise zlib.error("it is cut off")
        rest = unpacker.unused_data
    return found


def in_utf8(body: bytes) -> bytes:
    """Of UTF-16 and UTF-32, with a mark or without, and of a form whose field ``payload`` is JSON."""
    written = json.detect_encoding(body)
    if written != "utf-8":
        try:
            body = body.decode(written).encode()
        except UnicodeError:
            return body
    found = _of_form(body) if FORM.match(body) is not None else None
    return found or body


def _of_form(body: bytes) -> bytes | None:
    try:
        found = parse_qs(body.decode(), max_num_fields=100).get("payload", [""])
    except ValueError:
        return None
    return found[0].encode() if found[0].lstrip().startswith(("{", "[")) else None


def document_of(payload: bytes) -> object:
    """What its JSON says. Of what is nearly JSON (``NaN``, half an emoji, a line break in a text, a byte that
    is not UTF-8) that very place is left empty or replaced: the alerts beside it are worth more.

    Raises:
        ValueError: it is not JSON, in words.
        RecursionError: nothing is nested so deep.
    """
    payload = in_utf8(payload)
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            return _mended(payload)
        except ValueError:
            raise ValueError(str(error)) from error


def _mended(payload: bytes) -> object:
    """Raises ``ValueError``."""
    found = json.loads(
        payload.decode("utf-8", "replace"), strict=False, parse_constant=_nothing, parse_float=_finite
    )
    return msgspec.json.decode(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))


def _nothing(_: str) -> None:
    return None


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def looks_like(payload: bytes) -> str:
    """What nobody can read, in words; "": it could be anything."""
    return next((said for said, pattern in LOOKS.items() if pattern.match(payload)), "")
