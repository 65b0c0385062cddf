"""The sign-in exchange with Keyspaces as its server would check it: computed again, step by step."""

from __future__ import annotations

import re

import pytest

from app.bootstrap.platform import keyspaces_iam
from app.settings import Settings
from tests.support.sigv4 import KEY_ID, REGION, SECRET, signed

NONCE = "91703fdc2ef562e19fbdab0f58e42fe5"


def told(settings: Settings) -> dict[str, str]:
    """What is answered to the server's challenge."""
    iam = keyspaces_iam(settings)
    assert iam is not None
    exchange = iam.new_authenticator("cassandra.sa-east-1.amazonaws.com")
    assert exchange.initial_response() == b"SigV4\0\0"
    answer: str = exchange.evaluate_challenge(f"nonce={NONCE}".encode())
    return dict(part.split("=", 1) for part in answer.split(","))


def test_the_sign_in_names_its_mechanism_and_signs_the_servers_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-session")
    answer = told(Settings(wide_region=REGION))
    assert (answer["access_key"], answer["session_token"]) == (KEY_ID, "a-session")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,4}Z", answer["amzdate"])
    assert answer["signature"] == signed(SECRET, NONCE, answer["amzdate"])
    assert answer["signature"] != signed("another secret", NONCE, answer["amzdate"])


def test_an_emulator_is_never_told_a_persons_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    answer = told(Settings(wide_region=REGION, aws_endpoint="http://127.0.0.1:1"))
    assert KEY_ID not in answer["access_key"]
    assert answer["signature"] != signed(SECRET, NONCE, answer["amzdate"])


def test_a_plain_cassandra_is_not_signed_in_to() -> None:
    assert keyspaces_iam(Settings()) is None
