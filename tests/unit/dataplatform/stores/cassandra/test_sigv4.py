"""The sign-in exchange with Keyspaces as its server would check it: computed again, step by step."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import quote

from dataplatform.stores.cassandra.sigv4 import SigV4, authentication

NONCE = "91703fdc2ef562e19fbdab0f58e42fe5"
SECRET = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
IDENTITY = SigV4("sa-east-1", "AKIAIOSFODNN7EXAMPLE", SECRET, "a-session")


def signed(secret: str, amz_date: str) -> str:
    """What the server expects for that time."""
    day = amz_date[:10].replace("-", "")
    scope = f"{day}/sa-east-1/cassandra/aws4_request"
    query = "&".join(
        (
            "X-Amz-Algorithm=AWS4-HMAC-SHA256",
            f"X-Amz-Credential={quote(f'AKIAIOSFODNN7EXAMPLE/{scope}', safe='')}",
            f"X-Amz-Date={quote(amz_date, safe='')}",
            "X-Amz-Expires=900",
        )
    )
    request = (
        f"PUT\n/authenticate\n{query}\nhost:cassandra\n\nhost\n{hashlib.sha256(NONCE.encode()).hexdigest()}"
    )
    to_sign = f"AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (day, "sa-east-1", "cassandra", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def test_the_sign_in_names_its_mechanism_and_signs_the_servers_nonce() -> None:
    exchange = authentication(IDENTITY).new_authenticator("cassandra.sa-east-1.amazonaws.com")
    assert exchange.initial_response() == b"SigV4\0\0"
    answer = dict(
        part.split("=", 1) for part in exchange.evaluate_challenge(f"nonce={NONCE}".encode()).split(",")
    )
    assert answer["access_key"] == "AKIAIOSFODNN7EXAMPLE"
    assert answer["session_token"] == "a-session"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,4}Z", answer["amzdate"])
    assert answer["signature"] == signed(SECRET, answer["amzdate"])
    assert answer["signature"] != signed("another secret", answer["amzdate"])


def test_a_secret_is_not_printed_with_its_identity() -> None:
    assert SECRET not in repr(IDENTITY)
    assert "a-session" not in repr(IDENTITY)
