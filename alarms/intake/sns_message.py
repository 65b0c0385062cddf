"""An SNS message over HTTPS: its content, and whether it is authentic.

Nothing is fetched for a message whose topic is not on the list, whose time is too far off, or whose
certificate is not named by the very host that SNS of that region uses.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from alarms.intake.normalise import decode, instant, map_of
from alarms.model.errors import MalformedPayload, NotAuthentic

SOURCE = "sns"
NOTIFICATION, SUBSCRIPTION, UNSUBSCRIBED = (
    "Notification",
    "SubscriptionConfirmation",
    "UnsubscribeConfirmation",
)
SIGNED = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    SUBSCRIPTION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    UNSUBSCRIBED: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
ONE_LINE = ("MessageId", "SubscribeURL", "Timestamp", "Token")  # topic and type have a form of their own
TOPIC = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]+)+-\d):(\d{12}):[A-Za-z0-9_.-]{1,256}"
)
CERTIFICATE_PATH = re.compile(r"/[A-Za-z0-9._-]+\.pem")


class CertificateSource(Protocol):
    """Fetches a certificate; follows no redirects; may cache."""

    def fetch(self, url: str) -> bytes:
        """PEM text of the certificate at ``url``. Raises ``NotAuthentic`` when it cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class SnsMessage:
    """``fields`` are as received; ``topic`` and ``region`` come from its ARN."""

    type: str
    message_id: str
    topic: str
    region: str
    sent_at: datetime
    message: str
    fields: Mapping[str, str]


class SnsVerifier:
    """``topics`` is the allow-list. ``most_old`` bounds the age, SNS's own retries included.

    Both signature versions are taken: 1 (SHA-1) is what SNS signs by unless a topic says otherwise. Texts
    that collide under SHA-1 have to end alike, and what is signed ends with the topic, which only its owner
    can publish to; so that no field can hold another, all but message and subject are of one line.
    """

    def __init__(
        self,
        topics: frozenset[str],
        certificates: CertificateSource,
        *,
        most_old: timedelta = timedelta(hours=1),
        most_early: timedelta = timedelta(minutes=5),
    ) -> None:
        self._topics = topics
        self._certificates = certificates
        self._most_old = most_old
        self._most_early = most_early

    def verify(self, body: bytes, now: datetime) -> SnsMessage:
        """The message, proven to be what SNS sent for one of our topics, and lately.

        Raises:
            NotAuthentic: it is not; nothing of it may be kept.
        """
        try:
            message = read(body)
        except MalformedPayload as problem:
            raise NotAuthentic(SOURCE, str(problem)) from problem
        if message.topic not in self._topics:
            raise NotAuthentic(SOURCE, "its topic is not one of ours")
        if not now - self._most_old <= message.sent_at <= now + self._most_early:
            raise NotAuthentic(
                SOURCE, f"its timestamp {message.sent_at.isoformat()} is too far from the current time"
            )
        algorithm = self._algorithm(message.fields.get("SignatureVersion", ""))
        url = certificate_url(message)
        certificate = self._certificate(url, now)
        _check(certificate, message, algorithm)
        return message

    def _algorithm(self, version: str) -> hashes.HashAlgorithm:
        if version == "2":
            return hashes.SHA256()
        if version == "1":
            return hashes.SHA1()  # noqa: S303 - SNS's version 1, see the class
        raise NotAuthentic(SOURCE, f"signature version {version[:10]!r} is neither 1 nor 2")

    def _certificate(self, url: str, now: datetime) -> x509.Certificate:
        try:
            certificate = x509.load_pem_x509_certificate(self._certificates.fetch(url))
        except ValueError as error:
            raise NotAuthentic(SOURCE, "its certificate cannot be read") from error
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise NotAuthentic(SOURCE, "its certificate is not valid now")
        return certificate


def read(body: bytes) -> SnsMessage:
    """Shape only; nothing is verified yet. Raises ``MalformedPayload``."""
    document = map_of(SOURCE, "body", decode(SOURCE, body))
    fields = {key: value for key, value in document.items() if isinstance(value, str)}
    kind = fields.get("Type", "")
    if kind not in SIGNED:
        raise MalformedPayload(SOURCE, "Type", f"expected one of {', '.join(SIGNED)}")
    missing = [key for key in (*SIGNED[kind], "Signature") if key not in fields and key != "Subject"]
    if missing:
        raise MalformedPayload(SOURCE, missing[0], "missing")
    for key in ONE_LINE:
        if not fields.get(key, "").isprintable():
            raise MalformedPayload(SOURCE, key, "is more than one line")
    topic = TOPIC.fullmatch(fields["TopicArn"])
    if topic is None:
        raise MalformedPayload(SOURCE, "TopicArn", "is not the ARN of an SNS topic")
    return SnsMessage(
        type=kind,
        message_id=fields["MessageId"],
        topic=fields["TopicArn"],
        region=topic[2],
        sent_at=instant(SOURCE, "Timestamp", fields["Timestamp"]),
        message=fields["Message"],
        fields=fields,
    )


def certificate_url(message: SnsMessage) -> str:
    """Raises ``NotAuthentic`` unless it is a .pem file of exactly the SNS host of the topic's region."""
    url = message.fields.get("SigningCertURL", "")
    bare = url.partition("?")[0] == url
    if not bare or not is_sns_url(url, message.region) or not CERTIFICATE_PATH.fullmatch(urlsplit(url).path):
        raise NotAuthentic(SOURCE, "its certificate is not on the SNS host of its region")
    return url


def is_sns_url(url: str, region: str) -> bool:
    """https, and the host ``sns.<region>.amazonaws.com`` (``.cn`` in China) exactly: no user, no port."""
    suffix = ".cn" if region.startswith("cn-") else ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    exact = f"sns.{region}.amazonaws.com{suffix}"
    return parts.scheme == "https" and parts.netloc == exact and not parts.fragment and url.isascii()


def signed_text(fields: Mapping[str, str], kind: str) -> bytes:
    """``Key\\nValue\\n`` for each signed key that is present, in byte order of the keys."""
    return "".join(f"{key}\n{fields[key]}\n" for key in SIGNED[kind] if key in fields).encode()


def _check(certificate: x509.Certificate, message: SnsMessage, algorithm: hashes.HashAlgorithm) -> None:
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise NotAuthentic(SOURCE, "its certificate has no RSA key")
    try:
        signature = base64.b64decode(message.fields["Signature"], validate=True)
        key.verify(signature, signed_text(message.fields, message.type), padding.PKCS1v15(), algorithm)
    except (binascii.Error, ValueError, InvalidSignature) as error:
        raise NotAuthentic(SOURCE, "its signature does not match") from error
