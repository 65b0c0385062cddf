"""Bodies that are packed, written in another way or nearly JSON are read; the rest is named in words."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import zlib
from typing import Any
from urllib.parse import urlencode

import pytest

from alarms.intake.normalise import intake_rules
from alarms.intake.parsers import read
from alarms.intake.plain_text import in_utf8, unpacked
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10
from tests.support.hooks import alert, alertmanager
from tests.support.router import SHIPPED_POLICY

RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
TEXT = json.dumps(alertmanager(alert(severity="critical")))
BODY = TEXT.encode()
MOST = 8 * 1024 * 1024


def names(payload: bytes) -> list[str]:
    _, found = read("alertmanager", payload, RULES, MONDAY_10)
    return [one.name for one in found.alerts]


def _bare(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize(
    ("packed", "encoding"),
    [
        (gzip.compress(BODY, mtime=0), "gzip"),
        (gzip.compress(BODY, mtime=0), ""),
        (gzip.compress(BODY[:50], mtime=0) + gzip.compress(BODY[50:], mtime=0), "x-gzip"),
        (zlib.compress(BODY), "deflate"),
        (_bare(BODY), " Deflate"),
        (BODY, "gzip"),
        (BODY, "identity"),
    ],
)
def test_what_is_packed_is_unpacked_by_what_it_is(packed: bytes, encoding: str) -> None:
    assert unpacked(packed, encoding, MOST) == BODY


def test_a_bomb_takes_no_more_memory_than_the_largest_body() -> None:
    packed = gzip.compress(b"a" * 200_000_000, 9)
    tracemalloc.start()
    try:
        found = unpacked(packed, "gzip", MOST)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == MOST + 1
    assert peak < 4 * MOST


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_every_unicode_is_read(encoding: str) -> None:
    assert names(TEXT.encode(encoding)) == ["DiskFull"]


@pytest.mark.parametrize("fields", [{"payload": TEXT}, {"token": "x", "payload": TEXT}])
def test_json_in_a_form_is_read(fields: dict[str, str]) -> None:
    assert names(urlencode(fields).encode()) == ["DiskFull"]


@pytest.mark.parametrize(
    "odd",
    [rb'"\ud83d"', b"NaN", b"-Infinity", b"1e999", b'"a\nb"', b'"caf\xe9"', b'"\xff"'],
)
def test_what_is_nearly_json_in_one_alert_takes_none_with_it(odd: bytes) -> None:
    document = alertmanager(alert("One", note="ODD"), alert("Two", severity="critical"))
    payload = json.dumps(document).encode().replace(b'"ODD"', odd)
    assert names(payload) == ["One", "Two"]


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (gzip.compress(BODY, mtime=0)[:40], "gzip"),
        (b"\x28\xb5\x2f\xfd rest", "zstd"),
        (b"<!DOCTYPE html><html>502</html>", "HTML"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"a=1&b=2", "form data"),
        (b"payload=hello", "form data"),
        (b'--x1\r\nContent-Disposition: form-data; name="a"', "multipart"),
        (b"\x00\x01\x02\x9a\xff", "binary"),
        (b"[" * 100_000, "too deep"),
        (b"{not json", "malformed"),
        ("Olá: não é JSON".encode(), "malformed"),
    ],
)
def test_what_cannot_be_read_says_what_it_looks_like(payload: bytes, said: str) -> None:
    with pytest.raises(MalformedPayload, match=said):
        names(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b'{"severity": "critical", ' + b"[" * 100_000,
        b'{"severity": "critical", "alerts": [',
        b'not JSON: "severity":"critical"',
        rb'{"message": "{\"severity\": \"critical\"}", ',
        ('{"severity": "critical", ' * 2).encode("utf-16"),
    ],
)
def test_how_severe_it_counts_depends_on_no_wording(payload: bytes) -> None:
    assert RULES.severity_in(payload) is Severity.P1
    with pytest.raises(MalformedPayload):
        names(payload)


def test_of_too_many_labels_those_that_decide_are_kept() -> None:
    many: dict[str, Any] = {f"a{n:03}": "x" for n in range(300)}
    _, found = read(
        "alertmanager",
        json.dumps(alertmanager(alert(severity="critical", service="pay", **many))).encode(),
        RULES,
        MONDAY_10,
    )
    (one,) = found.alerts
    assert (one.severity, one.labels["service"], one.name) == (Severity.P1, "pay", "DiskFull")
    assert one.labels["labels_left_out"] == "47"


def test_what_is_utf8_already_is_the_same_bytes() -> None:
    assert in_utf8(BODY) is BODY
