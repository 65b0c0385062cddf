"""SNS over HTTPS: only what SNS signed, for our topics, lately. Everything else costs us not one request."""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from alarms.intake.sns_host import HttpsCertificates
from alarms.intake.sns_message import SIGNED, SnsVerifier, is_sns_url
from alarms.model.errors import NotAuthentic
from tests.support.alerts import MONDAY_10
from tests.support.hooks import CERTIFICATE_URL, HOUR, TOPIC, MadeSns, certificate

HOST = "https://sns.sa-east-1.amazonaws.com"
EC_CERTIFICATE = certificate(ec.generate_private_key(ec.SECP256R1()), MONDAY_10 - HOUR, MONDAY_10 + HOUR)


def verifier(sns: MadeSns, **options: object) -> SnsVerifier:
    return SnsVerifier(frozenset({TOPIC}), sns, **options)  # type: ignore[arg-type]


def refused(body: bytes, now: datetime = MONDAY_10, served: MadeSns | None = None) -> tuple[str, list[str]]:
    """Why, and which addresses were asked for."""
    sns = served or MadeSns()
    with pytest.raises(NotAuthentic) as raised:
        verifier(sns).verify(body, now)
    return str(raised.value), sns.fetched


def test_a_message_that_sns_signed_is_believed() -> None:
    sns = MadeSns()
    message = verifier(sns).verify(sns.message("hello"), MONDAY_10)
    assert (message.message, message.topic, message.region) == ("hello", TOPIC, "sa-east-1")
    assert sns.fetched == [CERTIFICATE_URL]


def test_a_subscription_is_verified_with_its_own_fields() -> None:
    sns = MadeSns()
    message = verifier(sns).verify(sns.message(kind="SubscriptionConfirmation"), MONDAY_10)
    assert message.fields["Token"] == "token"


@pytest.mark.parametrize("field", ["Message", "MessageId", "Subject", "Timestamp"])
def test_a_changed_message_is_refused(field: str) -> None:
    changed = {field: "2026-03-02T13:01:00.000Z" if field == "Timestamp" else "another"}
    why, _ = refused(MadeSns().message("hello", **changed))  # type: ignore[arg-type]
    assert "signature does not match" in why


@pytest.mark.parametrize("field", ["Token", "SubscribeURL"])
def test_a_changed_subscription_is_refused(field: str) -> None:
    signed = json.loads(MadeSns().message(kind="SubscriptionConfirmation"))
    why, _ = refused(json.dumps({**signed, field: "another"}).encode())
    assert "signature does not match" in why


def test_a_signature_with_something_put_into_it_is_refused() -> None:
    signed = json.loads(MadeSns().message("hello"))
    why, _ = refused(json.dumps({**signed, "Signature": f"!{signed['Signature']}"}).encode())
    assert "signature does not match" in why


def test_a_signature_by_another_key_is_refused() -> None:
    why, _ = refused(MadeSns(number=1).message("hello"), served=MadeSns(number=0))
    assert "signature does not match" in why


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_signature_versions_are_taken(version: str) -> None:
    sns = MadeSns()
    message = sns.message(version=version)
    assert verifier(sns).verify(message, MONDAY_10).type == "Notification"
    changed = json.dumps({**json.loads(message), "Message": "other"}).encode()
    why, _ = refused(changed, served=sns)
    assert "signature does not match" in why


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_signature_of_one_version_is_none_of_the_other(version: str) -> None:
    signed = json.loads(MadeSns().message(version=version))
    other = {"1": "2", "2": "1"}[version]
    why, _ = refused(json.dumps({**signed, "SignatureVersion": other}).encode())
    assert "signature does not match" in why


def test_a_field_that_could_hold_another_is_refused_before_anything_is_fetched() -> None:
    """What is signed has no marks between fields but line ends."""
    signed = json.loads(MadeSns().message(version="1"))
    within = {**signed, "MessageId": f"1\nTimestamp\n{signed['Timestamp']}"}
    why, fetched = refused(json.dumps(within).encode())
    assert "MessageId: is more than one line" in why
    assert fetched == []


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "arn:aws:sns:sa-east-1:123456789012:other"},
        {"topic": "arn:aws:sns:sa-east-1:999999999999:alarms"},
        {"topic": "not an arn"},
        {"at": MONDAY_10 - 2 * HOUR},
        {"at": MONDAY_10 + HOUR},
        {"kind": "Notification", "version": "3"},
        {"url": "http://sns.sa-east-1.amazonaws.com/x.pem"},
        {"url": "https://sns.s3.amazonaws.com/x.pem"},
        {"url": "https://sns.us-east-1.amazonaws.com/x.pem"},
        {"url": "https://sns.sa-east-1.amazonaws.com.evil.example/x.pem"},
        {"url": "https://evil.example/sns.sa-east-1.amazonaws.com/x.pem"},
        {"url": "https://sns.sa-east-1.amazonaws.com@evil.example/x.pem"},
        {"url": "https://evil@sns.sa-east-1.amazonaws.com/x.pem"},
        {"url": "https://sns.sa-east-1.amazonaws.com:8443/x.pem"},
        {"url": "https://SNS.sa-east-1.amazonaws.com/x.pem"},
        {"url": "https://sns.sa-east-1.amazonaws.com/x.pem?redirect=evil"},
        {"url": "https://sns.sa-east-1.amazonaws.com/x.pem#evil"},
        {"url": "https://sns.sa-east-1.amazonaws.com/x.txt"},
        {"url": "https://sns.sa-east-1.amazonaws.com/../x/y.pem"},
        {"url": "https://[::1]/x.pem"},
        {"url": ""},
    ],
)
def test_wrong_topic_time_version_or_host_is_refused_without_any_request(change: dict[str, str]) -> None:
    _, fetched = refused(MadeSns().message(**change))  # type: ignore[arg-type]
    assert fetched == []


