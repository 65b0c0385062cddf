"""The sign-in exchange with Keyspaces as its server would check it: computed again, step by step."""

from __future__ import annotations

import re

from dataplatform.stores.cassandra.sigv4 import SigV4, authentication
from tests.support.sigv4 import signed

NONCE = "91703fdc2ef562e19fbdab0f58e42fe5"
SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
IDENTITY = SigV4("sa-east-1", "AKIAIOSFODNN7EXAMPLE", SECRET, "a-session")


def test_the_sign_in_names_its_mechanism_and_signs_the_servers_nonce() -> None:
    exchange = authentication(IDENTITY).new_authenticator("cassandra.sa-east-1.amazonaws.com")
    assert exchange.initial_response() == b"SigV4\0\0"
    answer = dict(
        part.split("=", 1) for part in exchange.evaluate_challenge(f"nonce={NONCE}".encode()).split(",")
    )
    assert answer["access_key"] == "AKIAIOSFODNN7EXAMPLE"
    assert answer["session_token"] == "a-session"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,4}Z", answer["amzdate"])
    assert answer["signature"] == signed(IDENTITY, SECRET, NONCE, answer["amzdate"])
    assert answer["signature"] != signed(IDENTITY, "another secret", NONCE, answer["amzdate"])


def test_a_secret_is_not_printed_with_its_identity() -> None:
    assert SECRET not in repr(IDENTITY)
    assert "a-session" not in repr(IDENTITY)