@pytest.mark.parametrize("at", [MONDAY_10 - HOUR, MONDAY_10 + timedelta(minutes=5)])
def test_a_message_just_as_old_or_as_early_as_it_may_be_is_believed(at: datetime) -> None:
    sns = MadeSns()
    assert verifier(sns).verify(sns.message(at=at), MONDAY_10).sent_at == at
    beyond = at + (timedelta(seconds=1) if at > MONDAY_10 else timedelta(seconds=-1))
    assert "too far from the current time" in refused(sns.message(at=beyond))[0]


def test_a_certificate_is_valid_from_its_first_moment_to_its_last() -> None:
    for sns in (MadeSns(start=MONDAY_10), MadeSns(end=MONDAY_10)):
        assert verifier(sns).verify(sns.message("hello"), MONDAY_10).message == "hello"


@pytest.mark.parametrize("more", [{}, {"Subject": None}], ids=["missing", "null"])
def test_a_message_needs_no_subject(more: dict[str, Any]) -> None:
    sns = MadeSns()
    message = verifier(sns).verify(sns.message("hello", subject=None, **more), MONDAY_10)
    assert (message.message, "Subject" in message.fields) == ("hello", False)


@pytest.mark.parametrize("kind", ["Notification", "SubscriptionConfirmation"])
@pytest.mark.parametrize("value", [None, 3], ids=["null", "no text"])
def test_a_message_is_refused_by_the_name_of_any_other_signed_field_it_lacks(
    kind: str, value: int | None
) -> None:
    signed = json.loads(MadeSns().message(kind=kind))
    for field in {*SIGNED[kind], "Signature"} - {"Subject", "Type"}:
        why, fetched = refused(json.dumps({**signed, field: value}).encode())
        assert f"{field}: missing" in why
        assert fetched == []


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff", b'{"Type": "Notification"}', b'{"Type": 3}', b"[" * 9999]
)
def test_what_is_no_sns_message_is_refused_without_any_request(body: bytes) -> None:
    assert refused(body)[1] == []


@pytest.mark.parametrize("signature", ["", "!!!", base64.b64encode(b"x").decode()])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    refused(MadeSns().message(Signature=signature))


def test_a_certificate_that_has_run_out_or_is_not_valid_yet_is_refused() -> None:
    for wrong in (MadeSns(end=MONDAY_10 - HOUR), MadeSns(start=MONDAY_10 + HOUR)):
        assert "not valid now" in refused(wrong.message(), served=wrong)[0]


@pytest.mark.parametrize("pem", [b"no certificate", EC_CERTIFICATE])
def test_a_certificate_that_cannot_be_one_of_sns_is_refused(pem: bytes) -> None:
    class Served(MadeSns):
        def fetch(self, url: str) -> bytes:
            return pem

    assert "its certificate" in refused(MadeSns().message(), served=Served())[0]


@given(st.text(max_size=200))
def test_no_text_but_the_exact_host_is_taken_for_sns(url: str) -> None:
    if is_sns_url(url, "sa-east-1"):
        assert url.startswith(f"{HOST}/") or url == HOST


def test_an_address_with_anything_but_ascii_is_none_of_sns() -> None:
    assert is_sns_url(f"{HOST}/?Action=Confirm", "sa-east-1")
    assert not is_sns_url(f"{HOST}/?Action=C\u00f3nfirm", "sa-east-1")


def test_china_has_its_own_suffix() -> None:
    assert is_sns_url("https://sns.cn-north-1.amazonaws.com.cn/x.pem", "cn-north-1")
    assert not is_sns_url("https://sns.cn-north-1.amazonaws.com/x.pem", "cn-north-1")


def certificates(
    answer: httpx.Response, monotonic: Callable[[], float] = time.monotonic
) -> tuple[HttpsCertificates, list[str]]:
    asked: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return answer

    return HttpsCertificates(httpx.Client(transport=httpx.MockTransport(respond)), monotonic), asked


def test_a_certificate_is_fetched_once() -> None:
    source, asked = certificates(httpx.Response(200, content=b"pem"))
    assert [source.fetch(CERTIFICATE_URL), source.fetch(CERTIFICATE_URL)] == [b"pem", b"pem"]
    assert asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(302, headers={"location": "https://evil.example/"}),
        httpx.Response(404),
        httpx.Response(200, content=b"x" * 20_000),
    ],
)
def test_redirects_errors_and_endless_certificates_are_refused(answer: httpx.Response) -> None:
    source, asked = certificates(answer)
    with pytest.raises(NotAuthentic):
        source.fetch(CERTIFICATE_URL)
    assert len(asked) == 1


def test_forgeries_that_name_ever_new_certificates_cost_ten_requests_a_minute() -> None:
    seconds = [0.0]
    source, asked = certificates(httpx.Response(200, content=b"pem"), lambda: seconds[0])
    source.fetch(CERTIFICATE_URL)
    for number in range(50):
        with contextlib.suppress(NotAuthentic):
            source.fetch(f"{HOST}/{number}.pem")
    assert len(asked) == 10
    assert source.fetch(CERTIFICATE_URL) == b"pem"
    seconds[0] = 61.0
    source.fetch(f"{HOST}/60.pem")
    assert len(asked) == 11


def test_the_age_may_be_as_large_as_snss_own_retries() -> None:
    sns = MadeSns()
    patient = verifier(sns, most_old=timedelta(days=2))
    assert json.loads(patient.verify(sns.message(), MONDAY_10 + timedelta(days=1)).message)
